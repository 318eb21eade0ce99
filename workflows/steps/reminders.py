"""Reminders of work items: when (table D15), and whom they reach.

Actions: notify, urge; copy also tells the vice heads, escalate both heads of the unit, assign the office besides. Those
are told who is late, but never who reviews what is judged blind, nor who objected.
"""

import datetime as dt
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import notices, outbox, permissions, rules
from workflows.domain.heads import HEADS
from workflows.engine.registry import HOOKS, HUMAN
from workflows.engine.tables import OPEN, WorkCandidate, WorkItem
from workflows.models import User

FILERS = ("publicity.ask_review",)  # asked of who filed an objection
MOST_NAMED = 5
LONGEST_LINE, LONGEST_TEXT = 200, 300


def plan(session: Session, step: str) -> list[tuple[int, str]]:
    """What D15 says of the work items of ``step``: (working days from the due date, action), earliest first."""
    rows = rules.decide(session, "reminder", {"step": step}).value
    return sorted((int(row["offset"]), str(row["action"])) for row in rows)


def remind_at(session: Session, due_at: dt.datetime, offset: int) -> dt.datetime:
    """The due instant moved by ``offset`` working days, at the same time of the day."""
    day = clock.local(due_at).date()
    return due_at + (calendar.add_workdays(session, day, offset) - day)


def remind(session: Session, item: WorkItem, action: str) -> None:
    """Tell whoever may do the item, and their substitutes, and by name those above them whom ``action`` reaches.

    Where the task itself is a secret (SECRET), those above are the office, and the plant's vice heads without a name.
    """
    asked = _asked(session, item)
    people = asked + permissions.substitutes(session, [person.id for person in asked])
    line = f"{_state(item, action)}：{HUMAN[item.step].title}（{item.process.subject}）"
    kind = "late" if _is_late(item) or action == "urge" else "due"
    own = dict.fromkeys(one.id for one in people)
    for user_id in own:
        notices.send(session, user_id, text=line, link=f"/work/{item.id}", kind=kind)
    named = f"{line[:LONGEST_LINE]}，办理人：{_who(item, asked)}"[:LONGEST_TEXT]
    for one in {one.id: one for one in _above(session, item, asked, action)}.values():
        if one.id in own:
            continue
        if not _is_secret(item) or permissions.reads_all(session, one):
            notices.send(session, one.id, text=named, link=f"/work/{item.id}", kind=kind)
        else:
            notices.send_once_a_day(session, one.id, text=line, link=item.process.subject_path, kind=kind)


def _is_late(item: WorkItem) -> bool:
    return item.due_at is not None and clock.now() >= item.due_at


def _state(item: WorkItem, action: str) -> str:
    if action == "assign":
        return "逾期已久，请代理人办理或改派他人"
    return "已逾期" if _is_late(item) else "请尽快办理" if action == "urge" else "即将到期"


def _who(item: WorkItem, asked: Sequence[User]) -> str:
    """Whom an item waits for: people with their units, a few by name; or the role that nobody holds."""
    if not asked:
        return permissions.ROLES.get(item.role, item.role)
    names = "、".join(f"{one.name} {one.unit.name}" for one in asked[:MOST_NAMED])
    return names if len(asked) <= MOST_NAMED else f"{names}…"


def _is_secret(item: WorkItem) -> bool:
    """Whether nobody but office and supervision may learn who has this task, or that somebody of a unit has it."""
    return HUMAN[item.step].confidential or item.step in FILERS


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


def _above(session: Session, item: WorkItem, asked: Sequence[User], action: str) -> list[User]:
    """Who is told beside those asked: vice heads, both heads of their units, the campaign office.

    That somebody of a unit is late with a secret task would tell the unit who reviews, or objected: there the office
    is told in place of its heads, and of the vice heads only those of the plant.
    """
    is_secret = _is_secret(item)
    units = [] if is_secret else sorted({person.unit_id for person in asked})
    told: list[User] = []
    if action == "copy":
        for unit_id in (*units, None):
            told += permissions.holders(session, "vice_head", unit_id)
    if action in ("escalate", "assign"):
        for unit_id in units:
            for role in HEADS:
                told += permissions.holders(session, role, unit_id)
    if action == "assign" or (is_secret and action == "escalate"):
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
