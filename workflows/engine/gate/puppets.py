"""The engine on strings: it is moved as it is for people, and asks nobody; gateways lead where the walk wants."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BpmnStartTask
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    CallActivity,
    EventBasedGateway,
    ExclusiveGateway,
    InclusiveGateway,
    StartEvent,
    SubWorkflowTask,
)
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from workflows.engine.codec import Instance
from workflows.engine.definitions import Definition
from workflows.engine.gate.nets import Kind, Move
from workflows.engine.gate.skeletons import SKELETON
from workflows.engine.motion import MOST_BOXES, Motion
from workflows.engine.specs import (
    CycleTimer,
    EachInTurn,
    EventSubprocessTask,
    HumanTask,
    KeyedMessage,
    Loop,
)

WAITS = TaskState.WAITING | TaskState.READY | TaskState.STARTED
Fits = Callable[[Any], bool]


class Puppet(Motion):
    """Moves an instance through one step of a walk; ``again``: whether loops go round once more."""

    def __init__(self, definition: Definition, workflow: Instance, *, again: bool) -> None:
        super().__init__(definition, workflow)
        self.workflow.script_engine = self
        self.run = self  # what boxes ask for beside values, they ask of the run
        self.again = again
        self.way: frozenset[str] = frozenset()  # nodes to which the next gateway leads
        self.was_asked_to_loop = False

    # What its boxes ask for.

    def serve(self, task: Any, step: str) -> bool:
        return True

    def decide(self, task: Any, table: str, result: str) -> bool:
        return True

    def send(self, task: Any, message: KeyedMessage) -> None:
        """Nothing: nobody else is there."""

    def note(self, verb: str, node: str, **entry: Any) -> None:
        """Nothing: a walk keeps no history."""

    def record(
        self, verb: str, node: str, *, before: Mapping[str, Any], after: Mapping[str, Any], **entry: Any
    ) -> None:
        """Nothing: a walk keeps no history."""

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        """Conditions are answered as the walk wants, times are far off."""
        if isinstance(task.task_spec, Loop):
            self.was_asked_to_loop = True
            return self.again
        if isinstance(task.task_spec, CatchingEvent):
            is_cycle = isinstance(task.task_spec.event_definition, CycleTimer)
            return "R3/PT1H" if is_cycle else dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
        return expression in self.way

    # How it moves.

    def automatic(self, scope: Any) -> list[Any]:
        """All but the gateways that have to choose."""
        return [task for task in super().automatic(scope) if not _chooses(task.task_spec)]

    def settle(self) -> None:
        self._run_boxes(MOST_BOXES)

    def seen(self) -> frozenset[str]:
        """The nodes at which the engine waits, or runs a sub-process."""
        if self.workflow.completed:
            return frozenset()
        return frozenset(
            task.task_spec.bpmn_id
            for scope in (self.workflow, *self.workflow.get_active_subprocesses())
            if f"start{SKELETON}-{scope.spec.name}" not in scope.spec.task_specs
            for task in scope.tasks.values()
            if task.has_state(WAITS) and _is_seen(task)
        )

    def begin(self, start: str) -> None:
        """Let a process that a message starts begin at ``start``."""
        self.settle()
        for task in list(self.workflow.event_manager.tasks.values()):
            if task.task_spec.bpmn_id == start:
                _catch(task, task.task_spec.event_definition)
        self.settle()

    def make(self, move: Move) -> bool:
        """Make on the engine what the game makes, with all that follows; False where nothing in the engine can."""
        if not self._start(move):
            return False
        self.settle()
        return True

    def _start(self, move: Move) -> bool:
        workflow, node = self.workflow, move.node
        if move.kind == Kind.CHOICE:
            self.way = frozenset(move.way)
            return _first(_waiting(workflow, node, _is_choosing), lambda task: task.run())
        return (
            _first(_waiting(workflow, node, _is_human), lambda task: task.run())
            or _first(
                _waiting(workflow, node, _is_caught),
                lambda task: _catch(task, _events_of(task.task_spec)[0]),
            )
            or _race(workflow, node)
            or _trigger(workflow, node)
            or self._return(node)
        )

    def _return(self, node: str) -> bool:
        """What is called ends: in the ordinary way, or with the error that the boundary ``node`` catches."""
        for part in self.workflow.get_active_subprocesses():
            holder = self.workflow.get_task_from_id(part.parent_task_id)
            for task in list(part.tasks.values()):
                if task.has_state(WAITS) and task.task_spec.name.startswith(f"wait{SKELETON}"):
                    end = _end_of(part, holder, node)
                    if end is not None:
                        self.way = frozenset({end})
                        task.run()
                        for gateway in part.get_tasks(state=TaskState.READY):
                            gateway.run()
                        return True
        return False


def _chooses(spec: Any) -> bool:
    return isinstance(spec, ExclusiveGateway | InclusiveGateway) and len(spec.outputs) > 1


def _is_choosing(task: Any) -> bool:
    return _chooses(task.task_spec) and bool(task.state == TaskState.READY)


def _is_human(task: Any) -> bool:
    return isinstance(task.task_spec, HumanTask)


def _is_seen(task: Any) -> bool:
    spec = task.task_spec
    if getattr(spec, "bpmn_id", None) is None or isinstance(spec, BoundaryEvent | StartEvent | BpmnStartTask):
        return False
    if isinstance(spec, HumanTask | SubWorkflowTask | CallActivity | EventSubprocessTask | Loop | EachInTurn):
        return True
    if isinstance(spec, CatchingEvent):
        return bool(task.state == TaskState.WAITING)
    return _is_choosing(task)


def _first(tasks: Iterator[Any], do: Callable[[Any], Any]) -> bool:
    for task in tasks:
        do(task)
        return True
    return False


def _waiting(workflow: BpmnWorkflow, node: str, fits: Fits) -> Iterator[Any]:
    for scope in (workflow, *workflow.get_active_subprocesses()):
        for task in list(scope.tasks.values()):
            if getattr(task.task_spec, "bpmn_id", None) == node and task.has_state(WAITS) and fits(task):
                yield task


def _is_caught(task: Any) -> bool:
    events = _events_of(task.task_spec) if isinstance(task.task_spec, CatchingEvent) else []
    return task.state == TaskState.WAITING and len(events) == 1 and not hasattr(events[0], "code")


def _catch(task: Any, event: Any) -> None:
    """A message or timer reaches a waiting task, as Run.catch and Run.fire do it."""
    if isinstance(event, CycleTimer):
        event.tick(task)
    else:
        task.task_spec.catch(task, BpmnEvent(event, payload={}))
    task.task_spec._update(task)


def _race(workflow: BpmnWorkflow, node: str) -> bool:
    """The event ``node`` behind an event-based gateway happens."""
    for scope in (workflow, *workflow.get_active_subprocesses()):
        for task in list(scope.tasks.values()):
            if isinstance(task.task_spec, EventBasedGateway) and task.state == TaskState.WAITING:
                for place, box in enumerate(task.task_spec.outputs):
                    if box.bpmn_id == node:
                        _catch(task, task.task_spec.event_definition.event_definitions[place])
                        return True
    return False


def _trigger(workflow: BpmnWorkflow, node: str) -> bool:
    """The message that starts an event sub-process at ``node`` arrives."""
    for scope in (workflow, *workflow.get_active_subprocesses()):
        for name in scope.spec.start.trigger_specs:
            for start in workflow.subprocess_specs[name].bpmn_start_events:
                if start.bpmn_id == node:
                    holder = scope.spec.start.trigger_wf(scope.task_tree, name)
                    part = workflow.subprocesses[holder]
                    for task in list(part.tasks.values()):
                        if task.task_spec is start:
                            _catch(task, start.event_definition)
                    return True
    return False


def _end_of(part: Any, holder: Any, node: str) -> str | None:
    """The end of a skeleton that leads to ``node``: the call itself, or a boundary of it."""
    ends = [box for box in part.spec.task_specs.values() if f"{SKELETON}-end-" in box.name]
    if holder.task_spec.bpmn_id == node:
        return next((box.name for box in ends if not hasattr(box.event_definition, "code")), None)
    split = holder.parent
    for sibling in split.children if split is not None else ():
        if sibling.task_spec.bpmn_id == node and isinstance(sibling.task_spec, BoundaryEvent):
            caught = sibling.task_spec.event_definition
            return next(
                (box.name for box in ends if hasattr(caught, "code") and caught == box.event_definition), None
            )
    return None


def _events_of(spec: Any) -> list[Any]:
    event = spec.event_definition
    return event.event_definitions if isinstance(event, MultipleEventDefinition) else [event]
