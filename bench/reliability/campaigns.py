"""A small campaign of the rehearsal, played through the API; whatever carries its requests and runs its jobs is given."""

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder

from tests.rehearsal import files
from webapp import create_app
from webapp.http_door import Asking, HttpDoor
from workflows import jobs
from workflows.db import Database
from workflows.engine.tables import Delivery, Due, Message, WorkItem
from workflows.jobs import Job
from workflows.rehearsal import campaign, reading, scenario_reading
from workflows.rehearsal.scenario import Scenario
from workflows.rehearsal.scene import Scene

RACE = ("TRQ-2027-M03",)  # two teams race; its year begins, and ends in appraisals, rewards and post-evaluations
TABLES = {"delivery": Delivery, "due": Due, "message": Message, "reminder": WorkItem}

DoRow = Callable[[Job, int], object]


@dataclass(frozen=True)
class Sent:
    """One request of the API, to be sent as often as wanted."""

    method: str
    path: str  # with its query
    headers: dict[str, str]
    body: bytes

    @classmethod
    def of(cls, path: str, **request: Any) -> "Sent":
        """What werkzeug's client would send."""
        environ = EnvironBuilder(path, **request).get_environ()
        headers = {name: str(value) for name, value in dict(request.get("headers") or {}).items()}
        headers["Content-Type"] = environ.get("CONTENT_TYPE", "")
        body = environ["wsgi.input"].read()
        return cls(environ["REQUEST_METHOD"], environ["RAW_URI"], headers, body)

    @property
    def writes(self) -> bool:
        return self.method != "GET"


def scenario(codes: tuple[str, ...] = RACE) -> Scenario:
    """The shipped scenario with only these challenges."""
    text = json.dumps(files.cut(files.shipped(), codes), ensure_ascii=False)
    return scenario_reading.read(reading.parse(text, name=files.SHIPPED.name))


@contextmanager
def application(address: str) -> Iterator[tuple[Flask, Database]]:
    """The application on the database at ``address``, without jobs of its own."""
    with tempfile.TemporaryDirectory(prefix="jiebang-bench-") as folder:
        app = create_app(DATA=folder, DATABASE_URL=address, JOBS_EMBEDDED=False, LOG_LEVEL="ERROR")
        database: Database = app.extensions["database"]
        try:
            yield app, database
        finally:
            database.engine.dispose()


def play(app: Flask, played: Scenario, *, client: Asking | None = None, do_row: DoRow | None = None) -> Scene:
    """Play in the database of ``app``; ``client`` carries the requests, ``do_row`` does each row of a job."""
    database: Database = app.extensions["database"]
    door = HttpDoor(app, client)
    if do_row is None:
        return campaign.play(database, played, door)
    return campaign.play(database, played, door, settle=lambda _database: settle(database, do_row))


def settle(database: Database, do_row: DoRow) -> None:
    """Have every row done that waits for a job, until none does."""
    while waiting := rows(database):
        for job, row_id in waiting:
            do_row(job, row_id)


def rows(database: Database) -> list[tuple[Job, int]]:
    """What waits for the jobs now."""
    with database.read() as session:
        return [(job, row_id) for job in jobs.JOBS for row_id in job.waiting(session, jobs.BATCH)]


def name_of_row(database: Database, job: Job, row_id: int) -> str:
    """What a row is about, for people: "due closes_at", "message MSG_BIDDING_CLOSED"."""
    with database.read() as session:
        row: Any = session.get(TABLES[job.name], row_id)
        if isinstance(row, Delivery):
            return f"delivery {row.message.name}"
        return f"{job.name} {row.name if isinstance(row, Message) else row.node}"


def name_of_request(database: Database, sent: Sent) -> str:
    """What a request does, for people: "completion of bid.sign", "POST /acts/ask_question"."""
    parts = sent.path.split("/")[3:]
    if parts[0] == "work-items" and len(parts) > 1:
        with database.read() as session:
            return f"{parts[2] if len(parts) > 2 else 'form'} of {_step(session, int(parts[1]))}"
    return f"{sent.method} /{'/'.join('ID' if one.isdigit() else one for one in parts)}"


def _step(session: Session, item_id: int) -> str | None:
    return session.scalar(select(WorkItem.step).where(WorkItem.id == item_id))
