"""The boxes of the task centre: what waits for somebody, what they did, started, or were sent a copy of."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from workflows import access, calendar, clock
from workflows.domain import accounts, permissions
from workflows.domain.permissions import Grants
from workflows.engine.definitions import LIBRARY
from workflows.engine.registry import HUMAN
from workflows.engine.tables import CANCELLED, DONE, OPEN, SUSPENDED, HistoryEntry, Process, WorkItem
from workflows.errors import Forbidden, NotFound
from workflows.models import CopyTo, User

BOXES = ("todo", "done", "started", "copies")
MOST_SORTED = 2_000  # of what one has done: to tell its kinds the last ones will do
ORDERS = ("due", "newest", "oldest")  # what is due first, what arrived last, what arrived first
PROCESS_STATES = {
    "running": "办理中",
    "suspended": "已暂停",
    "completed": "已办结",
    "terminated": "已终止",
}
ALL = "all"  # every open item of the plant, for those who read all


@dataclass(frozen=True)
class Filters:
    """What a box is narrowed to; ``q`` is looked for in what a process is about."""

    q: str = ""
    process_id: int | None = None
    process_name: str | None = None  # id of the BPMN process
    step: str | None = None  # bid.sign; says nothing of started processes
    overdue: bool = False  # nor does this
    order: str | None = None  # one of ORDERS; None: as each box says


NO_FILTERS = Filters()


@dataclass(frozen=True)
class InboxRow:
    """One line of the task centre; ``workdays_left`` is negative when overdue."""

    id: int
    process_id: int
    process_name: str
    process_title: str
    step: str | None  # None of a process that one has started
    step_title: str
    audience: str | None
    subject: str
    subject_path: str
    started_by: str | None  # None: the system, or somebody who is not named
    arrived_at: dt.datetime
    due_at: dt.datetime | None
    workdays_left: int | None
    claimed_by: str | None
    is_mine_to_claim: bool
    is_suspended: bool  # nobody may do anything in its process for now
    done_at: dt.datetime | None
    outcome: str | None
    status: str  # of the item, or of the process that one has started


@dataclass(frozen=True)
class Waiting:
    """A work item as the page it is about shows it."""

    id: int
    step_title: str


@dataclass(frozen=True)
class Kind:
    """What a box holds: ``number`` items of a step in a process."""

    process_name: str
    process_title: str
    step: str | None
    step_title: str
    number: int
    may_agree: bool  # several of them at once


@dataclass(frozen=True)
class Inbox:
    rows: list[InboxRow]
    total: int
    counts: dict[str, int]


def inbox(
    session: Session,
    actor: User,
    *,
    box: str = "todo",
    page: int = 1,
    size: int = 20,
    filters: Filters = NO_FILTERS,
) -> Inbox:
    """One box of the task centre: what is due first comes first; pages count from 1.

    ``total`` counts the rows that pass the filters, ``counts`` each of one's own BOXES without them, with ALL none.
    Raises NotFound for an unknown box, Forbidden for ALL unless ``actor`` reads all.
    """
    held = permissions.grants(session, actor)
    if box not in (*BOXES, ALL):
        raise NotFound("没有这个任务箱。")
    if box == ALL and not held.is_any(permissions.READ_ALL):
        raise Forbidden("只有办公室和纪委监督可以查看全部任务。")
    counts = {} if box == ALL else {name: _count(session, _rows(held, name)) for name in BOXES}
    query = _filtered(_rows(held, box), filters, by_step=box != "started")
    total = counts[box] if box in counts and filters == NO_FILTERS else _count(session, query)
    wanted = _ordered(query, filters.order, box).offset((page - 1) * size).limit(size)
    if box == "started":
        processes = session.scalars(wanted).all()
        starters = _starters(session, {one.id for one in processes})
        return Inbox([_started_row(one, starters) for one in processes], total, counts)
    items = session.scalars(wanted.options(selectinload(WorkItem.process).defer(Process.state))).all()
    names, starters = names_in(session, items), _starters(session, {one.process_id for one in items})
    return Inbox([_row(session, item, names, starters) for item in items], total, counts)


def kinds(session: Session, actor: User, *, box: str) -> list[Kind]:
    """What one of the BOXES holds, by process and step; of "done" among the last MOST_SORTED."""
    rows = _rows(permissions.grants(session, actor), box)
    if box == "started":
        named = rows.order_by(None).with_only_columns(Process.name, func.count()).group_by(Process.name)
        return [_kind(name, None, number) for name, number in session.execute(named.order_by(Process.name))]
    rows = rows.limit(MOST_SORTED) if box == "done" else rows.order_by(None)
    # Not a join: PostgreSQL takes them for more than they are, and would read every process of the plant.
    name = select(Process.name).where(Process.id == WorkItem.process_id).scalar_subquery().label("name")
    items = rows.with_only_columns(name, WorkItem.step, maintain_column_froms=True).subquery()
    by = (items.c.name, items.c.step)
    return [_kind(*row) for row in session.execute(select(*by, func.count()).group_by(*by).order_by(*by))]


def _kind(process_name: str, step: str | None, number: int) -> Kind:
    title, human = LIBRARY.titles().get(process_name, process_name), HUMAN.get(step or "")
    may_agree = human is not None and human.agree_with is not None
    return Kind(process_name, title, step, human.title if human else "", number, may_agree)


def _ordered(query: Any, order: str | None, box: str) -> Any:
    """``query`` in one of ORDERS instead of its own."""
    arrived = Process.started_at if box == "started" else WorkItem.created_at
    last = Process.id if box == "started" else WorkItem.id
    if order == "newest":
        return query.order_by(None).order_by(arrived.desc(), last.desc())
    if order == "oldest":
        return query.order_by(None).order_by(arrived, last)
    if order == "due" and box != "started":
        return query.order_by(None).order_by(WorkItem.due_at.is_(None), WorkItem.due_at, WorkItem.id)
    return query


def _starters(session: Session, process_ids: set[int]) -> dict[int, str]:
    """Who started each of the processes, as its history names them: the system and the anonymous it does not."""
    query = select(HistoryEntry.process_id, User.name).join(User, User.id == HistoryEntry.actor_id)
    first = query.where(HistoryEntry.process_id.in_(process_ids), HistoryEntry.seq == 1)
    return {row.process_id: row.name for row in session.execute(first)}


def arrived(session: Session, item_id: int, *, user_id: int) -> tuple[str, str] | None:
    """What to tell ``user_id`` of a task that arrived, and its path; None when it is no longer theirs to do."""
    item, user = session.get(WorkItem, item_id), session.get(User, user_id)
    if item is None or user is None or item.status != OPEN or item.claimed_by_id not in (None, user_id):
        return None
    if not access.is_asked(session, item, permissions.grants(session, user)):
        return None
    return f"待办：{HUMAN[item.step].title}（{item.process.subject}）", f"/work/{item.id}"


def waiting_at(session: Session, actor: User, path: str) -> list[Waiting]:
    """The work items that wait for ``actor`` and are about the page at ``path``, in the order of their box."""
    about = _rows(permissions.grants(session, actor), "todo").join(WorkItem.process)
    about = about.where(Process.subject_path == path).with_only_columns(WorkItem.id, WorkItem.step)
    return [Waiting(id_, HUMAN[step].title) for id_, step in session.execute(about)]


def todo_number(held: Grants) -> Any:
    """The scalar query of how many work items wait for the holder of ``held``."""
    return _counted(_rows(held, "todo")).scalar_subquery()


def todo_count(session: Session, actor: User) -> int:
    """How many work items wait for ``actor``."""
    return _count(session, _rows(permissions.grants(session, actor), "todo"))


def late_count(session: Session, actor: User) -> int:
    """How many of those are overdue."""
    waiting = _rows(permissions.grants(session, actor), "todo")
    return _count(session, waiting.where(WorkItem.due_at <= clock.now()))


def first_asked(session: Session, people: Iterable[int], *, steps: Collection[str]) -> int | None:
    """Whose open item of ``steps``, among those that ask one of ``people`` (ids) by name, is the oldest."""
    audiences = {f"user:{one}": one for one in people}
    asked = select(WorkItem.audience).where(
        WorkItem.audience.in_(audiences), WorkItem.status == OPEN, WorkItem.step.in_(steps)
    )
    found = session.scalar(asked.order_by(WorkItem.id).limit(1))
    return None if found is None else audiences[found]


def _rows(held: Grants, box: str) -> Any:
    """The query of a box: processes for "started", otherwise items."""
    if box == "started":
        return select(Process).where(Process.started_by_id == held.user_id).order_by(Process.id.desc())
    items = select(WorkItem)
    if box == "todo":
        waiting = items.where(access.are_open_and_mine(held))
        return waiting.order_by(WorkItem.due_at.is_(None), WorkItem.due_at, WorkItem.id)
    if box == "done":
        return items.where(WorkItem.done_by_id == held.user_id).order_by(WorkItem.done_at.desc(), WorkItem.id)
    if box == "copies":
        copied = items.join(CopyTo, CopyTo.item_id == WorkItem.id).where(CopyTo.user_id == held.user_id)
        return copied.order_by(CopyTo.id.desc())
    return items.where(WorkItem.status == OPEN).order_by(WorkItem.id)


def _filtered(query: Any, filters: Filters, *, by_step: bool) -> Any:
    if by_step and (filters.q or filters.process_name):
        query = query.join(WorkItem.process)
    if filters.q:
        query = query.where(Process.subject.icontains(filters.q, autoescape=True))
    if filters.process_id is not None:
        query = query.where((WorkItem.process_id if by_step else Process.id) == filters.process_id)
    if filters.process_name:
        query = query.where(Process.name == filters.process_name)
    if filters.step and by_step:
        query = query.where(WorkItem.step == filters.step)
    if filters.overdue and by_step:
        query = query.where(WorkItem.due_at <= clock.now(), WorkItem.status == OPEN)
    return query


def _count(session: Session, query: Any) -> int:
    return int(session.execute(_counted(query)).scalar_one())


def _counted(query: Any) -> Any:
    """The query of how many rows ``query`` has."""
    return query.order_by(None).with_only_columns(func.count(), maintain_column_froms=True)


def names_in(session: Session, items: Sequence[WorkItem]) -> dict[int, str]:
    """The names of those who have claimed or done ``items``, by id."""
    ids = {one for item in items for one in (item.claimed_by_id, item.done_by_id) if one is not None}
    return accounts.names_of(session, ids)


def _row(session: Session, item: WorkItem, names: Mapping[int, str], starters: Mapping[int, str]) -> InboxRow:
    process = item.process
    return InboxRow(
        id=item.id,
        process_id=process.id,
        process_name=process.name,
        process_title=LIBRARY.titles().get(process.name, process.name),
        step=item.step,
        step_title=HUMAN[item.step].title,
        audience=item.audience,
        subject=process.subject,
        subject_path=process.subject_path,
        started_by=starters.get(process.id),
        arrived_at=item.created_at,
        due_at=item.due_at,
        workdays_left=workdays_left(session, item.due_at) if item.status == OPEN else None,
        claimed_by=names.get(item.claimed_by_id or 0),
        is_mine_to_claim=item.claimed_by_id is None and not item.audience.startswith("user:"),
        is_suspended=item.status == OPEN and process.status == SUSPENDED,
        done_at=item.done_at,
        outcome=outcome_of(item),
        status=item.status,
    )


def _started_row(process: Process, starters: Mapping[int, str]) -> InboxRow:
    title = LIBRARY.titles().get(process.name, process.name)
    return InboxRow(
        id=process.id,
        process_id=process.id,
        process_name=process.name,
        process_title=title,
        step=None,
        audience=None,
        step_title=PROCESS_STATES[process.status],
        subject=process.subject,
        subject_path=process.subject_path,
        started_by=starters.get(process.id),
        arrived_at=process.started_at,
        due_at=None,
        workdays_left=None,
        claimed_by=None,
        is_mine_to_claim=False,
        is_suspended=process.status == SUSPENDED,
        done_at=process.ended_at,
        outcome=None,
        status=process.status,
    )


def workdays_left(session: Session, due_at: dt.datetime | None) -> int | None:
    """Working days until ``due_at``; 0 on the last day, negative when it is past."""
    if due_at is None:
        return None
    last = clock.local(due_at - dt.timedelta(microseconds=1)).date()
    if clock.now() >= due_at:
        return min(-1, calendar.workdays_between(session, clock.today(), last))
    return calendar.workdays_between(session, clock.today(), last)


def outcome_of(item: WorkItem) -> str | None:
    """What came of an item, for people."""
    if item.status == CANCELLED:
        return "已取消"
    if item.status != DONE:
        return None
    return {True: "同意", False: "不同意", None: "已办理"}[item.agree]
