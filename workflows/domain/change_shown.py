"""A change as people read it: what was, what is to be."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain.terms import TEAM_ROLES
from workflows.models import ChangeKind, ChangeRequest, Indicator, User


@dataclass(frozen=True)
class Line:
    """One thing that changes; ``before`` and ``after`` are dates, amounts of 分, states, or words."""

    label: str
    before: Any
    after: Any


def lines(session: Session, change: ChangeRequest) -> list[Line]:
    """What ``change`` alters, line by line."""
    kind = ChangeKind(change.kind)
    if kind in _OF:
        return _OF[kind](session, change)
    return [Line("项目状态", change.before["state"], change.after["state"])]


def _deadline(_session: Session, change: ChangeRequest) -> list[Line]:
    old, new = (dt.date.fromisoformat(told["deadline"]) for told in (change.before, change.after))
    return [Line("完成期限", old, new)]


def _budget(_session: Session, change: ChangeRequest) -> list[Line]:
    return [Line("项目预算", change.before["budget_fen"], change.after["budget_fen"])]


def _leader(session: Session, change: ChangeRequest) -> list[Line]:
    old, new = (session.get_one(User, told["leader_id"]).name for told in (change.before, change.after))
    return [Line("挂帅人", old, new)]


def _values(session: Session, change: ChangeRequest) -> list[Line]:
    found = []
    for number, value in change.after["values"].items():
        one = session.get_one(Indicator, int(number))
        was = change.before["values"][number]
        found.append(Line(one.name, f"{was} {one.measure}", f"{value} {one.measure}"))
    return found


def _members(session: Session, change: ChangeRequest) -> list[Line]:
    old, new = (
        {row["user_id"]: TEAM_ROLES[row["role"]] for row in told["members"]}
        for told in (change.before, change.after)
    )
    people = session.scalars(select(User).where(User.id.in_(old.keys() ^ new.keys())).order_by(User.id))
    return [Line(one.name, old.get(one.id, "—"), new.get(one.id, "—")) for one in people]


_OF: dict[ChangeKind, Callable[[Session, ChangeRequest], list[Line]]] = {
    ChangeKind.DEADLINE: _deadline,
    ChangeKind.BUDGET: _budget,
    ChangeKind.LEADER: _leader,
    ChangeKind.INDICATOR: _values,
    ChangeKind.MEMBER: _members,
}
