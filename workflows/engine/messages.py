"""Messages between processes: spread to their receivers, then delivered, one transaction per receiver."""

import datetime as dt
from typing import Any

from sqlalchemy import bindparam, exists, inspect, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import deployments
from workflows.engine.definitions import LIBRARY
from workflows.engine.facts import Facts
from workflows.engine.leases import is_free
from workflows.engine.records import as_event, is_halted
from workflows.engine.registry import ON_MESSAGE_START
from workflows.engine.runtime import Run
from workflows.engine.tables import LIVE, SUSPENDED, Delivery, Message, Process, ProcessKey

LOOKED_AT_AGAIN = dt.timedelta(seconds=2)

# Ids of what waits, oldest first. Built once: every worker asks them without end.
_MESSAGES: Any = inspect(Message).local_table.c
_KEYS: Any = inspect(ProcessKey).local_table.c
_DELIVERIES: Any = inspect(Delivery).local_table.c
_OLDEST = select(_MESSAGES.id).where(is_free(_MESSAGES)).order_by(_MESSAGES.id).limit(bindparam("limit"))
_MAY_BE_TRIED = _MESSAGES.next_try_at.is_(None) | (_MESSAGES.next_try_at <= bindparam("now"))
NEW = _OLDEST.where(_MESSAGES.status == "new", _MAY_BE_TRIED)
# Just kept for nobody, and a process holds the key by now: its transaction and that of the spreading did not see
# one another.
CROSSED = _OLDEST.where(
    _MESSAGES.status == "kept",
    _MESSAGES.sent_at > bindparam("recently"),
    _MAY_BE_TRIED,
    exists().where(_KEYS.key == _MESSAGES.key, _KEYS.value == _MESSAGES.value),
)
DUE = (
    select(_DELIVERIES.id)
    .where(_DELIVERIES.status == "due", _DELIVERIES.next_try_at <= bindparam("now"), is_free(_DELIVERIES))
    .where(~is_halted(_DELIVERIES))
    .order_by(_DELIVERIES.id)
    .limit(bindparam("limit"))
)


def spread(session: Session, message_id: int) -> int:
    """Write one delivery for each process that the message is for; how many there are.

    Receivers are the running processes that hold its key and catch it somewhere, whether they wait for it
    already or not, and the processes that it starts. A message that is for nobody yet is kept.
    """
    query = select(Message).where(Message.id == message_id, Message.status.in_(("new", "kept")))
    message = session.scalars(query.with_for_update(skip_locked=True)).one_or_none()
    if message is None:
        return 0
    holders = (
        select(Process.id, Process.digest)
        .join(ProcessKey, ProcessKey.process_id == Process.id)
        .where(ProcessKey.key == message.key, ProcessKey.value == message.value, Process.status.in_(LIVE))
        .order_by(Process.id)
    )
    deliveries = [
        Delivery(message_id=message.id, process_id=process_id, next_try_at=clock.now())
        for process_id, digest in session.execute(holders).all()
        if LIBRARY.get(session, digest).catches.get(message.name) == message.key
    ]
    deployments.refresh(session)
    deliveries += [
        Delivery(message_id=message.id, starts=definition.process, next_try_at=clock.now())
        for definition in LIBRARY.starting_on(message.name)
    ]
    session.add_all(deliveries)
    if (
        not deliveries and message.status == "kept"
    ):  # whose key is held, but by nobody who catches it: less and less often
        message.next_try_at = clock.now() + max(LOOKED_AT_AGAIN, clock.now() - message.sent_at)
    message.status = "spread" if deliveries else "kept"
    return len(deliveries)


def deliver(session: Session, delivery_id: int) -> bool:
    """Deliver one message to its receiver; False when another worker has it, or the receiver is suspended."""
    receiver = session.execute(
        select(Delivery.process_id).where(Delivery.id == delivery_id)
    ).scalar_one_or_none()
    run = None
    if receiver is not None:
        run = Run.take_if_free(session, receiver)  # before the delivery: every act takes the process first
        if run is None or run.process.status == SUSPENDED:
            return False
    query = select(Delivery).where(Delivery.id == delivery_id, Delivery.status == "due")
    delivery = session.scalars(query.with_for_update(skip_locked=True, of=Delivery)).one_or_none()
    if delivery is None:
        return False
    if run is None:
        _start(session, delivery)
    elif run.process.status not in LIVE:
        delivery.status = "void"
    elif run.catch(as_event(delivery.message)):
        delivery.status = "done"
        run.save()
    else:
        delivery.status = "early"
        run.process.mail += 1
    return True


def _start(session: Session, delivery: Delivery) -> None:
    name = str(delivery.starts)
    Facts.of(session)  # what the start changes goes into the history
    first = ON_MESSAGE_START[name](session, delivery.message.payload)
    Run.begin(session, name, first, actor_id=None, event=as_event(delivery.message))
    delivery.status = "done"
