"""The jobs as a worker runs them."""

import datetime as dt
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from tests import factories
from workflows import chores, clock, seal, storage, workers
from workflows.db import Database
from workflows.domain import files
from workflows.models import IdempotentRequest, StoredFile


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
    worker = workers.share(database, unused_file_days=30)
    thread = threading.Thread(target=worker.run)
    thread.start()
    deadline = time.monotonic() + 20
    while len(_keys(database)) > 1 and time.monotonic() < deadline:
        time.sleep(0.02)
    worker.stop.set()
    thread.join(timeout=20)
    assert (_keys(database), thread.is_alive()) == (["young-answer"], False)


def test_what_is_kept_is_counted(database: Database, clock_at: Callable[[dt.datetime], None]) -> None:
    _answered(database, "an-answer", days_ago=0)
    assert chores.forget_old_answers(database) == 0
    clock_at(clock.now() + dt.timedelta(days=31))
    assert chores.forget_old_answers(database) == 1


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where files are kept, here as everywhere in this test."""
    seal.use_key_file(tmp_path / "seal.key")
    storage.kept_in(tmp_path / "files")
    return tmp_path / "files"


def _uploaded(database: Database, content: bytes = b"%PDF-1.7") -> int:
    with database.transaction() as session:
        actor = factories.user(session)
        return files.take_in(session, content, name="记录.pdf", actor=actor).id


def _left(database: Database, folder: Path) -> tuple[list[int], int]:
    """The ids of the files, and how many contents lie on the disk."""
    with database.read() as session:
        ids = list(session.scalars(select(StoredFile.id).order_by(StoredFile.id)))
    return ids, sum(one.is_file() for one in folder.rglob("*"))


def test_a_file_that_nothing_uses_is_forgotten_after_its_days(
    database: Database, clock_at: Callable[[dt.datetime], None], folder: Path
) -> None:
    _uploaded(database)
    clock_at(clock.now() + dt.timedelta(days=30))
    assert chores.forget_unused_files(database, days=30) == 0
    young = _uploaded(database)
    clock_at(clock.now() + dt.timedelta(minutes=1))
    assert chores.forget_unused_files(database, days=30) == 1
    assert _left(database, folder) == ([young], 1)
