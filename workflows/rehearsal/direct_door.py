"""The door without HTTP: the same acts with the same checks, each in a transaction of its own."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from workflows import tasks, watch, work
from workflows.db import Database
from workflows.domain import files
from workflows.engine.tables import OPEN, Process, WorkItem
from workflows.errors import Conflict, Invalid, Refusal
from workflows.models import User
from workflows.rehearsal.door import Gone, Item, Refused, Started, Values
from workflows.work import StepFailed

# Built once, of tables: it is asked after every act. The columns are those of Item.
_ITEMS: Any = inspect(WorkItem).local_table.c
_PROCESSES: Any = inspect(Process).local_table.c
_OPEN = (
    select(
        _ITEMS.id,
        _ITEMS.process_id,
        _PROCESSES.name,
        _ITEMS.step,
        _ITEMS.audience,
        _PROCESSES.subject_path,
    )
    .where(_ITEMS.process_id == _PROCESSES.id, _ITEMS.status == OPEN)
    .order_by(_ITEMS.id)
)


class DirectDoor:
    """Acts in ``database``, for the demo data and for tests."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_items(self, *, by: int) -> list[Item]:
        with self._database.read() as session:
            return [Item(*row) for row in session.execute(_OPEN)]

    def prefilled(self, item_id: int, *, by: int) -> dict[str, Any]:
        with self._database.read() as session:
            return tasks.prefilled(session, item_id, actor=session.get_one(User, by))

    def complete(self, item_id: int, values: Values, *, by: int) -> None:
        with self._acting(f"task {item_id}", by) as (session, actor):
            work.complete(session, item_id, _sent(values), actor=actor)

    def start(self, process: str, values: Values, *, by: int) -> Started:
        with self._acting(f"start of {process}", by) as (session, actor):
            begun = work.start(session, process, _sent(values), actor=actor)
        return Started(begun.process_id, begun.subject_path)

    def send(self, act: str, values: Values, *, by: int) -> str:
        with self._acting(act, by) as (session, actor):
            return work.send(session, act, _sent(values), actor=actor).subject_path

    def withdraw_bid(self, bid_id: int, *, by: int) -> None:
        with self._acting(f"withdrawal of bid {bid_id}", by) as (session, actor):
            work.withdraw_bid(session, bid_id, actor=actor)

    def upload(self, name: str, content: bytes, *, by: int) -> int:
        with self._acting(f"file {name}", by) as (session, actor):
            return files.take_in(session, content, name=name, actor=actor).id

    @contextmanager
    def _acting(self, what: str, by: int) -> Iterator[tuple[Session, User]]:
        """One transaction of a person; a refusal or a failed step is told, and nothing has happened."""
        try:
            with self._database.transaction() as session:
                yield session, session.get_one(User, by)
        except StepFailed as failed:
            watch.report(self._database, failed)
            raise Refused(f"{what} by person {by}: {failed}") from failed
        except Refusal as refusal:
            kind = Gone if isinstance(refusal, Conflict) else Refused
            fields = refusal.fields if isinstance(refusal, Invalid) else ""
            raise kind(f"{what} by person {by}: {refusal} {fields}") from refusal


def _sent(values: Values) -> dict[str, Any]:
    """``values`` as JSON brings them: dates and exact numbers as text."""
    sent: dict[str, Any] = json.loads(json.dumps(values, default=str))
    return sent
