"""What people see of their work: the boxes of the task centre, and one task with everything around it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema
from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from workflows import calendar, clock, timelines, work
from workflows.domain import accounts, permissions
from workflows.domain.permissions import Grants
from workflows.engine.definitions import LIBRARY
from workflows.engine.registry import HUMAN
from workflows.engine.runtime import Run
from workflows.engine.tables import CANCELLED, DONE, OPEN, Process, Round, WorkItem
from workflows.errors import NotFound
from workflows.models import User

BOXES = ("todo", "done", "started")
POLICIES = {
    "all": "会签（全部同意）",
    "any": "或签（一人即可）",
    "ratio": "按比例会签",
    "weighted": "票签（按权重）",
    "sequential": "依次审批",
    "dual": "党政联签",
}


@dataclass(frozen=True)
class InboxRow:
    """One line of the task centre; ``workdays_left`` is negative when overdue."""

    id: int
    process_id: int
    process_title: str
    step_title: str
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
class Inbox:
    rows: list[InboxRow]
    total: int
    counts: dict[str, int]


@dataclass(frozen=True)
class RoundView:
    policy: str
    done: int
    total: int
    agreed: int
    against: int
    result: str | None


@dataclass(frozen=True)
class TaskView:
    id: int
    process_id: int
    process_title: str
    step: str
    step_title: str
    subject: str
    subject_path: str
    status: str
    schema: type[Schema]
    values: dict[str, Any]
    about: Any
    due_at: dt.datetime | None
    workdays_left: int | None
    claimed_by: str | None
    may_claim: bool
    may_release: bool
    may_complete: bool
    round: RoundView | None
    timeline: list[timelines.Row]
    done_by: str | None
    done_at: dt.datetime | None
    outcome: str | None


def inbox(session: Session, actor: User, *, box: str = "todo", page: int = 1, size: int = 20) -> Inbox:
    """One box of the task centre: what is due first comes first; pages count from 1. Raises NotFound."""
    if box not in BOXES:
        raise NotFound("没有这个任务箱。")
    held = permissions.grants(session, actor)
    queries = {name: _rows(held, name) for name in BOXES}
    counts = {name: _count(session, query) for name, query in queries.items()}
    wanted = queries[box].offset((page - 1) * size).limit(size)
    if box == "started":
        return Inbox([_started_row(process) for process in session.scalars(wanted)], counts[box], counts)
    items = session.scalars(wanted.options(joinedload(WorkItem.process))).all()
    names = _names(session, items)
    return Inbox([_row(session, item, names) for item in items], counts[box], counts)


def todo_count(session: Session, actor: User) -> int:
    """How many work items wait for ``actor``."""
    return _count(session, _rows(permissions.grants(session, actor), "todo"))


def _rows(held: Grants, box: str) -> Any:
    items = select(WorkItem)
    if box == "todo":
        waiting = items.where(WorkItem.status == OPEN, work.is_mine(held))
        return waiting.order_by(WorkItem.due_at.is_(None), WorkItem.due_at, WorkItem.id)
    if box == "done":
        return items.where(WorkItem.done_by_id == held.user_id).order_by(WorkItem.done_at.desc(), WorkItem.id)
    return select(Process).where(Process.started_by_id == held.user_id).order_by(Process.id.desc())


def _count(session: Session, query: Any) -> int:
    return session.execute(select(func.count()).select_from(query.order_by(None).subquery())).scalar_one()


def _names(session: Session, items: Sequence[WorkItem]) -> dict[int, str]:
    ids = {one for item in items for one in (item.claimed_by_id, item.done_by_id) if one is not None}
    return accounts.names_of(session, ids)


def _row(session: Session, item: WorkItem, names: Mapping[int, str]) -> InboxRow:
    process = item.process
    return InboxRow(
        id=item.id,
        process_id=process.id,
        process_title=LIBRARY.titles().get(process.name, process.name),
        step_title=HUMAN[item.step].title,
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
        process_title=title,
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


def task(session: Session, item_id: int, *, actor: User) -> TaskView:
    """One task as ``actor`` sees it. Raises NotFound for one that is not theirs to see."""
    item = session.get(WorkItem, item_id)
    held = permissions.grants(session, actor)
    if item is None or not work.may_see(session, item, held):
        raise NotFound("没有找到这个任务。")
    process, step = item.process, HUMAN[item.step]
    data = _data(session, item)
    is_asked = item.status == OPEN and work.is_asked(session, item, held)
    is_shared = not item.audience.startswith("user:")
    names = _names(session, [item])
    values = step.prefill(session, data, actor) if is_asked and step.prefill else {}
    return TaskView(
        id=item.id,
        process_id=process.id,
        process_title=LIBRARY.titles().get(process.name, process.name),
        step=item.step,
        step_title=step.title,
        subject=process.subject,
        subject_path=process.subject_path,
        status=item.status,
        schema=step.form,
        values=values,
        about=step.about(session, data),
        due_at=item.due_at,
        workdays_left=workdays_left(session, item.due_at) if item.status == OPEN else None,
        claimed_by=names.get(item.claimed_by_id or 0),
        may_claim=is_asked and is_shared and item.claimed_by_id is None,
        may_release=is_asked and item.claimed_by_id == actor.id,
        may_complete=is_asked and item.claimed_by_id in (None, actor.id),
        round=_round(session, item),
        timeline=timelines.of(session, process.id),
        done_by=names.get(item.done_by_id or 0),
        done_at=item.done_at,
        outcome=outcome_of(item),
    )


def _data(session: Session, item: WorkItem) -> Mapping[str, Any]:
    """The variables of the process where the item stands, or those of its start once the token has gone on."""
    run = Run.resume(session, item.process)
    if item.token in run.before.humans:
        return run.before.humans[item.token].data  # type: ignore[no-any-return]
    return run.workflow.task_tree.data  # type: ignore[no-any-return]


def _round(session: Session, item: WorkItem) -> RoundView | None:
    if item.round_id is None:
        return None
    round_ = session.get_one(Round, item.round_id)
    query = select(WorkItem.status, WorkItem.agree).where(WorkItem.round_id == round_.id)
    rows = session.execute(query.where(WorkItem.status != CANCELLED)).all()
    done = [agree for status, agree in rows if status == DONE]
    against = sum(agree is False for agree in done)
    return RoundView(
        POLICIES[round_.policy], len(done), len(rows), len(done) - against, against, round_.result
    )
