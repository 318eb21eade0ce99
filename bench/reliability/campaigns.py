"""A small campaign of the rehearsal, played through the API; whatever carries its requests and runs its jobs is given."""

import datetime as dt
import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Response

from tests.rehearsal import files
from webapp import create_app
from webapp.http_door import Asking, HttpDoor
from workflows import clock, jobs
from workflows.db import Database
from workflows.engine import leases
from workflows.engine.tables import Delivery, Message, WorkItem
from workflows.jobs import Job
from workflows.rehearsal import campaign, reading, scenario_reading
from workflows.rehearsal.player import Player
from workflows.rehearsal.scenario import Scenario
from workflows.rehearsal.scene import Scene

RACE = (
    "TRQ-2027-M03",
)  # two teams race; its year begins, and ends in appraisals, rewards and post-evaluations

Row = tuple[Job, int]  # the id of what waits for a job


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

    def with_another_body(self) -> "Sent":
        """The same with a field more, or with a file that has a letter more."""
        if self.body.startswith(b"{"):
            return replace(self, body=self.body.replace(b"{", b'{"another": 1, ', 1))
        content, *end = self.body.rpartition(b"\r\n--")
        return replace(self, body=content + b"!" + b"".join(end) if end[0] else b"{}")

    @property
    def writes(self) -> bool:
        return self.method != "GET"


def answered(status: int, body: bytes) -> Response:
    """An answer as the door of a rehearsal reads it."""
    return Response(body, status, content_type="application/json")


def scenario(codes: tuple[str, ...] = RACE) -> Scenario:
    """The shipped scenario with only these challenges."""
    text = json.dumps(files.cut(files.shipped(), codes), ensure_ascii=False)
    return scenario_reading.read(reading.parse(text, name=files.SHIPPED.name))


@contextmanager
def application(address: str, folder: Path | None = None) -> Iterator[tuple[Flask, Database]]:
    """The application on the database at ``address``, without jobs of its own; ``folder`` is its data folder."""
    with tempfile.TemporaryDirectory(prefix="jiebang-bench-") as own:
        options = {"DATABASE_URL": address, "JOBS_EMBEDDED": False, "LOG_LEVEL": "ERROR"}
        app = create_app(DATA=folder or own, **options)
        database: Database = app.extensions["database"]
        try:
            yield app, database
        finally:
            database.engine.dispose()


def play(
    app: Flask,
    played: Scenario,
    *,
    client: Asking | None = None,
    settle: Callable[[Database], object] = jobs.run_until_quiet,
    days: int | None = None,
    at_last: Callable[[], object] = lambda: None,
) -> Scene:
    """Play in the database of ``app``; ``client`` carries the requests, ``settle`` runs the jobs.

    ``days``: only so many of its days. ``at_last`` is called at the end, before the clock runs again.
    """
    database: Database = app.extensions["database"]
    begins_at = campaign.begins_at(played)
    with clock.held_at(begins_at):
        scene = campaign.set_up(database, played, HttpDoor(app, client))
        player = Player(database, scene, settle=settle)
        campaign.plan(player, scene)
        if days is None:
            player.play(until=campaign.ends_at(played))
        else:
            player.play_until(begins_at + dt.timedelta(days=days))
        at_last()
    return scene


def settle(database: Database, do: Callable[[list[Row]], int]) -> None:
    """Have ``do`` do all rows that wait for the jobs, until there is none that it could do."""
    while do(rows(database)):
        pass


def rows(database: Database) -> list[Row]:
    """What waits for the jobs now."""
    with database.read() as session:
        asked = leases.asked(jobs.BATCH)
        return [(job, row_id) for job in jobs.JOBS for row_id in session.scalars(job.waiting, asked)]


def name_of_row(database: Database, job: Job, row_id: int) -> str:
    """What a row is about, for people: "due closes_at", "message MSG_BIDDING_CLOSED"."""
    with database.read() as session:
        row: Any = session.get(job.table, row_id)
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
