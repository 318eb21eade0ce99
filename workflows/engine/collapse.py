"""Takes out of an instance what is over, so that it holds the tokens that are under way and what they still need.

What happened is in the history, and which boxes were passed beside the state (``Motion.pass_by``).
"""

from collections.abc import Iterable
from typing import Any

from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BoundaryEventSplit, StartEventSplit
from SpiffWorkflow.util.task import TaskState

from workflows.engine.lean import FINISHED, PREDICTED


def collapse(workflow: Any) -> None:
    """Take out what is over of the process and of each running sub-process, in the order of their tasks."""
    live = [workflow]
    for part in sorted(workflow.subprocesses.values(), key=lambda one: one.depth):
        holder = next(
            (one.tasks[part.parent_task_id] for one in live if part.parent_task_id in one.tasks), None
        )
        if holder is None or holder.has_state(FINISHED):
            del workflow.subprocesses[part.parent_task_id]
        else:
            live.append(part)
    for scope in live:
        _clear(scope, scope.task_tree)


def _clear(scope: Any, holder: Any) -> None:
    """Leave below ``holder`` what is under way; it takes the place of what is over between them."""
    kept: list[Any] = []
    pending = holder.children[::-1]
    while pending:
        task = pending.pop()
        if not task.has_state(FINISHED):
            _keep(scope, task, kept, under_way=holder.has_state(FINISHED))
        elif _holds_together(task):
            over = [child for child in task.children if child.has_state(FINISHED)]
            for child in over:
                pending += child.children[::-1]
                del scope.tasks[child.id]
            task._children = [child_id for child_id in task._children if child_id in scope.tasks]
            for child in task.children:
                _clear(scope, child)
            kept.append(task)
        else:
            pending += task.children[::-1]
            del scope.tasks[task.id]
    holder._children = [task.id for task in kept]
    for task in kept:
        task._parent = holder.id


def _keep(scope: Any, task: Any, kept: list[Any], *, under_way: bool) -> None:
    if task.has_state(PREDICTED):
        _forget(scope, task.children)  # drawn up again when a token comes here
        task._children = []
        kept.append(task)
    elif under_way and isinstance(task.task_spec, BoundaryEventJoin) and not task.has_state(TaskState.READY):
        del scope.tasks[task.id]  # of an event that has fired beside its activity, whose own join will do
    else:
        _clear(scope, task)
        kept.append(task)


def _holds_together(task: Any) -> bool:
    """Whether an activity with its boundary events, or several starts, are still under way at ``task``."""
    if not isinstance(task.task_spec, BoundaryEventSplit | StartEventSplit):
        return False
    return any(not child.has_state(FINISHED) for child in task.children)


def _forget(scope: Any, tasks: Iterable[Any]) -> None:
    pending = list(tasks)
    while pending:
        task = pending.pop()
        pending += task.children
        del scope.tasks[task.id]
