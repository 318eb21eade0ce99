"""批次 moved by hand within an approved year: what the rules allow, what is forbidden, and who is told.

Intakes of a year lie in it, one after another (year_plans). What has been promised stays: an intake that is over stays
over, and the bidding of a published challenge ends when it said, whatever becomes of its batch.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from workflows import clock
from workflows.domain import audit, notices, permissions
from workflows.domain.heads import HEADS
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    BEFORE_PUBLICATION,
    AdminEntry,
    Batch,
    Challenge,
    ChallengeState,
    Problem,
    User,
    YearState,
)

TITLES = {
    "intake_from": "征集开始日",
    "intake_to": "征集截止日",
    "bid_from": "揭榜开始日",
    "bid_to": "揭榜截止日",
}
DAYS = tuple(TITLES)
PLANNED, OPEN, CLOSED = "planned", "open", "closed"


def check_moves(session: Session, batch: Batch, *, actor: User, reason: str) -> None:
    """Raises Forbidden unless ``actor`` is of the office, Conflict unless the year is under way, Invalid without a reason."""
    if not permissions.may_plan_year(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以调整批次。")
    if batch.year.state != YearState.OPEN:
        raise Conflict("只有进行中的年度可以调整批次；计划未批准的请修改计划。")
    if not reason.strip():
        raise Invalid({"reason": ["请写明理由。"]})


def open_early(batch: Batch) -> None:
    """提前开始: its intake begins today. Raises Conflict unless it is still to come and no other takes in."""
    if batch.state != PLANNED:
        raise Conflict("这一批次的征集已经开始，不需要提前。")
    if batch.intake_from <= clock.today():
        raise Conflict("这一批次今天自动开始，不需要提前。")
    fields = _wrong_place(batch, {**days(batch), "intake_from": clock.today()})
    if fields:
        raise Conflict(next(iter(fields.values()))[0])
    batch.intake_from = clock.today()


def close_now(batch: Batch) -> None:
    """提前截止: today is its last day. Raises Conflict unless it takes in."""
    if batch.state != OPEN:
        raise Conflict("这一批次现在不在征集期，不需要截止。")
    batch.intake_to = clock.today()


def move(session: Session, batch: Batch, wanted: Mapping[str, dt.date | None]) -> dict[str, dt.date | None]:
    """改期: the DAYS of ``batch`` from now on; what they were, where they differ.

    Raises Invalid at each day that has passed, is out of order, or was promised.
    """
    before = {name: getattr(batch, name) for name in DAYS if getattr(batch, name) != wanted[name]}
    fields = _promised(session, batch, before, wanted) or _wrong_place(batch, wanted)
    if fields:
        raise Invalid(fields)
    for name in before:
        setattr(batch, name, wanted[name])
    return before


def days(batch: Batch) -> dict[str, Any]:
    """Its DAYS."""
    return {name: getattr(batch, name) for name in DAYS}


def settle(
    session: Session, batch: Batch, verb: str, *, before: Mapping[str, Any], actor: User, reason: str
) -> None:
    """Write an act down under "batch:<id>", and tell whoever approved the plan, the office, and who has a problem in it."""
    was, now = (
        {name: one and one.isoformat() for name, one in side.items()}
        for side in (before, {name: getattr(batch, name) for name in before})
    )
    audit.note(session, verb, actor=actor, about=about(batch), before=was, after=now, reason=reason.strip())
    text = {
        "batch_open": f"{batch.year.year} 年第 {batch.no} 批征集提前开始：{reason.strip()}",
        "batch_close": f"{batch.year.year} 年第 {batch.no} 批征集提前截止：{reason.strip()}",
        "batch_move": f"{batch.year.year} 年第 {batch.no} 批日期有调整：{reason.strip()}",
    }[verb]
    people = [one.id for role in (*HEADS, "office") for one in permissions.holders(session, role, None)]
    people += session.scalars(select(Problem.proposer_id).where(Problem.batch_id == batch.id).distinct())
    for user_id in dict.fromkeys(people):
        notices.send(
            session, user_id, text=notices.excerpt(text), link=f"/campaigns/{batch.year_id}", kind="challenge"
        )
    session.flush()


def about(batch: Batch) -> str:
    """Under what its acts are written down."""
    return f"batch:{batch.id}"


def acts(session: Session, batches: Sequence[Batch]) -> list[tuple[Batch, AdminEntry]]:
    """What was done by hand with ``batches``, the newest first, in one query."""
    known = {about(one): one for one in batches}
    newest = select(AdminEntry).where(AdminEntry.about.in_(known)).order_by(AdminEntry.id.desc())
    found = session.scalars(newest.limit(audit.SHOWN).options(joinedload(AdminEntry.actor)))
    return [(known[one.about], one) for one in found]


def problems_in(session: Session, batch: Batch) -> int:
    """How many problems have joined it."""
    return session.scalar(select(func.count()).where(Problem.batch_id == batch.id)) or 0


def promised_until(session: Session, batch: Batch) -> list[Challenge]:
    """The challenges of ``batch`` that take bids now, the last deadline first: their deadlines stay as published."""
    listed = select(Challenge).where(
        Challenge.batch_id == batch.id, Challenge.state == ChallengeState.PUBLISHED
    )
    return list(session.scalars(listed.order_by(Challenge.bid_to.desc(), Challenge.id)))


def _promised(
    session: Session, batch: Batch, before: Mapping[str, Any], wanted: Mapping[str, dt.date | None]
) -> dict[str, list[str]]:
    """What cannot be taken back: days gone by, bids announced for a day, deadlines published."""
    fields: dict[str, list[str]] = {}
    if "intake_from" in before and batch.state != PLANNED:
        fields["intake_from"] = ["征集已经开始，开始日不能再改。"]
    if "intake_to" in before and batch.state == CLOSED:
        fields["intake_to"] = ["征集已经截止，不能重开；不选批次即可随时填报。"]
    fields |= _too_soon(batch, before, wanted)
    waiting = (ChallengeState.APPROVED, *(one for one in ChallengeState if one not in BEFORE_PUBLICATION))
    ready = select(Challenge.id).where(Challenge.batch_id == batch.id, Challenge.state.in_(waiting)).limit(1)
    if "bid_from" in before and session.scalar(ready) is not None:
        fields["bid_from"] = ["本批已有榜单按这个日期待发布或已发布，不能再改。"]
    listed = promised_until(session, batch)
    if "bid_to" in before and listed and listed[0].bid_to is not None:
        last = clock.local(listed[0].bid_to - dt.timedelta(microseconds=1)).date()
        bid_to = wanted["bid_to"]
        if bid_to is None or bid_to < last:
            fields["bid_to"] = [f"榜单《{listed[0].title}》已公布 {last:%Y-%m-%d} 截止揭榜，不能早于这一天。"]
    return fields


def _too_soon(
    batch: Batch, before: Mapping[str, Any], wanted: Mapping[str, dt.date | None]
) -> dict[str, list[str]]:
    today, fields = clock.today(), {}
    first, last = wanted["intake_from"], wanted["intake_to"]
    if "intake_from" in before and batch.state == PLANNED and (first is None or first <= today):
        fields["intake_from"] = ["开始日应在今天以后；要今天开始，请用“提前开始”。"]
    if "intake_to" in before and batch.state != CLOSED and (last is None or last < today):
        fields["intake_to"] = ["截止日不能早于今天。"]
    for name in ("bid_from", "bid_to"):
        day = wanted[name]
        if name in before and day is not None and day < today:
            fields[name] = ["不能改到今天以前。"]
    return fields


def _wrong_place(batch: Batch, wanted: Mapping[str, Any]) -> dict[str, list[str]]:
    """Days out of order among themselves, or against the batches before and after."""
    first, last, bid_from, bid_to = (wanted[name] for name in DAYS)
    earlier = [one for one in batch.year.batches if one.no < batch.no]
    later = [one for one in batch.year.batches if one.no > batch.no]
    fields: dict[str, list[str]] = {}
    if first.year != batch.year.year:
        fields["intake_from"] = [f"征集应在 {batch.year.year} 年内开始。"]
    elif earlier and first <= earlier[-1].intake_to:
        fields["intake_from"] = [
            f"第 {earlier[-1].no} 批征集到 {earlier[-1].intake_to:%Y-%m-%d} 才截止，征集期不能重叠。"
        ]
    if last < first:
        fields["intake_to"] = ["征集截止日不能早于开始日。"]
    elif later and last >= later[0].intake_from:
        fields["intake_to"] = [
            f"第 {later[0].no} 批征集 {later[0].intake_from:%Y-%m-%d} 开始，征集期不能重叠。"
        ]
    if bid_from is not None and bid_from <= last:
        fields["bid_from"] = ["揭榜应在征集截止之后开始。"]
    if bid_to is not None and bid_to <= (bid_from or last):
        fields["bid_to"] = ["揭榜截止日应晚于开始日。"]
    return fields
