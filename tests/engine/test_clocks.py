"""Clocks that jump, a share of what ``dev.py bench reliability`` tries."""

from functools import partial

import pytest

from bench.reliability import clocks
from workflows.db import Database


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_clocks_and_zones_servers_have_nothing_fires_twice_early_or_never(
    trials: Database, someone: int, seed: int
) -> None:
    zones = (clocks.PLANT, clocks.NEW_YORK, clocks.KOLKATA)
    found = clocks.course(trials, partial(clocks.begin, trials, someone), seed=seed, zones=zones)
    assert (found.twice, found.early, found.missed) == ([], [], [])
    assert len(found.fired) > 10


def test_a_course_tells_what_fires_twice_or_early() -> None:
    at, later = clocks.BEGINS, clocks.BEGINS.replace(hour=12)
    course, act = clocks.Course(), (1, 2, "timer", "late")
    course.add({act[:1] + act[2:]: at}, [act], at=at)
    course.add({act[:1] + act[2:]: at}, [act], at=at)
    course.add({act[:1] + act[2:]: later}, [act], at=at)
    fired = [(1, "timer", "late", one) for one in (at, later)]
    assert (course.twice, course.early) == (fired[:1], fired[1:])


def test_a_time_without_a_zone_is_refused_wherever_it_stands() -> None:
    assert clocks.let_in() == []
    assert clocks.let_in(["2026-12-01T18:00:00+08:00"]) == ["2026-12-01T18:00:00+08:00"]
