"""Projects on the site and in the API: what everybody sees, what only those inside do."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program
from tests.web.test_query_counts import queries
from workflows import clock
from workflows import work as tasks
from workflows.db import Database
from workflows.domain import accounts, funds, projects
from workflows.engine.tables import WorkItem
from workflows.models import Project, ProjectState, User

DUES = (dt.date(2027, 3, 31), dt.date(2027, 10, 29))


@pytest.fixture
def project_id(database: Database) -> int:
    """A running project of wang's, of which the first release was paid; li works elsewhere."""
    with database.transaction() as session:
        wang = factories.user(session, login="wang", name="王建国")
        factories.user(session, login="li", name="李四")
        finance = factories.user(session, login="finance", roles=["finance"])
        factories.user(session, login="hse", roles=["hse"])
        project = factories.project(session, leader=wang, due=DUES)
        funds.release_first(session, project, paid_on=clock.today(), voucher="P1", actor=finance)
        return project.id


def _program(app: Flask, database: Database, login: str) -> Program:
    with database.transaction() as session:
        user = accounts.by_login(session, login)
        assert user is not None
        return Program(app, accounts.issue_token(session, user, name="test", days=1))


def test_everybody_sees_the_wall_chart_of_a_project(app: Flask, database: Database, project_id: int) -> None:
    li = _program(app, database, "li")
    shown = li.get(f"/projects/{project_id}").get_json()
    told = {name: shown[name] for name in ("state", "rag", "progress_pct", "deadline", "no")}
    expected = {"state": "running", "rag": "green", "progress_pct": 0, "deadline": "2027-10-31", "no": None}
    assert told == expected
    assert [(one["seq"], one["cur_due"], one["state"]) for one in shown["milestones"]] == [
        (1, "2027-03-31", "planned"),
        (2, "2027-10-29", "planned"),
    ]
    assert [one["role"] for one in shown["members"]] == ["leader"]
    assert li.get(f"/projects/{project_id + 1}").status_code == 404


@pytest.mark.parametrize("part", ["pledge", "funds", "reports", "submissions"])
def test_pledge_money_and_reports_are_not_found_for_others(
    app: Flask, database: Database, project_id: int, part: str
) -> None:
    assert _program(app, database, "li").get(f"/projects/{project_id}/{part}").status_code == 404
    inside = _program(app, database, "wang").get(f"/projects/{project_id}/{part}")
    assert inside.status_code == (404 if part == "pledge" else 200)  # there is no pledge yet


def test_the_money_of_a_project_is_told_to_those_inside(
    app: Flask, database: Database, project_id: int
) -> None:
    told = _program(app, database, "finance").get(f"/projects/{project_id}/funds").get_json()
    assert (told["budget_fen"], told["released_fen"], told["prepaid_fen"]) == (120_000_000, 24_000_000, 0)
    assert [(one["kind"], one["amount_fen"], one["voucher"]) for one in told["releases"]] == [
        ("first", 24_000_000, "P1")
    ]


def test_the_list_is_filtered_and_paged(app: Flask, database: Database, project_id: int) -> None:
    with database.transaction() as session:
        wang = session.get_one(Project, project_id).leader_id
        other = factories.project(session, state=ProjectState.ACCEPTING)
        other.rag = "red"
        other_id, unit_id = other.id, other.unit_id
    program = _program(app, database, "li")

    def found(query: str) -> tuple[list[int], int]:
        told = program.get(f"/projects?{query}").get_json()
        return [one["id"] for one in told["rows"]], told["total"]

    assert found("") == ([other_id, project_id], 2)
    assert found("size=1&page=2") == ([project_id], 2)
    assert found("state=accepting") == ([other_id], 1)
    assert found("rag=red") == ([other_id], 1)
    assert found(f"unit_id={unit_id}") == ([other_id], 1)
    assert found(f"leader_id={wang}") == ([project_id], 1)
    assert found("q=没有这个") == ([], 0)
    assert program.get("/projects?rag=blue").status_code == 422


def test_a_report_is_told_through_the_api_by_the_team_only(
    app: Flask, database: Database, project_id: int
) -> None:
    path = f"/projects/{project_id}/reports"
    body = {"values": {"progress_pct": 30, "issues": "下雪停工一天"}}
    refused = _program(app, database, "li").post(path, body)
    assert (refused.status_code, refused.get_json()["detail"]) == (
        403,
        "只有项目的挂帅人和团队成员可以办理。",
    )
    wang = _program(app, database, "wang")
    answer = wang.post(path, body)
    assert (answer.status_code, answer.get_json()) == (201, {"subject_path": f"/projects/{project_id}"})
    (report,) = wang.get(path).get_json()
    assert (report["progress_pct"], report["issues"], report["is_blocked"]) == (30, "下雪停工一天", False)
    wrong = wang.post(path, {"values": {"progress_pct": "很多"}})
    assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["progress_pct"])


