"""Expressions: compiled once, evaluated often."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from workflows.feel.budgets import Budget
from workflows.feel.errors import FeelError, Note, Refused
from workflows.feel.nodes import Constant, Name, Node
from workflows.feel.parsing import parse
from workflows.feel.runs import Frame, Run
from workflows.feel.unary_tests import TESTED
from workflows.feel.values import from_python, measure


@dataclass(frozen=True)
class Result:
    """A value, and the nulls inside the evaluation that an error caused."""

    value: object
    notes: tuple[Note, ...] = ()


class Expression:
    """``text`` as written. ``names``: what it reads from its scope, without the built-in functions."""

    def __init__(self, text: str, tree: Node, declared: frozenset[str]) -> None:
        self.text = text
        self.names = tree.free(declared)
        self._tree = tree
        self._reads = _names_in(tree) | {TESTED}

    def __repr__(self) -> str:
        return f"Expression({self.text!r})"

    @property
    def constants(self) -> tuple[object, ...]:
        """The values written in it, in order, a number as often as it stands there."""
        return tuple(node.constant for node in _nodes(self._tree) if isinstance(node, Constant))

    def evaluate(self, scope: Mapping[str, object], *, budget: Budget | None = None) -> Result:
        """The value in ``scope``: null, with a note, where an error gives it none.

        ``budget`` bounds the cost together with other evaluations. Raises FeelError when it runs out, when
        the nesting is too deep, or when the scope holds what FEEL has no type for (a float above all).
        """
        run = Run(self.text, budget or Budget())
        try:
            values = {name: from_python(scope[name], run.budget) for name in self._reads if name in scope}
            run.budget.spend(self._tree.size)
            value = self._tree.run(Frame(values, None, run))
            if isinstance(value, list | dict):
                measure(value, run.budget)
        except Refused as error:
            raise FeelError(str(error), text=self.text, notes=tuple(run.notes)) from None
        except RecursionError:
            raise FeelError("functions call one another too deeply", text=self.text) from None
        return Result(value, tuple(run.notes))

    def require(self, scope: Mapping[str, object], *, place: str) -> object:
        """The value, which must not be null. Raises FeelError naming ``place`` and the reasons if it is."""
        try:
            result = self.evaluate(scope)
        except FeelError as error:
            raise FeelError(error.reason, text=self.text, place=place, notes=error.notes) from None
        if result.value is None:
            raise FeelError("the value is null", text=self.text, place=place, notes=result.notes)
        return result.value


def _names_in(tree: Node) -> frozenset[str]:
    return frozenset(node.name for node in _nodes(tree) if isinstance(node, Name))


def _nodes(tree: Node) -> Iterator[Node]:
    """``tree`` and all its parts, from left to right."""
    pending = [tree]
    while pending:
        node = pending.pop()
        pending.extend(reversed(node.parts))
        yield node


def compile(text: str, *, names: Iterable[str] = ()) -> Expression:
    """Parse an expression. ``names``: all names that may occur, members of contexts included.

    They are needed where a name holds spaces or signs. Raises FeelSyntaxError.
    """
    return _compiled(text, frozenset(names), is_unary=False)


def compile_unary(text: str, *, names: Iterable[str] = ()) -> Expression:
    """Parse the cell of a decision table: an expression over ``?`` that gives true, false or null."""
    return _compiled(text, frozenset(names), is_unary=True)


@functools.lru_cache(maxsize=2048)
def _compiled(text: str, names: frozenset[str], *, is_unary: bool) -> Expression:
    if is_unary and text.strip() == "-":
        return Expression(text, Constant(0, True), names)
    return Expression(text, parse(text, names, is_unary=is_unary), names)
