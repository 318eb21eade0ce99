"""The catalogue of challenges (榜单目录): what a reader may find by facets and words, and how much there is of each."""

import datetime as dt
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, String, and_, case, cast, func, null, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session, joinedload, selectinload

from workflows import calendar, clock
from workflows.domain import permissions
from workflows.models import Batch, Challenge, ChallengeState, Unit, User

CLOSING_WORKDAYS = 3  # "closing soon": within so many working days; for the eye only, no rule rests on it
MOST_WORDS = 5
OPEN, CLOSING = "open", "closing"
NEWEST, SOONEST, HIGHEST = "newest", "soonest", "highest"
ORDERS = (NEWEST, SOONEST, HIGHEST)


@dataclass(frozen=True)
class Wish:
    """What somebody looks for; None or "" leaves a facet open. ``bidding`` is OPEN (closing ones included) or CLOSING."""

    category: str | None = None
    year: int | None = None  # in which it was published
    batch_id: int | None = None
    unit_id: int | None = None
    state: str | None = None
    level: str | None = None
    bidding: str | None = None
    q: str = ""
    order: str = NEWEST


GROUPED = ("category", "batch_id", "sponsor_unit_id", "state", "level")  # columns
FACETS = ("bidding", "category", "year", "batch_id", "unit_id", "state", "level")


@dataclass(frozen=True)
class Option:
    """One value of a facet with its name and how many challenges it leaves beside the other choices."""

    value: str | int
    name: str
    count: int


def listing(
    session: Session, *, actor: User, wish: Wish, page: int = 1, size: int = 20
) -> tuple[Sequence[Challenge], int]:
    """The challenges that ``actor`` may see and that ``wish`` asks for, with how many there are; pages count from 1.

    Those not yet published are listed to those who read all, before the others.
    """
    wanted = _conditions(session, actor, wish)
    total = session.execute(select(func.count()).select_from(Challenge).where(*wanted)).scalar_one()
    return _page(session, wanted, wish.order, page=page, size=size), total


def search(
    session: Session, *, actor: User, wish: Wish, page: int = 1, size: int = 20
) -> tuple[Sequence[Challenge], int, dict[str, list[Option]]]:
    """``listing`` and ``facets`` at once: the facets know how many there are, so that words are looked for once less."""
    found, total = _counts(session, actor, wish)
    rows = _page(session, _conditions(session, actor, wish), wish.order, page=page, size=size)
    return rows, total, found


def _page(
    session: Session, wanted: Sequence[ColumnElement[bool]], order: str, *, page: int, size: int
) -> Sequence[Challenge]:
    # The ids first: rows are wide, and what is sorted for a page should not be.
    ids = select(Challenge.id).where(*wanted).order_by(*_ordered(order))
    ids = ids.offset((page - 1) * size).limit(size)
    query = select(Challenge).where(Challenge.id.in_(list(session.scalars(ids))))
    leads = (selectinload(Challenge.party_lead), selectinload(Challenge.admin_lead))
    return session.scalars(query.order_by(*_ordered(order)).options(*leads)).all()


def facets(session: Session, *, actor: User, wish: Wish) -> dict[str, list[Option]]:
    """What ``actor`` may choose next, by facet: each counted as if its own facet were open, most first.

    One query counts them all; the names of batches and of units take one each.
    """
    return _counts(session, actor, wish)[0]


def _counts(session: Session, actor: User, wish: Wish) -> tuple[dict[str, list[Option]], int]:
    """The facets, and how many challenges ``wish`` finds."""
    rows = session.execute(_counted(session, actor, wish)).all()
    chosen = {name: value for name, value in asdict(wish).items() if name in FACETS and value}
    counts: dict[str, Counter[str | int]] = {name: Counter() for name in FACETS}
    total = 0
    for row in rows:
        told = _told(row)
        missed = {name for name, value in chosen.items() if value not in told[name]}
        total += 0 if missed else row.number
        for name in FACETS:
            if not missed - {name}:
                for value in told[name]:
                    counts[name][value] += row.number
    for name, value in chosen.items():
        counts[name][value] += 0  # what was chosen stays in sight though nothing is left of it
    names = _names(session, counts)
    return {name: _options(name, found, names.get(name, {})) for name, found in counts.items()}, total


def _options(facet: str, found: Counter[str | int], names: Mapping[str | int, str]) -> list[Option]:
    """Levels from A on, years and batches from the newest on, everything else by its count."""
    options = [Option(value, names.get(value, str(value)), count) for value, count in found.items()]
    options.sort(key=lambda one: one.name, reverse=facet in ("year", "batch_id"))
    if facet in ("level", "year", "batch_id"):
        return options
    return sorted(options, key=lambda one: -one.count)


def _told(row: Row[Any]) -> dict[str, tuple[str | int, ...]]:
    """The values of one group by facet; none where it has none."""
    bidding = {CLOSING: (OPEN, CLOSING), OPEN: (OPEN,)}.get(row.bidding, ())
    single = {
        "category": row.category,
        "state": row.state,
        "level": row.level,
        "unit_id": row.sponsor_unit_id,
    }
    single |= {"year": row.year, "batch_id": row.batch_id}
    return {"bidding": bidding, **{name: (value,) if value else () for name, value in single.items()}}


