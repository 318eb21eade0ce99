"""/operations/steps and the heat map of a process: what takes how long, drawn and in a table, without naming people."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from webapp.heat import Scale
from workflows import clock, watch, work
from workflows.db import Database
from workflows.engine.tables import OPEN, Process, WorkItem

Visit = Callable[[], Visitor]


@pytest.fixture
def short(database: Database, clock_at: Callable[..., None]) -> str:
    """The version of the processes of six bids: the teams of five were put together in 1 to 5 days, one is not yet."""
    watch.install(database)
    with database.transaction() as session:
        leaders = [factories.user(session, name=f"挂帅人{n}") for n in range(6)]
        for leader in leaders:
            challenge = factories.challenge(session, title="降低冬季井口冻堵")
            work.start(session, "bid", {"challenge_id": challenge.id}, actor=leader)
        items = session.scalars(select(WorkItem).order_by(WorkItem.id)).all()
        started = clock.now()  # a Monday
        for days, item in enumerate(items[:5], 1):
            item.status, item.done_at = "done", started + dt.timedelta(days=days - 1, hours=12)
            item.due_at = started + dt.timedelta(days=4)
        items[5].due_at = clock.end_of(dt.date(2026, 11, 27))
        digest = session.scalars(select(Process.digest)).first()
    clock.move_to(started + dt.timedelta(days=14))
    assert digest is not None
    return digest[:12]


@pytest.fixture
def admin(short: str, database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login="root", roles=["admin"])
    visitor = visit()
    visitor.sign_in("root")
    return visitor


def test_the_table_tells_how_long_each_step_takes(admin: Visitor) -> None:
    page = admin.get("/operations/definitions/bid").text
    told = text_of(page.split("各环节所用时间")[2])
    assert "组队 2.5 个工作日 4.1 个工作日" in told
    assert "! 2" in told  # one done late, one open
    assert "1 最久 10 个工作日" in told
    assert "挂帅人1" not in page
    assert 'aria-sort="descending">中位数' in page
    assert 'aria-sort="descending">次数' in admin.get("/operations/definitions/bid?sort=number").text


def test_heads_of_columns_keep_what_was_chosen_and_nothing_else(admin: Visitor) -> None:
    page = admin.get("/operations/definitions/bid?days=90&by=number&endpoint=x&_external=1&process=veto").text
    links = re.findall(r'<th [^>]*><a href="([^"]+)', page)
    assert links == [
        f"/operations/definitions/bid?days=90&amp;by=number&amp;sort={one}"
        for one in ("p90", "number", "late", "open")
    ]


def test_more_steps_and_processes_take_no_more_queries(admin: Visitor, database: Database) -> None:
    first = queries(admin, database, "/operations/steps")
    with database.transaction() as session:
        leader = factories.user(session)
        for _ in range(3):
            work.start(session, "bid", {"challenge_id": factories.challenge(session).id}, actor=leader)
        for item in session.scalars(select(WorkItem).order_by(WorkItem.id.desc()).limit(3)):
            item.created_at = clock.now() - dt.timedelta(days=30)
    assert queries(admin, database, "/operations/steps") == first


def test_a_span_or_version_without_work_says_so(admin: Visitor, short: str) -> None:
    assert "2.5 个工作日" in admin.get(f"/operations/definitions/bid?version={short}").text
    assert admin.get("/operations/definitions/bid?version=000000000000").status_code == 404
    assert admin.get("/operations/definitions/nothing").status_code == 404
    assert "这段时间没有办过任务" in admin.get("/operations/definitions/veto?days=30").text


@pytest.mark.parametrize(("by", "text", "level"), [("time", "2.5 个工作日", 5), ("number", "5 次", 5)])
def test_the_boxes_of_the_diagram_tell_their_heat(admin: Visitor, by: str, text: str, level: int) -> None:
    sheets = admin.get(f"/operations/definitions/bid/diagram?by={by}").get_json()
    marks = [mark for sheet in sheets for mark in sheet["heat"].values()]
    assert {"level": level, "text": text} in marks
    assert sheets[0]["title"] == "揭榜申报"


def test_the_slowest_steps_and_what_waits_too_long_are_told(admin: Visitor, database: Database) -> None:
    with database.read() as session:
        (waiting,) = session.scalars(select(WorkItem.process_id).where(WorkItem.status == OPEN))
    page = admin.get("/operations/steps").text
    stuck, slow = (text_of(part) for part in page.split("等得比往常久", 1)[1].split("最慢的环节", 1))
    assert f'href="/operations/processes/{waiting}"' in page
    assert "组队 10 个工作日 4.1 个工作日" in stuck
    assert "揭榜申报 组队 2.5 个工作日 4.1 个工作日" in slow
    assert "挂帅人5" not in slow


@pytest.mark.parametrize("path", ["steps", "definitions/bid", "definitions/bid/diagram"])
def test_nobody_else_sees_it(short: str, database: Database, visit: Visit, path: str) -> None:
    with database.transaction() as session:
        factories.user(session, login="office", roles=["office"])
    visitor = visit()
    visitor.sign_in("office")
    assert visitor.get(f"/operations/{path}").status_code == 403


def test_each_level_of_heat_holds_twice_the_one_below() -> None:
    scale = Scale.of([3.0, 160.0])
    assert list(scale.tops) == [10, 20, 40, 80, 160]
    assert [scale.level(value) for value in (0, 10, 11, 40, 81, 160)] == [1, 1, 2, 3, 5, 5]
    nothing = Scale.of([0.0, 0.0])
    assert (list(nothing.tops), nothing.level(0.0), list(Scale.of([]).tops)) == ([0.0], 1, [])
