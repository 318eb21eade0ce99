"""The state of a process as bytes: rows instead of dictionaries, specifications left out, compressed.

Layout (JSON, then zstd): [FORMAT, next serial, tagged?, pool of data, [workflow, …]], the top workflow first,
each sub-process after the workflow that holds its task. A workflow is [serial of its task or 0, data, success,
completed, serial of last task, rows]; a row is [serial, serial of parent, index of its specification by name,
state, triggered, data, internal data or 0, milliseconds of its last change], parents before children, children
in order. ``data`` is an index into the pool. A serial is a small number that stays with a task for life.
"""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import zstandard
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows.engine.errors import UnknownState

if TYPE_CHECKING:
    from workflows.engine.definitions import Definition

FORMAT = 1
SERIAL_LIMIT = 1 << 60  # a larger id is a random one, given by SpiffWorkflow to a task not yet stored
MAX_BYTES = 64 << 20  # unpacked; a larger state is refused
Serials = dict[UUID, int]


def encode(workflow: BpmnWorkflow) -> tuple[bytes, Serials]:
    """The state of ``workflow``, and the serial of each of its tasks."""
    return _Writer().write(workflow)


class _Writer:
    def __init__(self) -> None:
        self.pool: dict[bytes, int] = {}
        self.serials: Serials = {}
        self.tagged = False

    def write(self, workflow: BpmnWorkflow) -> tuple[bytes, Serials]:
        live = [workflow, *self._live_parts(workflow)]
        for part in live:
            self.serials |= {task_id: task_id.int for task_id in part.tasks if task_id.int < SERIAL_LIMIT}
        self.next = max([*self.serials.values(), getattr(workflow, "last_serial", 0)], default=0) + 1
        parts = [self._workflow(part) for part in live]
        body = orjson.dumps(parts, default=self._tag, option=orjson.OPT_PASSTHROUGH_DATETIME)
        pool = b"[" + b",".join(self.pool) + b"]"
        content = b"[%d,%d,%d,%s,%s]" % (FORMAT, self.next, self.tagged, pool, body)
        return zstandard.ZstdCompressor(level=3).compress(content), self.serials

    def _live_parts(self, workflow: BpmnWorkflow) -> list[BpmnSubWorkflow]:
        """Sub-processes still needed: one whose task is finished has told its parent all it will tell."""
        live = [part for part in workflow.subprocesses.values() if _holder(workflow, part) is not None]
        return sorted(live, key=lambda part: part.depth)

    def _workflow(self, part: Any) -> list[Any]:
        holder = self._serial(part.parent_task_id) if isinstance(part, BpmnSubWorkflow) else 0
        rows: list[list[Any]] = []
        stack = [part.task_tree]
        while stack:
            task = stack.pop()
            rows.append(self._row(task, _spec_names(part.spec)[1]))
            stack.extend(reversed(task.children))
        last = part.last_task
        last_serial = self.serials.get(last.id, 0) if last is not None and last.id in part.tasks else 0
        return [holder, self._data(part.data), part.success, part.completed, last_serial, rows]

    def _row(self, task: Task, index: Mapping[str, int]) -> list[Any]:
        parent = self.serials[task._parent] if task._parent is not None else 0
        internal = task.internal_data
        if task.has_state(TaskState.FINISHED_MASK):
            # A gateway that has chosen keeps the events it saw: they are objects, and nothing asks for them again.
            internal = {key: value for key, value in internal.items() if key != "seen_events"}
        elif not internal.get("seen_events", True):
            internal = {key: value for key, value in internal.items() if key != "seen_events"}
        return [
            self._serial(task.id),
            parent,
            index[task.task_spec.name],
            task.state,
            int(task.triggered),
            self._data(task.data),
            internal or 0,
            int(task.last_state_change * 1000),
        ]

    def _serial(self, task_id: UUID) -> int:
        if task_id not in self.serials:
            self.serials[task_id] = self.next
            self.next += 1
        return self.serials[task_id]

    def _data(self, data: dict[str, Any]) -> int:
        text = orjson.dumps(data, default=self._tag, option=orjson.OPT_PASSTHROUGH_DATETIME)
        return self.pool.setdefault(text, len(self.pool))

    def _tag(self, value: Any) -> dict[str, Any]:
        self.tagged = True
        if isinstance(value, Decimal):
            return {"$n": str(value)}
        if isinstance(value, dt.datetime):
            return {"$t": value.isoformat()}
        if isinstance(value, dt.date):
            return {"$d": value.isoformat()}
        if isinstance(value, dt.timedelta):
            return {"$s": value // dt.timedelta(microseconds=1)}
        raise TypeError(f"{type(value).__name__} is not kept in a process")


def decode(state: bytes, definition: "Definition") -> BpmnWorkflow:
    """The workflow whose state ``encode`` wrote. Raises UnknownState for anything else."""
    try:
        content = zstandard.ZstdDecompressor().decompress(state, max_output_size=MAX_BYTES)
        form, next_serial, tagged, pool, parts = orjson.loads(content)
    except (zstandard.ZstdError, ValueError, TypeError) as error:
        raise UnknownState("the state of the process is damaged") from error
    if form != FORMAT:
        raise UnknownState(f"the state of the process has format {form}, this version reads {FORMAT}")
    if tagged:
        pool, parts = _untag(pool), _untag(parts)
    top = BpmnWorkflow(definition.spec, definition.parts, deserializing=True)
    top.last_serial = next_serial - 1
    for holder, *content in parts:
        part = _open_part(top, holder) if holder else top
        _fill(part, top, pool, content)
    return top


def _open_part(top: BpmnWorkflow, holder: int) -> BpmnSubWorkflow:
    task = top.get_task_from_id(UUID(int=holder))
    part = BpmnSubWorkflow(top.subprocess_specs[task.task_spec.spec], task.id, top, deserializing=True)
    top.subprocesses[task.id] = part
    part.completed_event.connect(task.task_spec._on_subworkflow_completed, task)
    return part


def _fill(part: Any, top: BpmnWorkflow, pool: list[dict[str, Any]], content: list[Any]) -> None:
    data, part.success, part.completed, last, rows = content
    part.data = dict(pool[data])
    names = _spec_names(part.spec)[0]
    for serial, parent, spec, state, triggered, task_data, internal, changed in rows:
        task = Task(part, part.spec.task_specs[names[spec]], state=state, id=UUID(int=serial))
        if parent:
            task._parent = UUID(int=parent)
            part.tasks[task._parent]._children.append(task.id)
        task.triggered = bool(triggered)
        task.data = dict(pool[task_data])
        task.internal_data = internal or {}
        task.last_state_change = changed / 1000
        if state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            top.event_manager.add_task(task)
    part.task_tree = part.tasks[UUID(int=rows[0][0])]
    part.last_task = part.tasks[UUID(int=last)] if last else None


def _holder(top: BpmnWorkflow, part: BpmnSubWorkflow) -> Task | None:
    """The task that ``part`` runs for, unless that is over, or what it runs for in turn is."""
    try:
        task = top.get_task_from_id(part.parent_task_id)
    except TaskNotFoundException:  # it was dropped with its branch
        return None
    if task.has_state(TaskState.FINISHED_MASK):
        return None
    if isinstance(task.workflow, BpmnSubWorkflow) and _holder(top, task.workflow) is None:
        return None
    return task


def _untag(value: Any) -> Any:
    if isinstance(value, list):  # mostly rows of numbers
        return [_untag(inner) if isinstance(inner, list | dict) else inner for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1:
        ((key, inner),) = value.items()
        if key in _UNTAG:
            return _UNTAG[key](inner)
    return {key: _untag(inner) for key, inner in value.items()}


_UNTAG: dict[str, Any] = {
    "$n": Decimal,
    "$t": dt.datetime.fromisoformat,
    "$d": dt.date.fromisoformat,
    "$s": lambda microseconds: dt.timedelta(microseconds=microseconds),
}


@lru_cache(maxsize=512)
def _spec_names(spec: Any) -> tuple[list[str], dict[str, int]]:
    """The names of a specification's boxes in order, and the place of each: stable for one definition."""
    names = sorted(spec.task_specs)
    return names, {name: place for place, name in enumerate(names)}
