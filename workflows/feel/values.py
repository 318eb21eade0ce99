"""The values of FEEL as Python values, and how they are taken in, compared and told apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Context, Decimal, DivisionByZero, InvalidOperation, Overflow

from workflows.feel.budgets import Budget
from workflows.feel.errors import Refused, Undefined

# IEEE 754 decimal128, the number of the standard: 34 digits, exponents of 6144.
ARITHMETIC = Context(prec=34, Emax=6144, Emin=-6143, traps=[InvalidOperation, DivisionByZero, Overflow])
MAX_INPUT_DEPTH = 50


@dataclass(frozen=True, order=True)
class YearsMonths:
    """A years and months duration, as a signed number of months."""

    months: int


@dataclass(frozen=True)
class Range:
    """An interval; a bound of None is open without end."""

    start: object
    end: object
    is_start_included: bool = True
    is_end_included: bool = True

    def holds(self, value: object) -> bool:
        """Whether ``value`` lies inside. Raises Undefined if it cannot be compared with a bound."""
        if self.start is not None:
            order = compare(value, self.start)
            if order < 0 or (order == 0 and not self.is_start_included):
                return False
        if self.end is not None:
            order = compare(value, self.end)
            if order > 0 or (order == 0 and not self.is_end_included):
                return False
        return True


@dataclass(frozen=True, eq=False)
class Function:
    """A function value: its parameter names, and the Python callable that gets the arguments in order."""

    parameters: tuple[str, ...]
    call: Callable[[Budget, list[object]], object]


KINDS: dict[type, str] = {
    Decimal: "number",
    str: "string",
    bool: "boolean",
    type(None): "null",
    dt.datetime: "date and time",
    dt.date: "date",
    dt.time: "time",
    dt.timedelta: "days and time duration",
    YearsMonths: "years and months duration",
    Range: "range",
    list: "list",
    dict: "context",
    Function: "function",
}

ANY = "Any"


def is_of(value: object, type_: str) -> bool:
    """Whether ``value`` is of the type; null is only of the type null."""
    return value is not None if type_ == ANY else kind(value) == type_


def kind(value: object) -> str:
    """The FEEL name of the value's type."""
    return KINDS[type(value)]


def from_python(value: object, budget: Budget, depth: int = 0) -> object:
    """Take a value of the caller in. Raises Refused for a float and for any type that FEEL does not know."""
    if depth > MAX_INPUT_DEPTH:
        raise Refused("the data is nested too deeply")
    budget.spend(1)
    plain = type(value)
    if plain in (Decimal, str, bool, type(None)):
        return _finite(value) if plain is Decimal else value
    if plain is float:
        raise Refused("a float is not exact: pass a Decimal")
    if isinstance(value, int):
        return Decimal(value)
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, list | tuple):
        return [from_python(item, budget, depth + 1) for item in value]
    if isinstance(value, Mapping):
        return {_key(key): from_python(item, budget, depth + 1) for key, item in value.items()}
    if plain in KINDS:
        return value
    raise Refused(f"a value of type {plain.__name__} has no meaning in an expression")


def _finite(value: object) -> object:
    if isinstance(value, Decimal) and not value.is_finite():
        raise Refused("a number must be finite")
    return value


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise Refused("the keys of a context are strings")
    return key


def compare(left: object, right: object) -> int:
    """-1, 0 or 1. Raises Undefined where FEEL has no order between the two."""
    if type(left) is not type(right) or type(left) in (bool, list, dict, Range, Function, type(None)):
        raise Undefined(f"cannot compare {kind(left)} with {kind(right)}")
    try:
        return int(left > right) - int(left < right)  # type: ignore[operator]
    except TypeError:
        raise Undefined("cannot compare a time that has a zone with one that has none") from None


def equal(left: object, right: object, budget: Budget) -> bool:
    """Equality of FEEL. Raises Undefined for values of different types, unless one is null."""
    budget.spend(1)
    if left is None or right is None:
        return left is right
    if type(left) is not type(right):
        raise Undefined(f"cannot compare {kind(left)} with {kind(right)}")
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(
            same(one, other, budget) for one, other in zip(left, right, strict=True)
        )
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key], budget) for key in left)
    return compare(left, right) == 0 if isinstance(left, dt.datetime | dt.time) else bool(left == right)


def same(left: object, right: object, budget: Budget) -> bool:
    """Equality where different types simply differ (members of lists and contexts)."""
    return kind(left) == kind(right) and equal(left, right, budget)


def measure(value: object, budget: Budget) -> None:
    """Spend on every leaf that a reader of ``value`` would see, so that shared lists cannot explode later."""
    pending: list[Iterator[object]] = [iter((value,))]
    while pending:
        for item in pending[-1]:
            budget.spend(1)
            if isinstance(item, list | dict):
                pending.append(iter(item.values() if isinstance(item, dict) else item))
                break
        else:
            pending.pop()
