"""What every box does otherwise than in SpiffWorkflow 3.2.0, so that an instance costs what is under way in it.

SpiffWorkflow draws up all that may follow, which doubles with each parallel block and overflows the stack on long
diagrams. Here a box knows its next ones only, and draws them up when a token reaches it.
"""

from functools import lru_cache
from typing import Any

from SpiffWorkflow.util.task import TaskState

FINISHED = TaskState.FINISHED_MASK
PREDICTED = TaskState.FUTURE | TaskState.PREDICTED_MASK  # no token has come here yet


class Lean:
    """Mixed into the class of each box by ``make_lean``."""

    def _predict(
        self, my_task: Any, seen: object = None, looked_ahead: int = 0, mask: int = PREDICTED
    ) -> None:
        if my_task.has_state(mask) and not my_task._children:
            self._predict_hook(my_task)  # type: ignore[attr-defined]

    def _update(self, my_task: Any) -> None:
        if my_task.id in my_task.workflow.top_workflow.event_manager.tasks:
            # It waits already. SpiffWorkflow would merge the variables of its parent into it each time.
            if self.event_definition.has_fired(my_task):  # type: ignore[attr-defined]
                my_task._ready()
            return
        self._predict(my_task, mask=TaskState.NOT_FINISHED_MASK)
        if self._update_hook(my_task):  # type: ignore[attr-defined]
            my_task._ready()

    def _on_complete(self, my_task: Any) -> None:
        if my_task.task_spec.bpmn_id is not None:
            my_task.workflow.script_engine.run.pass_by(my_task.task_spec.bpmn_id)
        super()._on_complete(my_task)  # type: ignore[misc]


def make_lean(spec: Any) -> None:
    """Change all boxes of a specification that has just been parsed."""
    for box in spec.task_specs.values():
        box.__class__ = _lean(box.__class__)


@lru_cache(maxsize=256)
def _lean(kind: type) -> type:
    return type(kind.__name__, (Lean, kind), {"__module__": kind.__module__, "__doc__": kind.__doc__})
