"""What PEOPLE do: start a process, claim and complete a work item, and the acts that move a process from outside."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

import workflows.steps  # noqa: F401 -- registers every step with the engine
from workflows import access, clock
from workflows.domain import bids, files, permissions
from workflows.domain.permissions import Grants
from workflows.engine import people, signing
from workflows.engine.errors import StepFailed, UnknownState
from workflows.engine.facts import Facts
from workflows.engine.registry import HUMAN, SENDERS, STARTS, Act, Sent
from workflows.engine.runtime import Run
from workflows.engine.tables import LIVE, OPEN, Message, Process, ProcessKey, WorkItem
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import User
from workflows.steps.inputs import NO_FILE, DelegateForm, file_ids

__all__ = [
    "SENDERS",
    "STARTS",
    "StepFailed",
    "UnknownState",
]  # the web offers the first two, and has a page for each of the others


@dataclass(frozen=True)
class StartedView:
    """What starting a process gave; ``next_item_id`` is the work item that it gave to who started it."""

    process_id: int
    subject_path: str
    next_item_id: int | None


@dataclass(frozen=True)
class CompletedView:
    """What completing a work item gave.

    ``next_item_id`` is the same person's next one in the process; ``subject_path`` is where its starter looks next.
    """

    item_id: int
    process_id: int
    subject_path: str | None
    next_item_id: int | None
    message: str


def start_form(process: str) -> type[Schema]:
    """The form that starts ``process``. Raises NotFound for one that nobody starts by hand."""
    if process not in STARTS:
        raise NotFound("没有这个流程。")
    return STARTS[process].form


def start(session: Session, process: str, values: Mapping[str, Any], *, actor: User) -> StartedView:
    """Start ``process`` with its form filled in.

    Raises NotFound for an unknown one, Invalid for a malformed form, and what the domain refuses.
    """
    clean = validate(start_form(process), values)
    attached = _check_files(session, start_form(process), clean, actor=actor)
    Facts.of(session)  # from here on, what changes goes into the history
    with _acting():
        first = STARTS[process].handler(session, actor, clean)
        run = Run.begin(session, process, first, actor_id=actor.id)
    files.attach(session, attached, process_id=run.process.id, item_id=None)
    return StartedView(
        run.process.id,
        run.process.subject_path,
        next_item(session, run.process.id, permissions.grants(session, actor)),
    )


def send_form(name: str) -> type[Schema]:
    """The form of an act from outside the inbox. Raises NotFound for an unknown one."""
    if name not in SENDERS:
        raise NotFound("没有这个事项。")
    return SENDERS[name].form


def send(session: Session, name: str, values: Mapping[str, Any], *, actor: User) -> Sent:
    """Do an act that tells running processes something: 提出异议, 变更公告, 申诉.

    Raises NotFound for an unknown one, Invalid for a malformed form, and what the domain refuses.
    """
    clean = validate(send_form(name), values)
    attached = _check_files(session, send_form(name), clean, actor=actor)
    with _acting():
        sent = SENDERS[name].handler(session, actor, clean)
    if attached:
        for process_id in session.scalars(_holding(sent.key, sent.payload[sent.key])):
            files.attach(session, attached, process_id=process_id, item_id=None)
    session.add(
        Message(
            name=sent.message,
            key=sent.key,
            value=str(sent.payload[sent.key]),
            payload=sent.payload,
            sent_at=clock.now(),
            status="new",
        )
    )
    return sent


def validate(schema: type[Schema], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` as ``schema`` loads them. Raises Invalid with keys joined by dots."""
    try:
        loaded: dict[str, Any] = schema().load(values)
    except ValidationError as error:
        raise Invalid(_flat(error.messages_dict)) from error
    return loaded


def claim(session: Session, item_id: int, *, actor: User) -> None:
    """Take an item that several may do. Raises Conflict when somebody else has."""
    taken = access.take(session, item_id, actor=actor)
    run, item = taken.run, taken.item
    if item.claimed_by_id == actor.id:
        return
    free = update(WorkItem).where(
        WorkItem.id == item.id,
        WorkItem.claimed_by_id.is_(None) | WorkItem.claimed_by_id.in_(taken.held.people),
        WorkItem.status == OPEN,
    )
    claimed = session.execute(free.values(claimed_by_id=actor.id))
    if claimed.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("本任务已被他人签收，请刷新页面。")
    run.chain.add("claim", item.node, actor_id=actor.id, for_id=taken.for_id, item_id=item.id)
    run.write_history()


def release(session: Session, item_id: int, *, actor: User) -> None:
    """Give a claimed item back to all who may do it."""
    taken = access.take(session, item_id, actor=actor)
    run, item = taken.run, taken.item
    if item.claimed_by_id != actor.id:
        raise Conflict("本任务不是由您签收的。")
    item.claimed_by_id = None
    run.chain.add("release", item.node, actor_id=actor.id, item_id=item.id)
    run.write_history()


