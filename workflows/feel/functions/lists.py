"""Functions on lists. Positions count from 1; from the end with -1."""

from __future__ import annotations

import functools
from decimal import Decimal

from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.functions.registry import builtin, numbers_of, total, whole
from workflows.feel.values import ARITHMETIC, Function, compare, same

Items = list[object]


def _filled(items: Items) -> Items:
    if not items:
        raise Undefined("the list is empty")
    return items


@builtin("count", "list: list*")
def count(budget: Budget, items: Items) -> Decimal:
    return Decimal(len(items))


@builtin("sum", "list: list*")
def summed(budget: Budget, items: Items) -> Decimal:
    return total(_filled(items))


@builtin("mean", "list: list*")
def mean(budget: Budget, items: Items) -> Decimal:
    return ARITHMETIC.divide(total(_filled(items)), Decimal(len(items)))


@builtin("product", "list: list*")
def product(budget: Budget, items: Items) -> Decimal:
    return functools.reduce(ARITHMETIC.multiply, numbers_of(_filled(items)))


@builtin("median", "list: list*")
def median(budget: Budget, items: Items) -> Decimal:
    ordered = sorted(numbers_of(_filled(items)))
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    return ARITHMETIC.divide(ARITHMETIC.add(low, high), Decimal(2))


@builtin("min", "list: list*")
def smallest(budget: Budget, items: Items) -> object:
    return functools.reduce(lambda one, other: other if compare(other, one) < 0 else one, _filled(items))


@builtin("max", "list: list*")
def largest(budget: Budget, items: Items) -> object:
    return functools.reduce(lambda one, other: other if compare(other, one) > 0 else one, _filled(items))


@builtin("all", "list: list*")
def all_true(budget: Budget, items: Items) -> bool | None:
    """False if one is false, else null if one is not a boolean, else true."""
    if any(item is False for item in items):
        return False
    return True if all(item is True for item in items) else None


@builtin("any", "list: list*")
def any_true(budget: Budget, items: Items) -> bool | None:
    """True if one is true, else null if one is not a boolean, else false."""
    if any(item is True for item in items):
        return True
    return False if all(item is False for item in items) else None


@builtin("not", "negand: boolean|null")
def negated(budget: Budget, negand: bool | None) -> bool | None:
    return None if negand is None else not negand


@builtin("list contains", "list: list", "element: ")
def list_contains(budget: Budget, items: Items, element: object) -> bool:
    return any(same(item, element, budget) for item in items)


@builtin("append", "list: list", "item: *")
def append(budget: Budget, items: Items, added: Items) -> Items:
    return [*items, *added]


@builtin("concatenate", "lists: *")
def concatenate(budget: Budget, lists: Items) -> Items:
    joined: Items = []
    for part in lists:
        members = part if isinstance(part, list) else [part]
        budget.spend(len(members))
        joined.extend(members)
    return joined


@builtin("insert before", "list: list", "position: number", "newItem: ")
def insert_before(budget: Budget, items: Items, position: Decimal, item: object) -> Items:
    at = _index(items, position)
    return [*items[:at], item, *items[at:]]


@builtin("remove", "list: list", "position: number")
def remove(budget: Budget, items: Items, position: Decimal) -> Items:
    at = _index(items, position)
    return [*items[:at], *items[at + 1 :]]


def _index(items: Items, position: Decimal) -> int:
    at = whole(position)
    if at == 0 or abs(at) > len(items):
        raise Undefined(f"there is no position {at}")
    return at - 1 if at > 0 else len(items) + at


@builtin("reverse", "list: list")
def reverse(budget: Budget, items: Items) -> Items:
    return items[::-1]


@builtin("index of", "list: list", "match: ")
def index_of(budget: Budget, items: Items, match: object) -> Items:
    return [Decimal(at) for at, item in enumerate(items, 1) if same(item, match, budget)]


@builtin("distinct values", "list: list")
def distinct_values(budget: Budget, items: Items) -> Items:
    kept: Items = []
    for item in items:
        if not any(same(item, other, budget) for other in kept):
            kept.append(item)
    return kept


@builtin("union", "lists: *")
def union(budget: Budget, lists: Items) -> Items:
    return distinct_values(budget, concatenate(budget, lists))


@builtin("flatten", "list: list")
def flatten(budget: Budget, items: Items) -> Items:
    flat: Items = []
    pending = [iter(items)]
    while pending:
        for item in pending[-1]:
            budget.spend(1)
            if isinstance(item, list):
                pending.append(iter(item))
                break
            flat.append(item)
        else:
            pending.pop()
    return flat


@builtin("sublist", "list: list", "start position: number", "length: number?")
def sublist(budget: Budget, items: Items, start: Decimal, length: Decimal | None = None) -> Items:
    at = _index(items, start)
    size = whole(length, default=len(items))
    if size < 0:
        raise Undefined("the length is negative")
    return items[at : at + size]


@builtin("sort", "list: list", "precedes: function?")
def sort(budget: Budget, items: Items, precedes: Function | None = None) -> Items:
    """Stable. Without a function, in ascending order."""

    def order(one: object, other: object) -> int:
        budget.spend(1)
        if precedes is None:
            return compare(one, other)
        if precedes.call(budget, [one, other]) is True:
            return -1
        return 1 if precedes.call(budget, [other, one]) is True else 0

    return sorted(items, key=functools.cmp_to_key(order))
