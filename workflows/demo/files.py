"""The demo as an SQLite file: built beside the database, whose place it takes only when it is whole."""

import os
import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from sqlalchemy import event

from workflows import db, demo, schema

SIDE_FILES = ("-wal", "-shm", "-journal")


def build(path: Path, *, say: Callable[[str], None] = print) -> None:
    """Build the demo and put it at ``path`` in one step; nothing else may have that database open."""
    with _beside(path) as draft:
        url = f"sqlite:///{draft}"
        schema.upgrade(url)
        database = db.connect(url)
        event.listen(database.engine, "connect", _without_sync)  # a crash leaves a file that nobody looks at
        demo.build(database, say=say)
        database.engine.dispose()
        with closing(sqlite3.connect(draft)) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        _sync(draft)
        for suffix in SIDE_FILES:
            Path(f"{path}{suffix}").unlink(missing_ok=True)  # of the empty database that stands there
        draft.replace(path)


@contextmanager
def _beside(path: Path) -> Iterator[Path]:
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        yield draft
    finally:
        for suffix in ("", *SIDE_FILES):
            Path(f"{draft}{suffix}").unlink(missing_ok=True)


def _without_sync(connection: object, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # type: ignore[attr-defined]


def _sync(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
