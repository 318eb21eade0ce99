"""Workers as processes of the machine that share one database, some of which are killed between claim and commit."""

import datetime as dt
import multiprocessing
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

from sqlalchemy import event, func, select

from tests.engine import trial
from workflows import db, jobs, watch, workers
from workflows.db import Database
from workflows.engine import leases
from workflows.engine.beats import WORKER, Beat
from workflows.engine.tables import Due
from workflows.models import Notice

TIMER = "timer_duration"  # fires once and writes one note
LEASE_SECONDS = 1.0  # instead of a minute, so that what a dead worker had is soon done by another
LAST_COMMIT = 6  # a mortal worker dies before one of its first commits
KILLED = -signal.SIGKILL
LONG_ENOUGH = 600  # seconds, of which 200 kills take some 200
AN_AGE = dt.timedelta(days=1)  # before now the timers are set, so that all are due

_spawn = multiprocessing.get_context("forkserver")
_spawn.set_forkserver_preload(["tests.engine.crews"])


@dataclass(frozen=True)
class Outcome:
    """What came of the timers: how many notes each process has, what is left, what was given up and done again."""

    effects: Counter[int]  # so many notes -> people who have them
    left: int
    killed: int
    given_up: int
    seconds: float


def set_timers(database: Database, count: int) -> list[int]:
    """Begin ``count`` processes, each of a person of its own, whose timer goes off an hour later; the people."""
    people = trial.people(database, count)
    for person in people:
        trial.begin(database, TIMER, person)
    return people


def fire(database: Database, people: list[int], *, hands: int, kills: int, seed: int = 0) -> Outcome:
    """Let ``hands`` workers fire all timers that are due by the clock of the machine, ``kills`` of them dying at it."""
    chance = random.Random(seed)
    address = database.engine.url.render_as_string(hide_password=False)
    killed = given_up = hired = 0
    began = time.monotonic()
    with _crew() as crew:
        while _left(database) and time.monotonic() < began + LONG_ENOUGH:
            for worker in [one for one in crew if not one.is_alive()]:
                killed += worker.exitcode == KILLED
                crew.remove(worker)
            while len(crew) < hands:
                is_mortal = hired < kills
                hired += is_mortal
                crew.append(_hire(address, chance.randint(1, LAST_COMMIT) if is_mortal else 0))
            given_up += _retry(database)
            time.sleep(0.01)
    return Outcome(_effects(database, people), _left(database), killed, given_up, time.monotonic() - began)


@contextmanager
def _crew() -> Iterator[list[BaseProcess]]:
    crew: list[BaseProcess] = []
    try:
        yield crew
    finally:
        for worker in crew:
            worker.terminate()
        for worker in crew:
            worker.join()


def _hire(address: str, dies_at: int) -> BaseProcess:
    worker = _spawn.Process(target=_labour, args=(address, dies_at), daemon=True)
    worker.start()
    return worker


def _labour(address: str, dies_at: int) -> None:
    """Work as ``flask worker`` does; with ``dies_at`` until that commit, which does not happen."""
    leases.LEASE = leases.LEASE / leases.LEASE.total_seconds() * LEASE_SECONDS
    trial.install()
    database = db.connect(address, pool_size=2)
    loop = Mortal(database, Beat(WORKER), unused_file_days=30)
    loop.dies_at = dies_at
    loop.end_on_signals()
    loop.run()


class Mortal(workers.Worker):
    """A worker that counts its commits from its first round on."""

    dies_at = 0
    _commits = 0

    def round(self) -> int:
        if self.dies_at and not self._commits:
            event.listen(self.database.engine, "commit", self._count)
        return super().round()

    def _count(self, _connection: object) -> None:
        self._commits += 1
        if self._commits == self.dies_at:
            os.kill(os.getpid(), signal.SIGKILL)


def _left(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Due)) or 0


def _retry(database: Database) -> int:
    """Retry, as an operator does, what was given up because its workers died; how many."""
    with database.read() as session:
        spent = {f"due:{one}" for one in session.scalars(select(Due.id).where(Due.tries >= jobs.MAX_TRIES))}
        given_up = [one.id for one in watch.incidents(session) if one.source in spent]
    for one in given_up:
        with database.transaction() as session:
            watch.retry(session, one)
    return len(given_up)


def _effects(database: Database, people: list[int]) -> Counter[int]:
    with database.read() as session:
        notes = Counter(session.scalars(select(Notice.user_id).where(Notice.user_id.in_(people))))
    return Counter(notes[person] for person in people)
