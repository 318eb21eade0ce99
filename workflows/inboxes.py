"""The boxes of the task centre: what waits for somebody, what they did, started, or were sent a copy of."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, defer

from workflows import access, calendar, clock
from workflows.domain import accounts, permissions
from workflows.domain.permissions import Grants
from workflows.engine.definitions import LIBRARY
from workflows.engine.registry import HUMAN, SENDERS, STARTS, Sender, Start
from workflows.engine.tables import CANCELLED, DONE, OPEN, Process, WorkItem
from workflows.errors import Forbidden, NotFound
from workflows.models import CopyTo, Draft, User

BOXES = ("todo", "done", "started", "copies")
DRAFTS = "drafts"
ALL = "all"  # every open item of the plant, for those who read all


@dataclass(frozen=True)
class Filters:
    """What a box is narrowed to; ``q`` is looked for in what a process is about."""

    q: str = ""
    process_id: int | None = None
    process_name: str | None = None  # id of the BPMN process
    step: str | None = None  # bid.sign; says nothing of started processes


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
    arrived_at: dt.datetime
    due_at: dt.datetime | None
    workdays_left: int | None
    claimed_by: str | None
    is_mine_to_claim: bool
    done_at: dt.datetime | None
    outcome: str | None


@dataclass(frozen=True)
class DraftRow:
    """A form that somebody began and did not send; ``place`` shows it again."""

    place: str
    step_title: str
    subject: str  # empty of the form of a start
    saved_at: dt.datetime
    due_at: dt.datetime | None
    workdays_left: int | None


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

    ``total`` counts the rows that pass the filters, ``counts`` each of one's own BOXES and DRAFTS without them,
    with ALL none.
    Raises NotFound for an unknown box, Forbidden for ALL unless ``actor`` reads all.
    """
    held = permissions.grants(session, actor)
    if box not in (*BOXES, ALL):
        raise NotFound("没有这个任务箱。")
    if box == ALL and not held.is_any(permissions.READ_ALL):
        raise Forbidden("只有办公室和纪委监督可以查看全部任务。")
    counts = {} if box == ALL else {name: _count(session, _rows(held, name)) for name in BOXES}
    counts |= {} if box == ALL else {DRAFTS: _count(session, _drafts(actor))}
    query = _filtered(_rows(held, box), filters, by_step=box != "started")
    total = counts[box] if box in counts and filters == NO_FILTERS else _count(session, query)
    wanted = query.offset((page - 1) * size).limit(size)
    if box == "started":
        return Inbox([_started_row(process) for process in session.scalars(wanted)], total, counts)
    items = session.scalars(wanted.options(contains_eager(WorkItem.process))).all()
    names = names_in(session, items)
    return Inbox([_row(session, item, names) for item in items], total, counts)


def begun(session: Session, actor: User) -> list[DraftRow]:
    """草稿: the forms that ``actor`` has begun and not sent, the newest first."""
    kept = session.execute(_drafts(actor).order_by(Draft.saved_at.desc(), Draft.id))
    return [_draft_row(session, draft, item) for draft, item in kept]


def _drafts(actor: User) -> Any:
    """The query of somebody's drafts, each with its work item; none of what is open no longer."""
    both = select(Draft, WorkItem).outerjoin(WorkItem, WorkItem.id == Draft.item_id)
    mine = both.outerjoin(WorkItem.process).where(Draft.user_id == actor.id)
    return mine.where(Draft.item_id.is_(None) | (WorkItem.status == OPEN)).options(
        contains_eager(WorkItem.process), defer(Draft.sealed)
    )


def _draft_row(session: Session, kept: Draft, item: WorkItem | None) -> DraftRow:
    if item is not None:
        left = workdays_left(session, item.due_at)
        title, subject = HUMAN[item.step].title, item.process.subject
        return DraftRow(kept.place, title, subject, kept.saved_at, item.due_at, left)
    kind, name = kept.place.partition("?")[0].split("/")[1:3]
    known: Mapping[str, Start | Sender] = STARTS if kind == "start" else SENDERS
    title = known[name].title if name in known else name
    return DraftRow(kept.place, title, "", kept.saved_at, None, None)


def todo_count(session: Session, actor: User) -> int:
    """How many work items wait for ``actor``."""
    return _count(session, _rows(permissions.grants(session, actor), "todo"))


def late_count(session: Session, actor: User) -> int:
    """How many of those are overdue."""
    waiting = _rows(permissions.grants(session, actor), "todo")
    return _count(session, waiting.where(WorkItem.due_at <= clock.now()))


def _rows(held: Grants, box: str) -> Any:
    """The query of a box: processes for "started", otherwise items joined to their process."""
    if box == "started":
        return select(Process).where(Process.started_by_id == held.user_id).order_by(Process.id.desc())
    items = select(WorkItem).join(WorkItem.process)
    if box == "todo":
        waiting = items.where(WorkItem.status == OPEN, access.is_mine(held))
        return waiting.order_by(WorkItem.due_at.is_(None), WorkItem.due_at, WorkItem.id)
    if box == "done":
        return items.where(WorkItem.done_by_id == held.user_id).order_by(WorkItem.done_at.desc(), WorkItem.id)
    if box == "copies":
        copied = items.join(CopyTo, CopyTo.item_id == WorkItem.id).where(CopyTo.user_id == held.user_id)
        return copied.order_by(CopyTo.id.desc())
    return items.where(WorkItem.status == OPEN).order_by(WorkItem.id)


def _filtered(query: Any, filters: Filters, *, by_step: bool) -> Any:
    if filters.q:
        query = query.where(Process.subject.icontains(filters.q, autoescape=True))
    if filters.process_id is not None:
        query = query.where(Process.id == filters.process_id)
    if filters.process_name:
        query = query.where(Process.name == filters.process_name)
    if filters.step and by_step:
        query = query.where(WorkItem.step == filters.step)
    return query


def _count(session: Session, query: Any) -> int:
    return session.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()


def names_in(session: Session, items: Sequence[WorkItem]) -> dict[int, str]:
    """The names of those who have claimed or done ``items``, by id."""
    ids = {one for item in items for one in (item.claimed_by_id, item.done_by_id) if one is not None}
    return accounts.names_of(session, ids)


def _row(session: Session, item: WorkItem, names: Mapping[int, str]) -> InboxRow:
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
        arrived_at=item.created_at,
        due_at=item.due_at,
        workdays_left=workdays_left(session, item.due_at) if item.status == OPEN else None,
        claimed_by=names.get(item.claimed_by_id or 0),
        is_mine_to_claim=item.claimed_by_id is None and not item.audience.startswith("user:"),
        done_at=item.done_at,
        outcome=outcome_of(item),
    )


def _started_row(process: Process) -> InboxRow:
    title = LIBRARY.titles().get(process.name, process.name)
    return InboxRow(
        id=process.id,
        process_id=process.id,
        process_name=process.name,
        process_title=title,
        step=None,
        audience=None,
        step_title={"running": "办理中", "completed": "已办结", "terminated": "已终止"}[process.status],
        subject=process.subject,
        subject_path=process.subject_path,
        arrived_at=process.started_at,
        due_at=None,
        workdays_left=None,
        claimed_by=None,
        is_mine_to_claim=False,
        done_at=process.ended_at,
        outcome=None,
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
