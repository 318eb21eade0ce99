"""Which SQL one completion takes, counted where SQLAlchemy hands it to the driver."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event

from bench import lives
from bench.stages import Stage
from workflows.db import Database

TABLE = re.compile(r"\b(?:from|into|update)\s+(\w+)", re.IGNORECASE)
AUTHORISATION = {"role_grant", "post_holding", "user_account", "api_token"}
ENGINE = {
    "definition",
    "process",
    "process_key",
    "round",
    "work_item",
    "work_candidate",
    "due",
    "message",
    "delivery",
    "incident",
    "history",
}


@dataclass
class Count:
    """What one completion, or one answer, sent: its statements in order, and how often it committed."""

    step: str
    statements: list[str] = field(default_factory=list)
    commits: int = 0

    @property
    def authorisation(self) -> int:
        return sum(table_of(one) in AUTHORISATION for one in self.statements)

    @property
    def engine(self) -> int:
        return sum(table_of(one) in ENGINE for one in self.statements)

    @property
    def all(self) -> int:
        """Every statement but those of sign-in and authorisation."""
        return len(self.statements) - self.authorisation


def table_of(statement: str) -> str:
    """The first table that ``statement`` names."""
    found = TABLE.search(statement)
    return found[1].strip('"').lower() if found else ""


def count_one_life(database: Database, stage: Stage) -> list[Count]:
    """What each completion in the life of one process sent, after a first life has filled the caches."""
    actors = lives.actors(database, stage)
    for counted in (False, True):
        process_id = lives.begin(database, stage)
        counts: list[Count] = []
        while True:
            with database.read() as session:
                todo = lives.following(session, stage, process_id)
            if todo is None:
                break
            count = Count(todo.step)
            with listening(database.engine, count):
                lives.complete(database, todo, actors)
            counts.append(count)
        if counted:
            return counts
    raise AssertionError


@contextmanager
def listening(engine: Engine, count: Count) -> Iterator[None]:
    """Note in ``count`` what ``engine`` sends and commits."""

    def sent(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        count.statements.append(" ".join(statement.split()))

    def committed(_connection: Any) -> None:
        count.commits += 1

    event.listen(engine, "before_cursor_execute", sent)
    event.listen(engine, "commit", committed)
    try:
        yield
    finally:
        event.remove(engine, "before_cursor_execute", sent)
        event.remove(engine, "commit", committed)
