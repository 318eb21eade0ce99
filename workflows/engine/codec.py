"""The state of a process as bytes: rows instead of dictionaries, specifications left out, compressed.

Layout (JSON, then zstd): [FORMAT, shape, next serial, tagged?, boxes passed, pool of data, [workflow, …]], the top
workflow first, each sub-process after the workflow that holds its task. ``shape`` tells the boxes of the diagrams,
which all other numbers stand for. A workflow is [serial of its task or 0, data, success, completed, rows]; a row is
[serial, serial of parent, index of its box by name, state, triggered, data, internal data or 0], parents before
children, children in order. ``data`` is an index into the pool. A serial is a small number that stays with a task for
life. States of format 1, which held all that had happened, are read by ``engine.older_states``.
"""

import datetime as dt
import zlib
from collections.abc import Mapping
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

import orjson
import zstandard
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import SpiffWorkflowException
from SpiffWorkflow.task import Task
from SpiffWorkflow.util.task import TaskState

from workflows import traces
from workflows.engine import older_states
from workflows.engine.errors import UnknownState

if TYPE_CHECKING:
    from workflows.engine.definitions import Definition
    from workflows.engine.tables import Process

FORMAT = 2
SERIAL_LIMIT = 1 << 60  # a larger id is a random one, given by SpiffWorkflow to a task not yet stored
MAX_BYTES = 64 << 20  # unpacked; a larger state is refused
Serials = dict[UUID, int]


class Instance(BpmnWorkflow):  # type: ignore[misc]
    """One instance of a process."""

    def __init__(self, spec: Any, parts: Mapping[str, Any], **kwargs: Any) -> None:
        self.passed: set[str] = set()  # ids of the boxes that have been completed at least once
        self.last_serial = 0
        super().__init__(spec, parts, **kwargs)
        self.task_removed_event.connect(self._let_go)

    def _let_go(self, _scope: Any, task: Task) -> None:
        """End what a task dropped with its branch still held: SpiffWorkflow 3.2.0 would let it run on."""
        self.event_manager.remove_task(task)
        if task.id in self.subprocesses:
            self.subprocesses[task.id].cancel()


def encode(workflow: Instance) -> tuple[bytes, Serials]:
    """The state of ``workflow``, and the serial of each of its tasks."""
    return _Writer().write(workflow)


