"""What one life of the measured process leaves in the database, completion by completion.

The hand-written transaction writes exactly this again, so that both write the same columns with the same sizes.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql
from psycopg.rows import dict_row

from bench import lives
from bench.stages import Stage
from workflows import schema
from workflows.db import Database

Row = dict[str, Any]
Rows = dict[int, Row]  # by primary key
TABLES = {
    "process": "select * from process where id = %(process)s",
    "work_item": "select * from work_item where process_id = %(process)s order by id",
    "round": "select * from round where process_id = %(process)s",
    "due": "select * from due where process_id = %(process)s",
    "history": "select *, seq as id from history where process_id = %(process)s order by seq",
    "bench_request": "select * from bench_request where id = %(request)s",
}
FIRST = ("bench_request", "process", "round", "work_item", "due", "history")  # parents before children


@dataclass(frozen=True)
class Completion:
    """What one transaction changed: per table the rows it added, the columns it set, the rows it took away."""

    step: str
    item_id: int
    actor_id: int
    round_id: int | None
    added: dict[str, Rows]
    changed: dict[str, Rows]
    removed: dict[str, Rows]


@dataclass(frozen=True)
class Recording:
    """``start`` holds every row that a process begins with, ``end`` every row that its life leaves."""

    start: dict[str, Rows]
    end: dict[str, Rows]
    completions: list[Completion]


def record(database: Database, stage: Stage) -> Recording:
    """Play one life through the engine and keep what each completion wrote.

    Raises RuntimeError when it adds rows to a table that is not in TABLES: they would be missing by hand.
    """
    actors = lives.actors(database, stage)
    process_id = lives.begin(database, stage)
    completions: list[Completion] = []
    with psycopg.connect(stage.address, autocommit=True, row_factory=dict_row) as connection:
        request_id = _request_of(connection, process_id)
        start = before = snapshot(connection, process_id, request_id)
        others = _rows_elsewhere(connection)
        while True:
            with database.read() as session:
                todo = lives.following(session, stage, process_id)
            if todo is None:
                break
            lives.complete(database, todo, actors)
            after = snapshot(connection, process_id, request_id)
            completions.append(_difference(todo, before, after))
            before = after
        if _rows_elsewhere(connection) != others:
            raise RuntimeError("a completion writes to a table that is not recorded")
    return Recording(start, before, completions)


def _rows_elsewhere(connection: psycopg.Connection[Row]) -> dict[str, Row | None]:
    """How many rows each table has that is not recorded."""
    names = schema.metadata().tables.keys() - TABLES.keys()
    count = sql.SQL("select count(*) from {}")
    return {name: connection.execute(count.format(sql.Identifier(name))).fetchone() for name in names}


def snapshot(connection: psycopg.Connection[Row], process_id: int, request_id: int) -> dict[str, Rows]:
    """Every row of one process, as it stands."""
    keys = {"process": process_id, "request": request_id}
    return {
        table: {row["id"]: row for row in connection.execute(query, keys)} for table, query in TABLES.items()
    }


def _request_of(connection: psycopg.Connection[Row], process_id: int) -> int:
    row = connection.execute("select subject_path from process where id = %s", [process_id]).fetchone()
    if row is None:
        raise RuntimeError("the process is gone")
    return int(row["subject_path"].rpartition("/")[2])


def _difference(todo: lives.Todo, before: Mapping[str, Rows], after: Mapping[str, Rows]) -> Completion:
    added, changed, removed = {}, {}, {}
    for table in TABLES:
        old, new = before[table], after[table]
        added[table] = {key: new[key] for key in sorted(new.keys() - old.keys())}
        removed[table] = {key: old[key] for key in old.keys() - new.keys()}
        both = {key: _set(old[key], new[key]) for key in new.keys() & old.keys()}
        changed[table] = {key: values for key, values in both.items() if values}
    round_id = before["work_item"][todo.item_id]["round_id"]
    return Completion(todo.step, todo.item_id, todo.actor_id, round_id, added, changed, removed)


def _set(old: Row, new: Row) -> Row:
    return {name: value for name, value in new.items() if value != old[name]}
