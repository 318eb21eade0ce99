"""Decision tables: rows of tests and outputs, asked with values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from workflows import feel
from workflows.dmn.boxed import Making, Scope
from workflows.dmn.hit_policies import AGGREGATIONS, Clash, HitPolicy, chosen
from workflows.dmn.item_types import ItemType, shown
from workflows.dmn.traces import MatchedRule, Step, typed


@dataclass(frozen=True)
class Input:
    """A column that asks; ``allowed`` is a unary test."""

    expression: feel.Expression
    type: ItemType
    allowed: feel.Expression | None


@dataclass(frozen=True)
class Output:
    """A column that answers. ``priorities`` are its allowed values, the highest first."""

    name: str
    type: ItemType
    allowed: feel.Expression | None
    priorities: tuple[object, ...]
    default: feel.Expression | None


@dataclass(frozen=True)
class Rule:
    """A row. A test of None always holds."""

    matched: MatchedRule
    tests: tuple[feel.Expression | None, ...]
    outputs: tuple[feel.Expression, ...]


@dataclass(frozen=True)
class Table:
    name: str
    inputs: tuple[Input, ...]
    outputs: tuple[Output, ...]
    rules: tuple[Rule, ...]
    policy: HitPolicy
    aggregation: str = ""

    def evaluate(self, scope: Scope, making: Making) -> object:
        """The answer.

        Raises DecisionError where the table has none, or too many, or one that is not allowed.
        """
        with making.step(self.name) as step:
            making.budget.spend(len(self.rules))
            columns = [self._asked(column, scope, making) for column in self.inputs]
            return self._decided(columns, scope, making, step)

    def replay(self, asked: Mapping[str, object], making: Making) -> object:
        """The answer where the columns of a recorded step (expression -> value) are known, and not what gave them.

        Raises DecisionError as ``evaluate`` does, and for a column that was not recorded.
        """
        scope = {
            column.expression.text: typed(asked[column.expression.text], column.type)
            for column in self.inputs
            if column.expression.text in asked
        }
        with making.step(self.name) as step:
            columns: list[Scope] = []
            for column in self.inputs:
                if column.expression.text in scope:
                    columns.append({**scope, "?": scope[column.expression.text]})
                elif column.expression.names <= scope.keys():
                    columns.append(self._asked(column, scope, making))
                else:
                    raise making.error(f"{column.expression.text!r} was not recorded")
            return self._decided(columns, scope, making, step)

    def _decided(self, columns: Sequence[Scope], scope: Scope, making: Making, step: Step) -> object:
        hits = [rule for rule in self.rules if self._applies(rule, columns, making)]
        step.rules = tuple(rule.matched for rule in hits)
        step.output = self._of(hits, scope, making) if hits else self._without_hits(scope, making)
        return step.output

    def _of(self, hits: Sequence[Rule], scope: Scope, making: Making) -> object:
        values = [self._answer(rule.outputs, scope, making, (str(rule.matched),)) for rule in hits]
        priorities = {column.name: column.priorities for column in self.outputs if column.priorities}
        try:
            return self._shaped(chosen(self.policy, values, priorities, making.budget), making)
        except Clash as clash:
            raise making.error(str(clash), rules=tuple(str(rule.matched) for rule in hits)) from None

    def _asked(self, column: Input, scope: Scope, making: Making) -> Scope:
        """The scope of the column's cells, with the value asked for as ``?``."""
        result = making.value(column.expression, scope)
        making.open[-1].inputs[column.expression.text] = result.value
        if result.value is None and result.notes:
            raise making.error(f"the input {column.expression.text!r} has no value: {result.notes[0]}")
        fault = column.type.fault(result.value, making.budget)
        if column.allowed and making.value(column.allowed, {**scope, "?": result.value}).value is not True:
            fault = f"{shown(result.value)} is not one of the allowed values ({column.allowed.text})"
        if fault:
            raise making.error(f"the input {column.expression.text!r}: {fault}")
        return {**scope, "?": result.value}

    def _applies(self, rule: Rule, columns: Sequence[Scope], making: Making) -> bool:
        """Whether all tests hold. A test that cannot be made on a value that is given is an error."""
        for test, cells in zip(rule.tests, columns, strict=True):
            if test is None:
                continue
            result = making.value(test, cells)
            if result.value is None and result.notes and cells["?"] is not None:
                reason = f"the test {test.text!r} cannot be made: {result.notes[0].reason}"
                raise making.error(reason, rules=(str(rule.matched),))
            if result.value is not True:
                return False
        return True

    def _answer(
        self, cells: Sequence[feel.Expression], scope: Scope, making: Making, rules: tuple[str, ...]
    ) -> dict[str, object]:
        answer: dict[str, object] = {}
        for column, cell in zip(self.outputs, cells, strict=True):
            result = making.value(cell, scope)
            name = f"the output {column.name!r}" if column.name else "the output"
            if result.value is None and cell.text != "null":
                why = f": {result.notes[0].reason}" if result.notes else ""
                raise making.error(f"{name} is null{why}", rules=rules)
            fault = column.type.fault(result.value, making.budget)
            if (
                column.allowed
                and making.value(column.allowed, {**scope, "?": result.value}).value is not True
            ):
                fault = f"{shown(result.value)} is not one of the allowed values ({column.allowed.text})"
            if fault:
                raise making.error(f"{name}: {fault}", rules=rules)
            answer[column.name] = result.value
        return answer

    def _without_hits(self, scope: Scope, making: Making) -> object:
        """The default outputs; without them, nothing for the policies that give lists, else an error."""
        defaults = [column.default for column in self.outputs if column.default]
        if len(defaults) == len(self.outputs):
            answer = self._single(self._answer(defaults, scope, making, ()))
            return answer if self.policy.is_single or self.aggregation else [answer]
        if self.aggregation == "COUNT":
            return Decimal(0)
        if self.policy.is_single or self.aggregation:
            raise making.error("no rule applies, and there is no default output")
        return []

    def _single(self, answer: dict[str, object]) -> object:
        return answer if len(self.outputs) > 1 else answer[self.outputs[0].name]

    def _shaped(self, answers: list[dict[str, object]], making: Making) -> object:
        values = [self._single(answer) for answer in answers]
        if self.policy.is_single:
            return values[0]
        if not self.aggregation:
            return values
        if self.aggregation == "COUNT":
            return Decimal(len(values))
        numbers = [value for value in values if isinstance(value, Decimal)]
        if len(numbers) < len(values):
            raise Clash(f"{self.aggregation} needs numbers")
        return AGGREGATIONS[self.aggregation](numbers, making.budget)