def _counted(session: Session, actor: User, wish: Wish) -> Select[Any]:
    """How many there are by every combination of facets, with nothing but the words of ``wish`` chosen."""
    columns: list[ColumnElement[Any]] = [
        _bidding(session).label("bidding"),
        _year(session).label("year"),
        *(Challenge.__table__.c[name] for name in GROUPED),
    ]
    query: Select[Any] = select(*columns, func.count().label("number"))
    return query.where(*_conditions(session, actor, Wish(q=wish.q))).group_by("bidding", "year", *columns[2:])


def _conditions(session: Session, actor: User, wish: Wish) -> list[ColumnElement[bool]]:
    """That ``actor`` sees it and ``wish`` asks for it."""
    asked: list[tuple[InstrumentedAttribute[Any], str | int | None]] = [
        (Challenge.category, wish.category),
        (Challenge.batch_id, wish.batch_id),
        (Challenge.sponsor_unit_id, wish.unit_id),
        (Challenge.state, wish.state),
        (Challenge.level, wish.level),
    ]
    found = [column == value for column, value in asked if value]
    if not permissions.reads_all(session, actor):
        found.append(Challenge.published_at.is_not(None))
    if wish.year:
        new_year = clock.start_of(dt.date(wish.year, 1, 1))
        year_end = clock.end_of(dt.date(wish.year, 12, 31))
        found.append(Challenge.published_at.between(new_year, year_end - dt.timedelta(microseconds=1)))
    if wish.bidding:
        found.append(_bidding(session).in_((OPEN, CLOSING) if wish.bidding == OPEN else (CLOSING,)))
    return found + [_has(word) for word in wish.q.split()[:MOST_WORDS]]


def _has(word: str) -> ColumnElement[bool]:
    """Whether ``word`` stands in number, title, background or one of the fields of expertise."""
    texts = (Challenge.title, Challenge.no, Challenge.background)
    has_cases = (
        word.lower() != word.upper()
    )  # Chinese has none, and to look for it as it stands is far cheaper
    escaped = json.dumps(word)[1:-1]  # as a column of JSON keeps it
    return or_(
        *((text.icontains if has_cases else text.contains)(word, autoescape=True) for text in texts),
        cast(Challenge.fields, String).contains(escaped, autoescape=True),
    )


def _year(session: Session) -> ColumnElement[Any]:
    """The year at the plant in which it was published. A database reckons by its own zone, so it is told each year."""
    ends = select(func.min(Challenge.published_at), func.max(Challenge.published_at))
    first, last = session.execute(ends).one()
    if first is None or last is None:
        return null()
    years = range(clock.local(last).year, clock.local(first).year - 1, -1)
    return case(*((Challenge.published_at >= clock.start_of(dt.date(one, 1, 1)), one) for one in years))


def _bidding(session: Session) -> ColumnElement[str]:
    """CLOSING, OPEN, or "" for a list that takes no bids now."""
    now = clock.now()
    soon = clock.end_of(calendar.add_workdays(session, clock.today(), CLOSING_WORKDAYS))
    is_open = and_(Challenge.state == ChallengeState.PUBLISHED, Challenge.bid_to > now)
    return case((and_(is_open, Challenge.bid_to <= soon), CLOSING), (is_open, OPEN), else_="")


def _ordered(order: str) -> list[ColumnElement[Any]]:
    newest: list[ColumnElement[Any]] = [Challenge.published_at.desc().nulls_first(), Challenge.id.desc()]
    if order == HIGHEST:
        return [Challenge.cap_fen.desc(), Challenge.id.desc()]
    if order == SOONEST:
        is_open = and_(Challenge.state == ChallengeState.PUBLISHED, Challenge.bid_to > clock.now())
        return [case((is_open, 0), else_=1), case((is_open, Challenge.bid_to)).asc(), *newest]
    return newest


def _names(session: Session, counts: Mapping[str, Counter[str | int]]) -> dict[str, dict[str | int, str]]:
    units = select(Unit.id, Unit.name).where(Unit.id.in_(list(counts["unit_id"])))
    batches = select(Batch).where(Batch.id.in_(list(counts["batch_id"]))).options(joinedload(Batch.year))
    return {
        "unit_id": dict(iter(session.execute(units))),
        "batch_id": {one.id: f"{one.year.year}-{one.no}" for one in session.scalars(batches)},
    }


def days_left(session: Session, challenge: Challenge) -> int | None:
    """Working days until the bidding on ``challenge`` ends, negative never; None while it takes no bids."""
    if challenge.state != ChallengeState.PUBLISHED or challenge.bid_to is None:
        return None
    if challenge.bid_to <= clock.now():
        return None
    last: dt.date = clock.local(challenge.bid_to - dt.timedelta(microseconds=1)).date()
    return calendar.workdays_between(session, clock.today(), last)
