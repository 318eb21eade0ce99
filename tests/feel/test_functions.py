"""The built-in functions."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from workflows import feel


def value(text: str) -> Any:
    return feel.compile(text).evaluate({}).value


def reason(text: str) -> str:
    result = feel.compile(text).evaluate({})
    assert result.value is None
    (note,) = result.notes
    return note.reason


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("decimal(2.345, 2)", "2.34"),
        ("decimal(1/3, 2)", "0.33"),
        ("floor(-1.5)", "-2"),
        ("floor(1.57, 1)", "1.5"),
        ("ceiling(-1.5)", "-1"),
        ("ceiling(1.51, 1)", "1.6"),
        ("round up(-1.121, 2)", "-1.13"),
        ("round down(1.129, 2)", "1.12"),
        ("round half up(2.5, 0)", "3"),
        ("round half up(-2.5, 0)", "-3"),
        ("round half up(1255.5, -1)", "1260"),
        ("round half down(2.5, 0)", "2"),
        ("round half up(1234567890123456789012345678901.345, 2)", "1234567890123456789012345678901.35"),
        ("abs(-3)", "3"),
        ("modulo(-12, 5)", "3"),
        ("modulo(12, -5)", "-3"),
        ("modulo(10.1, 4.5)", "1.1"),
        ("sqrt(16)", "4"),
        ("number(\"1,000.50\", \",\", \".\")", "1000.50"),
        ("number(\"-1.5\")", "-1.5"),
        ("count([])", "0"),
        ("count([1, null])", "2"),
        ("sum(1, 2, 3)", "6"),
        ("sum([0.1, 0.2])", "0.3"),
        ("min([3, 1, 2])", "1"),
        ("max(3, 1, 2)", "3"),
        ("mean([1, 2])", "1.5"),
        ("median([3, 1, 2])", "2"),
        ("median(1, 2, 3, 4)", "2.5"),
        ("product([2, 3, 4])", "24"),
        ("string length(\"横綱\")", "2"),
        ("day of year(date(2026, 2, 1))", "32"),
        ("week of year(date(2026, 1, 1))", "1"),
        ("get value({a: 1}, \"a\")", "1"),
    ],
)  # fmt: skip
def test_a_function_gives_a_number(text: str, expected: str) -> None:
    assert value(text) == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('substring("foobar", 3)', "obar"),
        ('substring("foobar", -2, 1)', "a"),
        ('substring(string: "foobar", start position: 3, length: 2)', "ob"),
        ('upper case("aBc4")', "ABC4"),
        ('lower case("aBc4")', "abc4"),
        ('trim(" a b ")', "a b"),
        ('substring before("foobar", "bar")', "foo"),
        ('substring before("foobar", "xyz")', ""),
        ('substring after("foobar", "ob")', "ar"),
        ('substring after("foobar", "xyz")', ""),
        ('string join(["a", null, "b"], ", ")', "a, b"),
        ('string join(["a", "b"])', "ab"),
        ("string(1.10)", "1.1"),
        ("string(100)", "100"),
        ('string([1, "a", {b: null, c: true}])', '[1, "a", {b: null, c: true}]'),
        ('string(date("2026-03-04"))', "2026-03-04"),
        ('string(duration("P1DT2H3M4.5S"))', "P1DT2H3M4.5S"),
        ('string(duration("-P14M"))', "-P1Y2M"),
        ('string(duration("PT0S"))', "PT0S"),
        ('string(@"10:00:00Z")', "10:00:00Z"),
        ('string(@"2026-01-01T10:00:00@Asia/Shanghai")', "2026-01-01T10:00:00@Asia/Shanghai"),
        ("string([1..2))", "[1..2)"),
        ('replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")', "[1=ab][2=]cd"),
        ('replace("abracadabra", "a.*?a", "*")', "*c*bra"),
        ('replace("ABC", "b", "$0$0", "i")', "ABBC"),
        ('split("a;b;;c", ";")', ["a", "b", "", "c"]),
        (r'split("John  Doe", "\\s+")', ["John", "Doe"]),
        ("all([true, null, false])", False),
        ("any(false, true)", True),
        ("all([])", True),
        ("any([])", False),
        ("append([1], 2, [3])", [1, 2, [3]]),
        ("concatenate([1], [2, 3])", [1, 2, 3]),
        ("insert before([1, 3], 2, 2)", [1, 2, 3]),
        ("remove([1, 2, 3], -1)", [1, 2]),
        ("reverse([1, 2])", [2, 1]),
        ('index of([1, 2, "2", 2], 2)', [2, 4]),
        ('distinct values([1, "1", 1, null, null])', [1, "1", None]),
        ("flatten([1, [2, [3]], []])", [1, 2, 3]),
        ("union([1, 2], [2, 3])", [1, 2, 3]),
        ("sublist([1, 2, 3, 4], 2, 2)", [2, 3]),
        ("sublist([1, 2, 3], -2)", [2, 3]),
        ("sort([2, 3, 1])", [1, 2, 3]),
        ("sort([2, 3, 1], function(a, b) a > b)", [3, 2, 1]),
        ("list contains([1, null], null)", True),
        ('contains("abc", "bc")', True),
        ('starts with("abc", "b")', False),
        ('ends with("abc", "c")', True),
        ("get entries({a: 1})", [{"key": "a", "value": 1}]),
        ('context([{key: "a", value: 1}])', {"a": 1}),
        ('context put({a: 1}, "b", 2)', {"a": 1, "b": 2}),
        ("context merge([{a: 1, b: 1}, {b: 2}])", {"a": 1, "b": 2}),
        ("is(1, 1.0)", True),
        ('is(@"10:00:00Z", @"12:00:00+02:00")', False),
        ("odd(3)", True),
        ("even(3)", False),
        ('date("2026-01-05")', dt.date(2026, 1, 5)),
        ("date(2026, 1, 5)", dt.date(2026, 1, 5)),
        ('date(@"2026-01-05T23:00:00")', dt.date(2026, 1, 5)),
        ('time("23:59:00")', dt.time(23, 59)),
        ("time(10, 20, 30)", dt.time(10, 20, 30)),
        ('time(10, 0, 0, duration("PT8H"))', dt.time(10, tzinfo=dt.timezone(dt.timedelta(hours=8)))),
        ('date and time(date("2026-01-05"), time("10:00:00"))', dt.datetime(2026, 1, 5, 10)),
        ('date and time("2026-01-05")', dt.datetime(2026, 1, 5)),
        ('years and months duration(date("2024-02-29"), date("2026-02-28"))', feel.YearsMonths(23)),
        ('years and months duration(date("2026-03-31"), date("2026-01-01"))', feel.YearsMonths(-2)),
        ('day of week(date("2026-11-23"))', "Monday"),
        ('month of year(date("2026-11-23"))', "November"),
    ],
)  # fmt: skip
def test_a_function_gives_any_other_value(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("sum([])", "sum: the list is empty"),
        ('sum([1, "2"])', "sum: a list of numbers holds string"),
        ('max([1, "2"])', "max: cannot compare string with number"),
        ("modulo(1, 0)", "modulo: cannot divide by zero"),
        ("sqrt(-1)", "sqrt: a negative number has no square root"),
        ("decimal(1, 9999)", "decimal: the scale is out of range"),
        ("floor(1.5, 0.5)", "floor: 0.5 is not a whole number of reasonable size"),
        ('abs("a")', "abs: 'n' is string, not days and time duration or number"),
        ('number("abc")', "number: 'abc' is not a number"),
        ('number("1", "x", ".")', "number: the separators are not valid"),
        ('substring("abc", 0)', "substring: there is no position 0"),
        ('substring("abc", 1, -1)', "substring: the length is negative"),
        ("remove([1], 2)", "remove: there is no position 2"),
        ("sublist([1], 1, -1)", "sublist: the length is negative"),
        ("string join([1])", "string join: cannot join number"),
        ('get value({a: 1}, "b")', "get value: there is no entry 'b'"),
        ("context([{key: 1}])", "context: an entry needs a key and a value"),
        ('context([{key: "a", value: 1}, {key: "a", value: 2}])', "context: the key 'a' is given twice"),
        ("context merge([1])", "context merge: cannot merge number"),
        ('date("2026-02-30")', "date: '2026-02-30' is not a day of the calendar"),
        ('date("26-02-30")', "date: '26-02-30' is not a date"),
        ("date(2026, 13, 1)", "date: that is not a day of the calendar"),
        ('date("2026-01-01", 1)', "date: takes a year, a month and a day, or one value"),
        ('time("25:00:00")', "time: '25:00:00' is not a time of the day"),
        ('time("noon")', "time: 'noon' is not a time"),
        ("time(25, 0, 0)", "time: that is not a time of the day"),
        ('time("10:00:00@Moon/Base")', "time: there is no time zone 'Moon/Base'"),
        ('date and time(date("2026-01-01"))', "date and time: takes a string, or a date and a time"),
        ('duration("5 days")', "duration: '5 days' is not a duration"),
        ('duration("P")', "duration: 'P' is not a duration"),
        ('duration("P1DT")', "duration: 'P1DT' is not a duration"),
        ('replace("abc", "x*", "-")', "replace: the pattern matches an empty string"),
    ],
)  # fmt: skip
def test_a_function_that_has_no_answer_says_why(text: str, expected: str) -> None:
    assert reason(text) == expected


@pytest.mark.parametrize("name", ["now", "today", "random", "eval", "exec", "open", "print"])
def test_there_is_no_clock_no_chance_and_no_door(name: str) -> None:
    result = feel.compile(f"{name}()").evaluate({})
    assert result.value is None
    assert result.notes[0].reason == f"nothing is called {name!r}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@"2026-01-01" + duration("P5D")', dt.date(2026, 1, 6)),
        ('duration("P5D") + @"2026-01-01"', dt.date(2026, 1, 6)),
        ('@"2026-03-31" - duration("P1M")', dt.date(2026, 2, 28)),
        ('@"2026-01-01T23:30:00" + duration("PT1H")', dt.datetime(2026, 1, 2, 0, 30)),
        ('@"23:30:00" + duration("PT1H")', dt.time(0, 30)),
        ('@"10:00:00" - @"09:30:00"', dt.timedelta(minutes=30)),
        ('@"2026-03-01" - @"2026-02-01"', dt.timedelta(days=28)),
        ('@"2026-01-02T00:00:00" - @"2026-01-01"', dt.timedelta(days=1)),
        ('duration("P1D") + duration("PT12H")', dt.timedelta(hours=36)),
        ('duration("P1Y") - duration("P1M")', feel.YearsMonths(11)),
        ('duration("P1D") * 1.5', dt.timedelta(hours=36)),
        ('2 * duration("P1M")', feel.YearsMonths(2)),
        ('duration("P1D") / 2', dt.timedelta(hours=12)),
        ('duration("P1Y") / 4', feel.YearsMonths(3)),
        ('duration("P3D") / duration("P1D")', Decimal(3)),
        ('duration("P1Y") / duration("P1M")', Decimal(12)),
        ('-duration("P1D")', dt.timedelta(days=-1)),
        ('-duration("P1M")', feel.YearsMonths(-1)),
        ('abs(-duration("P1D"))', dt.timedelta(days=1)),
        ('@"2026-11-23".weekday', Decimal(1)),
        ('@"2026-11-23T10:20:30".minute', Decimal(20)),
        ('@"10:20:30+08:00".time offset', dt.timedelta(hours=8)),
        ('@"2026-11-23T10:20:30@Asia/Shanghai".timezone', "Asia/Shanghai"),
        ('duration("-P1DT2H3M4S").days', Decimal(-1)),
        ('duration("P1DT2H3M4S").seconds', Decimal(4)),
        ('duration("P1Y2M").months', Decimal(2)),
        ('duration("P1Y2M").years', Decimal(1)),
        ("[1..5].start included", True),
    ],
)
def test_time_can_be_calculated_with(text: str, expected: object) -> None:
    assert value(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('@"2026-01-01" + 1', "cannot do date + number"),
        ('@"2026-01-01" + @"2026-01-01"', "cannot do date + date"),
        ('duration("P1D") / 0', "cannot do days and time duration / number"),
        ('@"10:00:00" * 2', "cannot do time * number"),
        ('"a" ** 2', "cannot do string ** number"),
        ('@"2026-01-01T00:00:00Z" - @"2026-01-01"',
         "cannot subtract a time that has a zone and one that has none"),
        ('@"9999-12-31" + duration("P1D")', "the date or duration is out of range"),
        ('@"9999-12-31" + duration("P1M")', "the date leaves the calendar"),
        ('duration("P1D") * 1e30', "the duration is out of range"),
        ('duration("P1M") * 1e30', "the duration is out of range"),
    ],
)  # fmt: skip
def test_time_that_cannot_be_calculated_says_why(text: str, expected: str) -> None:
    assert reason(text) == expected
