"""Properties that hold for all expressions and values."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from workflows import feel
from workflows.feel.values import ARITHMETIC

NUMBERS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=4)
WORDS = st.sampled_from(
    [
        "1",
        "0.5",
        "x",
        "xs",
        "null",
        "true",
        '"a"',
        "+",
        "-",
        "*",
        "/",
        "**",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ":",
    ]
    + [
        ".",
        "..",
        "<",
        ">=",
        "=",
        "!=",
        "and",
        "or",
        "if",
        "then",
        "else",
        "for",
        "in",
        "return",
        "some",
        "every",
    ]
    + [
        "satisfies",
        "between",
        "instance",
        "of",
        "number",
        "function",
        "count",
        "not",
        "sum",
        "sort",
        "item",
        "?",
    ]
    + [
        "@",
        '"2026-01-01"',
        '"P1D"',
        "date",
        "duration",
        "string",
        "matches",
        "flatten",
        "day of week",
        "partial",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(max_size=5) | st.dates() | st.timedeltas(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def evaluated(text: str, /, **scope: object) -> object:
    return feel.compile(text).evaluate(scope).value


@settings(deadline=None)
@given(a=NUMBERS, b=NUMBERS)
def test_arithmetic_is_that_of_decimals(a: Decimal, b: Decimal) -> None:
    assert evaluated("a + b", a=a, b=b) == a + b
    assert evaluated("a - b", a=a, b=b) == a - b
    assert evaluated("a * b", a=a, b=b) == ARITHMETIC.multiply(a, b)
    assert evaluated("a / b", a=a, b=b) == (ARITHMETIC.divide(a, b) if b else None)
    assert evaluated("a < b", a=a, b=b) is (a < b)


@settings(deadline=None)
@given(values=st.lists(NUMBERS, min_size=1, max_size=20))
def test_aggregates_are_exact(values: list[Decimal]) -> None:
    assert evaluated("sum(a)", a=values) == sum(values)
    assert evaluated("[min(a), max(a), count(a)]", a=values) == [min(values), max(values), len(values)]
    assert evaluated("sort(a)", a=values) == sorted(values)


@settings(deadline=None)
@given(value=NUMBERS | st.text(max_size=10) | st.dates() | st.datetimes() | st.times() | st.booleans())
def test_what_is_written_reads_back(value: object) -> None:
    text = feel.written(feel.from_python(value, feel.Budget()))
    literal = f'@"{text}"' if isinstance(value, dt.date | dt.time) else text
    assert evaluated(literal) == value


@settings(deadline=None)
@given(length=st.timedeltas())
def test_durations_written_read_back(length: dt.timedelta) -> None:
    if abs(length.days) < 99_999_999:
        assert evaluated("duration(text)", text=feel.written(length)) == length


@settings(deadline=None)
@given(day=st.dates(dt.date(1900, 1, 1), dt.date(2100, 1, 1)), days=st.integers(-5000, 5000))
def test_days_added_are_days_between(day: dt.date, days: int) -> None:
    assert evaluated('(d + duration("P1D") * n - d) / duration("P1D")', d=day, n=days) == days


@settings(deadline=None)
@given(text=st.text(max_size=60))
def test_any_text_parses_or_is_refused(text: str) -> None:
    for make in (feel.compile, feel.compile_unary):
        try:
            make(text, names=("x y", "a-b"))
        except feel.FeelSyntaxError as error:
            assert error.line >= 1 and error.column >= 1


@settings(deadline=None)
@given(words=st.lists(WORDS, max_size=12), x=VALUES, xs=VALUES)
def test_any_expression_gives_a_value_or_a_declared_error(words: list[str], x: object, xs: object) -> None:
    text = " ".join(words)
    for make in (feel.compile, feel.compile_unary):
        try:
            make(text).evaluate({"x": x, "xs": xs, "?": x})
        except (feel.FeelSyntaxError, feel.FeelError):
            continue


FUNCTIONS = st.sampled_from(sorted(feel.BUILTINS))


@settings(deadline=None)
@given(name=FUNCTIONS, arguments=st.lists(VALUES, max_size=4))
def test_any_function_gives_a_value_or_a_note(name: str, arguments: list[object]) -> None:
    names = [f"a{index}" for index in range(len(arguments))]
    feel.compile(f"{name}({', '.join(names)})").evaluate(dict(zip(names, arguments, strict=True)))


@settings(deadline=None)
@given(a=VALUES, b=VALUES)
def test_no_operator_raises(a: object, b: object) -> None:
    for sign in ("+", "-", "*", "/", "**", "<", "=", "!=", "and", "or", "in"):
        feel.compile(f"a {sign} b").evaluate({"a": a, "b": b})
