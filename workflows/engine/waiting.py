"""What an instance waits for: people, the clock, messages."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.defaults import StartEvent
from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from workflows.engine.errors import StepFailed
from workflows.engine.specs import DueTimer, HumanTask, KeyedMessage


@dataclass
class Waiting:
    """User tasks by the serial of the task, and due instants by serial and node of the timer."""

    humans: dict[int, Any] = field(default_factory=dict)
    timers: dict[tuple[int, str], dt.datetime] = field(default_factory=dict)

    @classmethod
    def of(cls, workflow: BpmnWorkflow, serials: Mapping[UUID, int]) -> "Waiting":
        """What ``workflow`` waits for now; a task not in ``serials`` was loaded: its id is its serial."""
        humans = {serials.get(task.id, task.id.int): task for task in ready_humans(workflow)}
        timers = {
            (serials.get(task.id, task.id.int), timer.name): due
            for task, timer in waiting_timers(workflow)
            if (due := timer.due(task)) is not None
        }
        return cls(humans, timers)


def scopes(workflow: BpmnWorkflow) -> Iterator[Any]:
    """The top workflow and its running sub-processes."""
    yield workflow
    yield from [part for part in workflow.subprocesses.values() if not part.completed]


def ready_humans(workflow: BpmnWorkflow) -> list[Any]:
    """The user tasks that the token stands on."""
    return [
        task
        for scope in scopes(workflow)
        for task in scope.tasks.values()
        if task.state == TaskState.READY and isinstance(task.task_spec, HumanTask)
    ]


def waiting_timers(workflow: BpmnWorkflow) -> list[tuple[Any, DueTimer]]:
    """The timers that run, each with its task."""
    tasks = [one for one in workflow.event_manager.tasks.values() if one.state == TaskState.WAITING]
    return [(task, timer) for task in tasks for timer in timers_of(task)]


def timers_of(task: Any) -> list[DueTimer]:
    """The timers among the events that a task catches."""
    return [one for one in events_of(task.task_spec) if isinstance(one, DueTimer)]


def check_messages(workflow: BpmnWorkflow) -> None:
    """Raise StepFailed when a message is waited for whose key has no value, or two at once: it would not arrive."""
    values: dict[str, str] = {}
    for node, message, data in _waiting_messages(workflow):
        if not message.key:  # of a replay: found by its name alone
            continue
        value = data.get(message.key)
        if value is None:
            raise StepFailed(node, f"{message.name} is found by {message.key}, which has no value")
        if values.setdefault(message.key, str(value)) != str(value):
            both = f"{values[message.key]} and {value}"
            raise StepFailed(node, f"{message.name} is found by one {message.key}, not by {both} at once")


def _waiting_messages(workflow: BpmnWorkflow) -> Iterator[tuple[str, KeyedMessage, Mapping[str, Any]]]:
    """Each message waited for, with the node and the variables there; event sub-processes wait while their scope runs.

    A start event is reached only with its message, which need not be found by a key.
    """
    for task in workflow.event_manager.tasks.values():
        if task.state == TaskState.WAITING and not isinstance(task.task_spec, StartEvent):
            for one in events_of(task.task_spec):
                if isinstance(one, KeyedMessage):
                    yield task.task_spec.bpmn_id or task.task_spec.name, one, task.data
    for scope in scopes(workflow):
        for name in scope.spec.start.trigger_specs if not scope.completed else ():
            for start in workflow.subprocess_specs[name].bpmn_start_events:
                for one in events_of(start):
                    if isinstance(one, KeyedMessage):
                        yield start.bpmn_id, one, scope.task_tree.data


def events_of(task_spec: Any) -> list[Any]:
    """The events that a box catches: of an event-based gateway those behind it."""
    event = task_spec.event_definition
    return event.event_definitions if isinstance(event, MultipleEventDefinition) else [event]
