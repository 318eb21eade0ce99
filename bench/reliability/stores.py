"""All rows of a database, read and put back as they were: on SQLite the file itself, on PostgreSQL row by row."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql
from sqlalchemy import make_url


@dataclass(frozen=True)
class State:
    """Every row of every table in a fixed order; ``kept`` is what it takes to put them back."""

    rows: Mapping[str, tuple[Any, ...]]
    kept: Any = field(compare=False)

    def changed_in(self, other: "State") -> frozenset[str]:
        """The tables that differ."""
        return frozenset(name for name, rows in self.rows.items() if rows != other.rows[name])


class Store(Protocol):
    def dump(self) -> State: ...

    def count_again_from(self, state: State) -> None:
        """Give out the ids that follow on ``state``: PostgreSQL uses some up with every act that is rolled back."""

    def back_to(self, state: State) -> None:
        """Let the database hold ``state`` again. Nobody else may be connected."""


@contextmanager
def opened(address: str) -> Iterator[Store]:
    """The store behind the database at ``address``."""
    url = make_url(address)
    if url.get_backend_name() == "sqlite":
        yield SqliteStore(Path(url.database or ""))
        return
    with closing(psycopg.connect(address, autocommit=True)) as connection:
        yield PostgresStore(connection)


class SqliteStore:
    """A file; whoever closes it last brings its log into it, so that it can be copied."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def dump(self) -> State:
        with closing(sqlite3.connect(self._file)) as connection:
            names = connection.execute("select name from sqlite_master where type = 'table'").fetchall()
            rows = {
                name: tuple(connection.execute(f'select * from "{name}" order by rowid')) for (name,) in names
            }
        return State(rows, self._file.read_bytes())

    def count_again_from(self, state: State) -> None:
        pass  # it counts from the rows

    def back_to(self, state: State) -> None:
        for left in self._file.parent.glob(f"{self._file.name}*"):
            left.unlink()
        self._file.write_bytes(state.kept)


class PostgresStore:
    """One statement reads all rows, each as its text, which PostgreSQL reads again."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._connection = connection
        connection.execute("set jit = off")  # a statement over all tables looks dear
        found = connection.execute("select tablename from pg_tables where schemaname = 'public'")
        self._names = [name for (name,) in found]
        one = sql.SQL("select {}, t::text from {} t")
        parts = [one.format(sql.Literal(name), sql.Identifier(name)) for name in self._names]
        self._all = sql.SQL(" union all ").join(parts)

    def dump(self) -> State:
        found: dict[str, list[str]] = {name: [] for name in self._names}
        for name, row in self._connection.execute(self._all):
            found[name].append(row)
        numbers = self._connection.execute("select sequencename, last_value from pg_sequences").fetchall()
        return State({name: tuple(sorted(rows)) for name, rows in found.items()}, numbers)

    def count_again_from(self, state: State) -> None:
        back = """
            select setval(name::regclass, coalesce(last, 1), last is not null)
            from unnest(%s::text[], %s::bigint[]) as kept(name, last)
        """
        names, last = zip(*state.kept, strict=True)
        self._connection.execute(back, [list(names), list(last)])

    def back_to(self, state: State) -> None:
        now = self.dump()
        with self._connection.transaction():
            self._connection.execute("set local session_replication_role = replica")  # no keys, no triggers
            for name in now.changed_in(state):
                table = sql.Identifier(name)
                gone = sql.SQL("delete from {} t where t::text = any(%s)").format(table)
                back = sql.SQL("insert into {0} select (unnest(%s::text[]::{0}[])).*").format(table)
                self._connection.execute(gone, [list(set(now.rows[name]) - set(state.rows[name]))])
                self._connection.execute(back, [list(set(state.rows[name]) - set(now.rows[name]))])
        self.count_again_from(state)
