"""Hostile expressions: none reaches Python, none runs long, none grows large."""

from __future__ import annotations

import time
import tracemalloc

import pytest

from workflows import feel


def doubling(first: str, step: str, times: int = 40) -> str:
    entries = [f"a0: {first}", *(f"a{n}: " + step.replace("@", f"a{n - 1}") for n in range(1, times))]
    return "{" + ", ".join(entries) + "}"


LARGE = [
    "9**9**9**9**9**9**9",
    "9**(9**9**9)",
    "1.0000001 ** 9e99",
    "(" * 5000,
    "[" * 39 + "]" * 39,
    "-" * 9000 + "1",
    "if true then " * 700 + "1",
    "for a in 1..999999999 return a",
    "for a in 1..9999, b in 1..9999, c in 1..9999 return a",
    "some a in 1..9999, b in 1..9999 satisfies a + b < 0",
    "count(for a in 1..9999 return for b in 1..9999 return b)",
    doubling('"0123456789"', "@ + @"),
    doubling("[1, 2]", "[@, @]"),
    doubling("[1, 2]", "concatenate(@, @)"),
    "flatten(" + doubling("[1, 2]", "[@, @]") + ".a39)",
    "string(" + doubling("[1, 2]", "[@, @]") + ".a39)",
    doubling("[1, 2]", "[@, @]") + ".a39 = " + doubling("[1, 2]", "[@, @]") + ".a39",
    "(function(f) f(f))(function(f) f(f))",
    "(function(f) [f(f), f(f)])(function(f) [f(f), f(f)])",
    "distinct values(for i in 1..9999 return i)",
    "sort(for i in 1..9999 return -i, function(a, b) a < b)",
    'replace(string join(for i in 1..9999 return "a"), "a", "' + "b" * 5000 + '")',
    'matches(string join(for i in 1..9999 return "a"), "(a+)+(a*)*(a|a)*b")',
    'matches("' + "a" * 5000 + '", "' + "a?" * 140 + 'b")',
    "1/*" * 3300,
    "for x" + " " * 9000 + "y",
    "{a" + " b" * 4900,
]


@pytest.mark.parametrize("text", LARGE, ids=range(len(LARGE)))
def test_a_large_expression_ends_within_a_second_and_100_mebibytes(text: str) -> None:
    started = time.process_time()
    value = _ended(text)
    seconds = time.process_time() - started
    assert len(feel.written(value)) < 2_000_000
    tracemalloc.start()  # which makes everything many times slower: a run of its own
    _ended(text)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (seconds < 1, peak < 100 * 2**20) == (True, True)


def _ended(text: str) -> object:
    try:
        return feel.compile(text).evaluate({}).value
    except (feel.FeelError, feel.FeelSyntaxError):
        return None


ESCAPES = [
    '__import__("os").system("id")',
    'eval("1")',
    'open("/etc/passwd")',
    '"".__class__.__mro__[1].__subclasses__()',
    "x.__class__",
    "x.__init__.__globals__",
    "count.__globals__",
    "(function(a) a).__code__",
    '@"2026-01-01".__reduce__',
    '@"2026-01-01".fromordinal(1)',
    'duration("P1D").total_seconds',
    "[1, 2].__len__",
    '{a: 1}.items',
    "item.__class__",
    "[1].append(2)",
    '"{0.__class__}".format(1)',
    "partial.__class__",
]  # fmt: skip


@pytest.mark.parametrize("text", ESCAPES)
def test_an_expression_cannot_reach_python(text: str) -> None:
    result = feel.compile(text).evaluate({"x": {"a": "b"}})
    assert result.value in (None, [None], [None, None])
    assert result.notes != ()


def test_what_looks_like_python_does_not_parse() -> None:
    for text in (
        "lambda: 1",
        "().__class__",
        "x; y",
        "x = y = z.__class__()()[]",
        "`id`",
        "f'{x}'",
        "x := 1",
    ):
        with pytest.raises(feel.FeelSyntaxError):
            feel.compile(text)


def test_a_budget_is_shared_by_all_that_it_is_given_to() -> None:
    budget = feel.Budget(steps=600)
    expression = feel.compile("sum(for i in 1..100 return i)")
    assert expression.evaluate({}, budget=budget).value == 5050
    with pytest.raises(feel.FeelError, match="needs too many steps"):
        expression.evaluate({}, budget=budget)


def test_large_data_is_refused_before_it_is_copied() -> None:
    with pytest.raises(feel.FeelError, match="needs too many steps"):
        feel.compile("count(a)").evaluate({"a": [1] * 1_000_000})
