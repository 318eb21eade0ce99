"""Due timers fired by one worker and by two, on copies of the same database."""

import multiprocessing
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.synchronize import Barrier
from statistics import median

from sqlalchemy import func, insert, inspect, select
from sqlalchemy.orm import Session

from bench import databases
from bench.figures import Figure, at_least, at_most, for_the_record
from tests.engine import trial
from workflows import clock, db, workers
from workflows.db import Database
from workflows.engine.beats import WORKER, Beat
from workflows.engine.tables import Due, HistoryEntry, Process
from workflows.models import Notice

TIMER = "timer_duration"  # fires once and writes one notice
GOAL = 1.6
START_SECONDS = 120
_spawn = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Counts:
    """How much is done."""

    due_timers: int = 10_000
    timer_rounds: int = 3


def measure(counts: Counts) -> list[Figure]:
    """Each round fires all timers with one worker and with two, in turn, each on a copy of its own."""
    timers = counts.due_timers
    with databases.empty() as filled:
        _fill(filled, timers)
        rates: dict[int, list[float]] = {1: [], 2: []}
        wrong = 0
        for _ in range(counts.timer_rounds):
            for hands, measured in rates.items():
                with databases.copied(filled) as address:
                    measured.append(timers / _fire(address, hands))
                    wrong += abs(timers - _effects(address))
    ratios = [two / one for one, two in zip(rates[1], rates[2], strict=True)]
    return [
        at_least(f"{timers} due timers, 2 workers against 1", median(ratios), GOAL),
        for_the_record("timers fired by one worker", median(rates[1]), "1/s"),
        for_the_record("timers fired by two workers", median(rates[2]), "1/s"),
        at_most("timers without effect, or with two", wrong, 0, "timers"),
    ]


def _fill(address: str, timers: int) -> None:
    """One process whose timer is due, through the engine, and copies of its rows."""
    database = db.connect(address)
    trial.store(database)
    person = trial.person(database)
    first = trial.begin(database, TIMER, person)
    with database.transaction() as session:
        session.query(Due).update({"due_at": clock.now(), "next_try_at": clock.now()})
        for table in (Process, HistoryEntry, Due):
            _copy(session, table, first, timers)
    database.engine.dispose()


def _copy(session: Session, table: type[db.Base], first: int, count: int) -> None:
    columns = inspect(table).local_table.c
    of = "id" if table is Process else "process_id"
    rows = session.execute(select(*columns).where(columns[of] == first)).mappings().all()
    copies = [
        {**{name: value for name, value in row.items() if name != "id"}, of: first + number}
        for number in range(1, count)
        for row in rows
    ]
    session.execute(insert(table), copies)


def _fire(address: str, hands: int) -> float:
    """Seconds in which so many workers, started before, fire everything."""
    line = _spawn.Barrier(hands + 1, timeout=START_SECONDS)
    crew = [_spawn.Process(target=_labour, args=(address, line), daemon=True) for _ in range(hands)]
    for worker in crew:
        worker.start()
    database = db.connect(address, pool_size=1)
    line.wait()
    began = time.perf_counter()
    while _left(database):
        time.sleep(0.05)
    seconds = time.perf_counter() - began
    for worker in crew:
        worker.terminate()
        worker.join()
    database.engine.dispose()
    return seconds


def _labour(address: str, line: Barrier) -> None:
    trial.install()
    database = db.connect(address, pool_size=2)
    loop = workers.Worker(database, Beat(WORKER), unused_file_days=30)
    loop.end_on_signals()
    line.wait()
    loop.run()


def _left(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Due)) or 0


def _effects(address: str) -> int:
    database = db.connect(address, pool_size=1)
    with database.read() as session:
        notices: Sequence[int] = session.scalars(select(Notice.id)).all()
    database.engine.dispose()
    return len(notices)
