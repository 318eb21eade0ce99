"""The boxes of a diagram as SpiffWorkflow runs them, where ours differ from its own.

Written for SpiffWorkflow 3.2.0, whose service tasks hide every failure behind a NameError, whose timers ask
the machine for the time, and whose messages leave the process only as untyped events.
"""

import datetime as dt
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.control import BoundaryEventJoin, BpmnStartTask, SimpleBpmnTask
from SpiffWorkflow.bpmn.specs.defaults import (
    EventSubprocess,
    NoneTask,
    SequentialMultiInstanceTask,
    ServiceTask,
    StandardLoopTask,
    UserTask,
)
from SpiffWorkflow.bpmn.specs.event_definitions.message import MessageEventDefinition
from SpiffWorkflow.bpmn.specs.event_definitions.timer import CycleTimerEventDefinition, TimerEventDefinition
from SpiffWorkflow.bpmn.util.event import PendingBpmnEvent
from SpiffWorkflow.util.task import TaskState

from workflows import clock
from workflows.engine import variables
from workflows.engine.errors import StepFailed
from workflows.engine.expressions import evaluate
from workflows.engine.joins import EndMeeting

SOLO = "solo"
STAGE = "stage"  # a round whose policy and signers are told by a variable
POLICIES = ("all", "any", "ratio", "weighted", "sequential", "dual")
DURATION = re.compile(r"P(?=.)(\d+W|(\d+D)?(T(?=.)(\d+H)?(\d+M)?(\d+S)?)?)")
CYCLE = re.compile(rf"R(\d*)/({DURATION.pattern})")


@dataclass(frozen=True)
class Human:
    """What a user task says of the people it asks; every text but ``step``, ``lane`` and ``policy`` is FEEL."""

    step: str
    lane: str
    policy: str = SOLO  # or one of POLICIES, or STAGE: a round
    stage: str | None = None  # policy, signers and terms of a round of data (engine.asking)
    ratio: str | None = None
    veto: bool = False
    assignees: str | None = None  # ids of users: a round asks each, otherwise any of them may take it
    weights: str | None = None  # one number per assignee
    lanes: tuple[str, ...] = ()  # a round over several roles: one work item per role
    unit: str | None = None  # the role is held in this unit; without: in the whole plant
    post: str | None = None  # id of a post, instead of the lane's role
    due: str | None = None  # an instant, or a duration from arrival
    due_workdays: str | None = None  # working days from arrival
    result: str | None = None  # the variable that tells a round's result
    may_be_empty: bool = False  # a round with nobody to ask agrees by itself


class HumanTask(UserTask):  # type: ignore[misc]
    """A user task: waits until its work item, or its round of them, is done."""

    human: Human


class ServiceStep(ServiceTask):  # type: ignore[misc]
    """A service task: calls the function registered under ``step``."""

    step: str

    def _run_hook(self, my_task: Any) -> bool | None:
        return _finished_if(my_task.workflow.script_engine.run.serve(my_task, self.step))


class DecisionTask(ServiceTask):  # type: ignore[misc]
    """A business rule task: asks ``table`` and stores its answer under ``result``."""

    table: str
    result: str

    def _run_hook(self, my_task: Any) -> bool | None:
        return _finished_if(my_task.workflow.script_engine.run.decide(my_task, self.table, self.result))


def _finished_if(is_done: bool) -> bool | None:
    """What SpiffWorkflow takes for "completed", or for "goes on elsewhere"."""
    return True if is_done else None


