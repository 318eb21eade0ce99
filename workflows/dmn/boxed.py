"""Boxed expressions: the logic of decisions and business knowledge models, apart from tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from workflows import feel
from workflows.dmn.errors import DecisionError
from workflows.dmn.traces import Step

Scope = Mapping[str, object]


@dataclass
class Making:
    """One evaluation of a model: its file, its budget, and the trace so far.

    ``open`` are the steps not yet done.
    """

    file: str
    budget: feel.Budget = field(default_factory=feel.Budget)
    trace: list[Step] = field(default_factory=list)
    open: list[Step] = field(default_factory=list)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """A step of the trace, kept when it succeeds."""
        self.open.append(Step(name))
        try:
            yield self.open[-1]
            self.trace.append(self.open[-1])
        finally:
            self.open.pop()

    def value(self, expression: feel.Expression, scope: Scope) -> feel.Result:
        """Evaluate, and keep the notes in the open step.

        Raises DecisionError where the expression is refused.
        """
        try:
            result = expression.evaluate(scope, budget=self.budget)
        except feel.FeelError as error:
            raise self.error(str(error)) from None
        if result.notes:
            self.open[-1].notes += tuple(f"{expression.text}: {note}" for note in result.notes)
        return result

    def error(self, reason: str, *, rules: tuple[str, ...] = ()) -> DecisionError:
        """A DecisionError of the decision that is being made."""
        step = self.open[-1]
        inputs = {text: feel.written(value)[:100] for text, value in step.inputs.items()}
        return DecisionError(reason, file=self.file, decision=step.decision, rules=rules, inputs=inputs)


class Logic(Protocol):
    """Anything a decision can be made of."""

    def evaluate(self, scope: Scope, making: Making) -> object: ...


@dataclass(frozen=True)
class Literal:
    expression: feel.Expression

    def evaluate(self, scope: Scope, making: Making) -> object:
        return making.value(self.expression, scope).value


@dataclass(frozen=True)
class Context:
    """Entries in order, each seen by those after it.

    The last may be without a name and is then the result.
    """

    entries: tuple[tuple[str, Logic], ...]

    def evaluate(self, scope: Scope, making: Making) -> object:
        made: dict[str, object] = {}
        for name, logic in self.entries:
            value = logic.evaluate({**scope, **made}, making)
            if not name:
                return value
            made[name] = value
        return made


@dataclass(frozen=True)
class Listing:
    items: tuple[Logic, ...]

    def evaluate(self, scope: Scope, making: Making) -> object:
        return [item.evaluate(scope, making) for item in self.items]


@dataclass(frozen=True)
class Relation:
    """A table of values: a list with one context per row."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Logic, ...], ...]

    def evaluate(self, scope: Scope, making: Making) -> object:
        return [
            {name: cell.evaluate(scope, making) for name, cell in zip(self.columns, row, strict=True)}
            for row in self.rows
        ]


@dataclass(frozen=True)
class Definition:
    """A function: the logic of a business knowledge model, or a boxed function in a context."""

    parameters: tuple[str, ...]
    body: Logic

    def evaluate(self, scope: Scope, making: Making) -> object:
        def call(budget: feel.Budget, arguments: list[object]) -> object:
            if len(arguments) != len(self.parameters):
                raise feel.Undefined(f"takes {len(self.parameters)} arguments, not {len(arguments)}")
            budget.spend(len(scope))
            return self.body.evaluate({**scope, **dict(zip(self.parameters, arguments, strict=True))}, making)

        return feel.Function(self.parameters, call)


@dataclass(frozen=True)
class Invocation:
    """A function called with named arguments."""

    called: Logic
    bindings: tuple[tuple[str, Logic], ...]

    def evaluate(self, scope: Scope, making: Making) -> object:
        function = self.called.evaluate(scope, making)
        if not isinstance(function, feel.Function):
            raise making.error(f"{feel.kind(function)} cannot be called")
        named = {name: logic.evaluate(scope, making) for name, logic in self.bindings}
        try:
            return feel.call(function, named, making.budget)
        except (feel.Undefined, feel.Refused) as error:
            raise making.error(str(error)) from None
