"""挂图作战, time lines, the diagram of a task, and the cockpit."""

import datetime as dt
from collections.abc import Callable

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from webapp import gantt
from workflows import clock, watch
from workflows.db import Database
from workflows.models import CampaignYear, Milestone, MilestoneState, Project, ProjectState

Visit = Callable[[], Visitor]
DUES = (dt.date(2026, 11, 20), dt.date(2027, 3, 31))


def _project(database: Database, *, title: str, rag: str = "green", **kwargs: object) -> int:
    with database.transaction() as session:
        listed = factories.challenge(session, title=title)
        project = factories.project(session, on=listed, due=DUES, **kwargs)  # type: ignore[arg-type]
        project.rag = rag
        return project.id


def _browse(database: Database, visit: Visit, login: str, *roles: str) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login=login, name="李四", roles=list(roles))
    visitor = visit()
    visitor.sign_in(login)
    return visitor


def test_the_wall_shows_what_is_under_way_the_worst_first(database: Database, visit: Visit) -> None:
    _project(database, title="绿灯的项目")
    _project(database, title="红灯的项目", rag="red")
    _project(database, title="已结题的项目", state=ProjectState.CLOSED)
    shown = text_of(_browse(database, visit, "li").get("/wall").text)
    assert shown.index("红灯的项目") < shown.index("绿灯的项目")
    assert "已结题的项目" not in shown
    assert "红灯 1" in shown and "绿灯 1" in shown
    assert "2026年11月20日 ✕ 逾期 3 天" in shown


def test_an_empty_wall_says_what_will_hang_on_it(database: Database, visit: Visit) -> None:
    assert "没有在建项目" in text_of(_browse(database, visit, "li").get("/wall").text)


def test_a_full_wall_turns_its_pages(database: Database, visit: Visit) -> None:
    for number in range(13):
        _project(database, title=f"项目{number:02}")
    visitor = _browse(database, visit, "li")
    first, second = visitor.get("/wall").text, visitor.get("/wall?page=2").text
    assert 'content="60; url=/wall?page=2"' in first and 'content="60; url=/wall?page=1"' in second
    assert (first.count("wall-title"), second.count("wall-title")) == (8, 5)
    assert queries(visitor, database, "/wall") == queries(visitor, database, "/wall?page=2")


def test_a_late_node_reaches_to_today_and_the_scale_holds_all_days() -> None:
    node = Milestone(seq=1, plan_start=dt.date(2026, 9, 1), plan_due=DUES[0], cur_due=DUES[0])
    node.state = MilestoneState.IN_PROGRESS
    project = Project(started_on=dt.date(2026, 9, 1), deadline=dt.date(2027, 1, 31), milestones=[node])
    today = clock.today()
    scale = gantt.scale_of([project], today)
    assert scale == gantt.Scale(dt.date(2026, 9, 1), dt.date(2027, 2, 1))
    assert [month.month for _, month in scale.months()] == [9, 10, 11, 12, 1]
    plan, real = gantt.node_bars(node, scale, today)
    assert (plan.kind, real.kind, plan.x, real.x) == ("plan", "late", 0, 0)
    assert real.width == scale.at(today + dt.timedelta(days=1)) > plan.width
    node.state, node.done_on = MilestoneState.PASSED, dt.date(2026, 11, 2)
    assert [one.kind for one in gantt.node_bars(node, scale, today)] == ["plan", "done"]
    assert gantt.scale_of([], today) is None


def test_the_diagram_of_a_task_is_for_those_who_see_the_task(database: Database, visit: Visit) -> None:
    watch.install(database)
    with database.transaction() as session:
        wang = factories.user(session, login="wang")
        challenge_id = factories.challenge(session).id
        wang_id = wang.id
    play.start(database, "bid", by=wang_id, challenge_id=challenge_id)
    visitor = visit()
    visitor.sign_in("wang")
    own, called = visitor.get("/work/1/diagram").get_json()
    assert (own["title"], called["now"]) == ("揭榜申报", ["form_team"])
    assert 'name="挂帅人"' in own["xml"] and 'name="leader"' not in own["xml"]
    page = text_of(visitor.get("/work/1").text)
    assert "接下来可能由 团队成员 · 成员确认" in page
    assert _browse(database, visit, "li").get("/work/1/diagram").status_code == 404


def test_the_cockpit_is_for_the_plants_leaders(database: Database, visit: Visit) -> None:
    with database.transaction() as session:
        session.add(CampaignYear(year=2026, theme="融合年", pool_fen=300_000_000, state="open"))
    _project(database, title="降低输差", rag="yellow")
    shown = text_of(_browse(database, visit, "secretary", "party_secretary").get("/").text)
    assert "2026 年度 融合年 ● 进行中 发榜 / 揭榜 / 验收通过 1 / 1 / 0" in shown
    assert "已兑现 / 激励池 0 万元 / 300 万元" in shown
    assert "红灯 0 橙灯 0 黄灯 1 绿灯 0" in shown
    assert "激励池" not in text_of(_browse(database, visit, "li").get("/").text)
