"""The main pages with 10,000 challenges and 100,000 open work items against 100 and 1,000: statements and server time."""

import math
import re
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, text

from bench import copies, databases
from bench.figures import Figure, at_most, exactly, for_the_record
from bench.statements import Count, listening
from webapp import create_app
from workflows import demo
from workflows.db import Database
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import Bid, Challenge

FEW, MANY = 10, 1_000  # copies of ten challenges, a hundred ended work items and a hundred open ones
RATIO = 1.5
MY_TASKS = {"/work": 1.2, "/api/v1/work-items": 1.2}  # for them less
PUBLIC = ("/sign-in", "/challenges", "/challenges/ID", "/wall", "/api/v1/challenges")  # what everybody sees
PUBLIC_STATEMENTS = 10
LOGIN = "office"
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
PATHS = (
    "/sign-in",
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


Plant = tuple[Flask, Database]


@dataclass(frozen=True)
class Cost:
    """What one answer takes; ``own`` statements are those beyond sign-in and authorisation."""

    statements: int = 0
    own: int = 0
    milliseconds: float = math.inf


def measure(*, repetitions: int = 15) -> list[Figure]:
    """Build the demo on PostgreSQL, copy it, and ask for every page as the office, in a small and a large plant."""
    with databases.empty() as small, tempfile.TemporaryDirectory() as folder:
        with _opened(small, folder) as (_, database):
            demo.build(database, say=lambda _line: None)
            _grow(database, first=1, last=FEW)
        with databases.copied(small) as large, _opened(small, folder) as few, _opened(large, folder) as many:
            _grow(many[1], first=FEW + 1, last=MANY)
            return [*_sizes(many[1]), *_figures(few, many, repetitions)]


@contextmanager
def _opened(address: str, folder: str) -> Iterator[Plant]:
    app = create_app(DATA=folder, DATABASE_URL=address, JOBS_EMBEDDED=False, LOG_LEVEL="ERROR")
    database: Database = app.extensions["database"]
    try:
        yield app, database
    finally:
        database.engine.dispose()


def _grow(database: Database, *, first: int, last: int) -> None:
    with database.transaction() as session:
        copies.add(session, first=first, last=last)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))  # as a plant that grew over years is kept


def _sizes(database: Database) -> Iterator[Figure]:
    """How much there is in the large plant."""
    is_open = WorkItem.status == OPEN
    for name, query in {
        "challenges": select(func.count()).select_from(Challenge),
        "open tasks": select(func.count()).where(is_open),
        "open tasks of the reader": select(func.count()).where(is_open, WorkItem.audience == copies.READER),
    }.items():
        with database.read() as session:
            yield for_the_record(f"{name} in the large plant", session.execute(query).scalar_one(), "")


def _figures(few: Plant, many: Plant, repetitions: int) -> list[Figure]:
    visitors = [(_signed_in(app), database) for app, database in (few, many)]
    strangers = [(app.test_client(), database) for app, database in (few, many)]
    measured = []
    for path in (*PATHS, "/challenges/ID"):
        clients = strangers if path == "/sign-in" else visitors
        costs = [Cost(), Cost()]
        for _ in range(repetitions):  # in turn, so that what else the machine does meets both
            costs = [_ask(*one, path, cost) for one, cost in zip(clients, costs, strict=True)]
        measured += _compared(path, *costs)
    return measured


def _signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    token = TOKEN.search(client.get("/sign-in").text)
    if token is None:
        raise RuntimeError("no form to sign in")
    sent = {"csrf_token": token[1], "login": LOGIN, "password": demo.PASSWORD}
    client.post("/sign-in", data=sent)
    return client


def _ask(client: FlaskClient, database: Database, path: str, before: Cost) -> Cost:
    """``before``, or what this answer takes if it is faster: what else the machine does only makes one slower."""
    if path.endswith("ID"):
        with database.read() as session:
            newest = session.scalars(select(func.max(Bid.challenge_id))).one()  # that teams have bid on
        path = path.replace("ID", str(newest))
    count = Count(path)
    with listening(database.engine, count):
        began = time.perf_counter()
        answer = client.get(path)
        took = time.perf_counter() - began
    if answer.status_code != HTTPStatus.OK:
        raise RuntimeError(f"{path}: {answer.status}")
    return Cost(len(count.statements), count.all, min(took * 1000, before.milliseconds))


def _compared(path: str, few: Cost, many: Cost) -> list[Figure]:
    own = f"{path} statements beyond sign-in and authorisation"
    return [
        at_most(
            f"{path} time, large plant against small",
            many.milliseconds / few.milliseconds,
            MY_TASKS.get(path, RATIO),
        ),
        for_the_record(f"{path} in the large plant", many.milliseconds, "ms"),
        exactly(f"{path} statements, large against small", many.statements - few.statements, 0),
        at_most(own, many.own, PUBLIC_STATEMENTS, "")
        if path in PUBLIC
        else for_the_record(own, many.own, ""),
    ]
