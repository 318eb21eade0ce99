"""The tables of a database and their revisions: Alembic, run from code."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection, Engine, MetaData, text

import workflows.calendar
import workflows.engine.tables
import workflows.models  # noqa: F401 -- these imports make all tables known to Base.metadata
from workflows import db

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADING = 0x4A42  # key of the advisory lock held on PostgreSQL


def metadata() -> MetaData:
    """Every table that the code knows."""
    return db.Base.metadata


class ForeignDatabase(Exception):
    """The database is at a revision that this version does not know."""


def upgrade(url: str) -> None:
    """Bring the database at ``url`` to the newest revision, in one transaction; a second caller waits.

    Raises ForeignDatabase for one that was made by another version.
    """
    with _alone(url) as connection:
        try:
            command.upgrade(_config(connection), "head")
        except CommandError as error:
            raise ForeignDatabase(
                f"The database was made by another version of the service and cannot be carried over: {error}"
            ) from error


def clear(url: str) -> None:
    """Drop every table of the database at ``url``, whatever it holds, and make them anew at the newest revision."""
    with _alone(url) as connection:
        known = MetaData()
        known.reflect(connection)
        known.drop_all(connection)
    upgrade(url)


def revise(url: str, message: str) -> None:
    """Write the revision from the newest one, at which the database at ``url`` is, to the present models."""
    numbers = [int(path.name[:4]) for path in (MIGRATIONS / "versions").glob("[0-9]*.py")]
    number = max(numbers, default=0) + 1
    with _alone(url) as connection:
        command.revision(_config(connection), message, autogenerate=True, rev_id=f"{number:04d}")


def differences(url: str) -> list[Any]:
    """What the models have and the database at ``url`` has not, and the reverse; empty when they agree."""
    with _alone(url) as connection:
        return list(compare_metadata(MigrationContext.configure(connection), metadata()))


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    config.set_main_option("file_template", "%%(rev)s_%%(slug)s")
    config.attributes["connection"] = connection
    return config


@contextmanager
def _alone(url: str) -> Iterator[Connection]:
    """A transaction that no other one of this module runs beside."""
    engine = db.connect(url, pool_size=1).engine
    try:
        with _folder_held(engine), engine.connect() as connection:
            if engine.dialect.name == "sqlite":
                # A table is altered by copying it; with foreign keys on, dropping the old one would delete
                # rows that point at it. The switch does nothing once a transaction has begun.
                _driver(connection).execute("PRAGMA foreign_keys=OFF")
            with connection.begin():
                if engine.dialect.name == "postgresql":
                    connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": UPGRADING})
                yield connection
                _refuse_dangling(connection)
    finally:
        engine.dispose()


@contextmanager
def _folder_held(engine: Engine) -> Iterator[None]:
    """Hold the folder of an SQLite file: of two that turn a new file to WAL at once, one fails at once."""
    if engine.dialect.name != "sqlite":
        yield
        return
    folder = os.open(Path(engine.url.database or "").parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def _refuse_dangling(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
        if dangling:
            raise RuntimeError(f"the migration leaves rows that point at nothing: {dangling[:10]}")


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection
