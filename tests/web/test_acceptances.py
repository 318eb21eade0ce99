"""Acceptances and result cards on the site and in the API: who reads what."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program
from tests.web.test_query_counts import counted, queries
from workflows import clock
from workflows.db import Database
from workflows.domain import acceptances, accounts, results
from workflows.engine.tables import WorkItem
from workflows.models import (
    Acceptance,
    AcceptanceScore,
    AcceptanceState,
    BenefitAudit,
    Category,
    IndicatorVerification,
    Panel,
    PanelMember,
    Project,
    ProjectState,
    SeatState,
)


@pytest.fixture
def acceptance_id(database: Database) -> int:
    """The acceptance of wang's project, scored by an expert; li works elsewhere."""
    with database.transaction() as session:
        wang = factories.user(session, login="wang", name="王建国")
        factories.user(session, login="li", name="李四")
        factories.user(session, login="office", roles=["office"])
        expert = factories.user(session, login="expert", name="赵专家")
        project = factories.project(session, leader=wang, state=ProjectState.ACCEPTING)
        made = acceptances.open_for(session, project)
        indicator = project.challenge.indicators[0]
        made.indicators = [
            IndicatorVerification(
                indicator_id=indicator.id, claimed=Decimal(9), measured=Decimal("9.5"), is_met=True
            )
        ]
        made.received_on = dt.date(2026, 11, 20)
        session.add(BenefitAudit(project_id=project.id, method="核算", net_benefit_fen=-300_000_000))
        panel = Panel(
            subject=f"acceptance:{made.id}", challenge_id=project.challenge_id, size=1, specialists=0
        )
        panel.externals, panel.opened_at = 0, clock.now()
        seat = {"seat": 1, "is_specialist": True, "is_external": True, "state": SeatState.SITTING}
        panel.members = [PanelMember(user_id=expert.id, **seat)]
        session.add(panel)
        session.flush()
        sheet = AcceptanceScore(acceptance_id=made.id, member_id=panel.members[0].id, attempt=1)
        sheet.items = [{"criterion": "tech", "weight": "15", "score": "85"}]
        sheet.total, sheet.remark, sheet.signed_at = Decimal(85), "可推广", clock.now()
        session.add(sheet)
        return made.id


@pytest.fixture
def card_id(database: Database, acceptance_id: int) -> int:
    """The result card of wang's project, taken over by li's unit."""
    with database.transaction() as session:
        project = session.get_one(Acceptance, acceptance_id).project
        project.state = ProjectState.ACCEPTED
        values = {"title": "自动注醇", "summary": "不再冻堵", "scope": "", "keywords": "冻堵"}
        card = results.make_card(session, project, values=values, actor=project.leader)
        li = accounts.by_login(session, "li")
        assert li is not None
        row = {"unit_id": li.unit_id, "owner_id": li.id, "due_on": dt.date(2099, 1, 1)}
        results.plan_rollout(session, project, rows=[row], actor=li)
        return card.id


def _program(app: Flask, database: Database, login: str) -> Program:
    with database.transaction() as session:
        user = accounts.by_login(session, login)
        assert user is not None
        return Program(app, accounts.issue_token(session, user, name="test", days=1))


def test_an_acceptance_is_for_the_project_and_its_experts(
    app: Flask, database: Database, acceptance_id: int
) -> None:
    path = f"/acceptances/{acceptance_id}"
    for login in ("wang", "office", "expert"):
        shown = _program(app, database, login).get(path).get_json()
        assert (shown["state"], shown["received_on"], shown["score"]) == ("applying", "2026-11-20", None)
        assert shown["audit"]["net_benefit_fen"] == -300_000_000
        assert [(one["measured"], one["is_met"]) for one in shown["indicators"]] == [("9.5000", True)]
        assert shown["sheets"] == []  # until the mean is made of them
    li = _program(app, database, "li")
    assert li.get(path).status_code == 404
    assert li.get("/acceptances").get_json() == {"rows": [], "total": 0}


def test_the_page_explains_score_and_verdict(
    visit: Callable[[], Visitor], database: Database, acceptance_id: int
) -> None:
    with database.transaction() as session:
        scored = session.get_one(Acceptance, acceptance_id)
        scored.score, scored.verdict, scored.hard_ok, scored.met_ratio = Decimal(85), "良好", True, Decimal(1)
    wang = visit()
    wang.sign_in("wang")
    words = text_of(wang.get(f"/acceptances/{acceptance_id}").text)
    assert "专家评分" in words
    assert "技术水平 100% 85.00 85.00–85.00" in words
    assert "验收结论 D9 第 1 版 命中的规则 第 4 行" in words
    assert "验收得分：80 至 90（不含 90）" in words
    assert "赵专家" not in words


def test_sheets_are_told_without_names(app: Flask, database: Database, acceptance_id: int) -> None:
    with database.transaction() as session:
        scored = session.get_one(Acceptance, acceptance_id)
        scored.score, scored.verdict = Decimal(85), "良好"
    answer = _program(app, database, "wang").get(f"/acceptances/{acceptance_id}")
    sheet = {"attempt": 1, "items": [{"criterion": "tech", "weight": "15", "score": "85"}]}
    assert answer.get_json()["sheets"] == [{**sheet, "total": "85.00000000", "remark": "可推广"}]
    assert "赵专家" not in answer.text


