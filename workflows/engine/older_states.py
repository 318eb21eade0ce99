"""States of format 1, until 2026-11: they held every task that had ever been, and each loop the ids of its rounds.

Who had arrived at a gateway was read from cancelled tasks beside the one that waits; here they are counted for it.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from SpiffWorkflow.util.task import TaskState

from workflows.engine.collapse import collapse
from workflows.engine.joins import ARRIVED, Meeting
from workflows.engine.specs import CycleTimer

FORMAT = 1


def rewritten(content: list[Any]) -> list[Any]:
    """The content of a state of format 1 as format 2 has it after its shape, boxes passed not yet known."""
    next_serial, tagged, pool, parts = content
    return [next_serial, tagged, [], pool, [_rewritten_part(part) for part in parts]]


def _rewritten_part(part: list[Any]) -> list[Any]:
    holder, data, success, completed, _last, rows = part
    return [holder, data, success, completed, [_rewritten_row(row) for row in rows]]


def _rewritten_row(row: list[Any]) -> list[Any]:
    *kept, internal, _changed = row
    if internal and "merged" in internal:
        internal["merged"] = len(internal["merged"])
    return [*kept, internal]


def bring_up(top: Any) -> None:
    """Turn an instance just read from format 1 into what this version would have made of it."""
    for scope in (top, *top.subprocesses.values()):
        for task in list(scope.tasks.values()):
            node = task.task_spec.bpmn_id
            if node is not None and task.has_state(TaskState.COMPLETED):
                top.passed.add(node)
            if isinstance(getattr(task.task_spec, "event_definition", None), CycleTimer):
                _set_beside(task)
            if isinstance(task.task_spec, Meeting) and task.state == TaskState.WAITING:
                _count(task)
    collapse(top)


def _set_beside(timer: Any) -> None:
    """Let what a cycle has begun go on when its activity ends: it stood below the timer, and was cancelled with it."""
    for child in timer.children:
        child._parent = timer.parent._parent
        timer.parent.parent._children.append(child.id)
    timer._children = []


def _count(waiting: Any) -> None:
    """Give the task that waits at a gateway the tokens that have arrived since it was last passed."""
    arrived = Counter[str]()
    for task in _of_this_round(waiting):
        if task.parent.has_state(TaskState.COMPLETED):
            arrived[task.parent.task_spec.name] += 1
            waiting.data = {**waiting.data, **task.parent.data}
    waiting.data |= waiting.parent.data
    waiting.internal_data[ARRIVED] = dict(arrived)


def _of_this_round(waiting: Any) -> Iterator[Any]:
    """The tasks of the same gateway that came since it was last passed, the one that waits among them."""
    since = waiting.parent
    while since.parent is not None and since.task_spec is not waiting.task_spec:
        since = since.parent
    pending = list(since.children)
    while pending:
        task = pending.pop()
        if task.task_spec is not waiting.task_spec:
            pending += task.children
        elif task.has_state(TaskState.WAITING | TaskState.CANCELLED):
            yield task
