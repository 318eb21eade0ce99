"""The variables of a process, which all its branches share.

SpiffWorkflow 3.2.0 gives each task a copy of its predecessor's variables and merges the copies where branches
meet: what one branch has set is undone by the other's old copy, and lists are united. Here a variable is written
for every task of the outermost scope that knows it, so that all copies are always equal. A sub-process keeps
for itself what only it knows: the payload of the message that started it, the item that it runs for.
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from SpiffWorkflow.bpmn.util.subworkflow import BpmnSubWorkflow
from SpiffWorkflow.util.task import TaskState

from workflows.engine.errors import StepFailed

NOT_REACHED = TaskState.FUTURE | TaskState.PREDICTED_MASK


def write(task: Any, values: Mapping[str, Any]) -> None:
    """Set variables at ``task``, and wherever else the process knows them."""
    task.workflow.script_engine.run.follow_keys(task.data, values)
    for name, value in values.items():
        for scope in _within(_home(task.workflow, name)):
            for one in scope.tasks.values():
                if not one.has_state(NOT_REACHED):
                    one.data[name] = value
    task.set_data(**values)


def _home(scope: Any, name: str) -> Any:
    """The outermost scope around ``scope`` that knows ``name``, or ``scope`` itself."""
    while isinstance(scope, BpmnSubWorkflow):
        holder = scope.top_workflow.get_task_from_id(scope.parent_task_id)
        if name not in holder.data:
            return scope
        scope = holder.workflow
    return scope


def _within(scope: Any) -> Iterator[Any]:
    """``scope`` and every running sub-process in it."""
    yield scope
    for part in scope.top_workflow.subprocesses.values():
        if not part.completed and part.parent_task_id in scope.tasks:
            yield from _within(part)


def check(node: str, values: dict[str, Any]) -> dict[str, Any]:
    """``values`` if a process may hold them: ids, decisions, deadlines; no floats, no objects."""
    for name, value in values.items():
        if not name.isidentifier():
            raise StepFailed(node, f"{name!r} is not a variable name")
        _check_value(f"{node}: {name}", value)
    return values


def _check_value(place: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            if not isinstance(key, str) or key.startswith("$"):
                raise StepFailed(place, f"{key!r} is not a key")
            _check_value(place, inner)
    elif isinstance(value, list):
        for inner in value:
            _check_value(place, inner)
    elif isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        raise StepFailed(place, "a number of more than 63 bits is not kept in a process")
    elif isinstance(value, dt.datetime) and value.tzinfo is None:
        raise StepFailed(place, "a time without a zone")
    elif not (value is None or isinstance(value, bool | int | str | Decimal | dt.date | dt.timedelta)):
        raise StepFailed(place, f"{type(value).__name__} is not kept in a process")
