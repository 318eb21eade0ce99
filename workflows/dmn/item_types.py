"""The types of inputs and outputs: what values they allow."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from workflows import feel

# Camunda and dmn-js write some types in their own way.
STANDARD = {
    "string": "string", "number": "number", "boolean": "boolean", "date": "date", "time": "time",
    "dateTime": "date and time", "date and time": "date and time",
    "dayTimeDuration": "days and time duration", "days and time duration": "days and time duration",
    "yearMonthDuration": "years and months duration",
    "years and months duration": "years and months duration",
    "integer": "number", "long": "number", "double": "number",
    "Any": "", "any": "", "context": "context", "list": "list", "function": "function",
}  # fmt: skip
WHOLE = frozenset({"integer", "long"})


@dataclass(frozen=True)
class ItemType:
    """``kind`` is a FEEL type name, empty for any.

    ``allowed`` is a unary test, ``values`` its enumeration if one.
    """

    name: str
    kind: str = ""
    is_collection: bool = False
    is_whole: bool = False
    components: Mapping[str, ItemType] = field(default_factory=dict)
    allowed: feel.Expression | None = None
    values: tuple[object, ...] = ()

    def fault(self, value: object, budget: feel.Budget) -> str:
        """Why ``value`` is not of this type; empty if it is. Null is of every type without allowed values."""
        budget.spend(1)
        if self.is_collection and isinstance(value, list):
            return next((fault for item in value if (fault := self._item_fault(item, budget))), "")
        return self._item_fault(value, budget)

    def _item_fault(self, value: object, budget: feel.Budget) -> str:
        if value is not None and self.kind and feel.kind(value) != self.kind:
            return f"{shown(value)} is {feel.kind(value)}, not {self.kind}"
        if self.is_whole and isinstance(value, Decimal) and value != value.to_integral_value():
            return f"{shown(value)} is not a whole number"
        if isinstance(value, dict):
            for name, component in self.components.items():
                if name not in value:
                    return f"the entry {name!r} is missing"
                if fault := component.fault(value[name], budget):
                    return f"{name}: {fault}"
        if self.allowed and self.allowed.evaluate({"?": value}, budget=budget).value is not True:
            return f"{shown(value)} is not one of the allowed values ({self.allowed.text})"
        return ""


ANY = ItemType("Any")


def standard(name: str) -> ItemType | None:
    """The built-in type of that name, with or without a namespace prefix."""
    plain = name.rpartition(":")[2] if name.startswith(("feel:", "xsd:", "kie:")) else name
    return ItemType(plain, STANDARD[plain], is_whole=plain in WHOLE) if plain in STANDARD else None


def shown(value: object) -> str:
    """A value in an error text: as FEEL writes it, cut to 100 characters."""
    return feel.written(value)[:100]
