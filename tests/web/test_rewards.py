"""Rewards, appraisals and vetoes on the pages and over the API: line by line, and only for those concerned."""

import datetime as dt
import io
from collections.abc import Callable
from decimal import Decimal

import pytest
from flask import Flask
from openpyxl import load_workbook
from sqlalchemy.orm import Session

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program
from tests.web.test_query_counts import counted
from workflows import clock
from workflows.db import Database
from workflows.domain import accounts, payouts, rewards, splits
from workflows.domain.calculation import FEN_PER_WAN
from workflows.domain.payout_lists import MEDIA_TYPE
from workflows.models import (
    Acceptance,
    Appraisal,
    AppraisalState,
    BenefitAudit,
    CategoryScore,
    HeadCoefficient,
    ProjectState,
    RewardCase,
    RewardState,
    SplitState,
    User,
    VetoEvent,
    VetoState,
)

Visit = Callable[[], Visitor]
Speak = Callable[[str], Program]
LOGINS = {"office": ["office"], "head": ["admin_head@"], "stranger": []}
DAY = dt.date(2026, 6, 30)


def _appraisal(session: Session, head: User) -> Appraisal:
    made = Appraisal(unit_id=head.unit_id, period="2026", period_from=DAY, period_to=DAY)
    made.state, made.opened_at, made.published_at = AppraisalState.PUBLISHED, clock.now(), clock.now()
    made.opened_by_id, made.p, made.b = head.id, Decimal(85), Decimal(85)
    codes = [*(f"A{n}" for n in range(1, 7)), *(f"B{n}" for n in range(1, 8))]
    made.scores = [
        CategoryScore(
            category=code, owner="office", score=Decimal(85), scored_by_id=head.id, scored_at=clock.now()
        )
        for code in codes
    ]
    made.heads = [HeadCoefficient(user_id=head.id, role="admin_head", coefficient=Decimal(1))]
    session.add(made)
    session.flush()
    return made


def _case(session: Session, leader: User) -> RewardCase:
    """A small project of ``leader`` that is to be paid 23,000 元."""
    listed = factories.challenge(session)
    listed.level, listed.fixed_award_fen, listed.benefit_cap_fen = (
        "C",
        15 * FEN_PER_WAN // 10,
        6 * FEN_PER_WAN,
    )
    listed.cap_fen, listed.est_benefit_fen = 9 * FEN_PER_WAN, 10 * FEN_PER_WAN
    member = factories.user(session)
    project = factories.project(
        session, on=listed, leader=leader, members=[member], state=ProjectState.ACCEPTED
    )
    project.started_on, project.deadline, project.ended_on = dt.date(2026, 1, 5), DAY, DAY
    score = {"score": Decimal(85), "hard_ok": True, "met_ratio": Decimal(1), "received_on": DAY}
    session.add(Acceptance(project_id=project.id, **score))
    session.add(BenefitAudit(project_id=project.id, net_benefit_fen=10 * FEN_PER_WAN))
    case = rewards.begin(session, project)
    assert rewards.find_appraisal(session, case)
    rewards.measure(session, case)
    splits.begin(case)
    rows = [{"user_id": leader.id, "pct": Decimal(35)}, {"user_id": member.id, "pct": Decimal(65)}]
    given = [{**row, "contribution": "总体方案"} for row in rows]
    splits.propose(session, case, rows=given, actor=leader).state = SplitState.AGREED
    assert payouts.prepare(session, case) == "pay"
    return case


@pytest.fixture
def case_id(database: Database) -> int:
    """A reward that "leader" and the heads of the unit may see; also an appraisal and a veto of that unit."""
    with database.transaction() as session:
        unit = factories.unit(session)
        people = {
            login: factories.user(
                session, login=login, name=login, of=None if login == "stranger" else unit, roles=roles
            )
            for login, roles in LOGINS.items()
        }
        _appraisal(session, people["head"])
        leader = factories.user(session, login="leader", name="leader", of=unit)
        case = _case(session, leader)
        veto = VetoEvent(clause="V06", unit_id=unit.id, facts="一人轻伤", effective_on=DAY)
        veto.proposed_by, veto.proposed_at, veto.state = people["office"], clock.now(), VetoState.CONFIRMED
        session.add(veto)
        return case.id


