"""Regular expressions in linear time: they mean what Python's mean, and cannot be made to run long."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workflows import feel
from workflows.feel import patterns


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^fo*b", "foobar", True),
        ("bar$", "foobar", True),
        ("^bar", "foobar", False),
        ("a|b|", "", True),
        (r"^\d{3}-\d{2,4}$", "123-4567", True),
        (r"^\d{3}-\d{2,4}$", "123-45678", False),
        ("[^a-c]", "abc", False),
        (r"[\d.]+", "1.5", True),
        ("[]a]", "]", True),
        ("[a-]", "-", True),
        (r"\w\s\S", "a b", True),
        (r"\p{Lu}", "aB", True),
        (r"\P{L}", "ab", False),
        ("(?:ab)+c", "ababc", True),
        ("a.c", "a\nc", False),
        ("张+", "一张张", True),
        (r"\.", "a", False),
    ],
)
def test_a_pattern_matches_somewhere(pattern: str, text: str, expected: bool) -> None:
    assert (
        patterns.compile(pattern, "", feel.Budget()).search(text, 0, feel.Budget()) is not None
    ) is expected


def test_flags_change_case_and_dot() -> None:
    budget = feel.Budget()
    assert patterns.compile("A[b-d]", "i", budget).search("aC", 0, budget) == [(0, 2)]
    assert patterns.compile("a.c", "s", budget).search("a\nc", 0, budget) == [(0, 3)]


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("(a", "the pattern has no proper end at character 3"),
        ("a)", "the pattern has an unmatched ) at character 2"),
        ("*a", "the pattern has nothing to repeat at character 2"),
        ("a**", "the pattern has a repeated repetition at character 3"),
        ("[a", "the pattern has no proper end at character 3"),
        ("[z-a]", "the pattern has a bad range of characters at character 5"),
        ("a{2,1}", "the pattern has a bad count at character 7"),
        ("a{999}", "the pattern has a bad count at character 7"),
        ("a{x}", "the pattern has a bad count at character 3"),
        (r"(a)\1", r"the pattern has an escape \1 that is not supported at character 6"),
        ("(?=a)", "the pattern has a group of a kind that is not supported at character 2"),
        (r"\p{L", "the pattern has a bad category at character 3"),
        ("(" * 30 + ")" * 30, "the pattern has too many nested groups at character 22"),
        ("a" * 301, "the pattern is longer than 300 characters"),
        ("(?:(?:a{200}){200}){200}", "the pattern is too large"),
        ("(?:(?:(?:(?:){200}){200}){200}){200}", "the pattern is too large"),
    ],
)
def test_a_bad_pattern_says_what_is_wrong(pattern: str, reason: str) -> None:
    result = feel.compile("matches(text, pattern)").evaluate({"text": "x", "pattern": pattern})
    assert (result.value, [note.reason for note in result.notes]) == (None, [f"matches: {reason}"])


def test_unknown_flags_are_refused() -> None:
    (note,) = feel.compile('matches("a", "a", "q")').evaluate({}).notes
    assert note.reason == "matches: the flags of a pattern are i and s"


PIECES = st.sampled_from(["a", "b", ".", "[ab]", "[^a]", "^", "$", "(a|b)", "(?:ab|a)", "(b)"])
PATTERNS = st.lists(st.tuples(PIECES, st.sampled_from(["", "*", "+", "?", "*?", "+?", "{1,2}"])), max_size=5)


@settings(deadline=None)
@given(parts=PATTERNS, text=st.text(alphabet="abc", max_size=12))
def test_a_match_is_where_python_finds_it(parts: list[tuple[str, str]], text: str) -> None:
    pattern = "".join(piece + ("" if piece in "^$" else count) for piece, count in parts)
    found = patterns.compile(pattern, "", feel.Budget()).search(text, 0, feel.Budget())
    expected = re.search(pattern, text)
    assert (found[0] if found else None) == (expected.span() if expected else None)
