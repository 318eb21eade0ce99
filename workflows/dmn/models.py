"""A loaded file of decisions, and how one of them is made."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from decimal import Decimal

from workflows import feel
from workflows.dmn.boxed import Definition, Logic, Making, Scope
from workflows.dmn.item_types import ItemType
from workflows.dmn.tables import Table
from workflows.dmn.traces import Outcome, Step

MOST_KEPT = 5000  # outcomes of one file
PLAIN = str | int | Decimal | dt.date | None


@dataclass(frozen=True)
class InputData:
    """A value that the caller passes in under ``name``."""

    name: str
    type: ItemType


@dataclass(frozen=True)
class Knowledge:
    """A business knowledge model: a function that decisions call by ``name``."""

    name: str
    requires: tuple[str, ...]
    logic: Definition


@dataclass(frozen=True)
class Decision:
    """``name`` is what others read its value by; ``requires`` are ids of inputs, decisions and knowledge
    models.

    ``own_inputs`` are the inputs of a table drawn alone, which its columns declare by reading them.
    """

    id: str
    name: str
    type: ItemType
    requires: tuple[str, ...]
    logic: Logic
    own_inputs: tuple[InputData, ...] = ()


@dataclass(frozen=True)
class Model:
    """All of one file, by id. What was decided over plain values is kept: the same question has the same answer."""

    file: str
    decisions: Mapping[str, Decision]
    input_data: Mapping[str, InputData]
    knowledge: Mapping[str, Knowledge]
    _kept: dict[tuple[str, ...], Outcome] = field(default_factory=dict, repr=False, compare=False)

    def decision(self, key: str) -> Decision:
        """The decision with that id or name. Raises KeyError."""
        if key in self.decisions:
            return self.decisions[key]
        for decision in self.decisions.values():
            if decision.name == key:
                return decision
        raise KeyError(f"{self.file} has no decision {key!r}")

    def inputs(self, decision: str) -> tuple[str, ...]:
        """The names of all input data needed, directly or through other decisions, in order of use."""
        return tuple(data.name for data in self._needed(self.decision(decision)))

    def evaluate(
        self, decision: str, inputs: Mapping[str, object], *, budget: feel.Budget | None = None
    ) -> Outcome:
        """Make the decision (id or name) from ``inputs`` by name, after all decisions that it requires.

        More inputs than needed do no harm. Raises DecisionError where a table does not decide, for an
        input that is missing or not allowed, and where the cost exceeds ``budget``.
        """
        wanted = self.decision(decision)
        needed = self._needed(wanted)
        plain = [inputs[data.name] for data in needed if isinstance(inputs.get(data.name, ...), PLAIN)]
        if budget is not None or len(plain) < len(needed):
            return self._decided(wanted, needed, inputs, budget or feel.Budget())
        key = (wanted.id, *map(repr, plain))  # 1, true and 1.0 are equal, but not the same question
        outcome = self._kept.get(key)
        if outcome is None:
            outcome = self._decided(wanted, needed, inputs, feel.Budget())
            if len(self._kept) >= MOST_KEPT:
                self._kept.clear()
            self._kept[key] = outcome
        return Outcome(deepcopy(outcome.value), outcome.trace)

    def table(self, decision: str) -> Table:
        """The logic of the decision (id or name). Raises KeyError for one that is made without a table."""
        logic = self.decision(decision).logic
        if not isinstance(logic, Table):
            raise KeyError(f"{decision} of {self.file} is no table")
        return logic

    def replay(self, decision: str, asked: Mapping[str, object]) -> Outcome:
        """The table ``decision`` (id or name) once more over the inputs that a recorded step tells, as JSON has them.

        Raises DecisionError where it does not decide and where what it asks was not recorded.
        """
        making = Making(self.file)
        making.open.append(Step(decision))
        try:
            value = self.table(decision).replay(asked, making)
        except feel.Refused as error:
            raise making.error(str(error)) from None
        return Outcome(value, tuple(making.trace))

    def _decided(
        self, wanted: Decision, needed: list[InputData], inputs: Mapping[str, object], budget: feel.Budget
    ) -> Outcome:
        making = Making(self.file, budget)
        making.open.append(Step(wanted.name))
        given = {data.name: _taken_in(data, inputs, making) for data in needed}
        try:
            value = self._made(wanted, given, {}, making)
        except feel.Refused as error:
            raise making.error(str(error)) from None
        return Outcome(value, tuple(making.trace))

    def _needed(self, decision: Decision) -> list[InputData]:
        found = {data.name: data for data in decision.own_inputs}
        for id_ in decision.requires:
            if id_ in self.input_data:
                found.setdefault(self.input_data[id_].name, self.input_data[id_])
            elif id_ in self.decisions:
                for data in self._needed(self.decisions[id_]):
                    found.setdefault(data.name, data)
        return list(found.values())

    def _made(self, decision: Decision, given: Scope, done: dict[str, object], making: Making) -> object:
        """The value of ``decision``, made once; ``done`` holds the values by id."""
        if decision.id not in done:
            scope = {data.name: given[data.name] for data in decision.own_inputs}
            scope |= self._required(decision.requires, given, done, making)
            done[decision.id] = self._checked(decision, scope, making)
        return done[decision.id]

    def _required(
        self, requires: tuple[str, ...], given: Scope, done: dict[str, object], making: Making
    ) -> dict[str, object]:
        scope: dict[str, object] = {}
        for id_ in requires:
            if id_ in self.input_data:
                name = self.input_data[id_].name
                scope[name] = given[name]
            elif id_ in self.decisions:
                scope[self.decisions[id_].name] = self._made(self.decisions[id_], given, done, making)
            else:
                knowledge = self.knowledge[id_]
                around = self._required(knowledge.requires, given, done, making)
                scope[knowledge.name] = knowledge.logic.evaluate(around, making)
        return scope

    def _checked(self, decision: Decision, scope: Scope, making: Making) -> object:
        if isinstance(decision.logic, Table):
            value = decision.logic.evaluate(scope, making)
        else:
            with making.step(decision.name) as step:
                step.inputs = {
                    name: value for name, value in scope.items() if not isinstance(value, feel.Function)
                }
                value = step.output = decision.logic.evaluate(scope, making)
        for item in value if isinstance(value, list) else [value]:
            if item is not None and (fault := decision.type.fault(item, making.budget)):
                raise making.error(f"the result: {fault}")
        return value


def _taken_in(data: InputData, inputs: Mapping[str, object], making: Making) -> object:
    if data.name not in inputs:
        raise making.error(f"the input {data.name!r} is not given")
    try:
        value = feel.from_python(inputs[data.name], making.budget)
        fault = data.type.fault(value, making.budget)
    except feel.Refused as error:
        raise making.error(f"the input {data.name!r}: {error}") from None
    making.open[-1].inputs[data.name] = value
    if fault:
        raise making.error(f"the input {data.name!r}: {fault}")
    return value
