"""Reminders of work items: when (table D15), and whom they reach.

Actions: notify, urge; copy also tells the vice heads, escalate both heads of the unit, assign the office besides.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import notices, outbox, permissions, rules
from workflows.engine.registry import HOOKS, HUMAN
from workflows.engine.tables import OPEN, WorkCandidate, WorkItem
from workflows.models import User


def plan(session: Session, step: str) -> list[tuple[int, str]]:
    """What D15 says of the work items of ``step``: (working days from the due date, action), earliest first."""
    rows = rules.decide(session, "reminder", {"step": step}).value
    return sorted((int(row["offset"]), str(row["action"])) for row in rows)


def remind_at(session: Session, due_at: dt.datetime, offset: int) -> dt.datetime:
    """The due instant moved by ``offset`` working days, at the same time of the day."""
    day = clock.local(due_at).date()
    return due_at + (calendar.add_workdays(session, day, offset) - day)


def remind(session: Session, item: WorkItem, action: str) -> None:
    """Tell whoever may do the item, and their substitutes, and whom else ``action`` reaches."""
    people = _asked(session, item)
    people += permissions.substitutes(session, [person.id for person in people])
    title = HUMAN[item.step].title
    late = item.due_at is not None and clock.now() >= item.due_at
    state = "已逾期" if late else "请尽快办理" if action == "urge" else "即将到期"
    if action == "assign":
        state = "逾期已久，请代理人办理或改派他人"
    text = f"{state}：{title}（{item.process.subject}）"
    kind = "late" if late or action == "urge" else "due"
    for user_id in dict.fromkeys(one.id for one in [*people, *_above(session, people, action)]):
        notices.send(session, user_id, text=text, link=f"/work/{item.id}", kind=kind)


def tell_arrived(session: Session, item_ids: Sequence[int]) -> None:
    """Mail whoever is asked of a task that has just arrived; on the site it stands in the task centre."""
    if not outbox.has_server():
        return
    opened = select(WorkItem).where(WorkItem.id.in_(item_ids), WorkItem.status == OPEN)
    asked = [(item.id, one.id) for item in session.scalars(opened) for one in _asked(session, item)]
    outbox.add_tasks(session, asked)


def urge_every(session: Session) -> dt.timedelta:
    """催办: how long nobody may urge again (setting urge_hours)."""
    return dt.timedelta(hours=rules.days(session, "urge_hours"))


def _above(session: Session, people: Sequence[User], action: str) -> list[User]:
    """Who is told beside ``people``, who are asked: vice heads, both heads of their units, the campaign office."""
    units = sorted({person.unit_id for person in people})
    told: list[User] = []
    if action == "copy":
        for unit_id in (*units, None):
            told += permissions.holders(session, "vice_head", unit_id)
    if action in ("escalate", "assign"):
        for unit_id in units:
            for role in ("party_secretary", "admin_head"):
                told += permissions.holders(session, role, unit_id)
    if action == "assign":
        told += permissions.holders(session, "office", None)
    return told


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
HOOKS.urge_every = urge_every
HOOKS.arrived = tell_arrived
