"""The same completions as a person would write them for speed: plain psycopg 3, one commit, no engine.

Locks the same rows, writes the same columns of the same tables with the same sizes, and reads what a completion
has to know (the process with its state, the item, the roles of who acts), each with one statement.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Json

from bench.recordings import FIRST, Completion, Recording, Row, Rows, snapshot
from bench.stages import Stage

OPEN_ITEM = """
    select process.*, work_item.* from work_item join process on process.id = work_item.process_id
    where work_item.id = %s and work_item.status = 'open' for update of process
"""
ROLES = """
    select role, unit_id from role_grant where user_id = %s
    union all select 'post', post_id from post_holding where user_id = %s
"""
BALLOTS = "select status, agree, weight, role from work_item where round_id = %s and status <> 'cancelled'"
REFERENCES = {"process_id": "process", "item_id": "work_item", "round_id": "round"}


@lru_cache
def _insert_text(table: str, columns: tuple[str, ...], count: int) -> str:
    one = f"({', '.join(['%s'] * len(columns))})"
    back = "" if table == "history" else " returning id"
    return f"insert into {table} ({', '.join(columns)}) values {', '.join([one] * count)}{back}"


@lru_cache
def _update_text(table: str, columns: tuple[str, ...]) -> str:
    return f"update {table} set {', '.join(f'{name} = %s' for name in columns)} where id = %s"


class Life:
    """One process, written by hand after ``recording``."""

    def __init__(self, connection: psycopg.Connection[Any], recording: Recording) -> None:
        self.connection = connection
        self.recording = recording
        self.statements: list[str] = []
        self.ids: dict[str, dict[int, int]] = {table: {} for table in FIRST}  # id as recorded -> id here
        with connection.transaction():
            for table in FIRST:
                self._insert(table, recording.start[table])

    def complete(self, completion: Completion) -> None:
        """One completion in one transaction."""
        self.statements = []
        with self.connection.transaction():
            item_id = self.ids["work_item"][completion.item_id]
            if self._run(OPEN_ITEM, [item_id]).fetchone() is None:
                raise RuntimeError("the item is not open")
            self._run(ROLES, [completion.actor_id, completion.actor_id]).fetchall()
            for table in ("work_item", "bench_request", "process"):
                self._update(table, completion.changed[table])
            if completion.round_id is not None:
                self._run(BALLOTS, [self.ids["round"][completion.round_id]]).fetchall()
                self._update("round", completion.changed["round"])
            self._delete(completion.removed["due"])
            for table in FIRST:
                self._insert(table, completion.added[table])

    def _run(self, statement: str, values: list[Any]) -> psycopg.Cursor[Any]:
        self.statements.append(" ".join(statement.split()))
        return self.connection.execute(statement, values)

    def _insert(self, table: str, rows: Rows) -> None:
        """All rows of one table in one statement."""
        if not rows:
            return
        columns = tuple(name for name in next(iter(rows.values())) if name != "id")
        values = [self._value(name, row[name]) for row in rows.values() for name in columns]
        made = self._run(_insert_text(table, columns, len(rows)), values)
        if table != "history":
            self.ids[table] |= {old: new for old, (new,) in zip(rows, made, strict=True)}

    def _update(self, table: str, rows: Rows) -> None:
        for old, changed in rows.items():
            values = [self._value(name, value) for name, value in changed.items()]
            self._run(_update_text(table, tuple(changed)), [*values, self.ids[table][old]])

    def _delete(self, rows: Rows) -> None:
        if rows:
            self._run("delete from due where id = any(%s)", [[self.ids["due"][old] for old in rows]])

    def _value(self, name: str, value: Any) -> Any:
        if isinstance(value, Mapping | list):
            return Json(value)
        if name in REFERENCES and value is not None:
            return self.ids[REFERENCES[name]][value]
        return value


def check(stage: Stage, recording: Recording) -> None:
    """Write one life by hand. Raises RuntimeError unless it leaves the rows that the engine left."""
    with psycopg.connect(stage.address, autocommit=True) as connection:
        life = Life(connection, recording)
        for completion in recording.completions:
            life.complete(completion)
    process_id, request_id = (*life.ids["process"].values(), *life.ids["bench_request"].values())
    with psycopg.connect(stage.address, autocommit=True, row_factory=dict_row) as reading:
        left = snapshot(reading, process_id, request_id)
    for table in FIRST:
        if _without_ids(left[table]) != _without_ids(recording.end[table]):
            raise RuntimeError(f"by hand and through the engine {table} differs")


def _without_ids(rows: Rows) -> list[Row]:
    """The rows in order, without the keys that differ from process to process."""
    return [
        {name: value for name, value in row.items() if name != "id" and name not in REFERENCES}
        for _, row in sorted(rows.items())
    ]
