"""Rounding and arithmetic functions, all on exact decimals."""

from __future__ import annotations

import decimal
from decimal import Decimal

from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.functions.registry import builtin, whole
from workflows.feel.values import ARITHMETIC

MAX_SCALE = 6111


def _rounded(value: Decimal, scale: Decimal | None, rounding: str) -> Decimal:
    """``value`` at ``scale`` digits behind the point (negative: before it)."""
    digits = whole(scale)
    if abs(digits) > MAX_SCALE:
        raise Undefined("the scale is out of range")
    if digits >= 0 and -int(value.as_tuple().exponent) <= digits:
        return value
    context = ARITHMETIC.copy()
    context.rounding = rounding
    # Room for all digits before the point: quantize refuses a result longer than its precision.
    context.prec = max(ARITHMETIC.prec, value.adjusted() + digits + 2)
    result = ARITHMETIC.plus(value.quantize(Decimal((0, (1,), -digits)), context=context))
    return result if result else result.copy_abs()


def _register(name: str, rounding: str, scale: str) -> None:
    def rounded(budget: Budget, n: Decimal, scale: Decimal | None = None) -> Decimal:
        return _rounded(n, scale, rounding)

    builtin(name, "n: number", scale)(rounded)


_register("decimal", decimal.ROUND_HALF_EVEN, "scale: number")
_register("floor", decimal.ROUND_FLOOR, "scale: number?")
_register("ceiling", decimal.ROUND_CEILING, "scale: number?")
_register("round up", decimal.ROUND_UP, "scale: number")
_register("round down", decimal.ROUND_DOWN, "scale: number")
_register("round half up", decimal.ROUND_HALF_UP, "scale: number")
_register("round half down", decimal.ROUND_HALF_DOWN, "scale: number")


@builtin("abs", "n: number|days and time duration")
def absolute(budget: Budget, n: Decimal) -> Decimal:
    return abs(n) if not isinstance(n, Decimal) else n.copy_abs()


@builtin("modulo", "dividend: number", "divisor: number")
def modulo(budget: Budget, dividend: Decimal, divisor: Decimal) -> Decimal:
    """With the sign of the divisor: ``dividend - divisor * floor(dividend / divisor)``."""
    if not divisor:
        raise Undefined("cannot divide by zero")
    try:
        rest = ARITHMETIC.remainder(dividend, divisor)
    except decimal.InvalidOperation:
        raise Undefined("the quotient has more than 34 digits") from None
    return ARITHMETIC.add(rest, divisor) if rest and (rest < 0) != (divisor < 0) else rest


@builtin("sqrt", "number: number")
def square_root(budget: Budget, number: Decimal) -> Decimal:
    """Correctly rounded to 34 digits."""
    if number < 0:
        raise Undefined("a negative number has no square root")
    return ARITHMETIC.sqrt(number)


@builtin("odd", "number: number")
def is_odd(budget: Budget, number: Decimal) -> bool:
    return whole(number) % 2 == 1


@builtin("even", "number: number")
def is_even(budget: Budget, number: Decimal) -> bool:
    return whole(number) % 2 == 0
