"""What PEOPLE do: start a process, claim and complete a work item, and the acts that move a process from outside."""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema, ValidationError
from sqlalchemy import bindparam, exists, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

import workflows.steps  # noqa: F401 -- registers every step with the engine
from workflows import clock
from workflows.domain import bids, challenges, permissions
from workflows.domain.permissions import Grants
from workflows.engine import due, people
from workflows.engine.errors import StepFailed
from workflows.engine.facts import Facts
from workflows.engine.registry import HUMAN, STARTS, Act
from workflows.engine.runtime import Run
from workflows.engine.tables import OPEN, RUNNING, Message, Process, ProcessKey, WorkCandidate, WorkItem
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import User

__all__ = [
    "STARTS",
    "StepFailed",
]  # the web offers the former, and shows the latter as a failed automatic step


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
    Facts.of(session)  # from here on, what changes goes into the history
    with _acting():
        first = STARTS[process].handler(session, actor, clean)
        run = Run.begin(session, process, first, actor_id=actor.id)
    return StartedView(
        run.process.id,
        run.process.subject_path,
        next_item(session, run.process.id, permissions.grants(session, actor)),
    )


def validate(schema: type[Schema], values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` as ``schema`` loads them. Raises Invalid with keys joined by dots."""
    try:
        loaded: dict[str, Any] = schema().load(values)
    except ValidationError as error:
        raise Invalid(_flat(error.messages_dict)) from error
    return loaded


def claim(session: Session, item_id: int, *, actor: User) -> None:
    """Take an item that several may do. Raises Conflict when somebody else has."""
    run, item = _take(session, item_id, permissions.grants(session, actor))
    if item.claimed_by_id == actor.id:
        return
    free = update(WorkItem).where(
        WorkItem.id == item.id, WorkItem.claimed_by_id.is_(None), WorkItem.status == OPEN
    )
    taken = session.execute(free.values(claimed_by_id=actor.id))
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("本任务已被他人签收，请刷新页面。")
    run.chain.add("claim", item.node, actor_id=actor.id, item_id=item.id)
    run.write_history()


def release(session: Session, item_id: int, *, actor: User) -> None:
    """Give a claimed item back to all who may do it."""
    run, item = _take(session, item_id, permissions.grants(session, actor))
    if item.claimed_by_id != actor.id:
        raise Conflict("本任务不是由您签收的。")
    item.claimed_by_id = None
    run.chain.add("release", item.node, actor_id=actor.id, item_id=item.id)
    run.write_history()


def complete(session: Session, item_id: int, values: Mapping[str, Any], *, actor: User) -> CompletedView:
    """Do a work item: check the form, let the domain act, and let the process go on.

    Raises Conflict when it has been done before, naming who and when; Invalid for a malformed form; Forbidden
    and NotFound when it is not the actor's to do or see; StepFailed when an automatic step behind it failed.
    """
    held = permissions.grants(session, actor)
    run, item = _take(session, item_id, held)
    step = HUMAN[item.step]
    clean = validate(step.form, values)
    with _acting(item.id):
        outcome = step.handler(Act(session, actor, run.task(item.token).data, clean, item))
        people.finish(run, item, outcome, actor_id=actor.id, opinion=clean.get("opinion") or None)
    return CompletedView(
        item_id=item.id,
        process_id=item.process_id,
        subject_path=run.process.subject_path if run.process.started_by_id == actor.id else None,
        next_item_id=next_item(session, item.process_id, held),
        message=f"已办理：{step.title}",
    )


def next_item(session: Session, process_id: int, held: Grants) -> int | None:
    """The first open item of ``process_id`` that the holder of ``held`` may do."""
    who = {"process_id": process_id, "user_id": held.user_id, "audiences": held.audiences}
    return session.scalar(_NEXT_ITEM, who)


def is_mine(held: Grants) -> Any:
    """The SQL condition that an item is for the holder of ``held`` and not taken by somebody else."""
    return _is_for(held.user_id, held.audiences)


def _is_for(user_id: Any, audiences: Any) -> Any:
    listed = exists().where(WorkCandidate.item_id == WorkItem.id, WorkCandidate.user_id == user_id)
    asked = WorkItem.audience.in_(audiences) | ((WorkItem.audience == people.LISTED) & listed)
    return asked & (WorkItem.claimed_by_id.is_(None) | (WorkItem.claimed_by_id == user_id))


# Built once: every act ends with it.
_NEXT_ITEM = (
    select(WorkItem.id)
    .where(WorkItem.process_id == bindparam("process_id"), WorkItem.status == OPEN)
    .where(_is_for(bindparam("user_id"), bindparam("audiences", expanding=True)))
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


def extend_bidding(
    session: Session, challenge_id: int, last_day: dt.date, *, actor: User, reason: str
) -> None:
    """延期: move the end of the bidding, on the challenge and in its running process."""
    challenge = challenges.get(session, challenge_id, actor=actor)
    if not reason.strip():
        raise Invalid({"reason": ["请写明延期理由。"]})
    bid_to = challenges.extend_bidding(session, challenge, last_day=last_day, actor=actor)
    run = _running(session, "publish", "challenge_id", challenge.id)
    due.move(run, "bidding_ends", bid_to, actor_id=actor.id, reason=reason)


def _running(session: Session, name: str, key: str, value: int) -> Run:
    query = (
        select(Process.id)
        .join(ProcessKey, ProcessKey.process_id == Process.id)
        .where(
            ProcessKey.key == key,
            ProcessKey.value == str(value),
            Process.name == name,
            Process.status == RUNNING,
        )
    )
    process_id = session.execute(query).scalar_one_or_none()
    if process_id is None:
        raise Conflict("流程已经结束。")
    return Run.take(session, process_id)


def _take(session: Session, item_id: int, held: Grants) -> tuple[Run, WorkItem]:
    """The open item with its process, both held by this transaction, if the holder of ``held`` may do it."""
    run, item = Run.take_item(session, item_id)
    _check_open(session, item, held)
    return run, item


def _check_open(session: Session, item: WorkItem, held: Grants) -> None:
    if not may_see(session, item, held):
        raise NotFound("没有找到这个任务。")
    if item.status != OPEN:
        raise Conflict(_what_became_of(session, item))
    if not is_asked(session, item, held):
        raise Forbidden("这个任务不是由您办理的。")
    if item.claimed_by_id not in (None, held.user_id):
        raise Conflict(f"本任务已由{session.get_one(User, item.claimed_by_id).name}签收。")


def is_asked(session: Session, item: WorkItem, held: Grants) -> bool:
    """Whether ``item`` is addressed to the holder of ``held``."""
    if item.audience == people.LISTED:
        return session.get(WorkCandidate, (item.id, held.user_id)) is not None
    return item.audience in held.audiences


def may_see(session: Session, item: WorkItem, held: Grants) -> bool:
    """Whoever is asked, has done it, started the process, or reads all."""
    if held.user_id in (item.done_by_id, item.claimed_by_id, item.process.started_by_id):
        return True
    return is_asked(session, item, held) or held.is_any(permissions.READ_ALL)


def _what_became_of(session: Session, item: WorkItem) -> str:
    if item.done_by_id is not None and item.done_at is not None:
        who = session.get_one(User, item.done_by_id).name
        return f"本任务已由{who}于 {clock.local(item.done_at):%Y-%m-%d %H:%M} 办理，无需再办。"
    if item.status == people.WAITING:
        return "还没有轮到您办理。"
    return "本任务已随流程的进展取消，无需再办。"


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
