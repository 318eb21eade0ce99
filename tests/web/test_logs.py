"""Each log line tells what it is about, as JSON: the request or the job, and the process behind it; never a person."""

import json
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from structlog.contextvars import get_contextvars

from tests import factories, play
from tests.processes import cast as casting
from tests.web import mailbox
from tests.web.browsing import Enter, Visitor
from webapp import logs, mailing
from workflows import clock, jobs, traces
from workflows.db import Database
from workflows.domain import outbox
from workflows.engine.tables import Due, Process, WorkItem

Visit = Callable[[], Visitor]


def told(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The lines as they are written."""
    (handler,) = [one for one in logging.getLogger().handlers if one.get_name() == logs.HANDLER]
    return [
        json.loads(handler.format(record))
        for record in caplog.records
        if record.name in ("web", "jobs", "mail")
    ]


def test_a_request_tells_the_process_that_it_moved_and_the_next_one_does_not(
    database: Database, cast: casting.Cast, enter: Enter, caplog: pytest.LogCaptureFixture
) -> None:
    process = casting.begin_bid(database, casting.post(database, cast), leader=cast.leader)
    with database.read() as session:
        item = session.query(WorkItem).filter_by(process_id=process).one().id
        digest = session.get_one(Process, process).digest
    leader = enter(cast.leader)
    leader.token()
    caplog.clear()
    with caplog.at_level(logging.INFO):
        leader.post(f"/work/{item}", {"opinion": "稍后再办"}, headers={"X-Request-ID": "request-0001"})
        leader.get("/notices", headers={"X-Request-ID": "request-0002"})
    moved, other = told(caplog)
    assert (moved["request_id"], moved["process_id"]) == ("request-0001", process)
    assert moved["definition"] == digest[:12]
    assert other["request_id"] == "request-0002"
    assert not {"process_id", "definition"} & other.keys()
    assert get_contextvars() == {}


def test_what_begins_a_process_tells_it(
    database: Database, cast: casting.Cast, enter: Enter, caplog: pytest.LogCaptureFixture
) -> None:
    challenge = casting.post(database, cast)
    leader = enter(cast.leader)
    leader.token()
    caplog.clear()
    with caplog.at_level(logging.INFO):
        leader.post("/start/bid", {"challenge_id": challenge})
    (line,) = told(caplog)
    with database.read() as session:
        assert line["process_id"] == session.query(WorkItem).filter_by(step="bid.form_team").one().process_id


def test_a_job_tells_itself_and_its_process_instead_of_a_request(
    database: Database, app: Flask, clock_at: Callable[..., None], caplog: pytest.LogCaptureFixture
) -> None:
    with database.transaction() as session:
        by = factories.user(session, roles=["assessment"]).id
    process = play.start(database, "appraisal_schedule", by=by, year=2027, cycle="quarter").process_id
    with database.transaction() as session:
        session.get_one(Process, process).state = b"damaged"
        timer = session.query(Due).filter_by(process_id=process).first()
        assert timer is not None
        timer.next_try_at, timer_id = clock.now(), timer.id
    traces.of_request("request-0003")
    with caplog.at_level(logging.INFO):
        assert not jobs.attempt(database, jobs.NAMED["due"], timer_id)
        assert not jobs.attempt(database, jobs.NAMED["delivery"], 999)
        jobs.log.info("after")
    failed, after = told(caplog)
    assert (failed["event"], failed["job"], failed["process_id"]) == (
        "job failed",
        f"due:{timer_id}",
        process,
    )
    assert len(failed["job_id"]) == 32
    assert "UnknownState" in failed["exception"]
    assert "request_id" not in failed
    assert not {"job", "job_id", "process_id"} & after.keys()
    assert after["request_id"] == "request-0003"


def test_the_tries_of_one_row_are_told_apart(
    database: Database, caplog: pytest.LogCaptureFixture, app: Flask, box: mailbox.Mailbox
) -> None:
    with database.transaction() as session:
        person = factories.user(session)
        person.email = "wang@example.com"
        outbox.ask_new_password(session, person.login)
        outbox.ask_new_password(session, person.login)
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"  # nobody listens there
    with caplog.at_level(logging.INFO):
        mailing.run_once(app)
    lines = [line for line in told(caplog) if line["event"] == "mail not sent"]
    assert [line["job"] for line in lines] == ["mail:1", "mail:2"]
    assert len({line["job_id"] for line in lines}) == 2
