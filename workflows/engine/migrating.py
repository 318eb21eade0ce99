"""A running process moved to another version of its definition, and back as long as it has not gone on since.

Nothing moves with it: people are asked what they were asked, deadlines stay, variables stay. What the new version
would do at once by itself is a reason to refuse.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine import codec, records, waiting
from workflows.engine.carrying import Carried, Note, carry
from workflows.engine.definitions import LIBRARY, Definition
from workflows.engine.errors import StepFailed, UnknownState
from workflows.engine.gate import markings
from workflows.engine.gate.games import TooLarge
from workflows.engine.history import Chain
from workflows.engine.joins import ARRIVED, EndMeeting, Meeting
from workflows.engine.people import NOT_ENDED
from workflows.engine.tables import LIVE, Delivery, Process, WorkItem
from workflows.engine.waiting import Waiting
from workflows.errors import Conflict


class Unmapped(Exception):
    """A process that cannot be moved to a version, and why."""

    def __init__(self, problems: list[Note]) -> None:
        super().__init__("\n".join(f"{one.node}: {one.text}" for one in problems))
        self.problems = problems


@dataclass(frozen=True)
class Kept:
    """What a migration keeps to be undone: where the process was, and a checksum of the state that it wrote."""

    digest: str
    state: bytes
    written: str


def tried(session: Session, process: Process, digest: str, mapping: Mapping[str, str]) -> Carried:
    """The process as it would be on the version ``digest``; nothing is written."""
    return _carried(session, process, digest, mapping)[0]


def migrate(
    session: Session,
    process: Process,
    digest: str,
    mapping: Mapping[str, str],
    *,
    actor_id: int | None,
    reason: str,
) -> Kept:
    """Move a process, whose row this transaction holds, to the version ``digest``.

    Raises Unmapped with everything that stands against it, Conflict for a process that has ended or is there already.
    """
    if process.status not in LIVE:
        raise Conflict("流程已经办结，不用迁移。")
    if process.digest == digest:
        raise Conflict("流程已经在这个版本上。")
    carried, before = _carried(session, process, digest, mapping)
    if carried.problems:
        raise Unmapped(carried.problems)
    kept_digest, kept_state = process.digest, process.state
    was, now = LIBRARY.get(session, kept_digest), LIBRARY.get(session, digest)
    state = _follow(session, process, now, carried.workflow, before)
    known = carried.workflow.task_tree.data
    fresh = {key: known[key] for key in now.keys - was.keys if known.get(key) is not None}
    records.move_keys(session, process, now, fresh)
    _deliver_early(session, process)
    change = {"digest": digest, "mapping": dict(mapping)}
    _write(session, process, "migrate", digest, state, change, actor_id=actor_id, reason=reason)
    return Kept(kept_digest, kept_state, _sum(state))


def undo(session: Session, process: Process, kept: Kept, *, actor_id: int | None, reason: str) -> None:
    """Put a process back on the version that it was moved from. Raises Conflict when it has gone on since."""
    if not may_undo(process, kept):
        raise Conflict("流程在迁移之后已经走动，不能撤回。")
    now, was = LIBRARY.get(session, process.digest), LIBRARY.get(session, kept.digest)
    before = Waiting.of(codec.of(process, now), {})
    _follow(session, process, was, codec.decode(kept.state, was), before)
    records.move_keys(session, process, was, dict.fromkeys(now.keys - was.keys))
    change = {"digest": kept.digest}
    _write(
        session, process, "undo_migration", kept.digest, kept.state, change, actor_id=actor_id, reason=reason
    )


def may_undo(process: Process, kept: Kept) -> bool:
    """Whether a process stands as its migration has left it."""
    return process.status in LIVE and _sum(process.state) == kept.written


def _carried(
    session: Session, process: Process, digest: str, mapping: Mapping[str, str]
) -> tuple[Carried, Waiting]:
    """The process on the other version with everything that stands against it, and what it waits for now."""
    was, now = LIBRARY.get(session, process.digest), LIBRARY.get(session, digest)
    try:
        old = codec.of(process, was)
    except UnknownState as error:
        raise Unmapped([Note(process.name, "流程的状态读不出来，不能迁移。")]) from error
    before = Waiting.of(old, {})
    carried = carry(old, was, now, mapping)
    if not carried.problems:
        carried.problems += _problems(now, carried.workflow, before)
    return carried, before


def _problems(definition: Definition, workflow: codec.Instance, before: Waiting) -> list[Note]:
    """What stands against an instance whose tokens all have their boxes."""
    for scope in waiting.scopes(workflow):
        for task in scope.tasks.values():
            if _goes_on(task):
                return [Note(task.task_spec.bpmn_id, "在新版本里会立即越过这个网关，迁移不推进流程。")]
    try:
        waiting.check_messages(workflow)
        found = markings.trouble_of(definition.files, workflow)
    except StepFailed as failed:
        return [Note(failed.node, f"新版本在这里等待的消息找不到这个流程：{failed}")]
    except TooLarge:
        return [Note(definition.process, "从现在的位置起走法太多，不能证明流程在新版本里总能走完。")]
    if found is not None:
        return [Note(found.node, "从现在的位置起，流程在新版本里不能正常走到结束。")]
    state = codec.encode(workflow)[0]
    again = codec.decode(state, definition)
    if Waiting.of(again, {}).humans.keys() != before.humans.keys() or codec.encode(again)[0] != state:
        return [Note(definition.process, "迁移后的状态与原来等人办理的任务不一致。")]
    return []


def _goes_on(task: Any) -> bool:
    """Whether tokens wait at a gateway that would let them through."""
    box, arrived = task.task_spec, task.internal_data.get(ARRIVED)
    if arrived is None or not isinstance(box, Meeting) or isinstance(box, EndMeeting):
        return False
    return box._may_go_on(task, arrived)


def _follow(
    session: Session, process: Process, definition: Definition, workflow: codec.Instance, before: Waiting
) -> bytes:
    """Bring the rows of a process to what ``workflow`` waits for; its state."""
    state, serials = codec.encode(workflow)
    now = Waiting.of(workflow, serials)
    records.write_timers(session, process, before=before.timers, now=now.timers)
    for token, task in now.humans.items():
        node = task.task_spec.bpmn_id
        if before.humans[token].task_spec.bpmn_id != node:
            mine = update(WorkItem).where(WorkItem.process_id == process.id, WorkItem.token == token)
            session.execute(mine.where(WorkItem.status.in_(NOT_ENDED)).values(node=node))
    return state


def _deliver_early(session: Session, process: Process) -> None:
    """Have messages delivered again that nothing waited for yet: on the new version something may."""
    if not process.mail:
        return
    early = select(Delivery).where(Delivery.process_id == process.id, Delivery.status == "early")
    for delivery in session.scalars(early):
        delivery.status, delivery.next_try_at = "due", clock.now()
    process.mail = 0


def _write(
    session: Session,
    process: Process,
    verb: str,
    digest: str,
    state: bytes,
    after: dict[str, Any],
    *,
    actor_id: int | None,
    reason: str,
) -> None:
    before = {"digest": process.digest}
    process.digest = digest
    session.flush()  # raises its version, which the chain then reads
    chain = Chain(process)
    chain.add(verb, process.name, actor_id=actor_id, reason=reason, before=before, after=after)
    ended_at: dt.datetime | None = process.ended_at
    chain.write(session, {"state": state, "status": process.status, "ended_at": ended_at})


def _sum(state: bytes) -> str:
    return hashlib.sha256(state).hexdigest()
