"""Processes of a migration moved one by one, each in a transaction of its own: by a job, which goes on after a crash."""

from typing import Any

from sqlalchemy import bindparam, inspect, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import migrating, records
from workflows.engine.leases import is_free
from workflows.engine.migrating import Kept, Unmapped
from workflows.engine.tables import DONE, PLANNED, REFUSED, UNDOING, UNDONE, MigrationItem, Process
from workflows.errors import Conflict

_ITEMS: Any = inspect(MigrationItem).local_table.c
# Ids of what waits to be moved, or to be moved back, oldest first. Built once: every worker asks it without end.
WAITING = (
    select(_ITEMS.id)
    .where(_ITEMS.next_try_at <= bindparam("now"), is_free(_ITEMS))
    .order_by(_ITEMS.next_try_at, _ITEMS.id)
    .limit(bindparam("limit"))
)


def do(session: Session, item_id: int) -> bool:
    """Move one process, or move it back; False when another worker has it, or it is done.

    What cannot be moved is written down with every reason, and is no failure.
    """
    process_id = session.scalar(select(MigrationItem.process_id).where(MigrationItem.id == item_id))
    process = records.hold(session, process_id, skip_locked=True) if process_id is not None else None
    if process is None:
        return False
    item = session.get_one(MigrationItem, item_id, populate_existing=True)
    if item.next_try_at is None or item.next_try_at > clock.now():
        return False
    if item.status == PLANNED:
        _migrate(session, process, item)
    elif item.status == UNDOING:
        _undo(session, process, item)
    item.next_try_at, item.tries, item.changed_at = None, 0, clock.now()
    return True


def _migrate(session: Session, process: Process, item: MigrationItem) -> None:
    wanted = item.migration
    try:
        kept = migrating.migrate(
            session, process, wanted.digest, wanted.mapping, actor_id=wanted.by_id, reason=wanted.reason
        )
    except Unmapped as refused:
        item.status, item.problems = REFUSED, [[one.node, one.text] for one in refused.problems]
    except Conflict as refused:
        item.status, item.problems = REFUSED, [[process.name, str(refused)]]
    else:
        item.status, item.problems = DONE, []
        item.from_digest, item.state, item.written = kept.digest, kept.state, kept.written


def _undo(session: Session, process: Process, item: MigrationItem) -> None:
    kept = kept_of(item)
    try:
        migrating.undo(session, process, kept, actor_id=item.undo_by_id, reason=item.undo_reason or "")
    except Conflict as refused:
        item.status, item.problems = DONE, [[process.name, str(refused)]]
    else:
        item.status, item.problems, item.state = UNDONE, [], None


def kept_of(item: MigrationItem) -> Kept:
    """What a process that was moved needs to be moved back."""
    return Kept(item.from_digest or "", item.state or b"", item.written or "")
