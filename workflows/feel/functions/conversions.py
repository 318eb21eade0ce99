"""Between kinds of values, and into contexts."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal

from workflows.feel import temporals
from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.functions.registry import builtin
from workflows.feel.values import ARITHMETIC, Function, Range, kind, measure

NUMERAL = re.compile(
    r"-?(?:[0-9]{1,100}(?:\.[0-9]{0,100})?|\.[0-9]{1,100})(?:[eE][+-]?[0-9]{1,4})?", re.ASCII
)


@builtin("number", "from: string|number", "grouping separator: string?", "decimal separator: string?")
def number(budget: Budget, source: object, grouping: str | None = None, point: str | None = None) -> Decimal:
    if isinstance(source, Decimal):
        return source
    text = str(source)
    if (
        grouping not in (None, " ", ",", ".")
        or point not in (None, ",", ".")
        or (grouping and grouping == point)
    ):
        raise Undefined("the separators are not valid")
    if grouping:
        text = text.replace(grouping, "")
    if point:
        text = text.replace(point, ".")
    if not NUMERAL.fullmatch(text):
        raise Undefined(f"{text[:40]!r} is not a number")
    return ARITHMETIC.create_decimal(text)


@builtin("string", "from: ")
def string(budget: Budget, source: object) -> str | None:
    if source is None:
        return None
    measure(source, budget)
    return budget.text(source if isinstance(source, str) else written(source))


def written(value: object) -> str:
    """A value as the language writes it; strings inside lists and contexts are quoted."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, str):
        return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    if isinstance(value, list):
        return "[" + ", ".join(map(written, value)) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {written(item)}" for key, item in value.items()) + "}"
    if isinstance(value, Range):
        opening, closing = "(["[value.is_start_included], ")]"[value.is_end_included]
        return f"{opening}{written(value.start)}..{written(value.end)}{closing}"
    if isinstance(value, Function):
        return f"function({', '.join(value.parameters)})"
    return temporals.written(value)


def plain(value: Decimal) -> str:
    """Without an exponent where that stays readable, without trailing zeros behind the point."""
    if not value:
        return "0"
    if not -40 <= value.adjusted() <= 40:
        return str(value.normalize(ARITHMETIC)).replace("E", "e")
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


@builtin("is", "value1: ", "value2: ")
def is_identical(budget: Budget, one: object, other: object) -> bool:
    """Same kind and same value; for times also the same zone."""
    measure([one, other], budget)
    if isinstance(one, dt.datetime | dt.time) and isinstance(other, dt.datetime | dt.time):
        return type(one) is type(other) and temporals.written(one) == temporals.written(other)
    return kind(one) == kind(other) and one == other


@builtin("get value", "m: context", "key: string")
def get_value(budget: Budget, context: dict[str, object], key: str) -> object:
    if key not in context:
        raise Undefined(f"there is no entry {key[:40]!r}")
    return context[key]


@builtin("get entries", "m: context")
def get_entries(budget: Budget, context: dict[str, object]) -> list[object]:
    budget.spend(3 * len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@builtin("context", "entries: list")
def context(budget: Budget, entries: list[object]) -> dict[str, object]:
    made: dict[str, object] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str) or "value" not in entry:
            raise Undefined("an entry needs a key and a value")
        if entry["key"] in made:
            raise Undefined(f"the key {entry['key'][:40]!r} is given twice")
        made[entry["key"]] = entry["value"]
    return made


@builtin("context put", "context: context", "key: string", "value: ")
def context_put(budget: Budget, context: dict[str, object], key: str, value: object) -> dict[str, object]:
    budget.spend(len(context))
    return {**context, key: value}


@builtin("context merge", "contexts: list")
def context_merge(budget: Budget, contexts: list[object]) -> dict[str, object]:
    made: dict[str, object] = {}
    for part in contexts:
        if not isinstance(part, dict):
            raise Undefined(f"cannot merge {kind(part)}")
        budget.spend(len(part))
        made |= part
    return made
