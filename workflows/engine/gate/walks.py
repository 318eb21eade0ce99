"""A differential walk: the engine that will run a process, moved through every choice beside its token game.

Both begin together. At each marking every move from outside and every way out of a gateway is made on both; then the
engine has to stand where the game stands, in the same state as it would be stored and loaded. What is called is
replaced by a process that only ends, or throws what the called one throws. No step, table or message is asked.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from workflows.engine import codec
from workflows.engine.definitions import Definition, Files
from workflows.engine.gate.games import Clock, Finding, TooLarge, possible
from workflows.engine.gate.nets import Contract, Kind, Move, Net
from workflows.engine.gate.puppets import begin, chooses, make, run_one, seen
from workflows.engine.gate.scripts import Script
from workflows.engine.gate.skeletons import definition_of, lists_of

MOST_BYTES = 64 << 10  # of a stored state
MOST_TASKS = 4_000  # of the engine's tree
MOST_STATES = 2_000  # markings at which the engine is stopped
TIMES = 2  # how often a marking is left to which the way leads back


class TooBig(Exception):
    """The state of the engine outgrew its budget."""


@dataclass(frozen=True)
class _Stand:
    """Where both are: the state of the engine as stored, the markings of the game that look the same, the way here."""

    state: bytes
    markings: frozenset[int]
    path: tuple[str, ...]
    before: frozenset[frozenset[int]] = frozenset()  # the markings on this way


def walk(net: Net, files: Files, contracts: Mapping[str, Contract], clock: Clock) -> Finding | None:
    """The first place where the engine and the token game part; None where they agree. Raises TooLarge, TooBig.

    ``files``: the diagram of the process alone. Whatever the engine raises is a finding.
    """
    path: list[str] = []
    try:
        return _Walk(net, definition_of(net.process, files, contracts), clock, path).go()
    except (TooLarge, TooBig):
        raise
    except Exception as error:  # whatever the engine raises is a refusal here, never a crash
        return Finding("engine_fails", net.process, tuple(path), (f"{type(error).__name__}: {error}",))


class _Walk:
    def __init__(self, net: Net, definition: Definition, clock: Clock, path: list[str]) -> None:
        self.net, self.definition, self.clock, self.path = net, definition, clock, path
        self.script = Script()
        self.left: dict[frozenset[int], int] = {}

    def go(self) -> Finding | None:
        pending: deque[_Stand] = deque()
        for node, marking in self.net.starts:
            self.path[:] = [node]
            workflow = BpmnWorkflow(self.definition.spec, self.definition.parts)
            workflow.script_engine = self.script
            workflow.task_tree.set_data(**lists_of(self.definition))
            found = self._settle(
                workflow, _Stand(b"", frozenset({marking}), (node,)), None, pending, start=node
            )
            if found is not None:
                return found
        while pending:
            stand = pending.popleft()
            for move in self._moves(stand.markings):
                for self.script.again in (False, True):
                    self.script.asked_to_loop = False
                    found = self._step(stand, move, pending)
                    if found is not None:
                        return found
                    if not self.script.asked_to_loop:
                        break
        return None

    def _moves(self, markings: frozenset[int]) -> list[Move]:
        found = {}
        for marking in markings:
            for move in self.net.moves:
                is_possible = marking & move.need == move.need and not marking & move.zero
                if is_possible and (move.kind == Kind.OUTSIDE or (move.kind == Kind.CHOICE and move.way)):
                    found[move.node, move.way] = move
        return list(found.values())

    def _step(self, stand: _Stand, move: Move, pending: deque[_Stand]) -> Finding | None:
        self.clock.check()
        self.path[:] = [*stand.path, move.node]
        workflow = codec.decode(stand.state, self.definition)
        workflow.script_engine = self.script
        after = frozenset(
            marking & ~one.clear | one.put
            for marking in stand.markings
            for one in self.net.moves
            if (one.kind, one.node, one.way) == (move.kind, move.node, move.way)
            and marking & one.need == one.need
            and not marking & one.zero
        )
        if not make(workflow, move, self.script):
            return self._differ(workflow, after)
        return self._settle(workflow, _Stand(b"", after, tuple(self.path), stand.before), move, pending)

    def _settle(
        self,
        workflow: BpmnWorkflow,
        stand: _Stand,
        move: Move | None,
        pending: deque[_Stand],
        start: str = "",
    ) -> Finding | None:
        """Run both on until they wait, compare, and go on from there if nobody came here before."""
        self._run(workflow)
        if start:
            begin(workflow, start)
            self._run(workflow)
        quiet = self._quiet(stand.markings)
        shown = frozenset() if workflow.completed else frozenset(seen(workflow))
        same = frozenset(
            one for one in quiet if self.net.seen(one) == shown and bool(one) != workflow.completed
        )
        if not same:
            return self._differ(workflow, quiet)
        if workflow.completed or self.left.get(same, 0) >= (TIMES if same in stand.before else 1):
            return None
        self.left[same] = self.left.get(same, 0) + 1
        if len(self.left) > MOST_STATES:
            raise TooLarge
        state = codec.encode(workflow)[0]
        if len(state) > MOST_BYTES:
            raise TooBig(self.path)
        pending.append(_Stand(state, same, stand.path, stand.before | {same}))
        return None

    def _run(self, workflow: BpmnWorkflow) -> None:
        """Run every automatic step, as the engine does, but stop at gateways that have to choose."""
        moved = True
        while moved:
            moved = False
            parts = sorted(workflow.get_active_subprocesses(), key=lambda part: -part.depth)
            for scope in (*parts, workflow):
                for task in scope.get_tasks(state=TaskState.READY):
                    if not task.task_spec.manual and not chooses(task.task_spec):
                        run_one(task)
                        moved = True
                if scope is not workflow:
                    holder = workflow.get_task_from_id(scope.parent_task_id)
                    holder.task_spec._update(holder)
            if (
                len(workflow.tasks) + sum(len(part.tasks) for part in workflow.subprocesses.values())
                > MOST_TASKS
            ):
                raise TooBig(self.path)
            self.clock.check()
        workflow.refresh_timers()

    def _quiet(self, markings: frozenset[int]) -> frozenset[int]:
        """The markings at which the game waits too, however it went on by itself."""
        quiet, known, pending = set(), set(markings), list(markings)
        while pending:
            marking = pending.pop()
            moves = [
                move
                for move in possible(self.net, marking)
                if move.kind != Kind.OUTSIDE and not _is_stop(move)
            ]
            if not moves:
                quiet.add(marking)
            for move in moves:
                after = marking & ~move.clear | move.put
                if after not in known:
                    known.add(after)
                    pending.append(after)
        return frozenset(quiet)

    def _differ(self, workflow: BpmnWorkflow, wanted: frozenset[int]) -> Finding:
        shown = "、".join(sorted(seen(workflow))) or ("(end)" if workflow.completed else "(nowhere)")
        told = sorted("、".join(sorted(self.net.seen(one))) or "(end)" for one in wanted)
        return Finding("engine_differs", self.path[-1], tuple(self.path), (" | ".join(told), shown))


def _is_stop(move: Move) -> bool:
    """Whether this is a way out of a gateway, at which the engine is stopped."""
    return move.kind == Kind.CHOICE and bool(move.way) and move.group == move.node
