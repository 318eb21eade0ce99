"""One transaction on one process: load its state, let it move, write down everything that came of it."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any
from uuid import UUID

from SpiffWorkflow.bpmn.util.event import BpmnEvent
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.exceptions import TaskNotFoundException
from SpiffWorkflow.util.task import TaskState
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from workflows import clock, dmn
from workflows.engine import codec, incidents, people, records, variables
from workflows.engine.definitions import LIBRARY, Definition
from workflows.engine.errors import StepFailed
from workflows.engine.expressions import Expressions
from workflows.engine.facts import Facts
from workflows.engine.history import Chain
from workflows.engine.registry import ROUND_END, SERVICE, Started
from workflows.engine.rounds import AGREED
from workflows.engine.specs import CycleTimer, KeyedMessage, check_variables
from workflows.engine.tables import COMPLETED, RUNNING, Delivery, Message, Process, WorkItem
from workflows.engine.waiting import Waiting, ready_humans, scopes, timers_of
from workflows.errors import Conflict, NotFound, Refusal


class Run:
    """Moves one process. The caller commits; until then nothing has happened."""

    def __init__(
        self, session: Session, process: Process, definition: Definition, workflow: BpmnWorkflow
    ) -> None:
        self.session = session
        self.process = process
        self.definition = definition
        self.workflow = workflow
        self.workflow.script_engine = Expressions(self)
        self.chain = Chain(process)
        self.before = Waiting()
        self.messages: list[dict[str, Any]] = []
        self.ended: set[int] = set()  # tokens of user tasks whose work items have all come to their end

    @classmethod
    def begin(
        cls,
        session: Session,
        name: str,
        first: Started,
        *,
        actor_id: int | None,
        event: BpmnEvent | None = None,
    ) -> "Run":
        """Start a process with its first facts; ``event`` is the message that starts it, if one does."""
        definition = LIBRARY.current(name)
        process = Process(
            digest=definition.digest,
            name=name,
            subject=first.subject,
            subject_path=first.subject_path,
            state=b"",
            started_by_id=actor_id,
            started_at=clock.now(),
        )
        session.add(process)
        session.flush()
        run = cls(session, process, definition, BpmnWorkflow(definition.spec, definition.parts))
        run.workflow.task_tree.set_data(**check_variables(name, dict(first.data)))
        run.record("start", name, actor_id=actor_id, after=first.data)
        records.write_keys(session, process, definition, first.data)
        run.settle()
        if event is not None:
            run.catch(event)
        run.save()
        return run

    @classmethod
    def take(cls, session: Session, process_id: int) -> "Run":
        """Take the process for this transaction, waiting for another that has it. Raises NotFound."""
        process = records.hold(session, process_id, skip_locked=False)
        if process is None:
            raise NotFound("没有这个流程。")
        return cls.resume(session, process)

    @classmethod
    def take_item(cls, session: Session, item_id: int) -> tuple["Run", WorkItem]:
        """Take a work item with its process, in the order in which every act takes them. Raises NotFound."""
        found = records.hold_item(session, item_id)
        if found is None:
            raise NotFound("没有找到这个任务。")
        process, item = found
        return cls.resume(session, process), item

    @classmethod
    def take_if_free(cls, session: Session, process_id: int) -> "Run | None":
        """Take the process for this transaction; None when another has it."""
        process = records.hold(session, process_id, skip_locked=True)
        return None if process is None else cls.resume(session, process)

    @classmethod
    def resume(cls, session: Session, process: Process) -> "Run":
        """The run of a process whose row this transaction already holds."""
        definition = LIBRARY.get(session, process.digest)
        run = cls(session, process, definition, codec.decode(process.state, definition))
        run.before = Waiting.of(run.workflow, {})
        return run

    # What the boxes of the diagram ask for.

    def call_service(self, task: Any, step: str) -> None:
        """Run the function of a service task and keep the variables that it returns."""
        node = task.task_spec.bpmn_id
        if step not in SERVICE:
            raise StepFailed(node, f"no function is registered as {step}")
        self._set(task, self._call(node, SERVICE[step], task.data), verb="auto")

    def decide(self, task: Any, table: str, result: str) -> None:
        """Ask a decision table over the variables and keep its answer, with its trace, in the history."""
        node = task.task_spec.bpmn_id
        model = self.definition.tables.get(table)
        if model is None:
            raise StepFailed(node, f"no decision is called {table}")
        inputs = _known(task, model.inputs(table), asker=table)
        try:
            outcome = model.evaluate(table, inputs)
        except dmn.DecisionError as error:
            raise StepFailed(node, str(error)) from error
        variables.write(task, check_variables(node, {result: outcome.value}))
        trace = dmn.trace_to_json(outcome.trace)
        self.chain.add("decide", node, after={result: outcome.value, "trace": trace})

    def send(self, task: Any, message: KeyedMessage) -> None:
        """Write a message with this transaction; a job delivers it after the commit."""
        node = task.task_spec.bpmn_id
        payload = _known(task, (message.key, *message.carries), asker=message.name)
        self.messages.append(
            {
                "name": message.name,
                "key": message.key,
                "value": str(payload[message.key]),
                "payload": payload,
                "sender_id": self.process.id,
                "sent_at": clock.now(),
                "status": "new",
            }
        )
        self.chain.add("send", node, after={"message": message.name, message.key: payload[message.key]})

    # What sets it moving.

    def task(self, token: int) -> Any:
        """The task with this serial. Raises Conflict when it is no longer there."""
        try:
            return self.workflow.get_task_from_id(UUID(int=token))
        except TaskNotFoundException as error:
            raise Conflict("流程已经走过这一步，请刷新页面。") from error

    def complete_human(self, token: int, values: dict[str, Any], **entry: Any) -> None:
        """Let the token leave a user task with new variables; ``entry`` goes into the history."""
        task = self.task(token)
        self._set(task, values, **entry)
        task.run()
        self.settle()

    def end_round(self, token: int, result: str) -> dict[str, Any]:
        """The variables that a decided round gives: its result, and what its step works out from it."""
        task = self.task(token)
        human = task.task_spec.human
        values: dict[str, Any] = {human.result: result}
        if human.step in ROUND_END:
            known = {**task.data, "round_result": result}
            values |= self._call(task.task_spec.bpmn_id, ROUND_END[human.step], known)
        return values

    def fire(self, token: int, node: str) -> bool:
        """Let a timer go off. False when nothing waits for it any more."""
        try:
            task = self.task(token)
        except Conflict:
            return False
        timers = [one for one in timers_of(task) if one.name == node]
        if not timers or not task.has_state(TaskState.WAITING):
            return False
        self.chain.add("timer", node)
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
        waiting = list(self.workflow.event_manager.tasks.values())
        catching = [task for task in waiting if task.task_spec.catches(task, event)]
        for task in catching:
            self.chain.add("receive", task.task_spec.bpmn_id, after={"message": event.event_definition.name})
            task.task_spec.catch(task, event)
            task.task_spec._update(task)
        if catching:
            self.settle()
        return bool(catching)

    def settle(self) -> None:
        """Run every automatic step that can run, and pass over rounds that have nobody to ask."""
        while True:
            self.workflow.do_engine_steps()
            empty = [task for task in ready_humans(self.workflow) if people.is_passed_over(task)]
            if not empty:
                return
            for task in empty:
                variables.write(task, {task.task_spec.human.result: AGREED})
                self.chain.add("skip", task.task_spec.bpmn_id)
                task.run()

    # What is written down.

    def save(self) -> None:
        """Write the new state and everything that follows from it."""
        if self.process.mail:
            self._collect_mail()
        incidents.resolve_acts(self.session, self.process)
        state, serials = codec.encode(self.workflow)
        now = Waiting.of(self.workflow, serials)
        left = self.before.humans.keys() - now.humans.keys()
        records.close_items(self.session, self.process, left - self.ended)
        fresh = {token: now.humans[token] for token in now.humans.keys() - self.before.humans.keys()}
        people.ask(self, dict(sorted(fresh.items())))
        records.write_timers(self.session, self.process, before=self.before.timers, now=now.timers)
        if self.messages:
            self.session.execute(insert(Message), self.messages)
        if self.workflow.completed and self.process.status == RUNNING:
            self.process.status, self.process.ended_at = COMPLETED, clock.now()
            self.chain.add("end", self.process.name)
        self.process.state = state  # last, so that the row is written once
        self.write_history()
        self.before, self.messages = now, []

    def write_history(self) -> None:
        """Write only the history: for an act that does not move the token."""
        self.chain.write(self.session)

    def record(
        self,
        verb: str,
        node: str,
        *,
        before: Mapping[str, Any] | None = None,
        after: Mapping[str, Any],
        **entry: Any,
    ) -> None:
        """Add an act to the history, with what it changed in the domain's rows beside the variables."""
        old, new = Facts.of(self.session).take()
        self.chain.add(verb, node, before={**(before or {}), **old}, after={**after, **new}, **entry)

    def _set(self, task: Any, values: Mapping[str, Any] | None, **entry: Any) -> None:
        node = task.task_spec.bpmn_id
        new = check_variables(node, dict(values or {}))
        before = {name: task.data[name] for name in new if name in task.data}
        variables.write(task, new)
        self.record(entry.pop("verb", "complete"), node, before=before, after=new, **entry)

    def _call(self, node: str, handler: Any, data: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return dict(handler(self.session, MappingProxyType(dict(data))) or {})
        except (Refusal, StepFailed, DBAPIError):
            raise
        except Exception as error:  # whatever a step raises is told with its place
            raise StepFailed(node, f"{type(error).__name__}: {error}") from error

    def _collect_mail(self) -> None:
        """Hand out messages that arrived before anything waited for them, oldest first."""
        query = select(Delivery).where(Delivery.process_id == self.process.id, Delivery.status == "early")
        waiting = list(self.session.scalars(query.order_by(Delivery.id)))
        while caught := next((one for one in waiting if self.catch(records.as_event(one.message))), None):
            caught.status = "done"
            self.process.mail -= 1
            waiting.remove(caught)
        if self.workflow.completed:
            for late in waiting:
                late.status = "void"
            self.process.mail = 0


def _known(task: Any, names: Sequence[str], *, asker: str) -> dict[str, Any]:
    """The values of the variables ``names``. Raises StepFailed when the process does not know one."""
    missing = [name for name in names if name not in task.data]
    if missing:
        unknown = f"{asker} needs {', '.join(missing)}, which the process does not know"
        raise StepFailed(task.task_spec.bpmn_id, unknown)
    return {name: task.data[name] for name in names}
