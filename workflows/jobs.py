"""What the CLOCK does: messages delivered, timers fired, people reminded.

One registry. Its rows are done by a thread of the web process, by workers, or by workers behind a broker (workers.py);
each row in a transaction of its own, which does nothing when the row has been done already.
"""

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import Select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from workflows import clock, metrics, traces
from workflows.db import Database
from workflows.engine import due, incidents, leases, messages, migrations
from workflows.engine.leases import LEASE, Lease
from workflows.engine.tables import Delivery, Due, Message, MigrationItem, WorkItem

__all__ = ["LEASE", "Lease"]

log = structlog.get_logger("jobs")

BATCH = 200
MAX_TRIES = 3  # afterwards the row waits for a person
BACKOFF = (dt.timedelta(seconds=10), dt.timedelta(minutes=2))
DONE, FAILED, NOTHING = "done", "failed", "nothing"  # what came of a try
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


@dataclass(frozen=True)
class Job:
    """One kind of work: the ids of the rows that wait (parameters of ``leases.asked``), how one is done, their table."""

    name: str
    waiting: Select[Any]
    do: Callable[[Session, int], object]
    table: type[Message] | type[Due] | type[Delivery] | type[WorkItem] | type[MigrationItem]


JOBS = (
    Job("message", messages.NEW, messages.spread, Message),
    Job("crossed", messages.CROSSED, messages.spread, Message),
    Job("delivery", messages.DUE, messages.deliver, Delivery),
    Job("due", due.TIMERS, due.wake, Due),
    Job("reminder", due.REMINDERS, due.remind, WorkItem),
    Job("migration", migrations.WAITING, migrations.do, MigrationItem),
)
NAMED = {job.name: job for job in JOBS}


@dataclass
class Tally:
    """What this process of the machine has done since it began."""

    done: int = 0
    failed: int = 0


TALLY = Tally()


class Interrupted(Exception):
    """A row with which its worker ended again and again."""


def run_once(database: Database) -> int:
    """Do everything that waits now and nobody has; how many rows were done."""
    return sum(_run(database, job) for job in JOBS[_first_waiting(database) :])


def _first_waiting(database: Database) -> int:
    """The place of the first job for which anything waits: mostly none does, which one look tells."""
    with database.read() as session:
        return next((place for place, job in enumerate(JOBS) if _waiting(session, job, 1)), len(JOBS))


def _waiting(session: Session, job: Job, limit: int) -> list[int]:
    return list(session.scalars(job.waiting, leases.asked(limit)))


def run_until_quiet(database: Database) -> int:
    """Repeat until nothing is left that can be done now."""
    total = 0
    while done := run_once(database):
        total += done
    return total


def run_clock_to(database: Database, instant: dt.datetime) -> None:
    """Let a held clock run to ``instant``, stopping at each due row on the way to do what it asks for."""
    run_until_quiet(database)
    while True:
        with database.read() as session:
            next_at = due.next_due_at(session)
        if next_at is None or next_at > instant:
            break
        clock.move_to(max(next_at, clock.now()))
        if not run_until_quiet(database):
            raise RuntimeError(f"a row due at {next_at} could not be done: see the incidents")
    clock.move_to(instant)


def _run(database: Database, job: Job) -> int:
    with database.read() as session:
        ids = _waiting(session, job, BATCH)
    return sum(attempt(database, job, row_id) for row_id in ids)


def take(database: Database, limit: int) -> tuple[Job, list[Lease]] | None:
    """Lease up to ``limit`` rows of the first job for which any wait; None when there are none."""
    first = _first_waiting(database)
    for job in JOBS[first:]:
        with database.transaction() as session:
            taken = leases.take(session, job.table, job.waiting, limit)
        if taken:
            return job, taken
    return None


def give_back(database: Database, job: Job, taken: list[Lease]) -> None:
    """Let others have these rows at once."""
    with database.transaction() as session:
        for lease in taken:
            leases.give_back(session, job.table, lease)


def attempt(database: Database, job: Job, row_id: int, lease: Lease | None = None) -> bool:
    """Do one row; whether it was done. A failure is rolled back, written as an incident, and leaves the others alone.

    With a lease nothing happens unless the row is still under it; afterwards it is free. Raises OperationalError when
    the database is away.
    """
    source, began = f"{job.name}:{row_id}", time.perf_counter()
    with traces.of_job(source):
        outcome = _attempt(database, job, row_id, source, lease)
    metrics.job_done(job.name, outcome, time.perf_counter() - began)
    return outcome == DONE


def _attempt(database: Database, job: Job, row_id: int, source: str, lease: Lease | None) -> str:
    """DONE, FAILED, or NOTHING where the row was another's or had been done."""
    try:
        if lease is not None and lease.is_suspect and not _may_start_again(database, job, lease, source):
            return NOTHING
        with database.transaction() as session:
            if lease is not None and not leases.is_held(session, job.table, lease):
                return NOTHING
            done = bool(job.do(session, row_id))
            if done:
                incidents.resolve(session, source)
            elif lease is not None:
                leases.give_back(session, job.table, lease)
        TALLY.done += done
        return DONE if done else NOTHING
    except OperationalError:  # nothing is wrong with the row
        raise
    except Exception as error:  # one bad row must not stop the rest
        log.exception("job failed")
        _record(database, job, row_id, source, error)
        TALLY.failed += 1
        return FAILED


def _may_start_again(database: Database, job: Job, lease: Lease, source: str) -> bool:
    """Write down that a row is begun whose worker was lost: a row that ends its workers must not do so for ever."""
    with database.transaction() as session:
        row: Any = session.get(job.table, lease.row_id, with_for_update=True)
        if row is None or row.leased_until != lease.until:
            return False
        if row.tries + 1 < MAX_TRIES:
            row.tries += 1
            return True
    lost = Interrupted("办理这一项的后台进程多次中断，没有生效；请查看当时的日志，再重试。")
    log.error("job given up")
    _record(database, job, lease.row_id, source, lost)
    return False


def _record(database: Database, job: Job, row_id: int, source: str, error: Exception) -> None:
    with database.transaction() as session:
        row: Any = session.get(job.table, row_id)
        process_id = getattr(row, "process_id", None)
        if job.table in (Due, WorkItem) and process_id is not None:
            incidents.trouble(session, process_id)
        incidents.record(session, source, process_id, error)
        if row is not None:
            row.tries += 1
            row.leased_until = None
            row.next_try_at = NEVER if row.tries >= MAX_TRIES else clock.now() + BACKOFF[row.tries - 1]


def retry(session: Session, source: str) -> None:
    """Try the row behind an incident again at once."""
    name, _, row_id = source.partition(":")
    table = NAMED[name].table
    again = {"tries": 0, "next_try_at": clock.now(), "leased_until": None}
    session.execute(update(table).where(table.id == int(row_id)).values(again))
