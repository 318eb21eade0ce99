"""Duplicates over HTTP, a share of what ``dev.py bench reliability`` plays: the first weeks of a campaign."""

import pytest

from bench.reliability import repeats


@pytest.mark.parametrize("kind", ["SQLite", "PostgreSQL"])
def test_what_comes_three_times_has_one_effect_and_one_answer(kind: str, postgres_server: str) -> None:
    figures = {figure.name.removeprefix(f"{kind}: "): figure for figure in repeats.measure(kind, days=12)}
    assert [name for name, figure in figures.items() if figure.met is False] == []
    assert figures["writes, each sent three times"].value > 15
    assert figures["rows of jobs, each done three times"].value > 2
