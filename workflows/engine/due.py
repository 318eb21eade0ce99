"""Due rows: timers of the diagrams and reminders of work items, woken when their time has come."""

import datetime as dt
from typing import Any

from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.registry import HOOKS
from workflows.engine.runtime import Run
from workflows.engine.tables import OPEN, Due, WorkItem
from workflows.engine.waiting import waiting_timers
from workflows.errors import Conflict

# Built once: every worker asks it without end.
_ROWS: Any = inspect(Due).local_table.c
_DUE = (
    select(_ROWS.id)
    .where(_ROWS.next_try_at <= bindparam("now"))
    .order_by(_ROWS.next_try_at, _ROWS.id)
    .limit(bindparam("limit"))
)


def due_ids(session: Session, limit: int) -> list[int]:
    """Rows whose time has come, oldest first."""
    return list(session.scalars(_DUE, {"now": clock.now(), "limit": limit}))


def wake(session: Session, due_id: int) -> bool:
    """Do what one row asks for; False when another worker has it, or it is no longer due."""
    process_id = session.execute(select(Due.process_id).where(Due.id == due_id)).scalar_one_or_none()
    run = None if process_id is None else Run.take_if_free(session, process_id)
    if run is None:
        return False
    row = session.get(Due, due_id, populate_existing=True)
    if row is None or row.next_try_at > clock.now():
        return False
    token, node, item_id, action = row.token, row.node, row.item_id, row.action
    if token is not None and node is not None:
        if run.fire(token, node):
            run.save()
        else:
            session.delete(row)
        return True
    session.delete(row)
    item = session.get(WorkItem, item_id)
    if item is not None and item.status == OPEN and HOOKS.remind is not None:
        HOOKS.remind(session, item, action)
        run.chain.add("remind", item.node, item_id=item.id, after={"action": action})
        run.write_history()
    return True


def next_due_at(session: Session) -> dt.datetime | None:
    """When the clock has to wake something next."""
    return session.scalar(select(Due.next_try_at).order_by(Due.next_try_at).limit(1))


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
