"""Who does the jobs: a thread of the web process, workers side by side, or workers behind a broker and a relay."""

import dataclasses
import datetime as dt
import signal
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import structlog
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from workflows import chores, clock, jobs
from workflows.db import Database
from workflows.engine import beats
from workflows.engine.beats import CELERY, Beat
from workflows.engine.leases import Lease
from workflows.jobs import Job

__all__ = ["CELERY"]

log = structlog.get_logger("workers")

POLL_SECONDS = 2.0  # of a process that is nudged; others look more often
LOOK_SECONDS = 0.5
BATCH = 20  # rows that one worker takes at once: with its lease it has plenty of time for them
MOST_QUEUED = (
    200  # in the queue of the broker: what waits there is leased, and must be done before the lease ends
)
TIDY_EVERY = dt.timedelta(hours=1)
LONG_AGO = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

_wake = threading.Event()


class BrokerAway(Exception):
    """The broker cannot be reached."""


class Broker(Protocol):
    """Where a relay puts leased rows for workers elsewhere. Both raise BrokerAway."""

    def waiting(self) -> int:
        """How many lie there."""

    def put(self, job: Job, leases: Sequence[Lease]) -> None: ...


def nudge() -> None:
    """Wake the embedded thread: a transaction has just left work behind."""
    _wake.set()


def start_thread(database: Database, *, unused_file_days: int) -> threading.Thread:
    """Run the jobs in a daemon thread of this process."""
    worker = Embedded(database, Beat(beats.EMBEDDED), unused_file_days)
    thread = threading.Thread(target=worker.run, name="jobs", daemon=True)
    thread.start()
    return thread


def share(database: Database, *, unused_file_days: int) -> "Worker":
    """A worker that shares the rows of ``database`` with others."""
    return Worker(database, Beat(beats.WORKER), unused_file_days)


def relay(database: Database, broker: Broker, *, unused_file_days: int) -> "Relay":
    """A relay to ``broker``, of which there may be several."""
    return Relay(database, Beat(beats.RELAY), unused_file_days, broker)


@dataclass
class Loop:
    """Rounds until ``stop`` is set, with a look at the time: an hourly tidying up, a beat every ten seconds."""

    database: Database
    beat: Beat
    unused_file_days: int

    def __post_init__(self) -> None:
        self.stop = threading.Event()
        self._tidied_at = self._said_at = LONG_AGO

    def round(self) -> int:
        """Do something; how many rows that were. Zero: nothing waits."""
        raise NotImplementedError

    def pause(self) -> None:
        self.stop.wait(LOOK_SECONDS)

    def run(self) -> None:
        """A database that is away is waited for, and no bad round ends it."""
        while not self.stop.is_set():
            done = 0
            try:
                self._keep_house()
                done = self.round()
            except OperationalError as error:
                log.warning("database away", error=str(error.orig))
            except Exception:  # the clock must not stop for one bad round
                log.exception("round of jobs failed")
            if not done:
                self.pause()
        _end(self.database, self.beat)

    def end_on_signals(self) -> None:
        """Let SIGTERM and Ctrl+C end the loop in order, after the row under way."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: self.stop.set())

    def _keep_house(self) -> None:
        now = clock.now()
        if now - self._said_at >= beats.EVERY:
            self._said_at = now
            _say(self.database, self.beat)
        if now - self._tidied_at >= TIDY_EVERY:
            self._tidied_at = now  # first: what cannot be tidied up must not stop the clock
            chores.tidy_up(self.database, unused_file_days=self.unused_file_days)


class Embedded(Loop):
    """Beside the requests of the only web process: takes no leases, for mostly nobody else is there."""

    def round(self) -> int:
        _wake.clear()
        return jobs.run_once(self.database)

    def pause(self) -> None:
        _wake.wait(POLL_SECONDS)


class Worker(Loop):
    """One of any number that share the rows of a database."""

    def round(self) -> int:
        taken = jobs.take(self.database, BATCH)
        if taken is None:
            return 0
        job, rest = taken
        try:
            while rest and not self.stop.is_set():
                jobs.attempt(self.database, job, rest[0].row_id, rest[0])
                rest = rest[1:]
        finally:
            if rest:
                jobs.give_back(self.database, job, rest)
        return 1


@dataclass
class Relay(Loop):
    """Puts what waits into the queue of a broker, and no more than its workers do while the leases last."""

    broker: Broker

    def round(self) -> int:
        try:
            self.beat.queued = self.broker.waiting()
            done = self._put(MOST_QUEUED - self.beat.queued)
        except BrokerAway as error:
            if not self.beat.trouble:
                log.warning("broker away", error=str(error))
                self._said_at = LONG_AGO  # say it at once
            self.beat.queued, self.beat.trouble = None, str(error) or type(error).__name__
            return 0
        if self.beat.trouble:
            log.info("broker back")
            self.beat.trouble = ""
            self._said_at = LONG_AGO
        return done

    def _put(self, room: int) -> int:
        taken = jobs.take(self.database, room) if room > 0 else None
        if taken is None:
            return 0
        job, rows = taken
        try:
            self.broker.put(job, rows)
        except BrokerAway:
            jobs.give_back(self.database, job, rows)
            raise
        return len(rows)


class Beating:
    """A thread by which a process that somebody else drives says that it is alive."""

    def __init__(self, database: Database, kind: str) -> None:
        self._database, self._beat, self._stop = database, Beat(kind), threading.Event()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """The process ends in order."""
        self._stop.set()
        self._thread.join(POLL_SECONDS)

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                _say(self._database, self._beat)
            except OperationalError as error:
                log.warning("database away", error=str(error.orig))
            self._stop.wait(beats.EVERY.total_seconds())
        _end(self._database, self._beat)


def _say(database: Database, beat: Beat) -> None:
    beat.done, beat.failed = jobs.TALLY.done, jobs.TALLY.failed
    with database.transaction() as session:
        beats.say(session, beat)


def _end(database: Database, beat: Beat) -> None:
    try:
        with database.transaction() as session:
            beats.end(session, beat)
    except OperationalError as error:
        log.warning("database away", error=str(error.orig))


@dataclass(frozen=True)
class Known:
    """A process that does jobs or hands them out, as it last said of itself."""

    kind: str
    host: str
    pid: int
    started_at: dt.datetime
    seen_at: dt.datetime
    done: int
    failed: int
    queued: int | None
    trouble: str
    is_alive: bool


def known(session: Session) -> list[Known]:
    """All that were heard of during the last day."""
    names = [field.name for field in dataclasses.fields(Known) if field.name != "is_alive"]
    return [
        Known(**{name: getattr(one, name) for name in names}, is_alive=beats.is_alive(one))
        for one in beats.known(session)
    ]
