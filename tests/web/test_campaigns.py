"""Campaign years and batches on the site and in the API."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program
from tests.web.test_query_counts import queries
from workflows import clock, watch
from workflows.db import Database
from workflows.domain import accounts
from workflows.models import Batch, CampaignYear, MonthlyPack, RewardCase

ROW = {"posted": 2, "taken_up": 1, "accepted": 1, "benefit_fen": 250_000_000, "paid_fen": 4_500_000}
FUNNEL = {"raised": 9, "reported": 4, "posted": 2, "bids": 3, "projects": 1, "accepted": 1}


@pytest.fixture
def year_id(database: Database, clock_at: Callable[..., None]) -> int:
    """A year that runs, with a batch and a pack; the plan of the next; an office and an employee."""
    with database.transaction() as session:
        factories.user(session, login="office", roles=["office"])
        factories.user(session, login="wang")
        factories.user(session, roles=["party_secretary"])
        factories.user(session, roles=["admin_head"])
        year = CampaignYear(
            year=2026, theme="融合年", pool_fen=300_000_000, emphasis={"保供": 100}, state="open"
        )
        year.batches = [
            Batch(no=1, intake_from=dt.date(2026, 3, 2), intake_to=dt.date(2026, 3, 27), state="closed")
        ]
        year.summary = {"text": "成效明显。", "by_category": [{"name": "生产所需", **ROW}], "by_unit": []}
        year.summary |= {"earlier": [{"year": 2025, **ROW}], "totals": ROW}
        plan = CampaignYear(year=2027, theme="融合提升年", pool_fen=0, emphasis={"降本": 100})
        plan.batches = [Batch(no=1, intake_from=dt.date(2027, 3, 1), intake_to=dt.date(2027, 3, 26))]
        session.add_all([year, plan])
        session.flush()
        pack = MonthlyPack(year_id=year.id, month=dt.date(2026, 11, 1), prepared_at=clock.now())
        pack.figures = {"funnel": FUNNEL, "late_nodes": [], "red_lights": [], "paid_fen": 0}
        pack.figures |= {
            "open_items": [],
            "vetoes": [{"clause": "V06", "of": "采气一队", "effective_on": "2026-11-02"}],
        }
        session.add(pack)
        return year.id


@pytest.fixture
def program(app: Flask, database: Database, year_id: int) -> Callable[[str], Program]:
    def speak(login: str) -> Program:
        with database.transaction() as session:
            user = accounts.by_login(session, login)
            assert user is not None
            return Program(app, accounts.issue_token(session, user, name="test", days=1))

    return speak


def _years(program: Program, query: str = "") -> list[int]:
    return [row["year"] for row in program.get(f"/campaign-years{query}").get_json()["rows"]]


def test_plans_are_listed_to_the_office_and_years_that_run_to_everybody(
    program: Callable[[str], Program], year_id: int
) -> None:
    office, wang = program("office"), program("wang")
    assert (_years(office), _years(wang)) == ([2027, 2026], [2026])
    assert _years(office, "?state=draft") == _years(office, "?size=1") == [2027]
    assert len(office.get("/batches").get_json()["rows"]) == 2
    (batch,) = wang.get("/batches").get_json()["rows"]
    assert (batch["year_id"], batch["no"], batch["state"]) == (year_id, 1, "closed")
    assert office.get("/batches?state=planned").get_json()["total"] == 1
    assert office.get(f"/batches?year_id={year_id}").get_json()["total"] == 1
    assert wang.get(f"/batches/{batch['id']}").get_json() == batch
    shown = wang.get(f"/campaign-years/{year_id}").get_json()
    assert (shown["theme"], shown["emphasis"], shown["batches"]) == ("融合年", {"保供": 100}, [batch])


@pytest.mark.parametrize("path", ["/api/v1/campaign-years", "/api/v1/batches"])
def test_three_years_take_as_many_queries_as_one(
    database: Database, visit: Callable[[], Visitor], year_id: int, path: str
) -> None:
    visitor = visit()
    visitor.sign_in("wang")  # who sees one of the two years
    first = queries(visitor, database, path)
    with database.transaction() as session:
        for number in (2024, 2025):
            past = CampaignYear(year=number, theme="融合年", pool_fen=0, emphasis={}, state="closed")
            days = {"intake_from": dt.date(number, 3, 1), "intake_to": dt.date(number, 3, 20)}
            past.batches = [Batch(no=1, state="closed", **days)]
            session.add(past)
    assert queries(visitor, database, path) == first


def test_what_is_not_there_and_what_is_not_theirs_look_alike(
    program: Callable[[str], Program], year_id: int
) -> None:
    office, wang = program("office"), program("wang")
    plan = next(row for row in office.get("/campaign-years").get_json()["rows"] if row["year"] == 2027)
    hidden = (f"/campaign-years/{plan['id']}", f"/batches/{plan['batches'][0]['id']}")
    for path in (*hidden, "/campaign-years/999", "/batches/999", f"/campaign-years/{year_id}/packs"):
        assert wang.get(path).status_code == 404, path
    (pack,) = office.get(f"/campaign-years/{year_id}/packs").get_json()
    assert (pack["month"], pack["figures"]["funnel"]) == ("2026-11-01", FUNNEL)


def test_the_page_shows_the_plan_the_summary_and_to_the_office_the_packs(
    year_id: int, visit: Callable[[], Visitor]
) -> None:
    office, wang = visit(), visit()
    office.sign_in("office")
    wang.sign_in("wang")
    seen, less = (text_of(one.get(f"/campaigns/{year_id}").text) for one in (office, wang))
    for text in ("2026 年度", "进行中", "成效明显。", "征集已截止", "4.5 万元", "2025"):
        assert text in seen
        assert text in less
    assert "11 月例会材料" in seen
    assert "11 月例会材料" not in less


def test_a_plan_is_posted_by_its_form(database: Database, visit: Callable[[], Visitor], year_id: int) -> None:
    watch.install(database)
    office = visit()
    office.sign_in("office")
    sent: dict[str, Any] = {
        "year": "2028",
        "theme": "融合拓展年",
        "pool_fen": "300",
        "emphasis.0.aim": "保供",
        "emphasis.0.weight": "90",
        "batches.0.intake_from": "2028-03-01",
        "batches.0.intake_to": "2028-03-31",
    }
    refused = office.post("/start/campaign", sent)
    assert refused.status_code == 422
    assert "各项权重合计应为 100，现在是 90。" in text_of(refused.text)
    posted = office.post("/start/campaign", {**sent, "emphasis.0.weight": "100"})
    assert posted.status_code == 302
    assert "2028 年度 ○ 审批中" in text_of(office.get(posted.location).text)


def test_a_year_shows_its_calendar_its_pool_and_its_figures_so_far(
    visit: Callable[[], Visitor], database: Database, year_id: int
) -> None:
    with database.transaction() as session:
        project = factories.project(session)
        year = session.get_one(CampaignYear, year_id)
        year.summary, year.batches[0].bid_to = None, dt.date(2026, 4, 10)
        challenge = project.challenge
        challenge.published_at, challenge.batch_id = clock.now(), year.batches[0].id
        session.add(RewardCase(project_id=project.id, opened_at=clock.now(), total_fen=30_000_000))
    visitor = visit()
    visitor.sign_in("wang")
    shown = text_of(visitor.get(f"/campaigns/{year_id}").text)
    assert "第 1 批 ◆ 征集 2–27 ▲ 揭榜 28–31 ▲ 揭榜 1–10" in shown
    assert "资金池 300 万元 已测算 30 万元 已兑现 0 万元 还剩 270 万元 已测算占资金池 10%" in shown
    assert "本年度至今 发榜 1 揭榜 1 验收通过 0" in shown


def test_the_office_moves_a_batch_and_the_page_says_what_that_means(
    visit: Callable[[], Visitor], year_id: int, database: Database
) -> None:
    office, wang = visit(), visit()
    office.sign_in("office")
    wang.sign_in("wang")
    assert "改期 第 1 批" in text_of(office.get(f"/campaigns/{year_id}").text)
    assert "改期" not in text_of(wang.get(f"/campaigns/{year_id}").text)
    page = text_of(office.get("/batches/1/dates").text)
    assert "已发布榜单的揭榜截止时间不随批次改动" in page
    assert "截止后不能重开" in text_of(office.get("/batches/1/closing").text)
    days = {"intake_from": "2026-03-02", "intake_to": "2026-03-27", "bid_to": "2099-01-05"}
    assert office.post("/batches/1/dates", days).status_code == 422
    wrong = office.post("/batches/1/dates", {**days, "intake_to": "2026-12-01", "reason": "榜单较多"})
    assert (wrong.status_code, "征集已经截止，不能重开" in wrong.text, "榜单较多" in wrong.text) == (
        422,
        True,
        True,
    )
    moved = office.post("/batches/1/dates", {**days, "reason": "榜单较多"})
    assert moved.location == f"/campaigns/{year_id}"
    assert "第 1 批 批次改期" in text_of(wang.get(f"/campaigns/{year_id}").text)
    with database.read() as session:
        assert session.get_one(Batch, 1).bid_to == dt.date(2099, 1, 5)
    closed = office.post("/batches/1/closing", {"reason": "题目已够"})
    assert (closed.status_code, "这一批次现在不在征集期" in closed.text) == (409, True)
    early = office.post("/batches/2/opening", {"reason": "冻堵多发"})
    assert (early.status_code, "只有进行中的年度可以调整批次" in early.text) == (409, True)
    for act in ("opening", "closing", "dates"):
        assert wang.get(f"/batches/1/{act}").status_code == 404
        sent = {**(days if act == "dates" else {}), "reason": "试试"}
        assert wang.post(f"/batches/1/{act}", sent).status_code == 403
    assert office.get("/batches/1/nothing").status_code == 404


def test_a_program_moves_a_batch(program: Callable[[str], Program], year_id: int) -> None:
    office, wang = program("office"), program("wang")
    days = {"intake_from": "2026-03-02", "intake_to": "2026-03-27", "bid_to": "2099-01-05"}

    def put(speaker: Program, body: dict[str, Any]) -> tuple[int, Any]:
        headers = {**speaker.headers, "Idempotency-Key": "a-key-of-its-own"}
        answer = speaker.client.put("/api/v1/batches/1/dates", json=body, headers=headers)
        return answer.status_code, answer.get_json()

    assert put(office, days)[0] == 422
    assert put(wang, {**days, "reason": "榜单较多"})[0] == 403
    assert put(office, {**days, "reason": "榜单较多"})[1]["bid_to"] == "2099-01-05"
    assert office.post("/batches/1/closing", {"reason": "题目已够"}).status_code == 409
    assert office.post("/batches/1/opening", {"reason": "题目已够"}).status_code == 409