class AbstractTask(NoneTask):  # type: ignore[misc]
    """A task without a type: done as soon as it is reached (BPMN 2.0.2, 13.3.3). The campaign has none."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.manual = False  # SpiffWorkflow 3.2.0 would wait for ever


class StartOnce(BpmnStartTask):  # type: ignore[misc]
    """Starts event sub-processes without changing the specification, which all instances share."""

    def trigger_wf(self, my_task: Any, spec_name: str) -> Any:
        spec = self._wf_spec.task_specs[spec_name]
        if spec.is_interrupting:
            for child in my_task.children:
                child.cancel()
        child = my_task._add_child(spec, TaskState.FUTURE)
        child.triggered = True
        spec._predict(child, mask=TaskState.NOT_FINISHED_MASK)  # its way to the end, which it may reach alone
        spec._update(child)
        return child.id


class ProcessSpec(BpmnProcessSpec):  # type: ignore[misc]
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.task_specs.clear()
        self.start = StartOnce(self, "Start")
        self.end = EndMeeting(self, f"{self.name}.EndJoin")
        self.end.connect(SimpleBpmnTask(self, "End"))


class EventSubprocessTask(EventSubprocess):  # type: ignore[misc]
    is_interrupting = False

    def update_data(self, my_task: Any, subworkflow: Any) -> None:
        """Hand on nothing from one that ran beside the rest: what the process knows was written everywhere.

        What only this run knows would be shared by all runs of the next such sub-process in the same instance.
        """
        if self.is_interrupting:
            super().update_data(my_task, subworkflow)

    def test(self) -> None:
        """Nothing: SpiffWorkflow asks that some flow leads here, but a message starts it."""


class Loop(StandardLoopTask):  # type: ignore[misc]
    """A part that is repeated: each round goes on with the variables as the one before it left them."""

    def merge_child(self, workflow: Any, child: Any) -> None:
        _hand_back(child)
        super().merge_child(workflow, child)


class EachInTurn(SequentialMultiInstanceTask):  # type: ignore[misc]
    """A part that runs for each item of a list, one after another; variables are handed on as by Loop."""

    def _update_hook(self, my_task: Any) -> Any:
        if self.cardinality is not None:
            times = evaluate(self.cardinality, my_task.parent.data, place=self.bpmn_id)
            if isinstance(times, bool) or not isinstance(times, int | Decimal) or times < 0 or times % 1:
                raise StepFailed(
                    self.bpmn_id, f"it cannot be done {times} times"
                )  # SpiffWorkflow would not end
        return super()._update_hook(my_task)

    def create_child(self, my_task: Any, item: Any, key_or_index: Any = None) -> None:
        if self.input_item is not None:
            my_task.workflow.script_engine.run.follow_keys(my_task.data, {self.input_item.bpmn_id: item})
        super().create_child(my_task, item, key_or_index)

    def merge_child(self, workflow: Any, child: Any) -> None:
        _hand_back(child)
        if self.input_item is not None:
            # SpiffWorkflow 3.2.0 refuses the next item while the loop knows this one.
            for task in (child, child.parent):
                task.data.pop(self.input_item.bpmn_id, None)
        super().merge_child(workflow, child)


def _hand_back(child: Any) -> None:
    """Give the variables of a finished round to its loop, which would otherwise unite lists instead of replacing."""
    child.parent.data.update(child.data)


class DueTimer(TimerEventDefinition):  # type: ignore[misc]
    """A timer whose due instant is worked out on arrival, kept in the state, and fired by the row of engine.due.

    Two timers are the same when they stand at the same node.
    """

    def has_fired(self, my_task: Any) -> bool:
        if f"due {self.name}" not in my_task.internal_data:
            my_task.internal_data[f"due {self.name}"] = self._first_due(my_task)
        return bool(my_task.internal_data.get(f"fired {self.name}"))

    def catch(self, my_task: Any, event: Any = None) -> None:
        my_task.internal_data[f"fired {self.name}"] = True

    def reset(self, my_task: Any) -> None:
        my_task.internal_data.pop(f"fired {self.name}", None)
        my_task.internal_data.pop(f"due {self.name}", None)

    def due(self, my_task: Any) -> dt.datetime | None:
        """When the clock has to wake this; None once it has fired for the last time."""
        if my_task.internal_data.get(f"fired {self.name}"):
            return None
        instant: dt.datetime | None = my_task.internal_data.get(f"due {self.name}")
        return instant

    def move(self, my_task: Any, due_at: dt.datetime) -> None:
        """Change the deadline of a waiting timer."""
        my_task.internal_data[f"due {self.name}"] = due_at

    def details(self, my_task: Any) -> PendingBpmnEvent:
        return PendingBpmnEvent(self.name, "timer", my_task.internal_data.get(f"due {self.name}"))

    def _first_due(self, my_task: Any) -> dt.datetime:
        value = iso_duration(self.expression)
        if value is None:
            value = my_task.workflow.script_engine.evaluate(my_task, self.expression)
        if isinstance(value, dt.timedelta):
            return clock.now() + value
        if isinstance(value, dt.datetime) and value.tzinfo is not None:
            return value.astimezone(dt.UTC)
        raise StepFailed(self.name, f"a timer needs an instant with a zone or a duration, not {value!r}")


class CycleTimer(DueTimer, CycleTimerEventDefinition):  # type: ignore[misc]
    """A timer that starts its branch again and again: R3/PT24H three times, R/PT24H until its activity ends."""

    def update_task(self, my_task: Any) -> None:
        """Nothing: only engine.due lets it go round."""

    def tick(self, my_task: Any) -> None:
        """Go round once and set the next due instant, or be finished when that was the last time.

        Rounds missed while nothing ran are made up for by this one: the next is due in the future. What is begun
        stands beside the activity and goes on when that ends.
        """
        fired = my_task.parent.parent._add_child(my_task.task_spec, TaskState.COMPLETED)
        fired.data, fired.triggered = dict(my_task.data), True
        for output in my_task.task_spec.outputs:
            if not isinstance(output, BoundaryEventJoin):
                output._update(fired._add_child(output, TaskState.FUTURE))
        rounds, every = self._cycle(my_task)
        done = my_task.internal_data.get(f"rounds {self.name}", 0) + 1
        due = my_task.internal_data[f"due {self.name}"]
        missed = max(0, (clock.now() - due) // every)
        my_task.internal_data |= {f"rounds {self.name}": done, f"due {self.name}": due + every * (missed + 1)}
        if rounds is not None and done >= rounds:
            self.catch(my_task)
        else:
            my_task.workflow.script_engine.run.pass_by(self.name)

    def _first_due(self, my_task: Any) -> dt.datetime:
        return clock.now() + self._cycle(my_task)[1]

    def _cycle(self, my_task: Any) -> tuple[int | None, dt.timedelta]:
        text = self.expression.strip()
        if not CYCLE.fullmatch(text):
            text = my_task.workflow.script_engine.evaluate(my_task, self.expression)
        match = CYCLE.fullmatch(text) if isinstance(text, str) else None
        every = iso_duration(match[2]) if match else None
        if match is None or not every:
            raise StepFailed(self.name, f"a cycle is written R3/PT24H, not {text!r}")
        return (int(match[1]) if match[1] else None), every


def iso_duration(text: str) -> dt.timedelta | None:
    """``text`` as an ISO duration of weeks, or of days and time; None when it is something else."""
    text = text.strip()
    if not DURATION.fullmatch(text):
        return None
    parts = {unit: int(number) for number, unit in re.findall(r"(\d+)([WDHMS])", text)}
    return dt.timedelta(
        weeks=parts.get("W", 0),
        days=parts.get("D", 0),
        hours=parts.get("H", 0),
        minutes=parts.get("M", 0),
        seconds=parts.get("S", 0),
    )


class KeyedMessage(MessageEventDefinition):  # type: ignore[misc]
    """A message found by the value of the variable ``key``, carrying the variables ``carries``."""

    def __init__(self, name: str, key: str, carries: tuple[str, ...], description: str | None = None) -> None:
        super().__init__(name, description=description)
        self.key = key
        self.carries = carries

    def catches(self, my_task: Any, event: Any) -> bool:
        return bool(self == event.event_definition)

    def catch(self, my_task: Any, event: Any = None) -> None:
        my_task.internal_data[f"message {self.name}"] = event.payload
        my_task.internal_data["event_fired"] = True

    def update_task_data(self, my_task: Any) -> None:
        variables.write(my_task, my_task.internal_data.pop(f"message {self.name}", {}))

    def throw(self, my_task: Any) -> None:
        my_task.workflow.script_engine.run.send(my_task, self)
