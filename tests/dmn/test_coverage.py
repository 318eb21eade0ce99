"""Rows that overlap and cases that no row is for, with the regions in which they lie."""

import pytest

from tests.dmn.tables import decision, loaded, table
from workflows import dmn

Row = tuple[str, ...]


def made(
    rows: list[Row], inputs: list[str], policy: str = "UNIQUE", output: str = "out: string"
) -> dmn.Table:
    return loaded(decision(table(policy, inputs, [output], rows))).table("d")


@pytest.mark.parametrize(
    ("rows", "inputs", "holes"),
    [
        ([("< 60", '"b"'), (">= 60", '"a"')], ["n: number"], []),
        ([("< 60", '"b"'), ("> 60", '"a"')], ["n: number"], ["n = 60"]),
        ([("< 55", '"b"'), (">= 60", '"a"')], ["n: number"], ["n = [55..60)"]),
        ([("[0..59]", '"b"'), ("[60..100]", '"a"')], ["n: number"], ["n = (59..60)"]),
        ([("[0..59]", '"b"'), ("[60..100]", '"a"')], ["n: integer"], []),
        ([("[0..59]", '"b"')], ["n: number = [0..100]"], ["n = (59..100]"]),
        ([("true", '"b"')], ["ok: boolean"], ["ok = false"]),
        ([('"A"', '"b"')], ['level: string = "A","B"'], ['level = "B"']),
        ([("< 5", "true", '"b"'), (">= 5", "-", '"a"')], ["n: number", "ok: boolean"], ["n = < 5, ok = false"]),
        ([("count(?) > 1", '"b"')], ["n"], []),
    ],
)  # fmt: skip
def test_the_missing_region_is_told(rows: list[Row], inputs: list[str], holes: list[str]) -> None:
    found = dmn.holes(made(rows, inputs))
    assert [", ".join(f"{text} = {region}" for text, region in case) for case in found] == holes


def test_a_table_that_may_be_silent_has_no_holes() -> None:
    rows: list[Row] = [("< 60", '"b"')]
    assert dmn.holes(made(rows, ["n: number"], policy="COLLECT")) == []
    assert dmn.holes(made(rows, ["n: number"], output='out: string = "a","b" | "a"')) == []


@pytest.mark.parametrize(
    ("rows", "region"),
    [
        ([("<= 60", '"b"'), (">= 60", '"a"')], "60"),
        ([("< 70", '"b"'), (">= 60", '"a"')], "[60..70)"),
        ([("-", '"b"'), (">= 60", '"a"')], ">= 60"),
        ([("-", '"b"'), ("< 60", '"a"')], "< 60"),
    ],
)
def test_the_double_region_is_told(rows: list[Row], region: str) -> None:
    decided = made(rows, ["n: number"])
    [found] = dmn.overlaps(decided)
    assert (found.first, found.second) == (1, 2)
    assert dmn.region(decided, "n", found.case[0][1]) == region
