"""The language, construct by construct: what an expression gives."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import pytest

from workflows import feel

SCOPE: dict[str, object] = {
    "x": 2,
    "none": None,
    "Full Name": "张三",
    "loan": {"Monthly Pay": Decimal("1.50"), "rate": Decimal("0.05")},
    "orders": [{"price": 10, "sort of": "a"}, {"price": 30, "sort of": "b"}],
    "a-b": 7,
    "date": "2026-01-01",
}
NAMES = (*SCOPE, "Monthly Pay", "sort of")


def value(text: str) -> Any:
    return feel.compile(text, names=NAMES).evaluate(SCOPE).value


def reasons(text: str) -> list[str]:
    result = feel.compile(text, names=NAMES).evaluate(SCOPE)
    assert result.value is None
    return [str(note) for note in result.notes]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3 - 4 / 8", "6.5"),
        ("(1 + 2) * 3", "9"),
        ("2 ** 3 ** 2", "64"),
        ("-2 ** 2", "4"),
        ("- x + 1", "-1"),
        ("10 ** -2", "0.01"),
        (".5 + 1e2", "100.5"),
        ("0.1 + 0.2", "0.3"),
        ("1 / 3", "0.3333333333333333333333333333333333"),
        ("loan.Monthly Pay * x", "3.00"),
        ("a-b", "7"),
        ("a-b - x", "5"),
        ("[1, 2, 3][2]", "2"),
        ("[1, 2, 3][-1]", "3"),
        ("orders[price > 20][1].price", "30"),
        ('orders[sort of = "a"].price[1]', "10"),
        ("if x > 1 then 10 else 20", "10"),
        ("if none then 10 else 20", "20"),
        ("{a: 1, b: a + 1}.b", "2"),
        ("{Net Price: 2, Tax Part: Net Price * 3}.Tax Part", "6"),
        ("(function(a, b) a * b)(3, 4)", "12"),
        ("{f: function(n: number) n + 1, r: f(n: 4)}.r", "5"),
        ("count(orders)", "2"),
        ("sum(orders.price)", "40"),
        ("sum(for o in orders return o.price * x)", "80"),
        ("[1..5].end", "5"),
        ("5 // a comment\n + 1 /* another */", "6"),
        ('date("2026-02-03").month', "2"),
    ],
)
def test_an_expression_gives_a_number(text: str, expected: str) -> None:
    assert value(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 2", True),
        ("x != 2", False),
        ("x >= 2 and x < 3", True),
        ("x between 1 and 2 and true", True),
        ("x in [1..2]", True),
        ("x in [1..2)", False),
        ("x in [1..2[", False),
        ("x in (2..3]", False),
        ("x in ]2..3]", False),
        ("x in [2..2]", True),
        ("x in (1, 3, > 5)", False),
        ("x in (1, [2..3])", True),
        ("x in > 1", True),
        ("x in (<= 1)", False),
        ("x in [1, 2]", True),
        ("none in [null, 2]", True),
        ("x instance of number", True),
        ("none instance of number", False),
        ('duration("P1Y") instance of years and months duration', True),
        ('@"2026-01-01T00:00:00" instance of date and time', True),
        ("some o in orders satisfies o.price > 20", True),
        ("every o in orders satisfies o.price > 20", False),
        ("some a in [1, 2], b in [2, 3] satisfies a = b", True),
        ("none = null", True),
        ("[1, 2] = [1, 2]", True),
        ("{a: [1]} = {a: [2]}", False),
        ('[1] = ["1"]', False),
        ("false and none", False),
        ("none or true", True),
        ("not(x > 5)", True),
        ('"a" < "b"', True),
        ('@"2026-01-01T08:00:00+08:00" = @"2026-01-01T00:00:00Z"', True),
        ('duration("P1D") < duration("PT25H")', True),
    ],
)
def test_an_expression_gives_a_truth(text: str, expected: bool) -> None:
    assert value(text) is expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('"Hello " + Full Name', "Hello 张三"),
        (r'"tab\t quote\" \u4e2d \U01F600"', 'tab\t quote" 中 \U0001f600'),
        ("for i in 3..1 return i", [3, 2, 1]),
        ("for i in [1..4) return i", [1, 2, 3]),
        ("for a in [1, 2], b in [10, 20] return a + b", [11, 21, 12, 22]),
        ("for n in 1..4 return if n < 3 then 1 else partial[-1] + partial[-2]", [1, 1, 2, 3]),
        ("for Order Line in orders return Order Line.price", [10, 30]),
        ("[1, 2, 3, 4][item > 2]", [3, 4]),
        ("[1, 2][item > 5]", []),
        ("orders.price", [10, 30]),
        ("{}", {}),
        ('{a: 1, "b c": 2}', {"a": 1, "b c": 2}),
        ("x[item = 2]", [2]),
        ('date("2026-01-31") + duration("P1M")', dt.date(2026, 2, 28)),
    ],
)
def test_an_expression_gives_any_other_value(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10 / 0", ["line 1, column 4: cannot divide by zero"]),
        ("1 +\n none", ["line 1, column 3: cannot do number + null"]),
        ('1 = "1"', ["line 1, column 3: cannot compare number with string"]),
        ('1 < "1"', ["line 1, column 3: cannot compare number with string"]),
        ("loan.rat", ["line 1, column 6: there is no entry 'rat'"]),
        ("none.rate", ["line 1, column 6: null has no 'rate'"]),
        ("x.year", ["line 1, column 3: there is no property 'year' here"]),
        ("unknown", ["line 1, column 1: nothing is called 'unknown'"]),
        ("x(1)", ["line 1, column 1: number cannot be called"]),
        ("[1][3]", ["line 1, column 4: the list has no position 3"]),
        ("none[1]", ["line 1, column 5: cannot filter null"]),
        ("for i in x return i", ["line 1, column 10: cannot go through number"]),
        ("for i in 1..2.5 return i", ["line 1, column 10: 2.5 is not a whole number of reasonable size"]),
        ("[none..3]", ["line 1, column 1: a bound of the range is null"]),
        ("x and true", ["line 1, column 1: number is neither true nor false"]),
        ("- Full Name", ["line 1, column 1: cannot negate string"]),
        ("substring(1)", ["line 1, column 1: substring: takes 2 to 3 arguments, not 1"]),
        ('upper case(strin: "a")', ["line 1, column 1: there is no parameter 'strin'"]),
        ("(function(a) a)()", ["line 1, column 10: takes 1 arguments, not 0"]),
        ('@"2026-01-01T00:00:00" < @"2026-01-01T00:00:00Z"',
         ["line 1, column 24: cannot compare a time that has a zone with one that has none"]),
        ('(function(n: number) n)("a")', ["line 1, column 10: 'n' is string, not number"]),
        ("true and none", []),
        ("none or false", []),
        ("not(none)", []),
    ],
)  # fmt: skip
def test_a_null_that_an_error_caused_says_where_and_why(text: str, expected: list[str]) -> None:
    assert reasons(text) == expected


@pytest.mark.parametrize(
    ("text", "column", "reason"),
    [
        ("", 1, "it is empty"),
        ("1 +", 4, "the expression ends too early"),
        ("a b", 3, "unexpected 'b'"),
        ("(1", 3, "the expression ends too early"),
        ('"open', 1, "unexpected character '\"'"),
        ("1 # 2", 3, "unexpected character '#'"),
        ("if true then 1", 15, "the expression ends too early"),
        ("{a: 1, a: 2}", 8, "the key 'a' is given twice"),
        ("function(a, a) a", 9, "a parameter is given twice"),
        ("abs(n: 1, n: 2)", 5, "an argument is given twice"),
        (r'"\q"', 1, "unknown escape \\q"),
        ("1e9999", 1, "the number is out of range"),
        ('@"2026-13-01"', 2, "'2026-13-01' is not a day of the calendar"),
        ("x instance of nothing", 15, "there is no type 'nothing'"),
        ("1 " * 6000, 1, "longer than 10000 characters"),
        ("(" * 60 + "1" + ")" * 60, 41, "nested too deeply"),
        ("1" + " + 1" * 200, 479, "nested too deeply"),
    ],
)
def test_what_is_no_expression_is_refused_with_its_place(text: str, column: int, reason: str) -> None:
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile(text)
    assert (caught.value.line, caught.value.column, caught.value.reason) == (1, column, reason)


def test_a_syntax_error_counts_lines() -> None:
    with pytest.raises(feel.FeelSyntaxError) as caught:
        feel.compile("1 +\n  * 2")
    assert (caught.value.line, caught.value.column) == (2, 3)


def test_the_longest_declared_name_wins() -> None:
    scope = {"net": 1, "net price": 2, "net price of it": 3}
    expression = feel.compile("net + net  price + net price of it", names=tuple(scope))
    assert expression.evaluate(scope).value == 6
    assert expression.names == frozenset(scope)


def test_a_declared_name_may_be_blank_or_have_blanks_around_it() -> None:
    assert feel.compile("x y + 1", names=("", " ", " x y ")).evaluate({"x y": 1}).value == 2


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a + count(b) + string length(c)", {"a", "b", "c"}),
        ("for i in items return i + j", {"items", "j"}),
        ("some i in items, k in i satisfies k = limit", {"items", "limit"}),
        ("{p: q, r: p}", {"q"}),
        ("(function(n) n + m)(1)", {"m"}),
        ("items[price > limit and item.x = 1]", {"items", "limit"}),
        ("a.b.c", {"a"}),
    ],
)
def test_an_expression_knows_the_names_it_reads(text: str, names: set[str]) -> None:
    assert feel.compile(text, names=("items", "limit")).names == names


def test_require_gives_the_value_or_names_the_place() -> None:
    expression = feel.compile("loan.rat")
    with pytest.raises(feel.FeelError) as caught:
        expression.require(SCOPE, place="gateway is_large")
    assert str(caught.value) == (
        "gateway is_large: the value is null; line 1, column 6: there is no entry 'rat' (in: loan.rat)"
    )
    assert feel.compile("loan.rate").require(SCOPE, place="gateway is_large") == Decimal("0.05")


def test_a_float_is_refused_loudly_wherever_it_hides() -> None:
    for scope in ({"a": 0.5}, {"a": [0.5]}, {"a": {"b": (0.5,)}}):
        with pytest.raises(feel.FeelError, match="start: a float is not exact: pass a Decimal"):
            feel.compile("a").require(scope, place="start")


@pytest.mark.parametrize("bad", [object(), {1: 2}, Decimal("NaN"), Decimal("Infinity"), b"bytes", {1, 2}])
def test_a_value_without_meaning_is_refused(bad: object) -> None:
    with pytest.raises(feel.FeelError):
        feel.compile("a").evaluate({"a": bad})


def test_data_that_holds_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(feel.FeelError, match="nested too deeply"):
        feel.compile("a").evaluate({"a": endless})


def test_values_of_python_become_plain_values() -> None:
    kind = enum.StrEnum("kind", ["A"])
    assert feel.compile("[a, b, c]").evaluate({"a": kind.A, "b": 3, "c": (True, None)}).value == [
        "a", Decimal(3), [True, None],
    ]  # fmt: skip
    assert type(feel.compile("a").evaluate({"a": kind.A}).value) is str


def test_what_an_expression_does_not_read_does_not_matter() -> None:
    assert feel.compile("a").evaluate({"a": 1, "b": 0.5}).value == 1


def test_a_variable_may_be_named_like_a_function() -> None:
    assert value("date(date).year") == 2026


def test_the_same_text_is_compiled_once() -> None:
    assert feel.compile("1 + 41") is feel.compile("1 + 41")
