"""/metrics: who may read it, that it counts what happened, over several processes too, and tells how things stand."""

import datetime as dt
import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from flask import Flask
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import select

from tests import factories, play
from tests.web.browsing import Visitor
from workflows import clock, db, jobs, schema, work
from workflows.db import Database
from workflows.engine import beats, incidents
from workflows.engine.tables import Due, Process

TOKEN = "a token of the monitor"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
ALIVE = {"endpoint": "health.alive", "method": "GET", "status": "200"}

Visit = Callable[[], Visitor]
Values = dict[str, dict[frozenset[tuple[str, str]], float]]


def values_of(text: str) -> Values:
    """Sample name -> labels -> value."""
    found: Values = {}
    for family in text_string_to_metric_families(text):
        for one in family.samples:
            found.setdefault(one.name, {})[frozenset(one.labels.items())] = one.value
    return found


@pytest.fixture
def read(app: Flask, visit: Visit) -> Callable[[], Values]:
    app.config["METRICS_TOKEN"] = TOKEN

    def reading() -> Values:
        answer = visit().get("/metrics", headers=BEARER)
        assert (answer.status_code, answer.mimetype) == (200, "text/plain")
        return values_of(answer.text)

    return reading


def value(found: Values, name: str, **labels: str) -> float:
    return found.get(name, {}).get(frozenset(labels.items()), 0)


def test_nobody_reads_it_without_the_token_that_was_set(app: Flask, visit: Visit) -> None:
    visitor = visit()
    assert visitor.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
    app.config["METRICS_TOKEN"] = TOKEN
    for wrong in ("", "Bearer", "Bearer x", f"Basic {TOKEN}", "Bearer ÿ"):
        answer = visitor.get("/metrics", headers={"Authorization": wrong, "X-Forwarded-For": "127.0.0.1"})
        assert answer.status_code == 403, wrong
        assert "jiebang_" not in answer.text
    assert visitor.get("/metrics", headers=BEARER).status_code == 200


def test_requests_are_counted_by_endpoint_method_and_status(read: Callable[[], Values], visit: Visit) -> None:
    before = read()
    visit().get("/healthz")
    visit().get("/no/such/page")
    visit().client.open("/healthz", method="BREW")
    after = read()

    def more(name: str, **labels: str) -> float:
        return value(after, name, **labels) - value(before, name, **labels)

    assert more("jiebang_http_requests_total", **ALIVE) == 1
    assert more("jiebang_http_requests_total", endpoint="", method="GET", status="404") == 1
    assert more("jiebang_http_requests_total", endpoint="", method="other", status="405") == 1
    assert more("jiebang_http_request_seconds_count", endpoint="health.alive", method="GET") == 1
    assert more("jiebang_http_request_seconds_bucket", endpoint="health.alive", method="GET", le="+Inf") == 1


def test_it_tells_how_the_service_stands(
    read: Callable[[], Values], database: Database, clock_at: Callable[..., None]
) -> None:
    with database.transaction() as session:
        leader = factories.user(session)
        challenge = factories.challenge(session)
        begun = work.start(session, "bid", {"challenge_id": challenge.id}, actor=leader)
        incidents.record(session, "due:5", begun.process_id, RuntimeError("磁盘已满"))
        incidents.trouble(session, begun.process_id)
        beats.say(session, beats.Beat(beats.WORKER))
    found = read()
    (running,) = found["jiebang_processes_running"].items()
    assert (dict(running[0])["process"], running[1]) == ("bid", 1)
    assert value(found, "jiebang_incidents_open", kind="due") == 1
    assert value(found, "jiebang_processes_troubled") == 1
    assert value(found, "jiebang_work_items_open") == 1
    assert value(found, "jiebang_workers_alive", kind="worker") == 1
    queues = {dict(labels)["queue"] for labels in found["jiebang_queue_waiting"]}
    assert queues == {"message", "delivery", "due", "reminder", "mail"}
    assert value(found, "jiebang_database_up") == 1
    assert value(found, "jiebang_database_connections_in_use") >= 1  # that of this request
    (built,) = found["jiebang_build_info"]
    assert dict(built)["version"] == "0.1.0"


def test_a_timer_that_nobody_fires_falls_behind(
    read: Callable[[], Values], database: Database, clock_at: Callable[..., None]
) -> None:
    with database.transaction() as session:
        leader = factories.user(session)
        work.start(session, "bid", {"challenge_id": factories.challenge(session).id}, actor=leader)
    assert value(read(), "jiebang_queue_behind_seconds", queue="reminder") == 0
    clock.move_to(clock.now() + dt.timedelta(days=180))
    assert value(read(), "jiebang_queue_behind_seconds", queue="reminder") > 3600
    assert value(read(), "jiebang_work_items_late") == 1


