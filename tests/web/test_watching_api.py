"""/api/v1/operations: what programs of operators see and retry; for administrators alone."""

import datetime as dt
from collections.abc import Callable

import pytest

from tests import factories, play
from tests.web.test_api import Program, program
from tests.web.test_operations import failed
from workflows import clock, jobs, watch, work
from workflows.db import Database
from workflows.engine import incidents
from workflows.engine.tables import Due, WorkItem

Speak = Callable[[str], Program]
__all__ = ["program"]


@pytest.fixture
def schedule(database: Database, clock_at: Callable[..., None]) -> int:
    """The process of a schedule of appraisals, which waits for the end of a period."""
    watch.install(database)
    with database.transaction() as session:
        factories.user(session, login="root", roles=["admin"])
        by = factories.user(session, login="clerk", roles=["assessment"]).id
    return play.start(database, "appraisal_schedule", by=by, year=2027, cycle="quarter").process_id


@pytest.fixture
def root(schedule: int, program: Speak) -> Program:
    return program("root")


def test_the_pulse_tells_what_runs_waits_and_failed(root: Program, schedule: int, database: Database) -> None:
    failed(database, schedule)
    pulse = root.get("/operations/pulse").get_json()
    (running,) = pulse["running"]
    assert (running["process"], running["number"], len(running["definition"])) == (
        "appraisal_schedule",
        1,
        64,
    )
    assert (pulse["troubled"], pulse["incidents"]) == (1, {"due": 1})
    assert pulse["queues"]["due"]["given_up"] == 1
    assert pulse["queues"]["mail"]["waiting"] == 0


def test_incidents_are_paged_and_retried_one_or_all(root: Program, schedule: int, database: Database) -> None:
    timer = failed(database, schedule)
    with database.transaction() as session:
        made = incidents.record(session, "item:1", schedule, RuntimeError("磁盘已满"))
        session.flush()
        act = made.id
    listed = root.get("/operations/incidents?size=1").get_json()
    assert (listed["total"], [one["id"] for one in listed["rows"]]) == (2, [act])
    (row,) = root.get("/operations/incidents?size=1&page=2").get_json()["rows"]
    assert (row["error"], row["process_id"], row["is_by_hand"]) == ("磁盘已满", schedule, False)
    assert root.post(f"/operations/incidents/{act}/retry").status_code == 409
    assert root.post("/operations/incidents/999/retry").status_code == 404
    assert root.post(f"/operations/incidents/{timer}/retry").status_code == 204
    with database.read() as session:
        assert session.query(Due).filter_by(process_id=schedule).first().next_try_at < jobs.NEVER  # type: ignore[union-attr]
    assert root.post("/operations/incidents/retry").get_json() == {"number": 1}
    with database.transaction() as session:
        incidents.resolve(session, "item:1")
    assert root.get("/operations/incidents").get_json()["total"] == 1
    assert root.get("/operations/incidents?open=false").get_json()["total"] == 2


def test_timers_tell_their_process_and_when_they_are_due(root: Program, schedule: int) -> None:
    listed = root.get("/operations/timers?size=1").get_json()
    (row,) = listed["rows"]
    assert (row["process_id"], row["process"], row["is_given_up"]) == (schedule, "appraisal_schedule", False)
    assert dt.datetime.fromisoformat(row["due_at"]) > clock.now()
    assert root.get("/operations/timers?size=101").status_code == 422


def test_times_of_steps_come_as_numbers(schedule: int, program: Speak, database: Database) -> None:
    with database.transaction() as session:
        leader = factories.user(session)
        for _ in range(6):
            work.start(session, "bid", {"challenge_id": factories.challenge(session).id}, actor=leader)
        *done, waiting = session.query(WorkItem).filter_by(node="form_team").order_by(WorkItem.id)
        for item in done:
            item.status, item.done_at = "done", clock.now() + dt.timedelta(hours=6)
        process = waiting.process_id
    clock.move_to(clock.now() + dt.timedelta(days=7))
    root = program("root")
    told = root.get("/operations/definitions/bid/steps?days=30").get_json()
    (step,) = told["steps"]
    assert (step["title"], step["spent"]) == ("组队", {"number": 5, "median": 21600.0, "p90": 21600.0})
    assert (step["open"], step["oldest_waits"]) == (1, 5 * 86400.0)
    assert (told["passed"]["form_team"], told["versions"][0]["processes"]) == (5, 6)
    slow = root.get("/operations/steps?sort=open").get_json()
    assert slow["steps"][0]["title"] == "组队"
    (stuck,) = slow["stuck"]
    assert (stuck["process_id"], stuck["title"], stuck["waits"]) == (process, "组队", 5 * 86400.0)
    assert root.get("/operations/definitions/nothing/steps").status_code == 404
    assert root.get("/operations/steps?sort=name").status_code == 422


@pytest.mark.parametrize("path", ["pulse", "incidents", "timers", "steps", "definitions/bid/steps"])
def test_nobody_else_may_look(schedule: int, program: Speak, path: str) -> None:
    clerk = program("clerk")
    refused = clerk.get(f"/operations/{path}")
    assert (refused.status_code, refused.mimetype) == (403, "application/problem+json")
    assert clerk.post("/operations/incidents/retry").status_code == 403
    assert clerk.post("/operations/incidents/1/retry").status_code == 403
