"""/operations: what runs, what failed and is tried again, what is due; for administrators alone."""

from collections.abc import Callable

import pytest

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from workflows import jobs, watch, work
from workflows.db import Database
from workflows.engine import incidents
from workflows.engine.tables import Due

Visit = Callable[[], Visitor]


@pytest.fixture
def bid(database: Database, clock_at: Callable[..., None]) -> int:
    """The process of a bid that 王建国 has begun."""
    watch.install(database)
    with database.transaction() as session:
        wang = factories.user(session, login="wang", name="王建国")
        challenge = factories.challenge(session, title="降低冬季井口冻堵")
        return work.start(session, "bid", {"challenge_id": challenge.id}, actor=wang).process_id


@pytest.fixture
def admin(bid: int, database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login="root", name="管运维", roles=["admin"])
    visitor = visit()
    visitor.sign_in("root")
    return visitor


@pytest.fixture
def schedule(database: Database, bid: int) -> int:
    """The process of a schedule of appraisals, which waits for the end of a period."""
    with database.transaction() as session:
        by = factories.user(session, roles=["assessment"]).id
    return play.start(database, "appraisal_schedule", by=by, year=2027, cycle="quarter").process_id


def failed(database: Database, process_id: int) -> int:
    """The incident of a timer of the process that has failed three times."""
    with database.transaction() as session:
        timer = session.query(Due).filter_by(process_id=process_id).first()
        assert timer is not None
        timer.tries, timer.next_try_at = jobs.MAX_TRIES, jobs.NEVER
        incidents.trouble(session, process_id)
        made = incidents.record(session, f"due:{timer.id}", process_id, RuntimeError("磁盘已满"))
        session.flush()
        return made.id


def test_a_process_is_found_and_shows_what_it_waits_for_without_naming_people(
    admin: Visitor, bid: int
) -> None:
    listed = text_of(admin.get("/operations/processes?q=冻堵&process=bid").text)
    assert "降低冬季井口冻堵" in listed
    assert "没有符合条件的流程" in admin.get("/operations/processes?troubled=1").text
    page = admin.get(f"/operations/processes/{bid}").text
    told = text_of(page.split("在等什么")[2])
    assert "组队 挂帅人" in told
    assert "王建国" not in told
    (sheet, *_) = admin.get(f"/operations/processes/{bid}/diagram").get_json()
    assert sheet["now"]
    assert admin.get("/operations/processes/999").status_code == 404


def test_what_failed_is_told_and_tried_again(admin: Visitor, schedule: int, database: Database) -> None:
    assert "2027" in text_of(admin.get("/operations/timers").text)
    incident = failed(database, schedule)
    page = text_of(admin.get("/operations").text)
    assert "磁盘已满" in page
    assert "有故障的流程 1" in page
    assert "已停止重试" in admin.get("/operations/timers").text
    answer = admin.post(f"/operations/incidents/{incident}/retry")
    assert answer.location == "/operations"
    with database.read() as session:
        (timer,) = [one for one in session.query(Due) if one.process_id == schedule]
        assert timer.next_try_at < jobs.NEVER
    assert "已停止重试" not in admin.get("/operations/timers").text
    failed(database, schedule)
    admin.post("/operations/incidents/retry")
    assert "已停止重试" not in admin.get("/operations/timers").text


@pytest.mark.parametrize("path", ["", "/processes", "/timers", "/processes/1", "/processes/1/diagram"])
def test_nobody_else_sees_it(bid: int, database: Database, visit: Visit, path: str) -> None:
    with database.transaction() as session:
        factories.user(session, login="office", roles=["office"])
    visitor = visit()
    visitor.sign_in("office")
    assert visitor.get(f"/operations{path}").status_code == 403
    assert visitor.post("/operations/incidents/retry").status_code == 403
