"""Timers of the diagrams and reminders of work items, woken when their time has come."""

import datetime as dt
from typing import Any

from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import reminding
from workflows.engine.leases import is_free
from workflows.engine.records import is_halted
from workflows.engine.registry import HOOKS
from workflows.engine.runtime import Run
from workflows.engine.tables import OPEN, SUSPENDED, Due, WorkItem
from workflows.engine.waiting import waiting_timers
from workflows.errors import Conflict

# Ids of what the clock has to wake by now, oldest first. Built once: every worker asks them without end.
TIMERS, REMINDERS = (
    select(rows.id)
    .where(rows.next_try_at <= bindparam("now"), is_free(rows), ~is_halted(rows))
    .order_by(rows.next_try_at, rows.id)
    .limit(bindparam("limit"))
    for rows in (inspect(Due).local_table.c, inspect(WorkItem).local_table.c)
)


def wake(session: Session, due_id: int) -> bool:
    """Fire one timer; False when another worker has it, it is no longer due, or its process is suspended."""
    process_id = session.execute(select(Due.process_id).where(Due.id == due_id)).scalar_one_or_none()
    run = None if process_id is None else Run.take_if_free(session, process_id)
    if run is None or run.process.status == SUSPENDED:
        return False
    row = session.get(Due, due_id, populate_existing=True)
    if row is None or row.next_try_at > clock.now():
        return False
    if run.fire(row.token, row.node):
        run.save()
    else:
        session.delete(row)
    return True


def remind(session: Session, item_id: int) -> bool:
    """Remind of one work item, and plan its next reminder; False when another worker has it, or it is not due.

    What waits for its turn in a round reminds nobody.
    """
    process_id = session.execute(select(WorkItem.process_id).where(WorkItem.id == item_id)).scalar_one()
    run = Run.take_if_free(session, process_id)
    if run is None or run.process.status == SUSPENDED:
        return False
    item = session.get_one(WorkItem, item_id, populate_existing=True)
    if item.next_try_at is None or item.next_try_at > clock.now():
        return False
    for action in reminding.actions(session, item):
        if item.status == OPEN and HOOKS.remind is not None:
            HOOKS.remind(session, item, action)
            run.chain.add("remind", item.node, item_id=item.id, after={"action": action})
    reminding.plan(session, item, after=item.remind_days)
    run.write_history()
    return True


def next_due_at(session: Session) -> dt.datetime | None:
    """When the clock has to wake something next."""
    firsts = (
        session.scalar(
            select(rows.next_try_at)
            .where(rows.next_try_at.is_not(None), ~is_halted(rows))
            .order_by(rows.next_try_at)
            .limit(1)
        )
        for rows in (Due, WorkItem)
    )
    return min((one for one in firsts if one is not None), default=None)


def move(run: Run, node: str, due_at: dt.datetime, *, actor_id: int | None, reason: str) -> None:
    """Give the waiting timer at ``node`` another deadline. Raises Conflict when none waits there."""
    waiting = [(task, timer) for task, timer in waiting_timers(run.workflow) if timer.name == node]
    if not waiting:
        raise Conflict("这个期限已经不在等待中，请刷新页面。")
    for task, timer in waiting:
        before = timer.due(task)
        timer.move(task, due_at)
        change: dict[str, Any] = {"before": {"due_at": before}, "after": {"due_at": due_at}}
        run.chain.add("move_timer", node, actor_id=actor_id, reason=reason, **change)
    run.save()
