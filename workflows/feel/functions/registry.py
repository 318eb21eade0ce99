"""How a Python function becomes a built-in: declared parameters, checked before the call."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar

from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.values import ARITHMETIC, Function, kind


@dataclass(frozen=True)
class Parameter:
    """``kinds`` holds FEEL type names; empty means anything.

    A variadic one takes all the rest as one list.
    """

    name: str
    kinds: frozenset[str]
    is_optional: bool
    is_variadic: bool


Body = TypeVar("Body", bound=Callable[..., object])
BUILTINS: dict[str, Function] = {}


def builtin(name: str, *declared: str) -> Callable[[Body], Body]:
    """Register ``function(budget, *arguments)`` under ``name``.

    Each declaration is ``"parameter name: type|type"``, with ``?`` behind an optional type and ``*``
    behind the list that may also be given as separate arguments. No type: any value, null included.
    """
    parameters = tuple(_parameter(text) for text in declared)

    def register(function: Body) -> Body:
        def call(budget: Budget, arguments: list[object]) -> object:
            return function(budget, *_checked(parameters, arguments, budget))

        BUILTINS[name] = Function(tuple(parameter.name for parameter in parameters), call)
        return function

    return register


def _parameter(text: str) -> Parameter:
    name, _, kinds = text.partition(": ")
    names = frozenset(kinds.rstrip("?*").split("|")) - {""}
    return Parameter(name, names, kinds.endswith("?"), kinds.endswith("*"))


def _checked(parameters: tuple[Parameter, ...], arguments: list[object], budget: Budget) -> list[object]:
    if parameters and parameters[-1].is_variadic:
        head = len(parameters) - 1
        rest = arguments[head:]
        is_given_as_list = not head and len(rest) == 1 and isinstance(rest[0], list)
        arguments = rest[:1] if is_given_as_list else [*arguments[:head], rest]
    required = sum(not parameter.is_optional for parameter in parameters)
    if not required <= len(arguments) <= len(parameters):
        raise Undefined(f"takes {required} to {len(parameters)} arguments, not {len(arguments)}")
    pairs = zip(parameters, arguments, strict=False)
    return [_conformed(parameter, value, budget) for parameter, value in pairs]


def _conformed(parameter: Parameter, value: object, budget: Budget) -> object:
    if parameter.is_optional and value is None:
        return None
    if isinstance(value, list):
        budget.spend(len(value))
    elif isinstance(value, str):
        budget.spend(len(value) // 64)
    found = kind(value)
    if not parameter.kinds or found in parameter.kinds:
        return value
    if "list" in parameter.kinds and value is not None:
        return [value]
    if isinstance(value, list) and len(value) == 1 and kind(value[0]) in parameter.kinds:
        return value[0]
    raise Undefined(f"{parameter.name!r} is {found}, not {' or '.join(sorted(parameter.kinds))}")


def whole(value: Decimal | None, *, default: int = 0) -> int:
    """The number as an int. Raises Undefined unless it is a whole number of at most 9 digits."""
    if value is None:
        return default
    if abs(value) >= 10**9 or value != value.to_integral_value():
        raise Undefined(f"{value:.20g} is not a whole number of reasonable size")
    return int(value)


def numbers_of(values: list[object]) -> list[Decimal]:
    """The list, as numbers only. Raises Undefined if it holds anything else."""
    for value in values:
        if not isinstance(value, Decimal):
            raise Undefined(f"a list of numbers holds {kind(value)}")
    return [value for value in values if isinstance(value, Decimal)]


def total(values: list[object]) -> Decimal:
    """The exact sum, to 34 digits."""
    result = Decimal(0)
    for value in numbers_of(values):
        result = ARITHMETIC.add(result, value)
    return result
