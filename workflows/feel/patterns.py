"""Regular expressions in linear time.

Python's ``re`` backtracks, and a pattern such as ``(a+)+b`` keeps it busy for years. Here all threads of
the match
advance together over the text (Thompson 1968, with the captures of Pike's machine), so that the time is
bounded by pattern length times text length, and every step is paid from the budget.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.pattern_parsing import ANY_COUNT, Atom, Group, Node, parse

Spans = list[tuple[int, int]]
REFERENCE = re.compile(r"\\(.)|\$([0-9])", re.DOTALL)
MAX_PROGRAM = 2_000


@dataclass(frozen=True)
class Step:
    """``test`` a character, or go on at ``targets`` (the first preferred), saving ``slot``."""

    test: Callable[[str], bool] | None = None
    targets: tuple[int, ...] = ()
    slot: int = -1
    anchor: str = ""


Thread = tuple[int, tuple[int, ...]]


@dataclass(frozen=True)
class Program:
    """A compiled pattern."""

    steps: tuple[Step, ...]
    slots: int

    def search(self, text: str, start: int, budget: Budget) -> Spans | None:
        """The leftmost match from ``start`` on: spans of the whole and of each group (-1, -1 if unused)."""
        found: tuple[int, ...] | None = None
        threads: list[Thread] = []
        for at in range(start, len(text) + 1):
            seen: set[int] = set()
            ready: list[Thread] = []
            for step, saved in threads:
                self._follow(step, saved, at, text, ready, seen)
            if found is None:
                self._follow(0, (-1,) * self.slots, at, text, ready, seen)
            budget.spend(1 + len(seen))
            threads = []
            for step, saved in ready:
                if step == len(self.steps):
                    found = saved
                    break
                test = self.steps[step].test
                if test and at < len(text) and test(text[at]):
                    threads.append((step + 1, saved))
            if found is not None and not threads:
                break
        return None if found is None else list(zip(found[::2], found[1::2], strict=True))

    def _follow(
        self, step: int, saved: tuple[int, ...], at: int, text: str, ready: list[Thread], seen: set[int]
    ) -> None:
        """Add every thread that ``step`` leads to without reading a character, in order of preference."""
        pending = [(step, saved)]
        while pending:
            step, saved = pending.pop()
            if step in seen:
                continue
            seen.add(step)
            if step == len(self.steps) or self.steps[step].test:
                ready.append((step, saved))
                continue
            here = self.steps[step]
            if here.anchor and not _holds(here.anchor, at, text):
                continue
            if here.slot >= 0:
                saved = (*saved[: here.slot], at, *saved[here.slot + 1 :])
            pending.extend((target, saved) for target in reversed(here.targets or (step + 1,)))

    def matches(self, text: str, budget: Budget) -> Iterator[Spans]:
        """All matches from left to right, without overlap.

        Raises Undefined for a pattern that matches nothing.
        """
        at = 0
        while spans := self.search(text, at, budget):
            start, end = spans[0]
            if start == end:
                raise Undefined("the pattern matches an empty string")
            yield spans
            at = end


def _holds(anchor: str, at: int, text: str) -> bool:
    return at == 0 if anchor == "^" else at == len(text)


def compile(pattern: str, flags: str, budget: Budget) -> Program:
    """Flags: ``i`` ignores case, ``s`` lets the dot match a line break.

    Raises Undefined for a bad pattern.
    """
    if set(flags) - {"i", "s"}:
        raise Undefined("the flags of a pattern are i and s")
    budget.spend(len(pattern))
    return _compiled(pattern, flags)


@functools.lru_cache(maxsize=128)
def _compiled(pattern: str, flags: str) -> Program:
    tree, groups = parse(pattern, flags)
    steps: list[Step] = []
    _write(Group((tree,), index=0), steps)
    return Program(tuple(steps), 2 * (groups + 1))


def _write(node: Node, steps: list[Step]) -> None:
    if len(steps) > MAX_PROGRAM:
        raise Undefined("the pattern is too large")
    if isinstance(node, Atom):
        steps.append(Step(test=node.test, anchor=node.anchor))
        return
    if isinstance(node, Group):
        if node.index >= 0:
            steps.append(Step(slot=2 * node.index))
        _write_choice(node.choices, steps)
        if node.index >= 0:
            steps.append(Step(slot=2 * node.index + 1))
        return
    if isinstance(node, tuple):
        for part in node:
            _write(part, steps)
        return
    for _ in range(node.least):
        steps.append(Step())  # so that repeating nothing counts, too
        _write(node.body, steps)
    if node.most == ANY_COUNT:
        _write_loop(node.body, node.is_lazy, steps)
    else:
        _write_options(node.body, node.most - node.least, node.is_lazy, steps)


def _write_choice(choices: tuple[Node, ...], steps: list[Step]) -> None:
    exits = []
    for index, choice in enumerate(choices):
        is_last = index == len(choices) - 1
        fork = len(steps)
        if not is_last:
            steps.append(Step())
        _write(choice, steps)
        if not is_last:
            exits.append(len(steps))
            steps.append(Step())
            steps[fork] = Step(targets=(fork + 1, len(steps)))
    for exit in exits:
        steps[exit] = Step(targets=(len(steps),))


def _write_loop(body: Node, is_lazy: bool, steps: list[Step]) -> None:
    fork = len(steps)
    steps.append(Step())
    _write(body, steps)
    steps.append(Step(targets=(fork,)))
    steps[fork] = Step(targets=_preferred(fork + 1, len(steps), is_lazy))


def _write_options(body: Node, times: int, is_lazy: bool, steps: list[Step]) -> None:
    forks = []
    for _ in range(times):
        forks.append(len(steps))
        steps.append(Step())
        _write(body, steps)
    for fork in forks:
        steps[fork] = Step(targets=_preferred(fork + 1, len(steps), is_lazy))


def _preferred(inside: int, after: int, is_lazy: bool) -> tuple[int, int]:
    return (after, inside) if is_lazy else (inside, after)


def fill(replacement: str, text: str, spans: Spans) -> str:
    """The replacement with ``$0`` to ``$9`` filled in."""

    def part(match: re.Match[str]) -> str:
        if match.group(1) is not None:
            return match.group(1)
        index = int(match.group(2))
        start, end = spans[index] if index < len(spans) else (0, 0)
        return text[max(start, 0) : max(end, 0)]

    return REFERENCE.sub(part, replacement)