def test_the_list_is_filtered(app: Flask, database: Database, acceptance_id: int) -> None:
    office = _program(app, database, "office")

    def total(query: str) -> int:
        found: int = office.get(f"/acceptances?{query}").get_json()["total"]
        return found

    asked = ["", "state=applying", "state=accepted", "verdict=优秀", "project_id=1", "challenge_id=9"]
    assert [total(one) for one in asked] == [1, 1, 0, 0, 1, 0]
    assert office.get("/acceptances?state=unknown").status_code == 422


def test_results_and_rollouts_are_for_everybody(app: Flask, database: Database, card_id: int) -> None:
    li = _program(app, database, "li")
    shown = li.get(f"/results/{card_id}").get_json()
    assert (shown["title"], shown["summary"]) == ("自动注醇", "不再冻堵")
    assert [(one["owner"]["name"], one["state"]) for one in shown["rollouts"]] == [("李四", "open")]
    for query, total in (("", 1), ("q=冻堵", 1), ("q=压缩机", 0), ("category=市场所急", 0)):
        assert li.get(f"/results?{query}").get_json()["total"] == total
    assert [one["card_id"] for one in li.get("/rollout-tasks?state=open").get_json()["rows"]] == [card_id]
    assert li.get("/rollout-tasks?unit_id=1").get_json()["total"] == 0
    assert li.get(f"/results/{card_id + 1}").status_code == 404


def test_pages_show_the_same(
    visit: Callable[[], Visitor], database: Database, acceptance_id: int, card_id: int
) -> None:
    with database.transaction() as session:
        accepted = session.get_one(Acceptance, acceptance_id)
        accepted.state, accepted.verdict, accepted.score = AcceptanceState.ACCEPTED, "良好", Decimal(85)
        accepted.rights = [{"kind": "patent", "title": "注醇装置", "number": "ZL1"}]
    visitor = visit()
    visitor.sign_in("wang")
    shown = text_of(visitor.get(f"/acceptances/{acceptance_id}").text)
    for text in ("验收结论 良好", "验收得分 85", "专利 注醇装置 ZL1", "-300 万元", "9.5"):
        assert text in shown
    assert "自动注醇" in text_of(visitor.get("/results?q=自动").text)
    assert "没有找到成果" in text_of(visitor.get("/results?q=压缩机").text)
    assert "李四" in text_of(visitor.get(f"/results/{card_id}").text)
    stranger = visit()
    stranger.sign_in("li")
    assert stranger.get(f"/acceptances/{acceptance_id}").status_code == 404


def test_the_list_of_results_asks_no_more_for_more(
    visit: Callable[[], Visitor], database: Database, card_id: int
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    one = queries(visitor, database, "/results")
    values = {"title": "成果", "summary": "简介", "scope": "", "keywords": ""}
    with database.transaction() as session:
        for _ in range(2):
            project = factories.project(session, state=ProjectState.ACCEPTED)
            results.make_card(session, project, values=values, actor=project.leader)
    assert queries(visitor, database, "/results") == one


def test_the_application_is_a_page(visit: Callable[[], Visitor], database: Database) -> None:
    with database.transaction() as session:
        wang = factories.user(session, login="wang")
        project_id = factories.project(session, leader=wang, state=ProjectState.ACCEPTING).id
    play.send(database, "MSG_READY_ACCEPT", key="project_id", project_id=project_id)
    with database.read() as session:
        item_id = session.scalars(select(WorkItem.id).where(WorkItem.step == "acceptance.apply")).one()
        title = session.get_one(Project, project_id).challenge.title
    visitor = visit()
    visitor.sign_in("wang")
    page = visitor.get(f"/work/{item_id}")
    assert (page.status_code, title in text_of(page.text)) == (200, True)
    assert "等您办理： 自验" in text_of(visitor.get("/acceptances/1").text)


def test_lists_ask_no_more_for_more(app: Flask, database: Database, card_id: int) -> None:
    office = _program(app, database, "office")
    paths = ("/acceptances", "/results", "/rollout-tasks")

    def asked() -> list[int]:
        counts = []
        for path in paths:
            with counted(database) as statements:
                assert office.get(path).status_code == 200
            counts.append(len([one for one in statements if one.startswith("SELECT")]))
        return counts

    one = asked()
    values = {"title": "成果", "summary": "简介", "scope": "", "keywords": ""}
    with database.transaction() as session:
        for _ in range(2):
            project = factories.project(session, state=ProjectState.ACCEPTING)
            acceptances.open_for(session, project)
            project.state = ProjectState.ACCEPTED
            results.make_card(session, project, values=values, actor=project.leader)
            owner = factories.user(session)
            row = {"unit_id": owner.unit_id, "owner_id": owner.id, "due_on": dt.date(2099, 1, 1)}
            results.plan_rollout(session, project, rows=[row], actor=owner)
    assert asked() == one


def test_results_are_filtered_by_category(visit: Callable[[], Visitor], card_id: int) -> None:
    wang = visit()
    wang.sign_in("wang")
    found = {
        one: f'href="/results/{card_id}"' in wang.get(f"/results?category={one}").text for one in Category
    }
    assert sum(found.values()) == 1
