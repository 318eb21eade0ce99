"""关系登记: which two people are kin, mentor and apprentice, authors of one paper, or partners; kept by 人力资源.

Table conflict (D4) reads it when a panel is drawn (domain.conflicts).
"""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import accounts, paging, permissions
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Relation, User

KINDS = {
    "kin": "配偶或直系亲属",
    "mentor": "师徒",
    "co_author": "共同署名专利或论文",
    "economic": "经济利益",
    "other": "其他",
}  # those between two people; domain.conflicts adds the others that D4 knows
LASTING = ("co_author",)  # which count for months after their last day
LONGEST_SOURCE = 200


def add(
    session: Session,
    *,
    user_id: int,
    other_id: int,
    kind: str,
    from_day: dt.date,
    until_day: dt.date | None,
    source: str,
    actor: User,
) -> Relation:
    """登记: the order of the two does not matter.

    Raises Forbidden unless by 人力资源, Invalid for unknown people, one person twice, an unknown kind, a first day to
    come or after the last, no source, or what is recorded already.
    """
    _expect_keeper(session, actor)
    fields = _wrong(session, user_id, other_id, kind, from_day, until_day, source)
    if fields:
        raise Invalid(fields)
    first, second = sorted((user_id, other_id))
    known = select(Relation.id).where(Relation.first_id == first, Relation.second_id == second)
    if session.scalar(known.where(Relation.kind == kind, Relation.from_day == from_day)) is not None:
        raise Invalid({"from_day": ["这两个人自这一天起的这种关系已经登记。"]})
    made = Relation(first_id=first, second_id=second, kind=kind, from_day=from_day, until_day=until_day)
    made.source, made.recorded_by_id, made.recorded_at = source.strip(), actor.id, clock.now()
    session.add(made)
    session.flush()
    return made


def end(session: Session, relation_id: int, *, until_day: dt.date, reason: str, actor: User) -> Relation:
    """终止: ``until_day`` is the last day on which it holds; a record is never deleted.

    Raises Forbidden unless by 人力资源, NotFound, Conflict for one that is over, Invalid for a day before the first.
    """
    _expect_keeper(session, actor)
    found = session.get(Relation, relation_id, with_for_update={"of": Relation})
    if found is None:
        raise NotFound("没有这项关系登记。")
    if found.until_day is not None and found.until_day < clock.today():
        raise Conflict("这项关系已经终止。")
    if until_day < found.from_day:
        raise Invalid({"until_day": ["终止日不能早于起始日。"]})
    if not reason.strip():
        raise Invalid({"reason": ["请写明终止的依据。"]})
    found.until_day, found.end_reason = until_day, reason.strip()
    found.ended_by_id, found.ended_at = actor.id, clock.now()
    session.flush()
    return found


def listing(
    session: Session,
    *,
    actor: User,
    user_id: int | None = None,
    kind: str | None = None,
    in_force: bool = False,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Relation], int]:
    """The newest first, with how many there are: one's own; all for 人力资源 and discipline supervision."""
    query = select(Relation)
    if not permissions.may_read_relations(session, actor):
        query = query.where(_is_of([actor.id]))
    if user_id is not None:
        query = query.where(_is_of([user_id]))
    if kind is not None:
        query = query.where(Relation.kind == kind)
    if in_force:
        query = query.where(_holds_from(clock.today()))
    return paging.page_of(session, query.order_by(Relation.id.desc()), page=page, size=size)


def of_people(session: Session, ids: Collection[int], *, since: dt.date) -> dict[tuple[int, int], list[str]]:
    """The kinds that hold today, or have lasted until ``since``, by the ids of one of ``ids`` and of the other."""
    lasting = Relation.kind.in_(LASTING) & _holds_from(since)
    query = select(Relation.first_id, Relation.second_id, Relation.kind).where(_is_of(ids))
    held = query.where(Relation.from_day <= clock.today(), _holds_from(clock.today()) | lasting)
    found: dict[tuple[int, int], list[str]] = {}
    for first, second, kind in session.execute(held.distinct().order_by(Relation.kind)):
        found.setdefault((first, second), []).append(kind)
        found.setdefault((second, first), []).append(kind)
    return found


def _is_of(ids: Collection[int]) -> Any:
    return or_(Relation.first_id.in_(ids), Relation.second_id.in_(ids))


def _holds_from(day: dt.date) -> Any:
    return Relation.until_day.is_(None) | (Relation.until_day >= day)


def _wrong(
    session: Session,
    user_id: int,
    other_id: int,
    kind: str,
    from_day: dt.date,
    until_day: dt.date | None,
    source: str,
) -> dict[str, list[str]]:
    asked = {"user_id": user_id, "other_id": other_id}
    fields = {name: ["没有这个人员。"] for name, one in asked.items() if accounts.get(session, one) is None}
    if user_id == other_id:
        fields["other_id"] = ["请选择两个不同的人。"]
    if kind not in KINDS:
        fields["kind"] = ["没有这种关系。"]
    if from_day > clock.today():
        fields["from_day"] = ["起始日不能晚于今天。"]
    if until_day is not None and until_day < from_day:
        fields["until_day"] = ["终止日不能早于起始日。"]
    if not 1 <= len(source.strip()) <= LONGEST_SOURCE:
        fields["source"] = [f"请写明来源，最多 {LONGEST_SOURCE} 个字。"]
    return fields


def _expect_keeper(session: Session, actor: User) -> None:
    if not permissions.may_keep_relations(session, actor):
        raise Forbidden("只有人力资源可以登记人员关系。")