@pytest.fixture
def speak(app: Flask, database: Database, case_id: int) -> Speak:
    with database.transaction() as session:
        people = {user.login: user for user in accounts.people(session)}
        tokens = {
            login: accounts.issue_token(session, people[login], name="test", days=1)
            for login in (*LOGINS, "leader")
        }
    return lambda login: Program(app, tokens[login])


def test_a_reward_is_explained_line_by_line(speak: Speak, case_id: int) -> None:
    shown = speak("leader").get(f"/rewards/{case_id}").get_json()
    assert {name: shown[name] for name in ("state", "verdict", "total_fen", "measurement")} == {
        "state": "paying",
        "verdict": "良好",
        "total_fen": 2_300_000,
        "measurement": 1,
    }
    assert [Decimal(shown[name]) for name in ("kc", "kt", "kdual", "v", "p", "b")] == [1, 1, 1, 1, 85, 85]
    assert shown["instalments"] == [{"kind": "acceptance", "amount_fen": 2_300_000}]
    line = next(one for one in shown["explanation"] if one["factor"] == "benefit")
    assert line == {
        "factor": "benefit",
        "value": "0.8",
        "text": "核定年净效益 10 万元，累进计奖 0.8 万元",
        "file": "reward_base.dmn",
        "version": 1,
        "rows": ["reward_base_to_50"],
        "inputs": {"benefit": "10"},
    }
    assert [row["amount_fen"] for row in shown["splits"][0]["rows"]] == [805_000, 1_495_000]


def test_a_reward_is_for_those_concerned(speak: Speak, case_id: int) -> None:
    seen = {login: speak(login).get(f"/rewards/{case_id}").status_code for login in (*LOGINS, "leader")}
    assert seen == {"office": 200, "head": 200, "stranger": 404, "leader": 200}
    assert {login: speak(login).get("/rewards").get_json()["total"] for login in seen} == {
        "office": 1,
        "head": 1,
        "stranger": 0,
        "leader": 1,
    }
    assert speak("office").get("/rewards/999").status_code == 404
    (row,) = speak("office").get("/rewards?state=paying").get_json()["rows"]
    assert (row["id"], row["leader"]["name"]) == (case_id, "leader")
    assert speak("office").get(f"/rewards?state={RewardState.CLOSED}").get_json()["total"] == 0
    assert speak("office").get("/rewards?state=lost").status_code == 422


def test_a_split_is_tried_without_being_kept(speak: Speak, case_id: int) -> None:
    leader = speak("leader")
    people = [row["user"]["id"] for row in leader.get(f"/rewards/{case_id}").get_json()["splits"][0]["rows"]]
    rows = [{"user_id": one, "pct": pct} for one, pct in zip(people, ("50", "40"), strict=True)]
    answer = leader.post(f"/rewards/{case_id}/split-check", {"rows": rows}).get_json()
    assert [one["code"] for one in answer["problems"]] == ["S01", "S04"]
    assert answer["amounts_fen"] == [1_277_800, 1_022_200]
    assert len(leader.get(f"/rewards/{case_id}").get_json()["splits"]) == 1
    assert leader.post(f"/rewards/{case_id}/split-check", {"rows": rows[:1]}).status_code == 422


def test_payments_are_listed_for_the_departments(speak: Speak, case_id: int) -> None:
    listed = speak("office").get("/payouts?is_paid=false").get_json()
    assert (listed["total"], listed["rows"][0]["amount_fen"]) == (1, 2_300_000)
    assert speak("office").get("/payouts?is_paid=true").get_json()["total"] == 0
    assert speak("leader").get("/payouts").status_code == 403
    payout_id = listed["rows"][0]["id"]
    assert speak("leader").get(f"/payouts/{payout_id}").status_code == 200
    assert speak("stranger").get(f"/payouts/{payout_id}").status_code == 404


