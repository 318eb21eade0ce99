"""The nodes that open a scope of their own (loops, filters, functions, contexts), and calls and lists."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.functions import BUILTINS
from workflows.feel.functions.registry import whole
from workflows.feel.nodes import Name, Node
from workflows.feel.runs import Frame
from workflows.feel.values import Function, Range, is_of, kind

ITEM = "item"


class ListNode(Node):
    __slots__ = ()

    def value(self, frame: Frame) -> object:
        return [part.run(frame) for part in self.parts]


class ContextNode(Node):
    """Entries in order; a later one may read those before it."""

    __slots__ = ("keys",)

    def __init__(self, at: int, keys: tuple[str, ...], values: Sequence[Node]) -> None:
        super().__init__(at, values)
        self.keys = keys

    def value(self, frame: Frame) -> object:
        made: dict[str, object] = {}
        inner = frame.inner(made)
        for key, part in zip(self.keys, self.parts, strict=True):
            made[key] = part.run(inner)
        return made

    def free(self, declared: frozenset[str]) -> frozenset[str]:
        found: frozenset[str] = frozenset()
        for index, part in enumerate(self.parts):
            found |= part.free(declared) - frozenset(self.keys[:index])
        return found


@dataclass(frozen=True)
class Iterated:
    """``name in source``, or ``name in source..end``."""

    name: str
    source: Node
    end: Node | None = None

    def items(self, frame: Frame) -> Iterator[object]:
        start = self.source.run(frame)
        if self.end is not None:
            return counted(start, self.end.run(frame))
        if isinstance(start, Range):
            low = (
                whole(start.start) + (not start.is_start_included)
                if isinstance(start.start, Decimal)
                else None
            )
            high = whole(start.end) - (not start.is_end_included) if isinstance(start.end, Decimal) else None
            if low is None or high is None:
                raise Undefined("only a range of numbers can be counted through")
            return counted(Decimal(low), Decimal(high)) if low <= high else iter(())
        if not isinstance(start, list):
            raise Undefined(f"cannot go through {kind(start)}")
        return iter(start)


def counted(start: object, end: object) -> Iterator[object]:
    """Whole numbers from ``start`` to ``end``, both included, in either direction."""
    if not isinstance(start, Decimal) or not isinstance(end, Decimal):
        raise Undefined("only numbers can be counted through")
    first, last = whole(start), whole(end)
    step = 1 if first <= last else -1
    return (Decimal(number) for number in range(first, last + step, step))


class Iteration(Node):
    """What loops and quantifiers share: every combination of their iterators."""

    __slots__ = ("body", "iterators")

    def __init__(self, at: int, iterators: tuple[Iterated, ...], body: Node) -> None:
        sources = [part for each in iterators for part in (each.source, each.end) if part is not None]
        super().__init__(at, (*sources, body))
        self.iterators, self.body = iterators, body

    def frames(self, frame: Frame, values: dict[str, object], index: int = 0) -> Iterator[Frame]:
        here = frame.inner(values)
        if index == len(self.iterators):
            frame.run.budget.spend(self.body.size)
            yield here
            return
        iterator = self.iterators[index]
        for item in iterator.items(here):
            frame.run.budget.spend(2)
            yield from self.frames(frame, {**values, iterator.name: item}, index + 1)

    def free(self, declared: frozenset[str]) -> frozenset[str]:
        found, bound = frozenset[str](), frozenset({"partial"})
        for iterator in self.iterators:
            for part in (iterator.source, iterator.end):
                found |= part.free(declared) - bound if part is not None else frozenset()
            bound |= {iterator.name}
        return found | (self.body.free(declared) - bound)


class Loop(Iteration):
    """``for``; ``partial`` holds the results so far."""

    __slots__ = ()

    def value(self, frame: Frame) -> object:
        results: list[object] = []
        for inner in self.frames(frame, {"partial": results}):
            results.append(self.body.run(inner))
        return results


class Quantified(Iteration):
    """``some`` (decided by true) and ``every`` (decided by false)."""

    __slots__ = ("decisive",)

    def __init__(self, at: int, iterators: tuple[Iterated, ...], body: Node, *, decisive: bool) -> None:
        super().__init__(at, iterators, body)
        self.decisive = decisive

    def value(self, frame: Frame) -> object:
        is_open = False
        for inner in self.frames(frame, {}):
            found = self.body.run(inner)
            if found is self.decisive:
                return self.decisive
            is_open = is_open or not isinstance(found, bool)
        return None if is_open else not self.decisive


class Filtered(Node):
    """``list[3]`` or ``list[item > 3]``; the members of an item that is a context are names, too."""

    __slots__ = ()

    def value(self, frame: Frame) -> object:
        source, test = self.parts
        found = source.run(frame)
        if found is None:
            raise Undefined("cannot filter null")
        items = found if isinstance(found, list) else [found]
        kept: list[object] = []
        for position, item in enumerate(items):
            frame.run.budget.spend(test.size)
            result = test.run(frame.inner({ITEM: item, **item} if isinstance(item, dict) else {ITEM: item}))
            if position == 0 and isinstance(result, Decimal):
                return _at(items, result)
            if result is True:
                kept.append(item)
        return kept

    def free(self, declared: frozenset[str]) -> frozenset[str]:
        source, test = self.parts
        return source.free(declared) | ((test.free(declared) & declared) - {ITEM})


def _at(items: list[object], position: Decimal) -> object:
    index = whole(position)
    if index == 0 or abs(index) > len(items):
        raise Undefined(f"the list has no position {index}")
    return items[index - 1 if index > 0 else index]


class FunctionNode(Node):
    """``parameters`` are pairs of a name and a type."""

    __slots__ = ("parameters",)

    def __init__(self, at: int, parameters: tuple[tuple[str, str], ...], body: Node) -> None:
        super().__init__(at, (body,))
        self.parameters = parameters

    def value(self, frame: Frame) -> object:
        (body,) = self.parts

        def call(budget: Budget, arguments: list[object]) -> object:
            if len(arguments) != len(self.parameters):
                raise Undefined(f"takes {len(self.parameters)} arguments, not {len(arguments)}")
            budget.spend(body.size)
            given = {}
            for (name, type_), argument in zip(self.parameters, arguments, strict=True):
                if argument is not None and not is_of(argument, type_):
                    raise Undefined(f"{name!r} is {kind(argument)}, not {type_}")
                given[name] = argument
            return body.run(frame.inner(given))

        return Function(tuple(name for name, _ in self.parameters), call)

    def free(self, declared: frozenset[str]) -> frozenset[str]:
        return self.parts[0].free(declared) - frozenset(name for name, _ in self.parameters)


class Call(Node):
    """A call with arguments by position, or (``names``) by name."""

    __slots__ = ("names",)

    def __init__(self, at: int, called: Node, arguments: Sequence[Node], names: tuple[str, ...] = ()) -> None:
        super().__init__(at, (called, *arguments))
        self.names = names

    def value(self, frame: Frame) -> object:
        called, *given = self.parts
        function = called.run(frame)
        if isinstance(called, Name) and not isinstance(function, Function):
            function = BUILTINS.get(
                called.name, function
            )  # a variable named like a function hides it nowhere else
        if not isinstance(function, Function):
            raise Undefined(f"{kind(function)} cannot be called")
        values = [part.run(frame) for part in given]
        if self.names:
            values = arranged(function, dict(zip(self.names, values, strict=True)))
        try:
            return invoke(function, values, frame.run.budget)
        except Undefined as error:
            raise Undefined(f"{called.name}: {error}" if isinstance(called, Name) else str(error)) from None


def invoke(function: Function, values: list[object], budget: Budget) -> object:
    """Call within the limits of depth and cost."""
    budget.enter()
    try:
        budget.spend(5)
        result = function.call(budget, values)
        if isinstance(result, list):
            budget.spend(len(result))
        return result
    finally:
        budget.leave()


def arranged(function: Function, named: dict[str, object]) -> list[object]:
    """Named arguments in the order of the parameters.

    Those left out behind the last one given are dropped.
    """
    unknown = [name for name in named if name not in function.parameters]
    if unknown:
        raise Undefined(f"there is no parameter {unknown[0]!r}")
    last = max(function.parameters.index(name) for name in named)
    return [named.get(name) for name in function.parameters[: last + 1]]


def call(function: Function, named: dict[str, object], budget: Budget) -> object:
    """Call a function value with named arguments. Raises Undefined or Refused."""
    return invoke(function, arranged(function, named) if named else [], budget)
