"""The cells of decision tables: tests of one value."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from workflows import feel


@pytest.mark.parametrize(
    ("cell", "value", "expected"),
    [
        ("-", None, True),
        ("18", 18, True),
        (">= 18", 18, True),
        ("< 18", 18, False),
        ("!= 18", 18, False),
        ("-5", -5, True),
        ("[18..20]", 20, True),
        ("[18..20)", 20, False),
        ("(18..20]", 18, False),
        ("1, 2, > 10", 11, True),
        ("1, 2, > 10", 5, False),
        ("not(1, 2)", 2, False),
        ("not(1, 2)", 3, True),
        ("not([5..15])", 15, False),
        ("not([5..15])", 16, True),
        ('"a", "b"', "b", True),
        ("true", True, True),
        ("true", False, False),
        ("false", False, True),
        ("true", None, False),
        ("null", None, True),
        ("null", 1, False),
        ("not(null)", None, False),
        ("not(null)", 1, True),
        ("? > limit and ? < 100", 50, True),
        ("? > limit and ? < 100", 10, False),
        ("limit", 20, True),
        ("limit > 10", 1, True),
        ("limit > 30", 1, False),
        ("> limit", 21, True),
        ("allowed", "x", True),
        ("allowed", "z", False),
        ("list contains(allowed, ?)", "y", True),
        ("contains(?, \"b\")", "abc", True),
        ("not(contains(?, \"b\"))", "abc", False),
        ("not(? = 1) and true", 2, True),
        ("some a in allowed satisfies a = ?", "y", True),
        ("even(limit)", 1, True),
        ('> date("2026-01-01")', dt.date(2026, 1, 2), True),
        ('[duration("P1D")..duration("P3D")]', dt.timedelta(days=2), True),
    ],
)  # fmt: skip
def test_a_cell_tests_its_value(cell: str, value: object, expected: bool) -> None:
    names = ("limit", "allowed")
    scope = {"?": value, "limit": Decimal(20), "allowed": ["x", "y"]}
    assert feel.compile_unary(cell, names=names).evaluate(scope).value is expected


@pytest.mark.parametrize(
    ("cell", "value", "reason"),
    [
        ("> 5", None, "cannot compare null with number"),
        ("> 5", "6", "cannot compare string with number"),
        ('"a"', 1, "cannot compare number with string"),
        ("[1..5]", "a", "cannot compare string with number"),
        ("? + 1", 1, "the test is neither true nor false"),
        ("true", "true", "cannot compare string with boolean"),
        ("missing", 1, "nothing is called 'missing'"),
    ],
)
def test_a_cell_that_cannot_be_tested_gives_null_and_the_reason(
    cell: str, value: object, reason: str
) -> None:
    result = feel.compile_unary(cell).evaluate({"?": value})
    assert (result.value, [note.reason for note in result.notes]) == (None, [reason])


@pytest.mark.parametrize("cell", ["", "not(", "1,", "> ", "- 1 -", "not 1"])
def test_what_is_no_cell_is_refused(cell: str) -> None:
    with pytest.raises(feel.FeelSyntaxError):
        feel.compile_unary(cell)


def test_a_cell_reads_the_names_of_its_table() -> None:
    assert feel.compile_unary("> limit").names == {"limit"}
    assert feel.compile_unary("? > limit").names == {"?", "limit"}