class _Writer:
    def __init__(self) -> None:
        self.pool: dict[bytes, int] = {}
        self.serials: Serials = {}
        self.tagged = False

    def write(self, workflow: Instance) -> tuple[bytes, Serials]:
        live = [workflow, *sorted(workflow.subprocesses.values(), key=lambda part: part.depth)]
        for part in live:
            self.serials |= {task_id: task_id.int for task_id in part.tasks if task_id.int < SERIAL_LIMIT}
        self.next = max([*self.serials.values(), workflow.last_serial], default=0) + 1
        parts = [self._workflow(part) for part in live]
        body = orjson.dumps(parts, default=self._tag, option=orjson.OPT_PASSTHROUGH_DATETIME)
        pool = b"[" + b",".join(self.pool) + b"]"
        nodes = _nodes(workflow)
        passed = orjson.dumps([place for place, node in enumerate(nodes) if node in workflow.passed])
        head = (FORMAT, _shape(workflow), self.next, self.tagged)
        content = b"[%d,%d,%d,%d,%s,%s,%s]" % (*head, passed, pool, body)
        return zstandard.ZstdCompressor(level=3).compress(content), self.serials

    def _workflow(self, part: Any) -> list[Any]:
        holder = self._serial(part.parent_task_id) if isinstance(part, BpmnSubWorkflow) else 0
        index = _box_names(part.spec)[1]
        rows: list[list[Any]] = []
        stack = [part.task_tree]
        while stack:
            task = stack.pop()
            rows.append(self._row(task, index))
            stack.extend(reversed(task.children))
        return [holder, self._data(part.data), part.success, part.completed, rows]

    def _row(self, task: Task, index: Mapping[str, int]) -> list[Any]:
        parent = self.serials[task._parent] if task._parent is not None else 0
        internal = {key: value for key, value in task.internal_data.items() if key != "seen_events" or value}
        if isinstance(task.task_spec, LoopTask) and "merged" in internal:
            internal["merged"] = len(
                internal["merged"]
            )  # of the rounds that are over only their number counts
        return [
            self._serial(task.id),
            parent,
            index[task.task_spec.name],
            task.state,
            int(task.triggered),
            self._data(task.data),
            internal or 0,
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


def decode(state: bytes, definition: "Definition") -> Instance:
    """The instance whose state ``encode`` wrote. Raises UnknownState for anything else."""
    try:
        form, *content = orjson.loads(
            zstandard.ZstdDecompressor().decompress(state, max_output_size=MAX_BYTES)
        )
    except (zstandard.ZstdError, ValueError, TypeError) as error:
        raise UnknownState("the state of the process is damaged") from error
    if form not in (older_states.FORMAT, FORMAT):
        raise UnknownState(f"the state of the process has format {form}, this version reads {FORMAT}")
    top = Instance(definition.spec, definition.parts, deserializing=True)
    try:
        if form == older_states.FORMAT:
            content = [_shape(top), *older_states.rewritten(content)]
        _read(top, *content)
        if form == older_states.FORMAT:
            older_states.bring_up(top)
    except (ValueError, TypeError, LookupError, AttributeError, SpiffWorkflowException) as error:
        raise UnknownState("the state of the process does not fit its diagram") from error
    return top


def of(process: "Process", definition: "Definition") -> Instance:
    """The instance that ``process`` is, and from here on what log lines are about. Raises UnknownState, which names it."""
    traces.of_process(process.id, process.digest)
    try:
        return decode(process.state, definition)
    except UnknownState as error:
        error.process_id = process.id
        raise


def _read(
    top: Instance,
    shape: int,
    next_serial: int,
    tagged: int,
    passed: list[int],
    pool: list[dict[str, Any]],
    parts: list[Any],
) -> None:
    if shape != _shape(top):
        raise ValueError("the boxes of the diagram are others than those that the state was written for")
    if tagged:
        pool, parts = _untag(pool), _untag(parts)
    top.last_serial = next_serial - 1
    nodes = _nodes(top)
    top.passed = {nodes[place] for place in passed}
    for holder, *content in parts:
        part = _open_part(top, holder) if holder else top
        _fill(part, top, pool, content)


def _open_part(top: Instance, holder: int) -> BpmnSubWorkflow:
    task = top.get_task_from_id(UUID(int=holder))
    part = BpmnSubWorkflow(top.subprocess_specs[task.task_spec.spec], task.id, top, deserializing=True)
    top.subprocesses[task.id] = part
    part.completed_event.connect(task.task_spec._on_subworkflow_completed, task)
    return part


def _fill(part: Any, top: Instance, pool: list[dict[str, Any]], content: list[Any]) -> None:
    data, part.success, part.completed, rows = content
    part.data = dict(pool[data])
    names = _box_names(part.spec)[0]
    for serial, parent, box, state, triggered, task_data, internal in rows:
        task = Task(part, part.spec.task_specs[names[box]], state=state, id=UUID(int=serial))
        if parent:
            task._parent = UUID(int=parent)
            part.tasks[task._parent]._children.append(task.id)
        task.triggered = bool(triggered)
        task.data = dict(pool[task_data])
        task.internal_data = internal or {}
        if isinstance(task.task_spec, LoopTask) and "merged" in task.internal_data:
            task.internal_data["merged"] = [""] * task.internal_data["merged"]
        if state == TaskState.WAITING and isinstance(task.task_spec, CatchingEvent):
            top.event_manager.add_task(task)
    part.task_tree = part.tasks[UUID(int=rows[0][0])]


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
def _box_names(spec: Any) -> tuple[list[str], dict[str, int]]:
    """The names of a specification's boxes in order, and the place of each: stable for one definition."""
    names = sorted(spec.task_specs)
    return names, {name: place for place, name in enumerate(names)}


def _nodes(top: Instance) -> list[str]:
    return _told(top.spec, tuple(top.subprocess_specs.values()))[0]


def _shape(top: Instance) -> int:
    return _told(top.spec, tuple(top.subprocess_specs.values()))[1]


@lru_cache(maxsize=512)
def _told(spec: Any, parts: tuple[Any, ...]) -> tuple[list[str], int]:
    """The ids of all boxes that are drawn, in order, and a checksum over the names of all."""
    specs = sorted((spec, *parts), key=lambda one: str(one.name))
    drawn = {box.bpmn_id for one in specs for box in one.task_specs.values()} - {None}
    names = [[one.name, _box_names(one)[0]] for one in specs]
    return sorted(drawn), zlib.crc32(orjson.dumps(names))
