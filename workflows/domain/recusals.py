"""回避: what the members of a panel declare, and whose seat it costs."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import conflicts, notices, permissions, rules
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import ConflictRecord, Panel, PanelMember, SeatState, User


@dataclass(frozen=True)
class Cleared:
    """What the declarations left: seats to draw anew, and whether the pool has to be enlarged before."""

    free: int
    needs_more_experts: bool


def seated(panel: Panel) -> list[PanelMember]:
    """The members who hold a seat, by seat."""
    return [one for one in panel.members if one.state != SeatState.REPLACED]


def free_seats(panel: Panel) -> int:
    """How many seats nobody holds."""
    return panel.size - len(seated(panel))


def undeclared(panel: Panel) -> list[int]:
    """The ids of the members who are still to say whether they have a conflict, by seat."""
    return [one.user_id for one in panel.members if one.state == SeatState.DRAWN]


def seat_of(panel: Panel, user: User) -> PanelMember:
    """The seat that ``user`` holds. Raises Forbidden for anybody else."""
    for one in seated(panel):
        if one.user_id == user.id:
            return one
    raise Forbidden("只有本评审组的专家本人可以办理，不能由他人代办。")


def declare(
    session: Session,
    panel: Panel,
    *,
    rows: Sequence[Mapping[str, Any]],
    bid_ids: set[int],
    actor: User,
    at: dt.datetime | None,
) -> None:
    """回避申报: keep what ``actor`` declares, one row {bid_id, conflict, kind, note} for each of ``bid_ids``.

    Raises Forbidden unless they hold a seat, Conflict if they have declared, Invalid for rows that do not match.
    """
    member = seat_of(panel, actor)
    if member.declared_at is not None:
        raise Conflict("您已经申报过，不能再改；有新情况请告知揭榜挂帅办公室。")
    _check_rows(rows, bid_ids)
    for row in rows:
        if row["conflict"]:
            found = (member.user_id, row["bid_id"])
            record(session, panel, *found, row["kind"], "self", note=row["note"], at=at)
    member.declared_at = clock.now()


def step_down(
    session: Session,
    panel: Panel,
    *,
    relation: str,
    reason: str,
    is_redrawn: bool,
    actor: User,
    at: dt.datetime | None,
) -> None:
    """回避 after the declarations: ``actor`` finds a relation only now and leaves the seat.

    ``is_redrawn`` says whether it is drawn again; once the order of defence is drawn it stays free.
    Office and supervision are told. Raises Forbidden unless they hold a seat, Invalid for a relation that D4 only
    wants disclosed, Conflict for the last one on the panel.
    """
    member = seat_of(panel, actor)
    if conflicts.action(session, relation, at=at)[0] != conflicts.RECUSE:
        raise Invalid({"kind": ["这种关系只需披露，不必退出评审组。"]})
    if len(seated(panel)) == 1:
        raise Conflict("评审组只剩您一人，请告知揭榜挂帅办公室另行组建。")
    member.state = SeatState.REPLACED
    member.recuse_reason = f"{conflicts.RELATIONS[relation]}：{reason}"[:300]
    session.flush()
    link = f"/challenges/{panel.challenge_id}/selection"
    text = (
        f"专家{actor.name}因回避退出评审组，席位 {member.seat} 空缺，其余专家预审后补抽。"
        if is_redrawn
        else f"专家{actor.name}因回避退出评审组，席位 {member.seat} 空缺，不再补抽，还有 {len(seated(panel))} 人。"
    )
    for role in permissions.READ_ALL:
        for one in permissions.holders(session, role, None):
            notices.send(session, one.id, text=text, link=link, kind="bid")


def clear(session: Session, panel: Panel, *, at: dt.datetime | None) -> Cleared:
    """回避: free the seats of those whom a declared relation keeps from judging; seat the others for good."""
    session.flush()
    query = select(ConflictRecord).where(
        ConflictRecord.panel_id == panel.id, ConflictRecord.action == conflicts.RECUSE
    )
    reasons = {one.expert_id: one for one in session.scalars(query)}
    free = 0
    for member in seated(panel):
        found = reasons.get(member.user_id)
        member.state = SeatState.SITTING if found is None else SeatState.REPLACED
        if found is not None:
            member.recuse_reason = f"{conflicts.RELATIONS[found.relation]}：{found.note}".rstrip("：")[:300]
            free += 1
    panel.recusal_rounds += bool(free)
    most = rules.days(session, "coi_rounds_max", at=at)
    return Cleared(free, panel.recusal_rounds > most)


def record(
    session: Session,
    panel: Panel,
    user_id: int,
    bid_id: int,
    relation: str,
    found_by: str,
    *,
    note: str,
    at: dt.datetime | None,
) -> None:
    """Keep one relation, once."""
    known = select(ConflictRecord.id).where(
        ConflictRecord.panel_id == panel.id,
        ConflictRecord.expert_id == user_id,
        ConflictRecord.bid_id == bid_id,
        ConflictRecord.relation == relation,
    )
    if session.scalar(known) is None:
        action, message = conflicts.action(session, relation, at=at)
        session.add(
            ConflictRecord(
                panel_id=panel.id,
                expert_id=user_id,
                bid_id=bid_id,
                relation=relation,
                found_by=found_by,
                action=action,
                note=note or message,
                found_at=clock.now(),
            )
        )


def _check_rows(rows: Sequence[Mapping[str, Any]], bid_ids: set[int]) -> None:
    fields: dict[str, list[str]] = {}
    named = [row["bid_id"] for row in rows]
    for place, row in enumerate(rows):
        if row["bid_id"] not in bid_ids:
            fields[f"rows.{place}.bid_id"] = ["这份申报不在本次评审中。"]
        elif row["bid_id"] in named[:place]:
            fields[f"rows.{place}.bid_id"] = ["这份申报已经列出。"]
        elif row["conflict"] and not row["kind"]:
            fields[f"rows.{place}.kind"] = ["请选择需要回避的关系。"]
    if bid_ids - set(named):
        fields["rows"] = ["请对每一份申报逐一申报。"]
    if fields:
        raise Invalid(fields)
