"""Rows 6 and 7: workers that die between claim and commit, and many workers at the same timers."""

from collections.abc import Iterator

from bench import databases
from bench.figures import Figure, at_most, for_the_record
from tests.engine import crews, trial
from workflows import clock, db
from workflows.db import Database


def measure_deaths(*, kills: int) -> Iterator[Figure]:
    """``kills`` workers are killed at a random commit; what came of the timers that two of them at a time fire."""
    timers = crews.LAST_COMMIT * kills
    with databases.empty() as address:
        done = _fired(address, timers, hands=2, kills=kills)
    yield for_the_record("workers killed between claim and commit", done.killed, "workers")
    yield at_most(f"of {timers} timers, those without exactly one effect", _wrong(done, timers), 0, "timers")
    yield for_the_record("timers given up after three deaths, and retried", done.given_up, "timers")


def measure_crowd(*, timers: int) -> Iterator[Figure]:
    """Four workers at the same timers."""
    with databases.empty() as address:
        done = _fired(address, timers, hands=4, kills=0)
    yield at_most(
        f"4 workers, {timers} timers: without exactly one effect", _wrong(done, timers), 0, "timers"
    )
    yield for_the_record(f"4 workers, {timers} timers", done.seconds, "s")


def _fired(address: str, timers: int, *, hands: int, kills: int) -> crews.Outcome:
    database: Database = db.connect(address)
    try:
        trial.store(database)
        with clock.held_at(clock.now() - crews.AN_AGE):
            people = crews.set_timers(database, timers)
        return crews.fire(database, people, hands=hands, kills=kills)
    finally:
        database.engine.dispose()


def _wrong(done: crews.Outcome, timers: int) -> int:
    return timers - done.effects[1]
