"""The engine: completions against a hand-written transaction, over HTTP against a bare row, their SQL, their growth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

from bench import growth, handwritten, statements
from bench.clients import clients
from bench.figures import Figure, at_least, at_most, for_the_record
from bench.loads import load
from bench.recordings import record
from bench.stages import Stage
from workflows.db import Database


@dataclass(frozen=True)
class Counts:
    """How much is done; a life is one process with ten completions."""

    repetitions: int = 5  # each measures both sides in turn
    clients: int = 2  # processes that complete side by side
    lives: int = 15  # per client and repetition, through the engine
    handwritten_lives: int = 100  # the same by hand
    connections: int = 8  # over HTTP
    http_lives: int = 4  # per connection and repetition
    rows: int = 300  # per connection and repetition


def measure_transactions(database: Database, stage: Stage, counts: Counts) -> list[Figure]:
    recording = record(database, stage)
    handwritten.check(stage, recording)
    with clients(counts.clients, stage) as side:
        engine, by_hand = _in_turn(
            counts.repetitions,
            lambda: side.engine_rate(counts.lives),
            lambda: side.handwritten_rate(recording, counts.handwritten_lives),
        )
    return [
        at_least("engine against hand-written transaction", _ratio(engine, by_hand), 0.40),
        for_the_record("completions through the engine", median(engine), "1/s"),
        for_the_record("completions by hand", median(by_hand), "1/s"),
    ]


def measure_http(database: Database, stage: Stage, counts: Counts) -> list[Figure]:
    with load(database, stage, connections=counts.connections) as servers:
        completions, rows = _in_turn(
            counts.repetitions,
            lambda: servers.completion_rate(counts.http_lives),
            lambda: servers.row_rate(counts.rows),
        )
    return [
        at_least("HTTP completions against one-row JSON", _ratio(completions, rows), 0.25),
        for_the_record("HTTP completions", median(completions), "1/s"),
        for_the_record("HTTP one-row JSON", median(rows), "1/s"),
    ]


def measure_sql(database: Database, stage: Stage, _counts: Counts) -> list[Figure]:
    life = statements.count_one_life(database, stage)
    return [
        at_most("commits per completion, at most", max(one.commits for one in life), 1, ""),
        at_most("statements of the engine, median", median(one.engine for one in life), 5, ""),
        at_most("statements of the engine, at most", max(one.engine for one in life), 5, ""),
        at_most("all statements but authorisation, median", median(one.all for one in life), 10, ""),
        at_most("all statements but authorisation, at most", max(one.all for one in life), 10, ""),
        for_the_record("statements of authorisation, median", median(one.authorisation for one in life), ""),
    ]


def measure_growth(database: Database, stage: Stage, counts: Counts) -> list[Figure]:
    found = growth.measure(database, stage, repetitions=counts.repetitions)
    after = f"after {growth.MANY} human tasks against after {growth.FEW}"
    return [
        at_most(f"one completion {after}", found.many_seconds / found.few_seconds, 1.2),
        at_most(f"state {after}", found.many_bytes / found.few_bytes, 1.1),
        for_the_record(f"one completion after {growth.FEW}", found.few_seconds * 1000, "ms"),
        for_the_record(f"one completion after {growth.MANY}", found.many_seconds * 1000, "ms"),
        for_the_record(f"state after {growth.FEW}", found.few_bytes, "bytes"),
        for_the_record(f"state after {growth.MANY}", found.many_bytes, "bytes"),
    ]


PARTS: dict[str, Callable[[Database, Stage, Counts], list[Figure]]] = {
    "transactions": measure_transactions,
    "http": measure_http,
    "sql": measure_sql,
    "growth": measure_growth,
}


def _in_turn(
    repetitions: int, first: Callable[[], float], second: Callable[[], float]
) -> tuple[list[float], list[float]]:
    """Measure two rates in turn, after one unmeasured round that fills the caches of both."""
    pairs = [(first(), second()) for _ in range(repetitions + 1)][1:]
    return [one for one, _ in pairs], [other for _, other in pairs]


def _ratio(ours: Sequence[float], limit: Sequence[float]) -> float:
    """The median of the ratios within each repetition."""
    return median(one / other for one, other in zip(ours, limit, strict=True))
