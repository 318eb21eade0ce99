"""Client processes that complete work items side by side, through the engine or by the hand-written transaction."""

import multiprocessing
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from multiprocessing.synchronize import Barrier

import psycopg

from bench import lives
from bench.handwritten import Life
from bench.recordings import Recording
from bench.stages import Stage

START_SECONDS = 120  # how long the clients wait for one another

_at_the_line: Barrier


class Clients:
    """``count`` processes of the machine, each with a connection of its own; both begin at the same moment."""

    def __init__(self, pool: ProcessPoolExecutor, count: int, stage: Stage) -> None:
        self.pool = pool
        self.count = count
        self.stage = stage

    def engine_rate(self, processes: int) -> float:
        """Completions per second of all clients together; each plays ``processes`` lives."""
        jobs = [self.pool.submit(_play_engine, self.stage, processes) for _ in range(self.count)]
        return sum(job.result() for job in jobs)

    def handwritten_rate(self, recording: Recording, processes: int) -> float:
        """The same by hand."""
        jobs = [self.pool.submit(_play_by_hand, self.stage, recording, processes) for _ in range(self.count)]
        return sum(job.result() for job in jobs)


@contextmanager
def clients(count: int, stage: Stage) -> Iterator[Clients]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(
        count, context, _set_line, (context.Barrier(count, timeout=START_SECONDS),)
    ) as pool:
        yield Clients(pool, count, stage)


def _set_line(barrier: Barrier) -> None:
    global _at_the_line
    _at_the_line = barrier


def _play_engine(stage: Stage, processes: int) -> float:
    """Completions per second of this client. What is to be done next is looked up while the watch stands."""
    database = stage.open()
    actors = lives.actors(database, stage)
    ids = [lives.begin(database, stage) for _ in range(processes)]
    _at_the_line.wait()
    seconds, done = 0.0, 0
    for process_id in ids:
        while True:
            with database.read() as session:
                todo = lives.following(session, stage, process_id)
            if todo is None:
                break
            began = time.perf_counter()
            lives.complete(database, todo, actors)
            seconds, done = seconds + time.perf_counter() - began, done + 1
    database.engine.dispose()
    return done / seconds


def _play_by_hand(stage: Stage, recording: Recording, processes: int) -> float:
    with psycopg.connect(stage.address, autocommit=True) as connection:
        written = [Life(connection, recording) for _ in range(processes)]
        _at_the_line.wait()
        began = time.perf_counter()
        for life in written:
            for completion in recording.completions:
                life.complete(completion)
        return processes * len(recording.completions) / (time.perf_counter() - began)
