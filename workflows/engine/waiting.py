"""What an instance waits for: people, and the clock."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.specs.event_definitions.multiple import MultipleEventDefinition
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from workflows.engine.specs import DueTimer, HumanTask


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
    event = task.task_spec.event_definition
    several = event.event_definitions if isinstance(event, MultipleEventDefinition) else [event]
    return [one for one in several if isinstance(one, DueTimer)]
