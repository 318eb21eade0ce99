"""The one expression language of diagrams: what SpiffWorkflow asks of a script engine, answered by FEEL."""

from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from workflows import feel
from workflows.engine.errors import StepFailed

if TYPE_CHECKING:
    from workflows.engine.motion import Motion


class Expressions:
    """Given to each instance of a workflow; ``run`` is what moves it."""

    def __init__(self, run: "Motion") -> None:
        self.run = run

    def evaluate(self, task: Any, expression: str, external_context: Mapping[str, Any] | None = None) -> Any:
        """The value of ``expression`` over the task's variables. A null is an error that names the place."""
        return evaluate(expression, task.data, place=task.task_spec.bpmn_id or task.task_spec.name)

    def execute(self, task: Any, script: str, external_context: Mapping[str, Any] | None = None) -> None:
        raise StepFailed(task.task_spec.name, "a diagram runs no scripts")


@lru_cache(maxsize=4096)
def compiled(text: str) -> feel.Expression:
    return feel.compile(text)


def evaluate(text: str, data: Mapping[str, Any], *, place: str) -> Any:
    """The value of FEEL ``text`` over ``data``. Raises StepFailed naming ``place`` for a null or an error."""
    try:
        return compiled(text).require(data, place=place)
    except (feel.FeelError, feel.FeelSyntaxError) as error:
        raise StepFailed(place, str(error)) from error
