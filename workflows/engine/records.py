"""The rows of a process: held for a transaction, and those that follow from its state."""

import datetime as dt
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from SpiffWorkflow.bpmn.util.event import BpmnEvent
from sqlalchemy import ColumnElement, bindparam, delete, exists, insert, inspect, select, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value

from workflows import clock
from workflows.engine.definitions import Definition
from workflows.engine.people import NOT_ENDED, is_for
from workflows.engine.specs import KeyedMessage
from workflows.engine.tables import (
    CANCELLED,
    OPEN,
    SUSPENDED,
    Delivery,
    Due,
    Message,
    Process,
    ProcessKey,
    WorkItem,
)

Timers = Mapping[tuple[int, str], dt.datetime]  # due instants by serial of the task and node


# Built once: one of them begins every act, and building it costs as much as running it.
_OF_PROCESS = select(Process).where(Process.id == bindparam("process_id"))
_HOLD, _HOLD_IF_FREE = (
    _OF_PROCESS.with_for_update(skip_locked=skip_locked).execution_options(populate_existing=True)
    for skip_locked in (False, True)
)
_OTHER = aliased(WorkItem)
_HOLD_ITEM = (
    select(
        Process,
        WorkItem,
        select(_OTHER.id)
        .where(_OTHER.process_id == Process.id, _OTHER.status == OPEN, _OTHER.id != WorkItem.id)
        .where(is_for(bindparam("people", expanding=True), bindparam("audiences", expanding=True), of=_OTHER))
        .order_by(_OTHER.id)
        .limit(1)
        .scalar_subquery(),
    )
    .join(WorkItem, WorkItem.process_id == Process.id)
    .where(WorkItem.id == bindparam("item_id"))
    .with_for_update(of=[Process, WorkItem])
    .execution_options(populate_existing=True)
)


_TIMERS: Any = inspect(Due).local_table
_ADD_TIMERS = insert(_TIMERS)
_NO_TIMER = delete(_TIMERS).where(
    _TIMERS.c.process_id == bindparam("of"),
    _TIMERS.c.token == bindparam("at"),
    _TIMERS.c.node == bindparam("event"),
)


def is_halted(rows: Any) -> ColumnElement[bool]:
    """The SQL condition that the process of ``rows`` is suspended: what falls due there waits until it goes on."""
    return exists().where(Process.id == rows.process_id, Process.status == SUSPENDED)


def hold(session: Session, process_id: int, *, skip_locked: bool) -> Process | None:
    """The process row, held until the transaction ends; None when there is none, or another has it."""
    query = _HOLD_IF_FREE if skip_locked else _HOLD
    return session.scalars(query, {"process_id": process_id}).one_or_none()


def hold_item(
    session: Session, item_id: int, *, people: Sequence[int] = (), audiences: Sequence[str] = ()
) -> tuple[Process, WorkItem, int | None] | None:
    """A work item with its process, both held: the process first, as every act takes it.

    With the first other open item of the process that somebody in ``people`` or ``audiences`` may do.
    """
    who = {"people": people, "audiences": audiences}
    found = session.execute(_HOLD_ITEM, {"item_id": item_id, **who}).one_or_none()
    if found is None:
        return None
    process, item, other_id = found
    set_committed_value(item, "process", process)
    return process, item, other_id


def write_keys(session: Session, process: Process, definition: Definition, data: Mapping[str, Any]) -> None:
    """Write by which values messages find a new process, and have those delivered that came before it.

    Keys that ``data`` does not know follow when they are set (``move_keys``).
    """
    for key in sorted(key for key in definition.keys if data.get(key) is not None):
        session.add(ProcessKey(process_id=process.id, key=key, value=str(data[key])))
        _deliver_kept(session, process, definition, key, str(data[key]))


def move_keys(session: Session, process: Process, definition: Definition, values: Mapping[str, Any]) -> None:
    """Let messages find a process by new values of its keys; a key that became null finds it no more.

    What was sent to it by an old value and has not been caught is void.
    """
    for key, value in sorted(values.items()):
        row = session.get(ProcessKey, (process.id, key))
        if row is not None and str(value) == row.value:
            continue
        if row is not None:
            _void(session, process, key, row.value)
        if row is not None and value is None:
            session.delete(row)
        elif row is not None:
            row.value = str(value)
        elif value is not None:
            session.add(ProcessKey(process_id=process.id, key=key, value=str(value)))
        if value is not None:
            _deliver_kept(session, process, definition, key, str(value))


def _deliver_kept(session: Session, process: Process, definition: Definition, key: str, value: str) -> None:
    """Have the messages delivered that nobody was there for when they were sent."""
    names = [name for name, by in definition.catches.items() if by == key]
    kept = select(Message).where(Message.key == key, Message.value == value, Message.status == "kept")
    for message in session.scalars(kept.where(Message.name.in_(names)).order_by(Message.id)):
        message.status = "spread"
        session.add(Delivery(message_id=message.id, process_id=process.id, next_try_at=clock.now()))


def _void(session: Session, process: Process, key: str, value: str) -> None:
    """Take back what was sent to a process by a value that it no longer has."""
    sent = select(Delivery).join(Message).where(Message.key == key, Message.value == value)
    open_ = sent.where(Delivery.process_id == process.id, Delivery.status.in_(("due", "early")))
    for delivery in session.scalars(open_):
        process.mail -= delivery.status == "early"
        delivery.status = "void"


def close_items(session: Session, process: Process, tokens: AbstractSet[int]) -> None:
    """Cancel what is still open of the work items of ``tokens``, which the process has left."""
    if not tokens:
        return
    mine = (WorkItem.process_id == process.id, WorkItem.token.in_(tokens))
    session.execute(
        update(WorkItem)
        .where(*mine, WorkItem.status.in_(NOT_ENDED))
        .values(status=CANCELLED, next_try_at=None)
        .execution_options(synchronize_session=False)
    )


def write_timers(session: Session, process: Process, *, before: Timers, now: Timers) -> None:
    """Bring the due rows of the process's timers from ``before`` to ``now``."""
    gone = [key for key, due in before.items() if due != now.get(key)]
    new = [key for key, due in now.items() if due != before.get(key)]
    for token, node in gone:
        session.execute(_NO_TIMER, {"of": process.id, "at": token, "event": node})
    if new:
        about = [{"process_id": process.id, "token": token, "node": node} for token, node in new]
        session.execute(
            _ADD_TIMERS,
            [
                {**row, "due_at": now[key], "next_try_at": now[key]}
                for row, key in zip(about, new, strict=True)
            ],
        )


def as_event(message: Message) -> BpmnEvent:
    """A stored message as the event that a diagram catches."""
    return BpmnEvent(KeyedMessage(message.name, message.key, ()), payload=dict(message.payload))