def test_a_published_appraisal_is_for_everybody(speak: Speak) -> None:
    (row,) = speak("stranger").get("/appraisals?state=published").get_json()["rows"]
    shown = speak("stranger").get(f"/appraisals/{row['id']}").get_json()
    assert (len(shown["scores"]), shown["heads"][0]["user"]["name"]) == (13, "head")
    assert speak("stranger").get("/appraisals/999").status_code == 404
    assert speak("stranger").get(f"/appraisals?unit_id={row['unit_id'] + 50}").get_json()["total"] == 0


def test_a_veto_is_for_those_concerned(speak: Speak) -> None:
    (row,) = speak("head").get("/vetoes?state=confirmed").get_json()["rows"]
    assert (row["clause"], row["facts"]) == ("V06", "一人轻伤")
    assert speak("head").get(f"/vetoes/{row['id']}").status_code == 200
    assert speak("stranger").get(f"/vetoes/{row['id']}").status_code == 404
    assert speak("stranger").get("/vetoes").get_json()["total"] == 0


def test_the_pages_show_them(visit: Visit, case_id: int) -> None:
    visitor = visit()
    visitor.sign_in("head")
    text = text_of(visitor.get(f"/rewards/{case_id}").text)
    assert (
        "创效奖（万元） 0.8 核定年净效益 10 万元，累进计奖 0.8 万元 为什么 ：创效奖 D10 决策表 创效奖 D10 第 1 版"
        in text
    )
    assert "验收兑现 2.3 万元 ◐ 办理中" in text
    assert "B1 天然气产量与生产运行 20% 生产运行 85" in text_of(visitor.get("/appraisals/1").text)
    assert "V06 一般责任事故（含轻伤以上） ✕ 已生效" in text_of(visitor.get("/vetoes/1").text)
    assert "激励总额乘以 0.5" in text_of(visitor.get("/vetoes/1").text)
    assert 'href="/vetoes/1"' in visitor.get("/vetoes?clause=V06").text
    assert 'href="/vetoes/1"' not in visitor.get("/vetoes?clause=V01").text
    stranger = visit()
    stranger.sign_in("stranger")
    for path in (f"/rewards/{case_id}", "/vetoes/1", "/payouts/1.xlsx"):
        assert stranger.get(path).status_code == 404


def test_the_list_of_a_payment_is_for_those_who_see_the_payment(
    visit: Visit, speak: Speak, case_id: int
) -> None:
    visitor = visit()
    visitor.sign_in("head")
    answers = [visitor.get("/payouts/1.xlsx"), speak("office").get("/payouts/1/list")]
    for answer in answers:
        assert (answer.content_type, answer.headers["Cache-Control"]) == (MEDIA_TYPE, "no-store")
        sheet = load_workbook(io.BytesIO(answer.get_data())).worksheets[0]
        assert [row[4].value for row in sheet.iter_rows(min_row=8)] == [8050, 14950, 23000]
    assert speak("stranger").get("/payouts/1/list").status_code == 404


@pytest.mark.parametrize("path", ["/rewards", "/payouts", "/appraisals", "/vetoes"])
def test_lists_load_what_they_show(speak: Speak, database: Database, case_id: int, path: str) -> None:
    office = speak("office")

    def count() -> int:
        with counted(database) as statements:
            assert office.get(path).status_code == 200
        return len([one for one in statements if one.startswith("SELECT")])

    count()
    one = count()
    with database.transaction() as session:
        leader = session.get_one(RewardCase, case_id).project.leader
        for _ in range(2):
            _case(session, leader)
            _appraisal(session, factories.user(session, roles=["admin_head@"]))
            veto = VetoEvent(clause="V08", unit_id=factories.unit(session).id, facts="x", effective_on=DAY)
            veto.proposed_by, veto.proposed_at = factories.user(session), clock.now()
            session.add(veto)
    assert count() == one
