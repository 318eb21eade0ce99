"""The operators on numbers, strings, dates and durations.

Every function raises Undefined where FEEL gives null.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal, DecimalException

from workflows.feel import temporals
from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.values import ARITHMETIC, YearsMonths, kind

MICROSECOND = temporals.MICROSECOND
Operator = Callable[[object, object, Budget], object]


def operate(sign: str, left: object, right: object, budget: Budget) -> object:
    """Apply the operator ``sign`` to two values."""
    try:
        if isinstance(left, Decimal) and isinstance(right, Decimal):
            return _on_numbers(sign, left, right)
        return OPERATORS[sign](left, right, budget)
    except DecimalException:
        raise Undefined("the number is out of range") from None
    except OverflowError:
        raise Undefined("the date or duration is out of range") from None


def _on_numbers(sign: str, left: Decimal, right: Decimal) -> Decimal:
    if sign == "+":
        return ARITHMETIC.add(left, right)
    if sign == "-":
        return ARITHMETIC.subtract(left, right)
    if sign == "*":
        return ARITHMETIC.multiply(left, right)
    if sign == "/":
        if not right:
            raise Undefined("cannot divide by zero")
        return ARITHMETIC.divide(left, right)
    return ARITHMETIC.power(left, right)


def _refuse(sign: str, left: object, right: object) -> Undefined:
    return Undefined(f"cannot do {kind(left)} {sign} {kind(right)}")


def _add(left: object, right: object, budget: Budget) -> object:
    if isinstance(left, str) and isinstance(right, str):
        return budget.text(left + right)
    if isinstance(right, dt.date | dt.time) and isinstance(left, dt.timedelta | YearsMonths):
        left, right = right, left
    return _shift(left, right, "+")


def _shift(value: object, length: object, sign: str) -> object:
    if isinstance(value, YearsMonths) and isinstance(length, YearsMonths):
        return YearsMonths(value.months + length.months)
    if isinstance(value, dt.date) and isinstance(length, YearsMonths):
        return temporals.add_months(value, length.months)
    if isinstance(length, dt.timedelta):
        if isinstance(value, dt.timedelta | dt.datetime):
            return value + length
        if isinstance(value, dt.date):
            return (dt.datetime.combine(value, dt.time()) + length).date()
        if isinstance(value, dt.time):
            return temporals.add_to_time(value, length)
    raise _refuse(sign, value, length)


def _subtract(left: object, right: object, budget: Budget) -> object:
    if isinstance(right, dt.timedelta):
        return _shift(left, -right, "-")
    if isinstance(right, YearsMonths):
        return _shift(left, YearsMonths(-right.months), "-")
    if isinstance(left, dt.time) and isinstance(right, dt.time):
        left = dt.datetime.combine(dt.date(2000, 1, 1), left)
        right = dt.datetime.combine(dt.date(2000, 1, 1), right)
    if isinstance(left, dt.date) and isinstance(right, dt.date):
        return _between(left, right)
    raise _refuse("-", left, right)


def _between(left: dt.date, right: dt.date) -> dt.timedelta:
    """A plain date counts as its midnight."""
    ends = [
        day if isinstance(day, dt.datetime) else dt.datetime.combine(day, dt.time()) for day in (left, right)
    ]
    try:
        return ends[0] - ends[1]
    except TypeError:
        raise Undefined("cannot subtract a time that has a zone and one that has none") from None


def _multiply(left: object, right: object, budget: Budget) -> object:
    if isinstance(left, Decimal):
        left, right = right, left
    if isinstance(right, Decimal):
        if isinstance(left, dt.timedelta):
            return _microseconds(ARITHMETIC.multiply(Decimal(left // MICROSECOND), right))
        if isinstance(left, YearsMonths):
            return _months(ARITHMETIC.multiply(Decimal(left.months), right))
    raise _refuse("*", left, right)


def _divide(left: object, right: object, budget: Budget) -> object:
    if isinstance(left, dt.timedelta) and isinstance(right, dt.timedelta) and right:
        return ARITHMETIC.divide(Decimal(left // MICROSECOND), Decimal(right // MICROSECOND))
    if isinstance(left, YearsMonths) and isinstance(right, YearsMonths) and right.months:
        return ARITHMETIC.divide(Decimal(left.months), Decimal(right.months))
    if isinstance(right, Decimal) and right:
        if isinstance(left, dt.timedelta):
            return _microseconds(ARITHMETIC.divide(Decimal(left // MICROSECOND), right))
        if isinstance(left, YearsMonths):
            return _months(ARITHMETIC.divide(Decimal(left.months), right))
    raise _refuse("/", left, right)


def _microseconds(count: Decimal) -> dt.timedelta:
    if abs(count) > 10**20:
        raise Undefined("the duration is out of range")
    return dt.timedelta(microseconds=int(count))


def _months(count: Decimal) -> YearsMonths:
    if abs(count) > 10**9:
        raise Undefined("the duration is out of range")
    return YearsMonths(int(count))


def _power(left: object, right: object, budget: Budget) -> object:
    raise _refuse("**", left, right)


OPERATORS: dict[str, Operator] = {"+": _add, "-": _subtract, "*": _multiply, "/": _divide, "**": _power}


def negate(value: object) -> object:
    """The opposite of a number or a duration."""
    if isinstance(value, Decimal):
        return value.copy_negate() if value else value
    if isinstance(value, dt.timedelta):
        return -value
    if isinstance(value, YearsMonths):
        return YearsMonths(-value.months)
    raise Undefined(f"cannot negate {kind(value)}")
