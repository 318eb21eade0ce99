"""How a decision came about: what each table was asked, which rows answered, and with what."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from workflows import feel
from workflows.dmn.item_types import ItemType


@dataclass(frozen=True)
class MatchedRule:
    """A row of a table that applied: its number from 1, its id, and its annotations."""

    row: int
    id: str
    annotations: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"row {self.row} ({self.id})" if self.id else f"row {self.row}"


@dataclass
class Step:
    """One decision, or one call of a business knowledge model that holds a table.

    ``inputs`` maps expressions to values; ``notes`` are the nulls that an error caused.
    """

    decision: str
    inputs: dict[str, object] = field(default_factory=dict)
    rules: tuple[MatchedRule, ...] = ()
    output: object = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """The value of a decision and its trace, in the order in which decisions were made."""

    value: object
    trace: tuple[Step, ...]


def trace_to_json(trace: tuple[Step, ...]) -> list[dict[str, object]]:
    """The trace in types that JSON has. Numbers become strings, so that no reader makes floats of them."""
    return [
        {
            "decision": step.decision,
            "inputs": {text: _plain(value) for text, value in step.inputs.items()},
            "rules": [
                {"row": rule.row, "id": rule.id, "annotations": list(rule.annotations)} for rule in step.rules
            ],
            "output": _plain(step.output),
            "notes": list(step.notes),
        }
        for step in trace
    ]


def typed(recorded: object, type_: ItemType) -> object:
    """A value of ``trace_to_json`` as FEEL has it: a text that stands for a number is one again."""
    if type_.kind == "number" and isinstance(recorded, str | int) and not isinstance(recorded, bool):
        try:
            return Decimal(recorded)
        except InvalidOperation:
            return recorded
    return recorded


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return feel.written(value)