def complete(session: Session, item_id: int, values: Mapping[str, Any], *, actor: User) -> CompletedView:
    """Do a work item: check the form, let the domain act, and let the process go on.

    What was delegated is answered instead: it goes back to the delegator with the opinion, and the domain does nothing.

    Raises Conflict when it has been done before, naming who and when; Invalid for a malformed form; Forbidden
    and NotFound when it is not the actor's to do or see; StepFailed when an automatic step behind it failed.
    """
    taken = access.take(session, item_id, actor=actor)
    run, item, step = taken.run, taken.item, HUMAN[taken.item.step]
    data = run.task(item.token).data
    form = form_of(session, data, item)
    clean = validate(form, values)
    attached = _check_files(session, form, clean, actor=actor)
    files.attach(session, attached, process_id=item.process_id, item_id=item.id)
    opinion = clean["opinion"] or None
    with _acting(item.id):
        if item.delegated_by_id is not None:
            signing.answer_delegation(run, item, actor_id=actor.id, opinion=opinion)
        else:
            outcome = step.handler(Act(session, actor, data, clean, item))
            people.finish(run, item, outcome, actor_id=actor.id, for_id=taken.for_id, opinion=opinion)
    return CompletedView(
        item_id=item.id,
        process_id=item.process_id,
        subject_path=run.process.subject_path if run.process.started_by_id == actor.id else None,
        next_item_id=_next_of(taken),
        message=f"已办理：{step.title}",
    )


def _next_of(taken: access.Taken) -> int | None:
    """The first open item of the process that whoever took one may do now; the same as ``next_item``."""
    asked = taken.run.asked
    if asked.is_stale:
        return next_item(taken.run.session, taken.run.process.id, taken.held)
    return asked.first_id


def next_item(session: Session, process_id: int, held: Grants) -> int | None:
    """The first open item of ``process_id`` that the holder of ``held`` may do."""
    who = {"process_id": process_id, "people": held.people, "audiences": held.audiences}
    return session.scalar(_NEXT_ITEM, who)


# Built once: every act ends with it.
_NEXT_ITEM = (
    select(WorkItem.id)
    .where(WorkItem.process_id == bindparam("process_id"), WorkItem.status == OPEN)
    .where(people.is_for(bindparam("people", expanding=True), bindparam("audiences", expanding=True)))
    .order_by(WorkItem.id)
    .limit(1)
)


def withdraw_bid(session: Session, bid_id: int, *, actor: User) -> None:
    """撤回: tell the process of a sealed bid that its leader takes it back, before the deadline."""
    bid = bids.get(session, bid_id, actor=actor)
    bids.check_withdrawal(session, bid, actor=actor)
    payload = {"bid_id": bid.id}
    message = Message(
        name="MSG_BID_WITHDRAW",
        key="bid_id",
        value=str(bid.id),
        payload=payload,
        sent_at=clock.now(),
        status="new",
    )
    session.add(message)
    bids.withdraw(session, bid)


def _holding(key: str, value: Any) -> Any:
    """The query of the running processes that messages find by this key."""
    held = (ProcessKey.key == key, ProcessKey.value == str(value), Process.status.in_(LIVE))
    return select(Process.id).join(ProcessKey, ProcessKey.process_id == Process.id).where(*held)


def form_of(session: Session, data: Mapping[str, Any], item: WorkItem) -> type[Schema]:
    """The form of an item; of one that was delegated only an opinion, for the decision is the delegator's."""
    if item.delegated_by_id is not None:
        return DelegateForm
    return HUMAN[item.step].form_for(session, data, item)


def _check_files(
    session: Session, form: type[Schema], values: Mapping[str, Any], *, actor: User
) -> list[int]:
    """The ids of all files in ``values``. Raises Invalid for those that ``actor`` may not read."""
    by_field = file_ids(form, values)
    ids = [one for given in by_field.values() for one in given]
    known = files.hand_in(session, access.readable(session, ids, actor=actor)) if ids else set()
    unknown = {name: [NO_FILE] for name, given in by_field.items() if not known >= set(given)}
    if unknown:
        raise Invalid(unknown)
    return ids


@contextmanager
def _acting(item_id: int | None = None) -> Iterator[None]:
    """Turn a lost race into words, and tell a failed step which work item set it off."""
    try:
        yield
    except StaleDataError as error:
        raise Conflict("已被他人处理，请刷新页面后再办。") from error
    except StepFailed as failed:
        failed.item_id = item_id
        raise


def _flat(messages: Any, prefix: str = "") -> dict[str, list[str]]:
    if isinstance(messages, Mapping):
        flat: dict[str, list[str]] = {}
        for key, inner in messages.items():
            flat |= _flat(inner, f"{prefix}.{key}" if prefix else str(key))
        return flat
    return {prefix: [str(one) for one in messages]}
