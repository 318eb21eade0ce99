"""The tokens of an instance: where each stands, and how one is taken away and put on another box by hand."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import (
    BoundaryEvent,
    EventBasedGateway,
    StartEvent,
)
from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent
from SpiffWorkflow.bpmn.specs.mixins.multiinstance_task import LoopTask
from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.util.task import TaskState

from workflows.engine import waiting
from workflows.engine.codec import Instance
from workflows.engine.joins import ARRIVED, STANDING, EndMeeting, Meeting
from workflows.engine.plain_form import is_drawn
from workflows.engine.specs import EventSubprocessTask, HumanTask


@dataclass(frozen=True)
class Token:
    """A token that stands at ``node``, with the serial of its task there.

    ``can_skip``: whether it can leave as if what it waits for had come. ``targets``: the boxes to which it can be moved.
    """

    serial: int
    node: str
    can_skip: bool
    targets: tuple[str, ...]


def standing(workflow: Instance) -> list[Token]:
    """The tokens that can be moved by hand, in the order of their tasks; those inside of a call beside the call's."""
    found = [
        Token(task.id.int, task.task_spec.bpmn_id, can_skip(task), tuple(targets(task)))
        for scope in waiting.scopes(workflow)
        for task in scope.tasks.values()
        if _is_movable(task)
    ]
    return sorted(found, key=lambda one: one.serial)


def find(workflow: Instance, serial: int) -> Any:
    """The task of a token that can be moved; None when none has this serial."""
    tasks = (task for scope in waiting.scopes(workflow) for task in scope.tasks.values())
    return next((task for task in tasks if task.id.int == serial and _is_movable(task)), None)


def _is_movable(task: Any) -> bool:
    spec = task.task_spec
    if not task.has_state(STANDING) or spec.bpmn_id is None or isinstance(spec, BoundaryEvent | StartEvent):
        return False
    if isinstance(spec, Meeting):
        return bool(
            sum(task.internal_data.get(ARRIVED, {}).values()) == 1
        )  # two that have met are not one token
    return not (
        task.parent is not None and isinstance(task.parent.task_spec, LoopTask)
    )  # a loop's own task tells


def can_skip(task: Any) -> bool:
    """Whether the token of ``task`` can leave as if what it waits for had come."""
    spec = task.task_spec
    if isinstance(spec, EventBasedGateway | LoopTask | Meeting):
        return False
    return isinstance(spec, HumanTask | SubWorkflowTask | CatchingEvent)


def targets(task: Any) -> Iterator[str]:
    """The boxes of its scope on which the token of ``task`` can be put, in the order of their ids."""
    own = {box.bpmn_id for box in _drawn(task.workflow.spec) if _takes(box) and is_drawn(box.bpmn_id)}
    yield from sorted(own - {task.task_spec.bpmn_id})


def _drawn(spec: Any) -> list[Any]:
    """The boxes that are drawn in a scope; of a loop the loop itself, not its body."""
    boxes = spec.task_specs.values()
    bodies = {box.task_spec for box in boxes if isinstance(box, LoopTask)}
    return [box for box in boxes if box.bpmn_id is not None and box.name not in bodies]


def _takes(box: Any) -> bool:
    if isinstance(box, BoundaryEvent | StartEvent | EventSubprocessTask | EndMeeting):
        return False
    if isinstance(box, Meeting) and len(box._inputs) > 1:
        return False  # it counts by which way a token comes
    return not any(isinstance(before, EventBasedGateway) for before in box.inputs)


def held_by(task: Any) -> Any:
    """The task with which a token goes: that of its box, or the one that holds the box with its boundary events."""
    return task.parent if isinstance(task.parent.task_spec, BoundaryEventSplit) else task


def entry(scope: Any, node: str) -> Any:
    """The specification at which a token comes to the box ``node``: before its boundary events."""
    split = scope.spec.task_specs.get(f"{node}.BoundaryEventSplit")
    return split or next(box for box in _drawn(scope.spec) if box.bpmn_id == node)


def take_out(task: Any) -> Any:
    """Take the token of ``task`` away with all that goes on inside of its box; the task behind which it stood."""
    holder = held_by(task)
    anchor = holder.parent
    holder.cancel()
    return anchor


def put(anchor: Any, node: str) -> None:
    """Put a token on the box ``node`` of the scope of ``anchor``, as if it had just come there."""
    box = entry(anchor.workflow, node)
    child = anchor._add_child(box, TaskState.FUTURE)
    if isinstance(box, Meeting):  # it counts by which way a token comes, and has one
        child._inherit_data()
        child.internal_data[ARRIVED] = {box._inputs[0]: 1}
    box._update(child)


def look_again(workflow: Instance) -> None:
    """Let what waits for tokens elsewhere see that one has been moved."""
    for scope in waiting.scopes(workflow):
        for task in list(scope.tasks.values()):
            box = task.task_spec
            if task.state == TaskState.WAITING and isinstance(box, Meeting):
                box._update(task)  # type: ignore[attr-defined]
