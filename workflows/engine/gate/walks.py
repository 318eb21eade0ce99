"""A differential walk: the engine that will run a process, moved through every choice beside its token game.

Both begin together. At each marking every move from outside and every way out of a gateway is made on both; then the
engine has to stand where the game stands, in the same state as it would be stored and loaded. What is called is
replaced by a process that only ends, or throws what the called one throws. No step, table or message is asked.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

from workflows.engine import codec
from workflows.engine.definitions import Definition, Files
from workflows.engine.gate.games import Clock, Finding, TooLarge, possible
from workflows.engine.gate.nets import Contract, Kind, Move, Net
from workflows.engine.gate.puppets import Puppet
from workflows.engine.gate.skeletons import definition_of, lists_of

MOST_BYTES = 64 << 10  # of a stored state
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
        self.left: dict[frozenset[int], int] = {}

    def go(self) -> Finding | None:
        pending: deque[_Stand] = deque()
        for node, marking in self.net.starts:
            self.path[:] = [node]
            instance = codec.Instance(self.definition.spec, self.definition.parts)
            instance.task_tree.set_data(**lists_of(self.definition))
            puppet = Puppet(self.definition, instance, again=False)
            puppet.begin(node)
            found = self._compare(puppet, _Stand(b"", frozenset({marking}), (node,)), pending)
            if found is not None:
                return found
        while pending:
            stand = pending.popleft()
            for move in self._moves(stand.markings):
                found = self._leave(stand, move, pending)
                if found is not None:
                    return found
        return None

    def _leave(self, stand: _Stand, move: Move, pending: deque[_Stand]) -> Finding | None:
        """Make one move on both; where loops are on the way, once leaving them and once going round again."""
        for again in (False, True):
            self.clock.check()
            self.path[:] = [*stand.path, move.node]
            puppet = Puppet(self.definition, codec.decode(stand.state, self.definition), again=again)
            after = _Stand(b"", self._after(stand, move), tuple(self.path), stand.before)
            found = (
                self._compare(puppet, after, pending)
                if puppet.make(move)
                else self._differ(puppet, after.markings)
            )
            if found is not None or not puppet.was_asked_to_loop:
                return found
        return None

    def _moves(self, markings: frozenset[int]) -> list[Move]:
        moves = [move for marking in markings for move in possible(self.net, marking)]
        return list(
            {
                (move.node, move.way): move
                for move in moves
                if move.kind == Kind.OUTSIDE or (move.kind == Kind.CHOICE and move.way)
            }.values()
        )

    def _after(self, stand: _Stand, move: Move) -> frozenset[int]:
        """The markings of the game right after ``move``, and all moves that look like it."""
        return frozenset(
            marking & ~one.clear | one.put
            for marking in stand.markings
            for one in possible(self.net, marking)
            if (one.kind, one.node, one.way) == (move.kind, move.node, move.way)
        )

    def _compare(self, puppet: Puppet, stand: _Stand, pending: deque[_Stand]) -> Finding | None:
        """Let the game go on until it waits as well, compare, and go on from there if nobody came here before."""
        quiet, shown = self._quiet(stand.markings), puppet.seen()
        is_over = bool(puppet.workflow.completed)
        same = frozenset(one for one in quiet if self.net.seen(one) == shown and bool(one) != is_over)
        if not same:
            return self._differ(puppet, quiet)
        if is_over or self.left.get(same, 0) >= (TIMES if same in stand.before else 1):
            return None
        self.left[same] = self.left.get(same, 0) + 1
        if len(self.left) > MOST_STATES:
            raise TooLarge
        state = codec.encode(puppet.workflow)[0]
        if len(state) > MOST_BYTES:
            raise TooBig(self.path)
        pending.append(_Stand(state, same, stand.path, stand.before | {same}))
        return None

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

    def _differ(self, puppet: Puppet, wanted: frozenset[int]) -> Finding:
        shown = "、".join(sorted(puppet.seen())) or ("(end)" if puppet.workflow.completed else "(nowhere)")
        told = sorted("、".join(sorted(self.net.seen(one))) or "(end)" for one in wanted)
        return Finding("engine_differs", self.path[-1], tuple(self.path), (" | ".join(told), shown))


def _is_stop(move: Move) -> bool:
    """Whether this is a way out of a gateway, at which the engine is stopped."""
    return move.kind == Kind.CHOICE and bool(move.way) and move.group == move.node
