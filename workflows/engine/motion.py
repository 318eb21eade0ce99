"""How an instance moves: the same for people, whose acts the database keeps, and for a replay in memory."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.util.task import TaskState

from workflows.engine import asking, variables
from workflows.engine.codec import Instance
from workflows.engine.collapse import collapse
from workflows.engine.definitions import Definition
from workflows.engine.errors import StepFailed
from workflows.engine.expressions import Expressions
from workflows.engine.rounds import AGREED
from workflows.engine.specs import CycleTimer, KeyedMessage
from workflows.engine.waiting import ready_humans, scopes, timers_of
from workflows.errors import Conflict

MOST_BOXES = 30_000  # automatic boxes behind one act; whoever goes on longer goes on without end


class Motion:
    """Moves one instance. What its boxes ask for, and what is written down, is up to the subclass."""

    def __init__(self, definition: Definition, workflow: Instance) -> None:
        self.definition = definition
        self.workflow = workflow
        self.workflow.script_engine = Expressions(self)
        self.moved_keys: dict[str, Any] = {}  # variables set since by whose values messages find the process

    # What a subclass does.

    def serve(self, task: Any, step: str) -> bool:
        """Do a service task; False when it goes on elsewhere and is completed later."""
        raise NotImplementedError

    def decide(self, task: Any, table: str, result: str) -> bool:
        """Ask a decision for a business rule task; False as for ``serve``."""
        raise NotImplementedError

    def send(self, task: Any, message: KeyedMessage) -> None:
        raise NotImplementedError

    def note(self, verb: str, node: str, **entry: Any) -> None:
        """Write down what happened without a person."""
        raise NotImplementedError

    def record(
        self, verb: str, node: str, *, before: Mapping[str, Any], after: Mapping[str, Any], **entry: Any
    ) -> None:
        """Write down an act that set variables from ``before`` to ``after``."""
        raise NotImplementedError

    def pass_by(self, node: str) -> None:
        """Remember that the box ``node`` has been completed."""
        self.workflow.passed.add(node)

    def collapse(self) -> None:
        """Take out of the instance what is over."""
        collapse(self.workflow)

    # What sets it moving.

    def task(self, token: int) -> Any:
        """The task with this serial. Raises Conflict when it is no longer there."""
        try:
            return self.workflow.get_task_from_id(UUID(int=token))
        except TaskNotFoundException as error:
            raise Conflict("流程已经走过这一步，请刷新页面。") from error

    def complete(self, task: Any, values: Mapping[str, Any], **entry: Any) -> None:
        """Let the token leave ``task`` with new variables; ``entry`` goes into the history."""
        self.set_variables(task, values, **entry)
        if task.has_state(TaskState.STARTED):
            task.complete()
        else:
            task.run()
        self.settle()

    def fire(self, token: int, node: str) -> bool:
        """Let a timer go off. False when nothing waits for it any more."""
        try:
            task = self.task(token)
        except Conflict:
            return False
        timers = [one for one in timers_of(task) if one.name == node]
        if not timers or not task.has_state(TaskState.WAITING):
            return False
        self.note("timer", node)
        if isinstance(timers[0], CycleTimer):
            timers[0].tick(task)
        else:
            task.task_spec.catch(task, BpmnEvent(timers[0]))
        task.task_spec._update(task)
        self.settle()
        return True

    def catch(self, event: BpmnEvent) -> bool:
        """Hand a message to whatever waits for it, event sub-processes included. False when nothing does."""
        for scope in scopes(self.workflow):
            for name in scope.spec.start.trigger_specs:
                starts = self.definition.parts[name].bpmn_start_events
                if any(start.event_definition == event.event_definition for start in starts):
                    scope.spec.start.trigger_wf(scope.task_tree, name)
        tasks = list(self.workflow.event_manager.tasks.values())
        catching = [task for task in tasks if task.task_spec.catches(task, event)]
        for task in catching:
            self.note("receive", task.task_spec.bpmn_id, after={"message": event.event_definition.name})
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
        if catching:
            self.settle()
        return bool(catching)

    def settle(self) -> None:
        """Run every automatic step that can run, and pass over rounds that have nobody to ask.

        Raises StepFailed when that has no end.
        """
        left = self._run_boxes(MOST_BOXES)
        while empty := [task for task in ready_humans(self.workflow) if asking.is_passed_over(task)]:
            for task in empty:
                variables.write(task, {task.task_spec.human.result: AGREED})
                self.note("skip", task.task_spec.bpmn_id)
                task.run()
            left = self._run_boxes(left - len(empty))

    def _run_boxes(self, left: int) -> int:
        """Run what is ready, inner parts first, until nothing is; how many boxes may still be run."""
        moved = True
        while moved:
            moved = False
            for part in self._innermost_first():
                while ready := self.automatic(part):
                    moved = True
                    for task in ready:
                        if task.has_state(TaskState.READY):  # one before it may have cancelled it
                            left -= 1
                            task.run()
                    if left < 0:
                        raise StepFailed(ready[0].task_spec.name, "the process runs on without end")
                    self.collapse()
        self.workflow.refresh_timers()
        return left

    def _innermost_first(self) -> list[Any]:
        parts = [one for one in self.workflow.subprocesses.values() if not one.completed]
        return [*sorted(parts, key=lambda one: one.depth, reverse=True), self.workflow]

    def automatic(self, scope: Any) -> list[Any]:
        """The boxes of one scope that are ready and wait for nobody, in the order of the tree."""
        found, pending = [], [scope.task_tree]
        while pending:
            task = pending.pop()
            if task.state == TaskState.READY and not task.task_spec.manual:
                found.append(task)
            if task._children:
                pending += task.children[::-1]
        return found

    # What it knows.

    def set_variables(self, task: Any, values: Mapping[str, Any] | None, **entry: Any) -> None:
        """Set the variables that a box gives, at ``task``; ``entry`` goes into the history."""
        node = task.task_spec.bpmn_id
        new = variables.check(node, dict(values or {}))
        before = {name: task.data[name] for name in new if name in task.data}
        variables.write(task, new)
        self.record(entry.pop("verb", "complete"), node, before=before, after=new, **entry)

    def follow_keys(self, known: Mapping[str, Any], values: Mapping[str, Any]) -> None:
        """Remember which of ``values``, set where ``known`` held until now, change how messages find the process."""
        for key in self.definition.keys & values.keys():
            if key not in known or known[key] != values[key]:
                self.moved_keys[key] = values[key]
