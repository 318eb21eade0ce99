"""What the CLOCK does: messages delivered, timers fired, people reminded. One registry, run by a thread or a worker."""

import datetime as dt
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import structlog
from sqlalchemy import delete, exists, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from workflows import clock
from workflows.db import Database
from workflows.domain import drafts, files
from workflows.engine import due, incidents, messages
from workflows.engine.people import NOT_ENDED
from workflows.engine.tables import Delivery, Due, WorkItem
from workflows.models import Draft, IdempotentRequest

log = structlog.get_logger("jobs")

BATCH = 200
POLL_SECONDS = 2.0
MAX_TRIES = 3  # afterwards the row waits for a person
BACKOFF = (dt.timedelta(seconds=10), dt.timedelta(minutes=2))
ANSWERS_KEPT = dt.timedelta(days=30)
DRAFTS_KEPT = dt.timedelta(days=180)
TIDY_EVERY = dt.timedelta(hours=1)
NEVER = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)

_wake = threading.Event()


@dataclass(frozen=True)
class Job:
    """One kind of work: which rows wait, how one is done, and the table whose failed rows are tried again."""

    name: str
    waiting: Callable[[Session, int], list[int]]
    do: Callable[[Session, int], object]
    table: type[Due] | type[Delivery] | type[WorkItem] | None = None


JOBS = (
    Job("message", messages.new_ids, messages.spread),
    Job("delivery", messages.due_ids, messages.deliver, Delivery),
    Job("due", due.due_ids, due.wake, Due),
    Job("reminder", due.reminder_ids, due.remind, WorkItem),
)


def run_once(database: Database) -> int:
    """Do everything that waits now, each row in its own transaction; how many rows were done."""
    return sum(_run(database, job) for job in JOBS[_first_waiting(database) :])


def _first_waiting(database: Database) -> int:
    """The place of the first job for which anything waits: mostly none does, which one look tells."""
    with database.read() as session:
        return next((place for place, job in enumerate(JOBS) if job.waiting(session, 1)), len(JOBS))


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
        ids = job.waiting(session, BATCH)
    return sum(_attempt(database, job, row_id) for row_id in ids)


def _attempt(database: Database, job: Job, row_id: int) -> bool:
    """Do one row; a failure is rolled back, written as an incident, and leaves the others alone."""
    source = f"{job.name}:{row_id}"
    try:
        with database.transaction() as session:
            done = bool(job.do(session, row_id))
            if done:
                incidents.resolve(session, source)
        return done
    except OperationalError:  # the database is away: nothing is wrong with the row
        raise
    except Exception as error:  # one bad row must not stop the rest
        log.exception("job failed", source=source)
        _record(database, job, row_id, source, error)
        return False


def _record(database: Database, job: Job, row_id: int, source: str, error: Exception) -> None:
    with database.transaction() as session:
        row: Any = session.get(job.table, row_id) if job.table is not None else None
        process_id = row.process_id if row is not None else None
        if job.table in (Due, WorkItem) and process_id is not None:
            incidents.trouble(session, process_id)
        incidents.record(session, source, process_id, error)
        if row is not None:
            row.tries += 1
            row.next_try_at = NEVER if row.tries >= MAX_TRIES else clock.now() + BACKOFF[row.tries - 1]


def retry(session: Session, source: str) -> None:
    """Try the row behind an incident again at once."""
    name, _, row_id = source.partition(":")
    table = next(job.table for job in JOBS if job.name == name)
    if table is not None:
        session.execute(update(table).where(table.id == int(row_id)).values(tries=0, next_try_at=clock.now()))


def forget_old_answers(database: Database) -> int:
    """Delete the answers kept for repeated requests that nobody will repeat any more; how many there were."""
    with database.transaction() as session:
        old = delete(IdempotentRequest).where(IdempotentRequest.created_at < clock.now() - ANSWERS_KEPT)
        gone: Any = session.execute(old.execution_options(synchronize_session=False))
        return int(gone.rowcount)


def forget_unused_files(database: Database, *, days: int) -> int:
    """Delete the files that were uploaded more than ``days`` ago and handed in with nothing; how many."""
    total = 0
    while True:
        with database.transaction() as session:
            before = clock.now() - dt.timedelta(days=days)
            gone = files.forget_unused(session, before=before, most=BATCH)
        total += gone
        if gone < BATCH:
            return total


def forget_old_drafts(database: Database) -> int:
    """Delete the drafts of work items that are done or cancelled, and those that nobody has touched for long."""
    with database.transaction() as session:
        is_open = exists().where(WorkItem.id == Draft.item_id, WorkItem.status.in_(NOT_ENDED))
        return drafts.forget_old(session, is_open=is_open, before=clock.now() - DRAFTS_KEPT)


def nudge() -> None:
    """Wake the embedded thread: a transaction has just left work behind."""
    _wake.set()


def start_thread(database: Database, *, unused_file_days: int) -> threading.Thread:
    """Run the jobs in a daemon thread of this process."""
    terms = {"unused_file_days": unused_file_days}
    thread = threading.Thread(target=work_forever, args=(database,), kwargs=terms, name="jobs", daemon=True)
    thread.start()
    return thread


def work_forever(database: Database, stop: threading.Event | None = None, *, unused_file_days: int) -> None:
    """Run the jobs until ``stop`` is set, and tidy up each hour; a database that is away is waited for."""
    tidied_at = clock.now() - TIDY_EVERY
    while stop is None or not stop.is_set():
        _wake.clear()
        try:
            if clock.now() - tidied_at >= TIDY_EVERY:
                tidied_at = clock.now()  # first: what cannot be tidied up must not stop the clock
                forget_old_answers(database)
                forget_old_drafts(database)
                forget_unused_files(database, days=unused_file_days)
            done = run_once(database)
        except OperationalError as error:
            log.warning("database away", error=str(error.orig))
            done = 0
        except Exception:  # the clock must not stop for one bad round
            log.exception("round of jobs failed")
            done = 0
        if not done:
            _wake.wait(POLL_SECONDS)
