"""A process played in memory, without the campaign, its people or a database: for conformance suites and trials.

The instance is moved by the same code that serves people (``engine.motion``), and written to bytes and read again
after every act, as it is between two acts of people.

    session = Session(Path("order.bpmn").read_bytes())
    session.start("order", {"amount": 5})
    session.ready()                                   # ["check_order"]
    session.complete("check_order", {"is_fine": True})
    session.advance(timedelta(days=3))                # fires what falls due on the way
    session.send("MSG_PAID", "order_id", {"order_id": 7})
    session.finished()
"""

import datetime as dt
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from SpiffWorkflow.util.task import TaskState

from workflows import clock
from workflows.engine import codec, definitions, plain_form, variables, waiting
from workflows.engine.errors import StepFailed
from workflows.engine.motion import Motion
from workflows.engine.records import as_event
from workflows.engine.specs import DecisionTask, KeyedMessage, ServiceStep
from workflows.engine.tables import Message
from workflows.errors import Conflict, NotFound


class Session:
    """One instance of one of the processes in ``xml``, a BPMN file that the gate has let pass.

    Whatever the campaign would answer, the caller answers: besides user tasks, service tasks and decisions over
    tables are ``ready`` and wait to be completed. A round of people is completed once, with its result as a variable.
    Raises StepFailed, naming the element, where an expression, a timer or a message cannot be worked out.
    """

    def __init__(self, xml: bytes) -> None:
        self._bundles = definitions.bundles({"replay.bpmn": xml})
        self._now = clock.now()
        self._motion: Replay | None = None
        self._kept: list[Message] = []

    def start(self, process_id: str, data: Mapping[str, Any] | None = None) -> None:
        """Start the executable process ``process_id`` with the variables ``data``. Raises NotFound for another.

        One that a message starts begins with ``send`` of that message.
        """
        if process_id not in self._bundles:
            raise NotFound("没有这个流程。")
        definition = definitions.build(process_id, self._bundles[process_id])
        values = variables.check(process_id, dict(data or {}))
        instance = codec.Instance(definition.spec, definition.parts)
        instance.task_tree.set_data(**values)
        self._motion, self._kept = Replay(definition, instance), []
        self._motion.follow_keys({}, values)
        with self._acting() as motion:
            motion.settle()

    def ready(self) -> list[str]:
        """The elements that wait to be completed, one entry per token."""
        return [task.task_spec.bpmn_id for task in self._current.open_tasks()]

    def complete(self, element_id: str, data: Mapping[str, Any] | None = None) -> None:
        """Complete the element where a token waits, setting the variables ``data``. Raises Conflict if none does."""
        with self._acting() as motion:
            task = next((one for one in motion.open_tasks() if one.task_spec.bpmn_id == element_id), None)
            if task is None:
                raise Conflict("流程已经走过这一步，请刷新页面。")
            motion.complete(task, dict(data or {}))

    def advance(self, by: dt.timedelta) -> None:
        """Let time pass; timers go off in order, each at its own instant."""
        until = self._now + by
        while due := min(self._timers(until), default=None):
            self._now = max(self._now, due[0])
            with self._acting() as motion:
                motion.fire(*due[1:])
        self._now = until

    def send(self, name: str, key: str, payload: Mapping[str, Any] | None = None) -> bool:
        """Send the message ``name`` to whoever has the value ``payload[key]`` under the variable ``key``.

        A message that the file gives no key is found by its name alone, and so is one that starts the process. Whether
        something caught it. What is not caught yet is kept until something waits for it.
        """
        values = dict(payload or {})
        message = Message(name=name, key=key, value=str(values.get(key)), payload=values)
        self._kept.append(message)
        with self._acting():
            pass
        return message not in self._kept

    def completed(self) -> list[str]:
        """The elements completed so far, in order, gateways and events included; one entry for each time."""
        return list(self._current.order)

    def finished(self) -> bool:
        """Whether the process has come to its end."""
        return bool(self._current.workflow.completed)

    def variables(self) -> dict[str, Any]:
        """The variables of the process; of one that has ended, as its end left them."""
        workflow = self._current.workflow
        return dict(workflow.data if workflow.completed else workflow.task_tree.data)

    @property
    def _current(self) -> "Replay":
        if self._motion is None:
            raise RuntimeError("start a process first")
        return self._motion

    @contextmanager
    def _acting(self) -> Iterator["Replay"]:
        """Let one act happen at the session's time, with all that follows from it; a failure changes nothing."""
        state, order, kept = (
            codec.encode(self._current.workflow)[0],
            list(self._current.order),
            list(self._kept),
        )
        with clock.held_at(self._now):
            try:
                yield self._current
                self._hand_out()
                waiting.check_messages(self._current.workflow)
                self._current.reload(codec.encode(self._current.workflow)[0])
            except Exception:
                self._current.reload(state)
                self._current.order, self._kept = order, kept
                raise

    def _hand_out(self) -> None:
        """Give what was sent to whatever waits for it by now, the oldest first."""
        motion = self._current
        while True:
            self._kept += motion.take_sent()
            void = motion.follow_moved_keys()
            self._kept = [one for one in self._kept if (one.key, one.value) not in void]
            caught = next(
                (one for one in self._kept if motion.is_for(one) and motion.catch(as_event(one))), None
            )
            if caught is None:
                return
            self._kept.remove(caught)

    def _timers(self, until: dt.datetime) -> list[tuple[dt.datetime, int, str]]:
        """What falls due by then: when, the serial of the task, and the element."""
        pairs = waiting.waiting_timers(self._current.workflow)
        known = [(timer.due(task), task.id.int, timer.name) for task, timer in pairs]
        return [(due, token, node) for due, token, node in known if due is not None and due <= until]