def test_the_page_shows_the_project_and_leads_to_the_report(
    visit: Callable[[], Visitor], database: Database, project_id: int
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    page = text_of(visitor.get(f"/projects/{project_id}").text)
    page += text_of(visitor.get(f"/projects/{project_id}?tab=rewards").text)
    for told in ("降低冬季冻堵次数", "实施中", "绿灯", "节点1", "首拨", "填报进展"):
        assert told in page
    form = visitor.get(f"/act/report?project_id={project_id}")
    assert form.status_code == 200
    assert "冻堵次数 ≤ 10 次" in form.text
    assert 'accept=".jpg,.jpeg,.png"' in form.text
    assert "降低冬季冻堵次数" in text_of(form.text)
    with database.read() as session:
        indicator = session.get_one(Project, project_id).challenge.indicators[0].id
    sent: dict[str, Any] = {
        "project_id": str(project_id),
        "progress_pct": "20",
        "values.0.indicator_id": str(indicator),
        "values.0.value": "35",
        "is_blocked": "true",
    }
    assert visitor.post("/act/report", sent).location == f"/projects/{project_id}"
    after = text_of(visitor.get(f"/projects/{project_id}").text)
    assert "进展已保存：进度 20%，指标 1 项，照片 0 张。" in after
    assert "受阻" in after
    wrong = visitor.post("/act/report", {"project_id": str(project_id), "progress_pct": "120"})
    assert wrong.status_code == 422


def test_others_see_neither_money_nor_the_report_button(
    visit: Callable[[], Visitor], database: Database, project_id: int
) -> None:
    visitor = visit()
    visitor.sign_in("li")
    page = text_of(visitor.get(f"/projects/{project_id}?tab=rewards").text)
    assert "概览 团队" in page and "交付物" not in page
    assert "首拨" not in page
    assert "填报进展" not in page
    assert visitor.get(f"/projects/{project_id}/pledge").status_code == 404


def test_hse_sees_the_stop_button(visit: Callable[[], Visitor], project_id: int) -> None:
    visitor = visit()
    visitor.sign_in("hse")
    assert "安全停工" in text_of(visitor.get(f"/projects/{project_id}").text)
    assert visitor.get(f"/act/stop_work?project_id={project_id}").status_code == 200


def test_the_task_pages_of_a_project_offer_its_nodes_and_indicators(
    visit: Callable[[], Visitor], database: Database
) -> None:
    with database.transaction() as session:
        wang = factories.user(session, login="wang")
        planned = factories.project(session, leader=wang, state=ProjectState.PLEDGING, due=DUES)
        begun = factories.project(session, leader=wang, state=ProjectState.INITIATING, due=DUES)
        verifier = begun.challenge.indicators[0].verifier_unit
        factories.user(session, login="zhao", of=verifier, roles=["verifier@"])
        ids = (planned.id, begun.id)
    play.send(database, "MSG_AWARDED", key="project_id", project_id=ids[0])
    play.send(database, "MSG_PROJECT_STARTED", key="project_id", project_id=ids[1])
    with database.read() as session:
        terms, work = session.scalars(select(WorkItem.id).order_by(WorkItem.id))
        indicator = session.get_one(Project, ids[1]).challenge.indicators[0].id
    visitor = visit()
    visitor.sign_in("wang")
    assert "技术路线决定权及限度" in text_of(visitor.get(f"/work/{terms}").text)
    page = visitor.get(f"/work/{work}").text
    assert "节点1" in text_of(page)
    assert f'<option value="{indicator}" selected>冻堵次数 ≤ 10 次' in page
    with database.transaction() as session:
        node = session.get_one(Project, ids[1]).milestones[0]
        file = factories.stored_file(session, by=session.get_one(User, node.project.leader_id)).id
        rows = [{"indicator_id": indicator, "value": "12"}]
        values = {"summary": "完成", "values": rows, "evidence": [file]}
        tasks.complete(session, work, values, actor=node.project.leader)
    with database.read() as session:
        asked = session.scalars(select(WorkItem.id).where(WorkItem.step == "delivery.verify")).all()
    judge = visit()
    judge.sign_in("zhao")
    page = judge.get(f"/work/{min(asked)}").text
    assert "核验值" in page
    assert f'<option value="{indicator}"' in page


@pytest.mark.parametrize("path", ["/projects", "/api/v1/projects"])
def test_three_projects_take_as_many_queries_as_one(
    visit: Callable[[], Visitor], database: Database, project_id: int, path: str
) -> None:
    visitor = visit()
    visitor.sign_in("li")
    first = queries(visitor, database, path)
    with database.transaction() as session:
        for _ in range(2):
            factories.project(session, leader=factories.user(session), due=DUES)
    assert queries(visitor, database, path) == first
    with database.read() as session:
        assert projects.listing(session)[1] == 3


def test_each_tab_shows_its_part_and_is_empty_in_words(
    visit: Callable[[], Visitor], database: Database, project_id: int
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    shown = {
        tab: text_of(visitor.get(f"/projects/{project_id}?tab={tab}").text)
        for tab in ("team", "nodes", "meetings", "changes", "files", "moves", "nonsense")
    }
    assert "王建国" in shown["team"] and "挂帅人" in shown["team"]
    assert "还没有提交过节点" in shown["nodes"]
    assert "没有会议" in shown["meetings"]
    assert "没有变更" in shown["changes"]
    assert "没有交付物" in shown["files"]
    assert "还没有动态" in shown["moves"]
    assert "党组织责任人" in shown["nonsense"]  # what is no tab is the first
