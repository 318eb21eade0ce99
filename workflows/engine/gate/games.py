"""The token game over all markings that a process can reach, and what it shows: with the path that leads there.

A process is sound when from every marking it can still end (no deadlock, no livelock), no place ever holds two tokens
(unsafe), no end event of the main way is reached twice (improper completion), and every node is reached at all.
"""

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from workflows.engine.gate.nets import Kind, Move, Net

MOST_MARKINGS = 20_000
MOST_SECONDS = 4.0
PATH = 12  # nodes of a path that are told; of a longer one the last


@dataclass(frozen=True)
class Finding:
    """``code`` as in WORDS; ``path`` the nodes passed, ``at`` where the tokens stand then."""

    code: str
    node: str
    path: tuple[str, ...] = ()
    at: tuple[str, ...] = ()


class TooLarge(Exception):
    """More markings, or a longer proof, than is allowed."""


class Clock:
    """What a proof may take of the processor, in seconds of this thread."""

    def __init__(self, seconds: float = MOST_SECONDS) -> None:
        self.until = time.thread_time() + seconds

    def check(self) -> None:
        if time.thread_time() > self.until:
            raise TooLarge


@dataclass
class Game:
    """All markings reached, each with the first way to it; ``after``: the markings that follow each."""

    net: Net
    clock: Clock
    came: dict[int, tuple[int | None, str]] = field(default_factory=dict)
    after: dict[int, list[int]] = field(default_factory=dict)
    reached: set[str] = field(default_factory=set)
    findings: dict[tuple[str, str], Finding] = field(default_factory=dict)

    def play(self) -> list[Finding]:
        """Everything that is wrong with the process; empty when it is sound. Raises TooLarge."""
        pending: deque[int] = deque()
        for node, marking in self.net.starts:
            self.reached.add(node)
            if marking not in self.came:
                self.came[marking] = (None, node)
                pending.append(marking)
        while pending:
            marking = pending.popleft()
            self.after[marking] = []
            for move in enabled(self.net, marking):
                self._make(move, marking, pending)
            if len(self.came) > MOST_MARKINGS:
                raise TooLarge
            if len(self.came) % 64 == 0:
                self.clock.check()
        self._judge_ends()
        return list(self.findings.values()) or [Finding("dead", node) for node in self._dead()]

    def _make(self, move: Move, marking: int, pending: deque[int]) -> None:
        self.reached |= {move.node, *move.way}
        after = marking & ~move.clear
        if twice := after & move.put:
            self._doubled(move, marking, twice)
            self.after[marking].append(after | move.put)  # judged already: not looked into
            return
        after |= move.put
        self.after[marking].append(after)
        if after not in self.came:
            self.came[after] = (marking, move.node if move.is_told else "")
            pending.append(after)

    def _doubled(self, move: Move, marking: int, twice: int) -> None:
        """Two tokens on one place, or an end reached a second time."""
        kind, id_ = self.net.places[twice.bit_length() - 1]
        code = "improper" if kind == "done" else "unsafe"
        node = self.net.targets.get(id_, id_)
        self._find(code, node, (*self.path(marking), *((move.node,) if move.is_told else ())), marking)

    def _find(self, code: str, node: str, path: tuple[str, ...], marking: int) -> None:
        self.findings.setdefault((code, node), Finding(code, node, path, tuple(self.net.told(marking))))

    def _judge_ends(self) -> None:
        """Every marking that cannot reach the end: those that go nowhere, or else the first that goes round."""
        before: dict[int, list[int]] = {}
        for marking, following in self.after.items():
            for after in following:
                before.setdefault(after, []).append(marking)
        ending = {after for after in before if after not in self.after} | ({0} & self.came.keys())
        pending = list(ending)
        while pending:
            new = [one for one in before.get(pending.pop(), ()) if one not in ending]
            ending.update(new)
            pending += new
        lost = [marking for marking in self.came if marking not in ending]
        stuck = [marking for marking in lost if not self.after[marking]]
        for marking in stuck:
            self._find("deadlock", self._holder(marking), self.path(marking), marking)
        if lost and not stuck:
            self._find("livelock", self._holder(lost[0]), self.path(lost[0]), lost[0])

    def _holder(self, marking: int) -> str:
        """The node that is told of a marking: where a token waits in vain."""
        return next(iter(self.net.told(marking)), self.net.process)

    def _dead(self) -> Iterator[str]:
        yield from (node for node in self.net.nodes if node not in self.reached)

    def path(self, marking: int | None) -> tuple[str, ...]:
        """The nodes on the first way that led to ``marking``."""
        found: list[str] = []
        while marking is not None:
            marking, node = self.came[marking]
            if node and found[-1:] != [node]:
                found.append(node)
        return tuple(reversed(found))


def enabled(net: Net, marking: int) -> list[Move]:
    """The moves that can be next: by itself one alone, else one choice, else what depends, else all from outside."""
    moves = possible(net, marking)
    for kind in (Kind.AUTO, Kind.CHOICE):
        for first in moves:
            if first.kind == kind:
                return [move for move in moves if move.kind == kind and move.group == first.group]
    return [move for move in moves if move.kind == Kind.LATE] or moves


def possible(net: Net, marking: int) -> list[Move]:
    """The moves for which every token is there."""
    return [move for move in net.moves if marking & move.need == move.need and not marking & move.zero]