@pytest.mark.parametrize(("state", "outcome"), [(b"damaged", "failed"), (None, "nothing")])
def test_jobs_are_counted_by_outcome(
    read: Callable[[], Values],
    database: Database,
    clock_at: Callable[..., None],
    state: bytes | None,
    outcome: str,
) -> None:
    with database.transaction() as session:
        by = factories.user(session, roles=["assessment"]).id
    process = play.start(database, "appraisal_schedule", by=by, year=2027, cycle="quarter").process_id
    with database.transaction() as session:
        timer_id = session.scalars(select(Due.id).where(Due.process_id == process)).first()
        assert timer_id is not None
        if state is not None:
            session.get_one(Process, process).state = state
            session.get_one(Due, timer_id).next_try_at = clock.now()
    before = read()
    assert not jobs.attempt(database, jobs.NAMED["due"], timer_id)
    after = read()
    counted = [value(one, "jiebang_jobs_total", job="due", outcome=outcome) for one in (before, after)]
    timed = [value(one, "jiebang_job_seconds_count", job="due") for one in (before, after)]
    assert (counted[1] - counted[0], timed[1] - timed[0]) == (1, 1)


def test_the_documents_name_what_there_is(app: Flask, visit: Visit) -> None:
    app.config["METRICS_TOKEN"] = TOKEN
    found = set(
        re.findall(r"^# TYPE (jiebang_\w+)", visit().get("/metrics", headers=BEARER).text, re.MULTILINE)
    )
    told = (schema.MIGRATIONS.parent.parent / "docs" / "operators.md").read_text()
    named = {name.removesuffix("_bucket") for name in re.findall(r"`[^`]*?(jiebang_[a-z_]+)", told)}
    queues = {f"jiebang_queue_{end}" for end in ("due", "given_up")}  # told by their ends
    assert found == named | queues


def test_without_its_database_it_still_tells_what_it_counted(
    read: Callable[[], Values], app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    read()
    monkeypatch.setitem(app.extensions, "database", db.connect("sqlite:////no/such/folder/x.db"))
    found = read()
    assert value(found, "jiebang_database_up") == 0
    assert "jiebang_processes_running" not in found
    assert (
        value(found, "jiebang_http_requests_total", endpoint="health.measured", method="GET", status="200")
        > 0
    )


@pytest.fixture
def served(tmp_path: Path, installed_sqlite: Path) -> Iterator[int]:
    """The port of two gunicorn processes that count together."""
    with closing(socket.socket()) as held:
        held.bind(("127.0.0.1", 0))
        port = held.getsockname()[1]
    (tmp_path / "jiebang.db").write_bytes(installed_sqlite.read_bytes())
    settings = {
        "JIEBANG_DATA": str(tmp_path),
        "JIEBANG_DATABASE_URL": "",
        "JIEBANG_METRICS_TOKEN": TOKEN,
        "JIEBANG_JOBS_EMBEDDED": "0",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
    }
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "--workers",
        "2",
        "--worker-class",
        "gthread",
        "--threads",
        "4",
    ]
    command += ["--log-level", "warning", "--no-control-socket", "--bind", f"127.0.0.1:{port}"]
    master = subprocess.Popen(
        [*command, "webapp:create_app()"], env={**os.environ, **settings}, process_group=0
    )
    try:
        yield port
    finally:
        os.killpg(master.pid, signal.SIGKILL)  # one of them may be starting, which a polite end waits for
        master.wait(timeout=30)


def asked(port: int, path: str) -> str:
    """The answer to one request on a connection of its own, so that either process may get it; "" when it is 503."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    with closing(connection):
        connection.request("GET", path, headers=BEARER)
        answer = connection.getresponse()
        return answer.read().decode() if answer.status == http.HTTPStatus.OK else ""


def wait_until(is_so: Callable[[], object]) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            if is_so():
                return
        except OSError:
            pass
        time.sleep(0.2)
    raise AssertionError("it did not come to that")


@contextmanager
def stopped(process_id: int) -> Iterator[None]:
    """One of the two stands still, so that the other answers."""
    os.kill(process_id, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process_id, signal.SIGCONT)


def test_several_processes_count_together_and_a_dead_one_leaves_its_counts_behind(
    served: int, tmp_path: Path
) -> None:
    port, folder = served, tmp_path / "metrics"

    def processes() -> list[int]:
        return [int(file.stem.rpartition("_")[2]) for file in folder.glob("gauge_livesum_*.db")]

    def told() -> Values:
        return values_of(asked(port, "/metrics"))

    wait_until(lambda: len(processes()) == 2 and asked(port, "/healthz"))
    first, second = processes()
    before = value(told(), "jiebang_http_requests_total", **ALIVE)
    for other, number in ((first, 3), (second, 4)):
        with stopped(other):
            for _ in range(number):
                asked(port, "/healthz")
    assert len(list(folder.glob("counter_*.db"))) == 2
    assert value(told(), "jiebang_http_requests_total", **ALIVE) == before + 7
    os.kill(first, signal.SIGKILL)
    wait_until(lambda: told() and first not in processes())
    assert value(told(), "jiebang_http_requests_total", **ALIVE) == before + 7
    assert value(told(), "jiebang_database_connections_in_use") == 1  # that of the request itself
