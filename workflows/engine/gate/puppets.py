"""The engine on strings: what it shows, and the one thing that is made to happen on it."""

from collections.abc import Callable, Iterator
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

from workflows.engine.gate.nets import Kind, Move
from workflows.engine.gate.scripts import Script
from workflows.engine.gate.skeletons import SKELETON
from workflows.engine.specs import (
    CycleTimer,
    DecisionTask,
    EachInTurn,
    EventSubprocessTask,
    HumanTask,
    KeyedMessage,
    Loop,
    ServiceStep,
)

WAITS = TaskState.WAITING | TaskState.READY | TaskState.STARTED
Fits = Callable[[Any], bool]


def chooses(spec: Any) -> bool:
    return isinstance(spec, ExclusiveGateway | InclusiveGateway) and len(spec.outputs) > 1


def run_one(task: Any) -> None:
    """Run an automatic step; services and tables are passed over, and messages are sent to nobody."""
    spec = task.task_spec
    thrown = getattr(spec, "event_definition", None)
    is_asking = isinstance(spec, ServiceStep | DecisionTask)
    if is_asking or (isinstance(thrown, KeyedMessage) and not isinstance(spec, CatchingEvent)):
        task.complete()
    else:
        task.run()


def seen(workflow: BpmnWorkflow) -> Iterator[str]:
    """The nodes at which the engine waits, or runs a sub-process."""
    for scope in (workflow, *workflow.get_active_subprocesses()):
        if (
            scope is not workflow
            and SKELETON in scope.spec.name + next(iter(scope.spec.task_specs["Start"].outputs)).name
        ):
            continue
        for task in scope.tasks.values():
            if task.has_state(WAITS) and _is_seen(task):
                yield task.task_spec.bpmn_id


def _is_seen(task: Any) -> bool:
    spec = task.task_spec
    if getattr(spec, "bpmn_id", None) is None or isinstance(spec, BoundaryEvent | StartEvent | BpmnStartTask):
        return False
    if isinstance(spec, HumanTask | SubWorkflowTask | CallActivity | EventSubprocessTask | Loop | EachInTurn):
        return True
    if isinstance(spec, CatchingEvent):
        return bool(task.state == TaskState.WAITING)
    return chooses(spec) and bool(task.state == TaskState.READY)


def begin(workflow: BpmnWorkflow, start: str) -> None:
    """Let a process that messages start begin at ``start``."""
    for task in list(workflow.event_manager.tasks.values()):
        if task.task_spec.bpmn_id == start:
            _catch(task, task.task_spec.event_definition)


def make(workflow: BpmnWorkflow, move: Move, script: Script) -> bool:
    """Make on the engine what the game makes; False where nothing in the engine can."""
    if move.kind == Kind.CHOICE:
        script.way = frozenset(move.way)
        chosen = _waiting(
            workflow, move.node, lambda task: chooses(task.task_spec) and task.state == TaskState.READY
        )
        return _first(chosen, lambda task: task.run())
    if _first(
        _waiting(workflow, move.node, lambda task: isinstance(task.task_spec, HumanTask)),
        lambda task: task.run(),
    ):
        return True
    if _first(
        _waiting(workflow, move.node, _is_caught), lambda task: _catch(task, _events_of(task.task_spec)[0])
    ):
        return True
    return _race(workflow, move.node) or _trigger(workflow, move.node) or _return(workflow, move, script)


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


def _return(workflow: BpmnWorkflow, move: Move, script: Script) -> bool:
    """What is called ends: in the ordinary way, or with the error that the boundary ``move.node`` catches."""
    for part in workflow.get_active_subprocesses():
        holder = workflow.get_task_from_id(part.parent_task_id)
        for task in list(part.tasks.values()):
            if task.has_state(WAITS) and task.task_spec.name.startswith(f"wait{SKELETON}"):
                end = _end_of(part, holder, move.node)
                if end is not None:
                    script.way = frozenset({end})
                    task.run()
                    for gateway in part.get_tasks(state=TaskState.READY):
                        gateway.run()
                    return True
    return False


def _end_of(part: Any, holder: Any, node: str) -> str | None:
    """The end of a skeleton that leads to ``node``: the call itself, or a boundary of it."""
    ends = [box for box in part.spec.task_specs.values() if f"{SKELETON}-end-" in box.name]
    if holder.task_spec.bpmn_id == node:
        return next((box.name for box in ends if not hasattr(box.event_definition, "code")), None)
    split = holder.parent
    for sibling in split.children if split is not None else ():
        if sibling.task_spec.bpmn_id == node and hasattr(sibling.task_spec.event_definition, "code"):
            caught = sibling.task_spec.event_definition
            return next((box.name for box in ends if caught == box.event_definition), None)
    return None


def _events_of(spec: Any) -> list[Any]:
    event = spec.event_definition
    return event.event_definitions if isinstance(event, MultipleEventDefinition) else [event]
