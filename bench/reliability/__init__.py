"""What docs/reliability.md promises, tried out: the gate, steps cut short, duplicates, workers that die, clocks that jump."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bench.databases import KINDS
from bench.figures import Figure
from bench.reliability import brokers, clocks, fail_points, gates, repeats, workers


@dataclass(frozen=True)
class Counts:
    """How much is tried."""

    spoilt_files: int = 5_000
    one_point_in: int = 1  # of those at which a process may die
    kills: int = 200  # of workers
    crowd_timers: int = 1_000  # that four workers fire
    courses: int = 20  # of clocks that jump, each in two sets of zones


def measure_gate(counts: Counts) -> Iterator[Figure]:
    yield from gates.measure(spoilt_files=counts.spoilt_files)


def measure_fail_points(counts: Counts) -> Iterator[Figure]:
    for kind in KINDS:
        yield from fail_points.measure(kind, every=counts.one_point_in)


def measure_repeats(_counts: Counts) -> Iterator[Figure]:
    for kind in KINDS:
        yield from repeats.measure(kind)


def measure_clocks(counts: Counts) -> Iterator[Figure]:
    for kind in KINDS:
        yield from clocks.measure(kind, courses=counts.courses)


def measure_deaths(counts: Counts) -> Iterator[Figure]:
    yield from workers.measure_deaths(kills=counts.kills)


def measure_crowd(counts: Counts) -> Iterator[Figure]:
    yield from workers.measure_crowd(timers=counts.crowd_timers)


def measure_brokers(_counts: Counts) -> Iterator[Figure]:
    yield from brokers.measure()


PARTS: dict[str, Callable[[Counts], Iterator[Figure]]] = {
    "gate": measure_gate,
    "fail-points": measure_fail_points,
    "repeats": measure_repeats,
    "deaths": measure_deaths,
    "crowd": measure_crowd,
    "brokers": measure_brokers,
    "clocks": measure_clocks,
}
