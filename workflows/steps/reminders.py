"""Reminders of work items: when (table D15), and whom they reach; and what else the engine asks of the campaign."""

import datetime as dt
from functools import lru_cache
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import calendar, clock, dmn
from workflows.domain import notices, permissions
from workflows.engine.registry import HOOKS, HUMAN
from workflows.engine.tables import WorkCandidate, WorkItem
from workflows.models import User

TABLE = Path(__file__).parents[2] / "bpmn" / "reminder" / "reminder.dmn"


@lru_cache(maxsize=1)
def _table() -> dmn.Model:
    return dmn.load(TABLE.read_bytes(), file=TABLE.name)


@lru_cache(maxsize=512)
def plan(step: str) -> list[tuple[int, str]]:
    """What D15 says of the work items of ``step``: (working days from the due date, action), earliest first."""
    rows: Any = _table().evaluate("reminder", {"step": step}).value
    return sorted((int(row["offset"]), str(row["action"])) for row in rows)


def remind_at(session: Session, due_at: dt.datetime, offset: int) -> dt.datetime:
    """The due instant moved by ``offset`` working days, at the same time of the day."""
    day = clock.local(due_at).date()
    return due_at + (calendar.add_workdays(session, day, offset) - day)


def remind(session: Session, item: WorkItem, action: str) -> None:
    """Tell whoever may do the item; from "escalate" on also both heads of their units."""
    people = _asked(session, item)
    title = HUMAN[item.step].title
    late = item.due_at is not None and clock.now() >= item.due_at
    state = "已逾期" if late else "即将到期"
    text = f"{state}：{title}（{item.process.subject}）"
    reached = {person.id: person for person in people}
    if action == "escalate":
        for unit_id in {person.unit_id for person in people}:
            for role in ("party_secretary", "admin_head"):
                reached |= {head.id: head for head in permissions.holders(session, role, unit_id)}
    for person in reached.values():
        notices.send(session, person.id, text=text, link=f"/work/{item.id}")


def _asked(session: Session, item: WorkItem) -> list[User]:
    kind, _, rest = item.audience.partition(":")
    if item.claimed_by_id is not None:
        return [session.get_one(User, item.claimed_by_id)]
    if kind == "user":
        return [session.get_one(User, int(rest))]
    if kind == "role":
        role, _, unit = rest.partition("@")
        return permissions.holders(session, role, int(unit) if unit else None)
    if kind == "post":
        return permissions.post_holders(session, int(rest))
    listed = select(WorkCandidate.user_id).where(WorkCandidate.item_id == item.id)
    return list(session.scalars(select(User).where(User.id.in_(listed))))


HOOKS.deadline_after = calendar.deadline_after
HOOKS.reminders = plan
HOOKS.remind_at = remind_at
HOOKS.remind = remind
