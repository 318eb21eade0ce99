"""The main pages with 10,000 challenges and 100,000 work items against 100 and 1,000: statements and server time."""

import re
import tempfile
import time
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, text

from bench import copies, databases
from bench.figures import Figure, at_most, for_the_record
from bench.statements import Count, listening
from webapp import create_app
from workflows import demo
from workflows.db import Database
from workflows.models import Challenge

FEW, MANY = 10, 1_000  # copies of ten challenges and a hundred work items
RATIO = 1.5
LOGIN = "office"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PATHS = (
    "/",
    "/work",
    "/work?box=done",
    "/challenges",
    "/challenges?q=井",
    "/projects",
    "/wall",
    "/notices",
    "/api/v1/work-items",
    "/api/v1/challenges",
)


@dataclass(frozen=True)
class Cost:
    """What one answer takes."""

    statements: int
    milliseconds: float


def measure(*, repetitions: int = 15) -> list[Figure]:
    """Build the demo on PostgreSQL, copy it, and ask for every page as the office, in a small and a large plant."""
    with databases.empty() as address, tempfile.TemporaryDirectory() as folder:
        app = create_app(DATA=folder, DATABASE_URL=address, JOBS_EMBEDDED=False, LOG_LEVEL="ERROR")
        database: Database = app.extensions["database"]
        try:
            demo.build(database, say=lambda _line: None)
            _grow(database, first=1, last=FEW)
            few = _costs(app, database, repetitions)
            _grow(database, first=FEW + 1, last=MANY)
            many = _costs(app, database, repetitions)
        finally:
            database.engine.dispose()
    return [figure for path in few for figure in _compared(path, few[path], many[path])]


def _grow(database: Database, *, first: int, last: int) -> None:
    with database.transaction() as session:
        copies.add(session, first=first, last=last)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))  # as a plant that grew over years is kept


def _costs(app: Flask, database: Database, repetitions: int) -> dict[str, Cost]:
    client = _signed_in(app)
    with database.read() as session:
        newest = session.scalars(select(Challenge.id).order_by(Challenge.id.desc()).limit(1)).one()
    paths = {path: path for path in PATHS} | {"/challenges/ID": f"/challenges/{newest}"}
    return {name: _cost(client, database, path, repetitions) for name, path in paths.items()}


def _signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    token = TOKEN.search(client.get("/sign-in").text)
    if token is None:
        raise RuntimeError("no form to sign in")
    sent = {"csrf_token": token[1], "login": LOGIN, "password": demo.PASSWORD}
    client.post("/sign-in", data=sent)
    return client


def _cost(client: FlaskClient, database: Database, path: str, repetitions: int) -> Cost:
    """The fastest of several answers: what else the machine does only makes one slower."""
    times = []
    for _ in range(repetitions):
        count = Count(path)
        with listening(database.engine, count):
            began = time.perf_counter()
            answer = client.get(path)
            times.append(time.perf_counter() - began)
        if answer.status_code != HTTPStatus.OK:
            raise RuntimeError(f"{path}: {answer.status}")
    return Cost(len(count.statements), min(times) * 1000)


def _compared(path: str, few: Cost, many: Cost) -> list[Figure]:
    return [
        at_most(f"{path} time, large plant against small", many.milliseconds / few.milliseconds, RATIO),
        at_most(f"{path} statements, large against small", many.statements / few.statements, RATIO),
        for_the_record(f"{path} in the large plant", many.milliseconds, "ms"),
        for_the_record(f"{path} statements", many.statements, "statements"),
    ]
