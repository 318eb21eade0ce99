"""公示: a result shown to everybody word for word, until its days are over and every objection is settled (P5)."""

import datetime as dt
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from workflows import calendar, clock
from workflows.domain import paging
from workflows.errors import Conflict, NotFound
from workflows.models import Challenge, Objection, ObjectionState, Publicity, PublicityResult

CALLED_OFF = "公示的事项已经撤销，异议随之终止。"
ENDED = (ObjectionState.SETTLED, ObjectionState.REFUSED)
WORST_FIRST = (
    PublicityResult.UPHELD,
    PublicityResult.PARTLY,
    PublicityResult.DISMISSED,
)


@dataclass(frozen=True)
class Snapshot:
    """What is shown: JSON without ids of people, and the ids of the users whom it is about."""

    title: str
    challenge_id: int
    content: dict[str, Any]
    parties: frozenset[int]


SNAPSHOTS: dict[str, Callable[[Session, int], Snapshot]] = {}


def snapshot(kind: str) -> Callable[[Callable[[Session, int], Snapshot]], Callable[[Session, int], Snapshot]]:
    """Register what is shown of subjects "kind:id"; the function gets the session and the id."""

    def register(function: Callable[[Session, int], Snapshot]) -> Callable[[Session, int], Snapshot]:
        SNAPSHOTS[kind] = function
        return function

    return register


def open_for(
    session: Session, subject: str, *, workdays: int, rules_at: dt.datetime | None = None
) -> Publicity:
    """Show ``subject`` for ``workdays`` working days. Raises Conflict while it is shown already."""
    if _running(session, subject) is not None:
        raise Conflict("这一事项正在公示，不能重复公示。")
    kind, _, number = subject.partition(":")
    taken = SNAPSHOTS[kind](session, int(number))
    publicity = Publicity(
        subject=subject,
        challenge_id=taken.challenge_id,
        title=taken.title,
        snapshot=taken.content,
        hash=digest(taken.content),
        parties=sorted(taken.parties),
        rules_at=rules_at,
        workdays=workdays,
        opened_at=clock.now(),
        ends_at=calendar.deadline_after(session, workdays),
    )
    session.add(publicity)
    session.flush()
    return publicity


def digest(content: dict[str, Any]) -> str:
    """SHA-256 of a snapshot as JSON with sorted keys."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def hold(session: Session, publicity: Publicity) -> None:
    """Keep ``publicity`` as it is until the transaction ends, so that its end and a late objection cannot cross."""
    session.refresh(publicity, with_for_update={"of": Publicity})


def has_run_out(publicity: Publicity) -> bool:
    """Whether the days are over."""
    return clock.now() >= publicity.ends_at


def open_objections(session: Session, publicity: Publicity) -> int:
    """How many objections to ``publicity`` are not settled."""
    query = select(func.count()).where(Objection.publicity_id == publicity.id, Objection.state.not_in(ENDED))
    return session.scalar(query) or 0


def close(session: Session, publicity: Publicity) -> PublicityResult:
    """End the notice; the worst outcome of its objections, CLEAR without any that was accepted.

    Raises Conflict before its end, and while an objection is open.
    """
    hold(session, publicity)
    if not has_run_out(publicity):
        raise Conflict("公示期还没有结束。")
    if open_objections(session, publicity):
        raise Conflict("还有异议没有办结，公示不能结束。")
    query = select(Objection.outcome).where(
        Objection.publicity_id == publicity.id, Objection.outcome.is_not(None)
    )
    outcomes = set(session.scalars(query))
    worst = next((one for one in WORST_FIRST if one in outcomes), PublicityResult.CLEAR)
    publicity.result, publicity.closed_at = worst, clock.now()
    return worst


def call_off(session: Session, subject: str) -> None:
    """End a running notice of ``subject`` without a result; its objections end with it."""
    publicity = _running(session, subject)
    if publicity is None:
        return
    hold(session, publicity)
    publicity.closed_at = clock.now()
    for objection in publicity.objections:
        if objection.state not in ENDED:
            objection.state, objection.settled_at = ObjectionState.SETTLED, clock.now()
            objection.reply = CALLED_OFF


def is_frozen(session: Session, subject: str) -> bool:
    """Whether what ``subject`` promises must wait: it is still shown, or an objection to it is open."""
    unsettled = select(Objection.id).join(Publicity)
    unsettled = unsettled.where(Publicity.subject == subject, Objection.state.not_in(ENDED)).limit(1)
    return _running(session, subject) is not None or session.scalar(unsettled) is not None


def get(session: Session, publicity_id: int) -> Publicity:
    """A notice with its objections; everybody who is signed in may read it. Raises NotFound."""
    query = select(Publicity).where(Publicity.id == publicity_id)
    publicity = session.scalars(query.options(selectinload(Publicity.objections))).one_or_none()
    if publicity is None:
        raise NotFound("没有找到这份公示。")
    return publicity


def listing(
    session: Session,
    *,
    is_open: bool | None = None,
    subject: str | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Publicity], int]:
    """Notices, the newest first, with how many there are in all; pages count from 1."""
    query = select(Publicity)
    if is_open is not None:
        query = query.where(Publicity.closed_at.is_(None) if is_open else Publicity.closed_at.is_not(None))
    if subject is not None:
        query = query.where(Publicity.subject == subject)
    return paging.page_of(session, query.order_by(Publicity.id.desc()), page=page, size=size)


def days_left(session: Session, publicity: Publicity) -> int | None:
    """Working days until ``publicity`` runs out; None once it is over."""
    if publicity.closed_at is not None or has_run_out(publicity):
        return None
    return calendar.workdays_between(session, clock.today(), last_day(publicity))


def last_day(publicity: Publicity) -> dt.date:
    """The last day on which an objection is in time."""
    return clock.local(publicity.ends_at - dt.timedelta(microseconds=1)).date()


def of_challenge(session: Session, challenge: Challenge) -> Sequence[Publicity]:
    """The notices about a challenge and what came of it, the newest first."""
    query = select(Publicity).where(Publicity.challenge_id == challenge.id)
    return session.scalars(query.order_by(Publicity.id.desc())).all()


def _running(session: Session, subject: str) -> Publicity | None:
    query = select(Publicity).where(Publicity.subject == subject, Publicity.closed_at.is_(None))
    return session.scalars(query).one_or_none()
