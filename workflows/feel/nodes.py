"""The nodes of an expression: literals, names, operators. Each runs itself in a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from workflows.feel import arithmetic, temporals
from workflows.feel.errors import Undefined
from workflows.feel.functions import BUILTINS
from workflows.feel.runs import Frame
from workflows.feel.values import Range, compare, equal, is_of, kind

MAX_DEPTH = 120


class TooDeep(Exception):
    """An expression whose tree is deeper than we run."""

    def __init__(self, at: int) -> None:
        self.at = at


class Node:
    """A part of an expression: its offset in the text, its parts, and what one run of it costs in steps."""

    __slots__ = ("at", "depth", "parts", "size")
    size: int
    depth: int
    is_predicate: ClassVar[bool] = False

    def __init__(self, at: int, parts: Sequence[Node] = ()) -> None:
        self.at, self.parts = at, tuple(parts)
        self.size = 1 + sum(part.size for part in parts)
        self.depth = 1 + max((part.depth for part in parts), default=0)
        if self.depth > MAX_DEPTH:
            raise TooDeep(at)

    def run(self, frame: Frame) -> object:
        """The value; null, with a note, where it has none."""
        try:
            return self.value(frame)
        except Undefined as error:
            frame.run.note(self.at, error)
            return None

    def value(self, frame: Frame) -> object:
        """The value, or Undefined."""
        raise NotImplementedError

    def free(self, declared: frozenset[str]) -> frozenset[str]:
        """The names read from outside. In a filter a name counts if it is declared, else it is a member."""
        found: frozenset[str] = frozenset()
        for part in self.parts:
            found |= part.free(declared)
        return found


class Constant(Node):
    __slots__ = ("constant",)

    def __init__(self, at: int, constant: object) -> None:
        super().__init__(at)
        self.constant = constant

    def run(self, frame: Frame) -> object:
        return self.constant

    value = run


class Name(Node):
    __slots__ = ("name",)

    def __init__(self, at: int, name: str) -> None:
        super().__init__(at)
        self.name = name

    def value(self, frame: Frame) -> object:
        found = frame.find(self.name)
        if found is not None:
            return found.values[self.name]
        if self.name in BUILTINS:
            return BUILTINS[self.name]
        raise Undefined(f"nothing is called {self.name!r}")

    def free(self, declared: frozenset[str]) -> frozenset[str]:
        is_ours = self.name in declared or self.name not in BUILTINS
        return frozenset({self.name}) if is_ours else frozenset()


class Negative(Node):
    __slots__ = ()

    def value(self, frame: Frame) -> object:
        return arithmetic.negate(self.parts[0].run(frame))


class Binary(Node):
    __slots__ = ("sign",)

    def __init__(self, at: int, sign: str, left: Node, right: Node) -> None:
        super().__init__(at, (left, right))
        self.sign = sign

    def value(self, frame: Frame) -> object:
        left, right = self.parts
        return arithmetic.operate(self.sign, left.run(frame), right.run(frame), frame.run.budget)


def ordered(sign: str, left: object, right: object, frame: Frame) -> bool:
    """Whether ``left sign right`` holds. Raises Undefined where the two cannot be compared."""
    if sign in ("=", "!="):
        return equal(left, right, frame.run.budget) == (sign == "=")
    order = compare(left, right)
    return {"<": order < 0, "<=": order <= 0, ">": order > 0, ">=": order >= 0}[sign]


class Compared(Binary):
    __slots__ = ()
    is_predicate = True

    def value(self, frame: Frame) -> object:
        left, right = self.parts
        return ordered(self.sign, left.run(frame), right.run(frame), frame)


class Between(Node):
    __slots__ = ()
    is_predicate = True

    def value(self, frame: Frame) -> object:
        value, low, high = (part.run(frame) for part in self.parts)
        return compare(value, low) >= 0 and compare(value, high) <= 0


class Logic(Node):
    """``and`` (decided by false) and ``or`` (decided by true), with null for what stays open."""

    __slots__ = ("decisive",)
    is_predicate = True

    def __init__(self, left: Node, right: Node, *, decisive: bool) -> None:
        super().__init__(left.at, (left, right))
        self.decisive = decisive

    def value(self, frame: Frame) -> object:
        left = self.parts[0].run(frame)
        if left is self.decisive:
            return left
        right = self.parts[1].run(frame)
        if right is self.decisive:
            return right
        for value in (left, right):
            if not isinstance(value, bool):
                if value is not None:
                    raise Undefined(f"{kind(value)} is neither true nor false")
                return None
        return not self.decisive


class Condition(Node):
    __slots__ = ()

    def value(self, frame: Frame) -> object:
        test, then, otherwise = self.parts
        return then.run(frame) if test.run(frame) is True else otherwise.run(frame)


class RangeNode(Node):
    __slots__ = ("is_end_included", "is_start_included")

    def __init__(
        self, at: int, start: Node, end: Node, *, is_start_included: bool, is_end_included: bool
    ) -> None:
        super().__init__(at, (start, end))
        self.is_start_included, self.is_end_included = is_start_included, is_end_included

    def value(self, frame: Frame) -> object:
        start, end = (part.run(frame) for part in self.parts)
        if start is None or end is None:
            raise Undefined("a bound of the range is null")
        compare(start, end)
        return Range(start, end, self.is_start_included, self.is_end_included)


class Path(Node):
    """A member of a context, of each context in a list, or a property of a date, time, duration or range."""

    __slots__ = ("name",)

    def __init__(self, at: int, source: Node, name: str) -> None:
        super().__init__(at, (source,))
        self.name = name

    def value(self, frame: Frame) -> object:
        source = self.parts[0].run(frame)
        if isinstance(source, list):
            frame.run.budget.spend(len(source))
            return [self._member(item) for item in source]
        return self._member(source)

    def _member(self, source: object) -> object:
        if isinstance(source, dict):
            if self.name not in source:
                raise Undefined(f"there is no entry {self.name!r}")
            return source[self.name]
        if isinstance(source, Range):
            bounds = {
                "start": source.start, "end": source.end,
                "start included": source.is_start_included, "end included": source.is_end_included,
            }  # fmt: skip
            if self.name in bounds:
                return bounds[self.name]
        if source is None:
            raise Undefined(f"null has no {self.name!r}")
        return temporals.member(source, self.name)


class InstanceOf(Node):
    __slots__ = ("type",)
    is_predicate = True

    def __init__(self, at: int, source: Node, type_: str) -> None:
        super().__init__(at, (source,))
        self.type = type_

    def value(self, frame: Frame) -> object:
        return is_of(self.parts[0].run(frame), self.type)
