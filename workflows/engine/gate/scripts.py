"""What the engine asks while it is walked."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.events.event_types import CatchingEvent

from workflows.engine.specs import CycleTimer, Loop


class Script:
    """The script engine of a walk: conditions are answered as the walk wants, times are far off."""

    def __init__(self) -> None:
        self.run = self
        self.way: frozenset[str] = frozenset()  # nodes to which the next gateway leads
        self.again = False  # whether loops go round once more
        self.asked_to_loop = False

    def follow_keys(self, known: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Nothing: no process is found by its variables here."""

    def evaluate(self, task: Any, expression: str, external_context: Any = None) -> Any:
        if isinstance(task.task_spec, Loop):
            self.asked_to_loop = True
            return self.again
        if isinstance(task.task_spec, CatchingEvent):
            is_cycle = isinstance(task.task_spec.event_definition, CycleTimer)
            return "R3/PT1H" if is_cycle else dt.datetime(2100, 1, 1, tzinfo=dt.UTC)
        return expression in self.way
