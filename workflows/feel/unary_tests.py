"""Tests of one value, written ``?``: the cells of a decision table, and the right side of ``in``."""

from __future__ import annotations

from workflows.feel.errors import Undefined
from workflows.feel.nodes import Constant, Name, Node, ordered
from workflows.feel.runs import Frame
from workflows.feel.values import Range, same

TESTED = "?"


class CompareTest(Node):
    """``> 5``: the tested value on the left."""

    __slots__ = ("sign",)

    def __init__(self, at: int, sign: str, bound: Node) -> None:
        super().__init__(at, (bound,))
        self.sign = sign

    def value(self, frame: Frame) -> object:
        return ordered(self.sign, tested(frame), self.parts[0].run(frame), frame)


class ValueTest(Node):
    """A statement of its own if it reads ``?`` or is a comparison, else a value to be equal to.

    Lists and ranges are searched. A boolean computed for a value of another kind is a statement, too.
    """

    __slots__ = ("is_statement",)

    def __init__(self, at: int, body: Node) -> None:
        super().__init__(at, (body,))
        self.is_statement = body.is_predicate or reads_tested(body)

    def value(self, frame: Frame) -> object:
        found, value = self.parts[0].run(frame), tested(frame)
        is_written = isinstance(self.parts[0], Constant)
        is_answer = isinstance(found, bool) and not is_written and not isinstance(value, bool | None)
        if self.is_statement or is_answer:
            if found is not None and not isinstance(found, bool):
                raise Undefined("the test is neither true nor false")
            return found
        if found is None and not is_written:
            return None  # an unknown value to compare with; a written null is asked for
        return _meets(value, found, frame)


class Tests(Node):
    """Alternatives. True if one is, else null if one is null, else false; inverted when negated."""

    __slots__ = ("is_negated",)

    def __init__(self, at: int, tests: tuple[Node, ...], *, is_negated: bool = False) -> None:
        super().__init__(at, tests)
        self.is_negated = is_negated

    def value(self, frame: Frame) -> object:
        is_open = False
        for test in self.parts:
            found = test.run(frame)
            if found is True:
                return not self.is_negated
            is_open = is_open or found is None
        return None if is_open else self.is_negated


class Tested(Node):
    """``value in tests``."""

    __slots__ = ()
    is_predicate = True

    def value(self, frame: Frame) -> object:
        value, tests = self.parts
        return tests.run(frame.inner({TESTED: value.run(frame)}))


def reads_tested(node: Node) -> bool:
    """Whether the node reads ``?`` anywhere."""
    return (isinstance(node, Name) and node.name == TESTED) or any(map(reads_tested, node.parts))


def tested(frame: Frame) -> object:
    """The value under test. Raises Undefined outside of a test."""
    found = frame.find(TESTED)
    if found is None:
        raise Undefined("there is no value to test here")
    return found.values[TESTED]


def _meets(value: object, wanted: object, frame: Frame) -> bool:
    if isinstance(wanted, Range) and not isinstance(value, Range):
        return wanted.holds(value)
    if isinstance(wanted, list):
        budget = frame.run.budget
        budget.spend(len(wanted))
        return any(
            item.holds(value) if isinstance(item, Range) else same(value, item, budget) for item in wanted
        ) or same(value, wanted, budget)
    return ordered("=", value, wanted, frame)
