"""评审组: opened for a subject and drawn by lot (P4; P8 draws its panel in the same way)."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.domain import conflicts, draws, permissions, recusals
from workflows.domain.draws import Candidate, Quota
from workflows.errors import Forbidden, Invalid, NotFound
from workflows.models import (
    Bid,
    BidState,
    Challenge,
    Expert,
    Panel,
    PanelDraw,
    PanelMember,
    SeatState,
    User,
)


@dataclass(frozen=True)
class Parties:
    """Whose work a panel judges: nobody related to one of ``bids`` sits in it."""

    challenge: Challenge
    bids: Sequence[Bid]


PARTIES: dict[str, Callable[[Session, int], Parties]] = {}


def parties(kind: str) -> Callable[[Callable[[Session, int], Parties]], Callable[[Session, int], Parties]]:
    """Register who is judged under subjects "kind:id"; the function gets the session and the id."""

    def register(function: Callable[[Session, int], Parties]) -> Callable[[Session, int], Parties]:
        PARTIES[kind] = function
        return function

    return register


@parties("challenge")
def _reviewed(session: Session, challenge_id: int) -> Parties:
    query = select(Bid).where(Bid.challenge_id == challenge_id, Bid.state == BidState.REVIEWING)
    bids = session.scalars(query.options(selectinload(Bid.members)).order_by(Bid.sealed_at, Bid.id)).all()
    return Parties(session.get_one(Challenge, challenge_id), bids)


def parties_of(session: Session, panel: Panel) -> Parties:
    """Whom ``panel`` judges now."""
    kind, _, number = panel.subject.partition(":")
    return PARTIES[kind](session, int(number))


def open_for(session: Session, subject: str, *, quota: Quota) -> Panel:
    """A new panel, without members, for ``subject``; an earlier one of it stays as it was."""
    kind, _, number = subject.partition(":")
    panel = Panel(
        subject=subject,
        challenge_id=PARTIES[kind](session, int(number)).challenge.id,
        size=quota.size,
        specialists=quota.specialists,
        externals=quota.externals,
        opened_at=clock.now(),
    )
    session.add(panel)
    session.flush()
    return panel


def draw(session: Session, panel: Panel, *, at: dt.datetime | None) -> int:
    """抽取专家: fill the free seats by lot under a fresh seed, and keep what it was drawn from; the seats still free.

    Nobody sits who is barred, was in this panel before, or is kept from it by table conflict as of ``at``.
    """
    judged = parties_of(session, panel)
    pool = _pool(session, panel, judged, at=at)
    kept = [_seated_candidate(session, judged, one) for one in recusals.seated(panel)]
    quota = Quota(panel.size, panel.specialists, panel.externals)
    seed = draws.new_seed()
    drawn = draws.draw(seed, pool, seated=kept, quota=quota)
    made = PanelDraw(round=len(panel.draws) + 1, seed=seed, drawn_ids=drawn, drawn_at=clock.now())
    made.pool, made.seated = [asdict(one) for one in pool], [asdict(one) for one in kept]
    made.missing = panel.size - len(kept) - len(drawn)
    panel.draws.append(made)
    _seat(panel, drawn, {one.user_id: one for one in pool})
    panel.confirmed_at = None
    session.flush()
    return made.missing


def redraw_from_seed(made: PanelDraw) -> list[int]:
    """Make a recorded draw again; the same ids in the same order, or the record is false."""
    panel = made.panel
    quota = Quota(panel.size, panel.specialists, panel.externals)
    pool, kept = ([_candidate(one) for one in rows] for rows in (made.pool, made.seated))
    return draws.draw(made.seed, pool, seated=kept, quota=quota)


def confirm(panel: Panel, *, confirmed: bool) -> None:
    """确认抽取: one of the two witnesses has seen the draw."""
    if not confirmed:
        raise Invalid({"confirmed": ["请核对抽取结果后确认。"]})
    panel.confirmed_at = clock.now()


def enlarge(session: Session, panel: Panel, *, rows: Sequence[Mapping[str, Any]], actor: User) -> None:
    """补充专家库: add ``rows`` {user_id, fields} to the experts of the plant, after which seats are drawn anew.

    Raises Forbidden unless ``actor`` is of the office, Invalid for people unknown, named twice or experts already.
    """
    if not permissions.may_form_panel(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以补充专家库。")
    wanted = [row["user_id"] for row in rows]
    known = set(session.scalars(select(User.id).where(User.id.in_(wanted), User.is_active)))
    present = set(session.scalars(select(Expert.user_id).where(Expert.user_id.in_(wanted))))
    fields: dict[str, list[str]] = {}
    for place, user_id in enumerate(wanted):
        if user_id not in known:
            fields[f"experts.{place}.user_id"] = ["没有这个人员。"]
        elif user_id in wanted[:place]:
            fields[f"experts.{place}.user_id"] = ["这个人已经列出。"]
        elif user_id in present:
            fields[f"experts.{place}.user_id"] = ["这个人已在专家库中。"]
    if fields:
        raise Invalid(fields)
    session.add_all(Expert(user_id=row["user_id"], fields=list(row["fields"])) for row in rows)
    panel.recusal_rounds = 0
    session.flush()


def latest(session: Session, challenge: Challenge) -> Panel | None:
    """The panel that judges, or last judged, the bids on ``challenge``."""
    query = select(Panel).where(Panel.subject == f"challenge:{challenge.id}").order_by(Panel.id.desc())
    return session.scalars(query.limit(1)).one_or_none()


def get(session: Session, panel_id: int, *, actor: User) -> Panel:
    """A panel with its members. Raises NotFound for one that ``actor`` may not know yet."""
    seats = selectinload(Panel.members).selectinload(PanelMember.user)
    query = select(Panel).where(Panel.id == panel_id).options(seats, selectinload(Panel.draws))
    panel = session.scalars(query).one_or_none()
    if panel is None or not permissions.may_see_panel(session, actor, panel):
        raise NotFound("没有找到这个评审组，或者还不能查看。")
    return panel


def _pool(session: Session, panel: Panel, judged: Parties, *, at: dt.datetime | None) -> list[Candidate]:
    """Who may be drawn, by id; relations that keep an expert out are recorded."""
    before = {one.user_id for one in panel.members}
    query = select(Expert).join(User).where(User.is_active).order_by(Expert.user_id)
    free = query.where(Expert.barred_until.is_(None) | (Expert.barred_until < clock.today()))
    experts = [one for one in session.scalars(free) if one.user_id not in before]
    related = conflicts.automatic(session, [one.user for one in experts], judged.bids, at=at)
    for (user_id, bid_id), relations in related.items():
        for relation in relations:
            recusals.record(session, panel, user_id, bid_id, relation, "auto", note="", at=at)
    kept_out = {
        user_id
        for (user_id, _), relations in related.items()
        if conflicts.is_recused(session, relations, at=at)
    }
    return [_as_candidate(judged.challenge, one) for one in experts if one.user_id not in kept_out]


def _as_candidate(challenge: Challenge, expert: Expert) -> Candidate:
    """A challenge without fields takes every expert as a specialist."""
    asked = set(challenge.fields)
    strata = tuple(sorted(asked & set(expert.fields) if asked else expert.fields))
    outside = expert.user.unit_id != challenge.sponsor_unit_id
    return Candidate(expert.user_id, not asked or bool(strata), outside, strata)


def _seated_candidate(session: Session, judged: Parties, member: PanelMember) -> Candidate:
    now = _as_candidate(judged.challenge, session.get_one(Expert, member.user_id))
    return replace(now, is_specialist=member.is_specialist, is_external=member.is_external)


def _candidate(row: Mapping[str, Any]) -> Candidate:
    return Candidate(row["user_id"], row["is_specialist"], row["is_external"], tuple(row["strata"]))


def _seat(panel: Panel, drawn: Sequence[int], pool: Mapping[int, Candidate]) -> None:
    """Give the free seats, lowest first, to those drawn; who was replaced is told by whom."""
    taken = {one.seat for one in recusals.seated(panel)}
    free = [seat for seat in range(1, panel.size + 1) if seat not in taken]
    for seat, user_id in zip(free, drawn, strict=False):
        for former in panel.members:
            if former.seat == seat and former.replaced_by_id is None:
                former.replaced_by_id = user_id
        one = pool[user_id]
        panel.members.append(
            PanelMember(
                seat=seat,
                user_id=user_id,
                is_specialist=one.is_specialist,
                is_external=one.is_external,
                state=SeatState.DRAWN,
            )
        )
