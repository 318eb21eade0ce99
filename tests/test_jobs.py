"""The jobs as a worker runs them."""

import datetime as dt
import threading
import time
from collections.abc import Callable

from sqlalchemy import select

from workflows import clock, jobs
from workflows.db import Database
from workflows.models import IdempotentRequest


def _answered(database: Database, key: str, *, days_ago: int) -> None:
    with database.transaction() as session:
        at = clock.now() - dt.timedelta(days=days_ago)
        session.add(IdempotentRequest(key=key, request_hash="", status=200, body=b"", created_at=at))


def _keys(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(IdempotentRequest.key)))


def test_a_worker_forgets_answers_that_nobody_will_ask_for_again(
    database: Database, clock_at: Callable[[dt.datetime], None]
) -> None:
    _answered(database, "old-answer", days_ago=31)
    _answered(database, "young-answer", days_ago=29)
    stop = threading.Event()
    worker = threading.Thread(target=jobs.work_forever, args=(database, stop))
    worker.start()
    deadline = time.monotonic() + 20
    while len(_keys(database)) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    stop.set()
    jobs.nudge()
    worker.join(timeout=20)
    assert (_keys(database), worker.is_alive()) == (["young-answer"], False)


def test_what_is_kept_is_counted(database: Database, clock_at: Callable[[dt.datetime], None]) -> None:
    _answered(database, "an-answer", days_ago=0)
    assert jobs.forget_old_answers(database) == 0
    clock_at(clock.now() + dt.timedelta(days=31))
    assert jobs.forget_old_answers(database) == 1