class Replay(Motion):
    """Moves the instance of a session."""

    def __init__(self, definition: definitions.Definition, workflow: codec.Instance) -> None:
        super().__init__(definition, workflow)
        self.order: list[str] = []
        self.keys: dict[str, str] = {}
        self._sent: list[Message] = []

    def reload(self, state: bytes) -> None:
        super().__init__(self.definition, codec.decode(state, self.definition))
        self._sent = []

    def open_tasks(self) -> list[Any]:
        """The tasks that somebody has to complete."""
        served = [
            task
            for scope in waiting.scopes(self.workflow)
            for task in scope.tasks.values()
            if task.state == TaskState.STARTED and isinstance(task.task_spec, ServiceStep | DecisionTask)
        ]
        return [*waiting.ready_humans(self.workflow), *served]

    def serve(self, task: Any, step: str) -> bool:
        return False

    def decide(self, task: Any, table: str, result: str) -> bool:
        return False

    def send(self, task: Any, message: KeyedMessage) -> None:
        names = [name for name in (message.key, *message.carries) if name]
        unknown = set(names) - task.data.keys()
        if unknown:
            raise StepFailed(task.task_spec.bpmn_id, f"{message.name} needs {', '.join(sorted(unknown))}")
        payload = {name: task.data[name] for name in names}
        value = str(payload.get(message.key))
        self._sent.append(Message(name=message.name, key=message.key, value=value, payload=payload))

    def note(self, verb: str, node: str, **entry: Any) -> None:
        """Nothing: a replay keeps no history."""

    def record(self, verb: str, node: str, **entry: Any) -> None:
        """Nothing: a replay keeps no history."""

    def pass_by(self, node: str) -> None:
        super().pass_by(node)
        if plain_form.is_drawn(node):
            self.order.append(node)

    def take_sent(self) -> list[Message]:
        sent, self._sent = self._sent, []
        return sent

    def follow_moved_keys(self) -> set[tuple[str, str]]:
        """Find the process by the present values of its keys; the pairs by which it was found until now."""
        void = {(key, self.keys[key]) for key in self.moved_keys if key in self.keys}
        moved, self.moved_keys = self.moved_keys, {}
        self.keys |= {key: str(value) for key, value in moved.items()}
        return void - set(self.keys.items())

    def is_for(self, message: Message) -> bool:
        if not self.order and any(one.name == message.name for one in self.definition.starts_on):
            return True
        by = self.definition.catches.get(message.name)
        return by == "" or (by == message.key and self.keys.get(message.key) == message.value)
