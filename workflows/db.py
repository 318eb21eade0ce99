"""The database: SQLite embedded, PostgreSQL in production; one set of types, names and transaction rules."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any

from sqlalchemy import JSON, Boolean, DateTime, Engine, MetaData, create_engine, event, inspect, make_url
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import DeclarativeBase, Session, sessionmaker
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator

from workflows import metrics

PREPARING = "prepare_threshold"
BUSY_SECONDS = 15  # how long a writer waits for the one before it on SQLite


class UTC(TypeDecorator[dt.datetime]):
    """Aware UTC in Python; refuses a naive time. SQLite keeps no zone, so it is put back on reading."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be stored: {value}")
        return value.astimezone(dt.UTC)

    def process_result_value(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=dt.UTC) if value.tzinfo is None else value.astimezone(dt.UTC)


class Payload(TypeDecorator[dict[str, Any]]):
    """Variables as JSON: ids, decisions and texts as they are; an instant and an exact number come back as such."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else {name: _tagged(one) for name, one in value.items()}

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else {name: _untagged(one) for name, one in value.items()}


class AmongFew(FunctionElement[bool]):
    """``AmongFew(column, query)``: like ``column.in_(query)``, of a scalar subquery of few rows, which is asked first.

    Beside another condition (``OR``) PostgreSQL looks the rows of an array up in an index, but not those of a query.
    """

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> "AmongFew":
        """Itself: SQLite has no booleans, and finds no index for ``column IN (...) = 1``."""
        return self


@compiles(AmongFew)
def _in_query(element: AmongFew, compiler: SQLCompiler, **kw: Any) -> str:
    column, query = element.clauses
    return f"{compiler.process(column, **kw)} IN {compiler.process(query, **kw)}"


@compiles(AmongFew, "postgresql")
def _in_array(element: AmongFew, compiler: SQLCompiler, **kw: Any) -> str:
    column, query = element.clauses
    return f"{compiler.process(column, **kw)} = ANY (ARRAY{compiler.process(query, **kw)})"


def _tagged(value: Any) -> Any:
    if isinstance(value, dt.datetime):
        return {"$t": value.astimezone(dt.UTC).isoformat()}
    return {"$n": str(value)} if isinstance(value, Decimal) else value


def _untagged(value: Any) -> Any:
    if isinstance(value, dict) and value.keys() == {"$t"}:
        return dt.datetime.fromisoformat(value["$t"])
    return Decimal(value["$n"]) if isinstance(value, dict) and value.keys() == {"$n"} else value


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {dt.datetime: UTC}


@dataclass(frozen=True)
class Database:
    """``write()`` opens a session whose transaction takes the write lock at once; ``read()`` one that never does."""

    engine: Engine
    write: sessionmaker[Session]
    read: sessionmaker[Session]

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """One transaction: committed at the end, rolled back by any error."""
        with self.write() as session, session.begin():
            yield session


def connect(url: str, *, pool_size: int = 10) -> Database:
    """Open the database at ``url``. Connects on first use.

    With ``?prepare_threshold=none`` no statement is prepared, for a pooler that gives each transaction another
    connection to the server.
    """
    given = make_url(url)
    sqlite = given.get_backend_name() == "sqlite"
    options: dict[str, Any] = (
        {"connect_args": {"timeout": BUSY_SECONDS}} if sqlite else {"pool_pre_ping": True}
    )
    engine = create_engine(given, pool_size=pool_size, max_overflow=pool_size, **options)
    if given.query.get(PREPARING) == "none":
        event.listen(engine, "do_connect", _prepare_nothing)
    if sqlite:
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    event.listen(engine, "checkout", lambda *_: metrics.connection_taken())
    event.listen(engine, "checkin", lambda *_: metrics.connection_returned())
    reading = engine.execution_options(jiebang_reads_only=True)
    return Database(engine, sessionmaker(engine), sessionmaker(reading))


def _prepare_nothing(_dialect: object, _record: object, _args: object, options: dict[str, Any]) -> None:
    options[PREPARING] = None


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun below, not guessed by the driver
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once under WAL when another wrote between.
    reads_only = connection.get_execution_options().get("jiebang_reads_only")
    connection.exec_driver_sql("BEGIN" if reads_only else "BEGIN IMMEDIATE")


def reads_only(session: Session) -> bool:
    """Whether ``session`` is one of ``Database.read``."""
    bind = session.get_bind()
    return bool(bind.get_execution_options().get("jiebang_reads_only"))


def insert_if_missing(session: Session, table: type[Base], values: dict[str, Any]) -> bool:
    """Insert one row unless a row with its key exists; whether it was inserted.

    Whoever else is inserting it at this moment is waited for.
    """
    statement = _inserting_if_missing(session.get_bind().dialect.name, table)
    return session.execute(statement, values).first() is not None


@cache  # every request that writes sends one, and building it costs as much as running it
def _inserting_if_missing(dialect: str, table: type[Base]) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    rows: Any = inspect(table).local_table
    return insert(rows).on_conflict_do_nothing().returning(*rows.primary_key)
