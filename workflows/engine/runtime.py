"""One transaction on one process: load its state, let it move, write down everything that came of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.bpmn.util.event import BpmnEvent
from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from workflows import clock, traces
from workflows.engine import (
    asking,
    ballots,
    boxes,
    codec,
    deployments,
    incidents,
    people,
    records,
    variables,
    waiting,
)
from workflows.engine.definitions import LIBRARY, Definition
from workflows.engine.facts import Facts
from workflows.engine.history import Chain
from workflows.engine.motion import Motion
from workflows.engine.registry import ROUND_END, Started
from workflows.engine.specs import KeyedMessage
from workflows.engine.tables import COMPLETED, RUNNING, Delivery, Message, Process, Round, WorkItem
from workflows.engine.waiting import Waiting
from workflows.errors import NotFound


@dataclass
class Asked:
    """What the process asks of whoever takes a work item beside it, followed through one act."""

    people: Sequence[int] = ()
    audiences: Sequence[str] = ()
    first_id: int | None = None  # the first open item that they may do
    is_stale: bool = False  # other items than theirs have ended or come to their turn: look again

    def add(self, item_id: int, audience: str, listed: Sequence[int], *, is_open: bool) -> None:
        """Note an item that has just been written, and among whom it is listed."""
        if is_open and (audience in self.audiences or set(listed) & set(self.people)):
            self.first_id = min(item_id, self.first_id or item_id)


class Run(Motion):
    """Moves one process. The caller commits; until then nothing has happened."""

    def __init__(
        self, session: Session, process: Process, definition: Definition, workflow: codec.Instance
    ) -> None:
        super().__init__(definition, workflow)
        self.session = session
        Facts.of(session)  # from here on, what changes goes into the history
        self.process = process
        self.chain = Chain(process)
        self.before = Waiting()
        self.messages: list[dict[str, Any]] = []
        self.ended: set[int] = set()  # tokens of user tasks whose work items have all come to their end
        self.asked = Asked()
        self.round: tuple[Round, list[ballots.Signed]] | None = None  # of the item taken, once it was read
        self.told: asking.Told | None = None  # what variables said of the user tasks before a message came

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
        deployments.refresh(session)
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
        traces.of_process(process.id, process.digest)
        run = cls(session, process, definition, codec.Instance(definition.spec, definition.parts))
        run.workflow.task_tree.set_data(**variables.check(name, dict(first.data)))
        run.record("start", name, actor_id=None if first.is_anonymous else actor_id, after=first.data)
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
    def take_item(
        cls, session: Session, item_id: int, *, people: Sequence[int] = (), audiences: Sequence[str] = ()
    ) -> tuple["Run", WorkItem]:
        """Take a work item with its process, in the order in which every act takes them. Raises NotFound.

        ``people`` and ``audiences`` are whoever takes it, of whom ``next_item`` then knows.
        """
        found = records.hold_item(session, item_id, people=people, audiences=audiences)
        if found is None:
            raise NotFound("没有找到这个任务。")
        process, item, other_id = found
        run = cls.resume(session, process)
        run.asked = Asked(people, audiences, other_id)
        return run, item

    @classmethod
    def take_if_free(cls, session: Session, process_id: int) -> "Run | None":
        """Take the process for this transaction; None when another has it."""
        process = records.hold(session, process_id, skip_locked=True)
        return None if process is None else cls.resume(session, process)

    @classmethod
    def resume(cls, session: Session, process: Process) -> "Run":
        """The run of a process whose row this transaction already holds."""
        definition = LIBRARY.get(session, process.digest)
        run = cls(session, process, definition, codec.of(process, definition))
        run.before = Waiting.of(run.workflow, {})
        return run

    # What sets it moving.

    def complete_human(self, token: int, values: dict[str, Any], **entry: Any) -> None:
        """Let the token leave a user task with new variables; ``entry`` goes into the history."""
        self.complete(self.task(token), values, **entry)

    def end_round(self, token: int, result: str) -> dict[str, Any]:
        """The variables that a decided round gives: its result, and what its step works out from it."""
        task = self.task(token)
        human = task.task_spec.human
        values: dict[str, Any] = {human.result: result}
        if human.step in ROUND_END:
            known = {**task.data, "round_result": result}
            values |= boxes.call(self, task.task_spec.bpmn_id, ROUND_END[human.step], known)
        return values

    def catch(self, event: BpmnEvent) -> bool:
        if self.told is None:
            self.told = asking.Told.of(self.before.humans)
        return super().catch(event)

    # What its boxes ask for.

    def serve(self, task: Any, step: str) -> bool:
        boxes.call_service(self, task, step)
        return True

    def decide(self, task: Any, table: str, result: str) -> bool:
        boxes.decide(self, task, table, result)
        return True

    def send(self, task: Any, message: KeyedMessage) -> None:
        boxes.send(self, task, message)

    # What is written down.

    def save(self) -> None:
        """Write the new state and everything that follows from it."""
        self._write_keys()
        if self.process.mail:
            self._collect_mail()
        waiting.check_messages(self.workflow)
        state, serials = codec.encode(self.workflow)
        now = Waiting.of(self.workflow, serials)
        left = self.before.humans.keys() - now.humans.keys() - self.ended
        records.close_items(self.session, self.process, left)
        self.asked.is_stale |= bool(left)
        fresh = {token: now.humans[token] for token in now.humans.keys() - self.before.humans.keys()}
        people.ask(self, dict(sorted(fresh.items())))
        if self.told is not None:
            self._follow(self.told, now)
        records.write_timers(self.session, self.process, before=self.before.timers, now=now.timers)
        incidents.resolve_past(self.session, self.process)
        if self.messages:
            self.session.execute(insert(Message), self.messages)
        moved = {"state": state, "status": self.process.status, "ended_at": self.process.ended_at}
        if self.workflow.completed and self.process.status == RUNNING:
            moved |= {"status": COMPLETED, "ended_at": clock.now()}
            self.chain.add("end", self.process.name)
        self.chain.write(self.session, moved)  # last, so that the row is written once
        self.before, self.messages, self.told = now, [], None

    def write_history(self) -> None:
        """Write only the history: for an act that does not move the token."""
        self.chain.write(self.session)

    def note(self, verb: str, node: str, **entry: Any) -> None:
        self.chain.add(verb, node, **entry)

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

    def _write_keys(self) -> None:
        if self.moved_keys:
            records.move_keys(self.session, self.process, self.definition, self.moved_keys)
            self.moved_keys = {}

    def _follow(self, before: asking.Told, now: Waiting) -> None:
        """Give user tasks that were and are asked the people and due dates that a message has changed."""
        known = before.dues.keys() | before.people.keys()
        moved = asking.Told.of({token: now.humans[token] for token in known & now.humans.keys()}).moved(
            before
        )
        people.follow_people(self, before.people, moved.people)
        people.follow_dues(self, moved.dues)

    def _collect_mail(self) -> None:
        """Hand out messages that arrived before anything waited for them, oldest first."""
        query = select(Delivery).where(Delivery.process_id == self.process.id, Delivery.status == "early")
        early = list(self.session.scalars(query.order_by(Delivery.id)))
        while caught := next((one for one in early if self.catch(records.as_event(one.message))), None):
            caught.status = "done"
            self.process.mail -= 1
            self._write_keys()
            early = [one for one in early if one.status == "early"]
        if self.workflow.completed:
            for late in early:
                late.status = "void"
            self.process.mail = 0
