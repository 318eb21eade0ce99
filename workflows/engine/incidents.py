"""Incidents: what an automatic step could not do, kept where people see it, until it has been done."""

import traceback
from typing import Any

from sqlalchemy import bindparam, inspect, select, update
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.errors import StepFailed, UnknownState
from workflows.engine.tables import Due, Incident, Process, WorkItem

# Built once: every row that a job does ends with it.
_INCIDENTS: Any = inspect(Incident).local_table
_RESOLVE = (
    update(_INCIDENTS)
    .where(_INCIDENTS.c.source == bindparam("of"), _INCIDENTS.c.resolved_at.is_(None))
    .values(resolved_at=bindparam("now"))
)


def record(session: Session, source: str, process_id: int | None, error: BaseException) -> Incident:
    """Write down a failure of ``source`` ("due:5"), or that it has failed again."""
    still_open = select(Incident).where(Incident.source == source, Incident.resolved_at.is_(None))
    incident = session.scalars(still_open).one_or_none()
    node = error.node if isinstance(error, StepFailed) else ""
    if incident is None:
        incident = Incident(source=source, process_id=process_id, first_at=clock.now(), tries=0)
        session.add(incident)
    incident.tries += 1
    incident.node = node
    incident.error = (error.told if isinstance(error, UnknownState) else str(error))[:500]
    incident.detail = "".join(traceback.format_exception(error))
    incident.last_at = clock.now()
    return incident


def record_act(session: Session, item_id: int, error: BaseException) -> None:
    """Write down that a step behind the completion of a work item failed, and that its process has this trouble."""
    item = session.get_one(WorkItem, item_id)
    trouble(session, item.process_id)
    record(session, f"item:{item_id}", item.process_id, error)


def record_unreadable(session: Session, error: UnknownState) -> None:
    """Write down that the state of a process cannot be read."""
    if error.process_id is not None:
        trouble(session, error.process_id)
        record(session, f"state:{error.process_id}", error.process_id, error)


def readable_again(session: Session, process: Process) -> None:
    """Close that: it has been read."""
    resolve(session, f"state:{process.id}")
    left = select(Incident.id).where(Incident.process_id == process.id, Incident.resolved_at.is_(None))
    process.is_troubled = session.scalar(left.limit(1)) is not None


def resolve_past(session: Session, process: Process) -> None:
    """Close what failed behind people's acts in ``process``, reading its state, and behind timers that run no more: it has gone on."""
    if not process.is_troubled:
        return
    timers = session.scalars(select(Due.id).where(Due.process_id == process.id))
    reminded = session.scalars(
        select(WorkItem.id).where(WorkItem.process_id == process.id, WorkItem.next_try_at.is_not(None))
    )
    running = {f"due:{one}" for one in timers} | {f"reminder:{one}" for one in reminded}
    mine = select(Incident).where(Incident.process_id == process.id, Incident.resolved_at.is_(None))
    still_open = list(session.scalars(mine))
    for incident in still_open:
        is_timer = incident.source.startswith(("due:", "reminder:"))
        if incident.source.startswith(("item:", "state:")) or (is_timer and incident.source not in running):
            incident.resolved_at = clock.now()
    process.is_troubled = any(one.source in running for one in still_open)


def close_all(session: Session, process: Process) -> None:
    """Close whatever has failed in ``process``: it has been ended."""
    mine = update(Incident).where(Incident.process_id == process.id, Incident.resolved_at.is_(None))
    session.execute(mine.values(resolved_at=clock.now()))
    process.is_troubled = False


def trouble(session: Session, process_id: int) -> None:
    """Remember that something of a process has failed, which may be past when it goes on."""
    session.get_one(Process, process_id, with_for_update=True).is_troubled = True


def resolve(session: Session, source: str) -> None:
    """Close the incident of ``source``, if there is one: it has worked."""
    session.execute(_RESOLVE, {"of": source, "now": clock.now()})
