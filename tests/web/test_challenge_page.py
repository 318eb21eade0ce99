"""榜单的一页: indicators, reward rule and trial, course, owners, history, and what one may do now."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program, program
from webapp import i18n
from workflows import clock
from workflows.db import Database
from workflows.models import Challenge, ChallengeState, ListingChange, Publicity, SealKey

Visit = Callable[[], Visitor]
__all__ = ["program"]
WAN = 1_000_000


@pytest.fixture
def wang(database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login="wang")
        listed = factories.challenge(session, title="降低冻堵")
        listed.fixed_award_fen, listed.benefit_cap_fen, listed.cap_fen = 5 * WAN, 20 * WAN, 30 * WAN
        listed.est_benefit_fen, listed.boundary = 100 * WAN, "不含新建管线。"
        listed.indicators[0].data_source, listed.indicators[0].weight = "生产日报", Decimal("0.6")
    visitor = visit()
    visitor.sign_in("wang")
    return visitor


def test_today_stands_behind_a_day_that_has_passed_undone(wang: Visitor, database: Database) -> None:
    with database.transaction() as session:
        late = session.get_one(Challenge, 1)
        late.state, late.deadline = ChallengeState.EXECUTING, dt.date(2026, 11, 20)
    assert "2026年11月20日 完成期限 2026年11月23日 今天" in text_of(wang.get("/challenges/1").text)


def test_the_page_tells_what_is_asked_and_what_is_paid(wang: Visitor) -> None:
    page = text_of(wang.get("/challenges/1").text)
    for told in (
        "不含新建管线。",
        "40 → ≤ 10 0.6",
        "数据来源：生产日报",
        "固定奖 5 万元，按 B 级榜单确定。",
        "0–50 万元 8%；50–200 万元 6%；200–500 万元 5%；500 万元以上 3%。",
        "不超过 30 万元",
        "2026年11月23日 ✓ 已过 发榜 2026年11月23日 今天 2026年12月13日 答疑截止",
        "日期未定 开榜",
        "我要揭榜",
    ):
        assert told in page, told


def test_what_has_happened_is_told_newest_first(wang: Visitor, database: Database) -> None:
    with database.transaction() as session:
        listed = session.get_one(Challenge, 1)
        listed.state = ChallengeState.IN_PUBLICITY
        later = clock.now() + dt.timedelta(days=30)
        session.add(ListingChange(challenge=listed, action="amend", text="延长揭榜期。", made_at=later))
        session.get_one(SealKey, 1).released_at = later + dt.timedelta(days=1)
        shown = Publicity(
            subject="challenge:1", challenge=listed, title="定帅公示", snapshot={}, hash="", parties=[]
        )
        shown.workdays, shown.opened_at = 5, later + dt.timedelta(days=2)
        shown.ends_at = clock.end_of(clock.local(later).date() + dt.timedelta(days=9))
        session.add(shown)
    page = text_of(wang.get("/challenges/1").text)
    history = page.partition("历史")[2]
    places = [history.index(one) for one in ("定帅公示", "开榜", "变更公告", "发榜")]
    assert places == sorted(places)
    assert "2026年12月25日 – 2027年1月1日 公示" in page


def test_a_trial_explains_every_factor(wang: Visitor) -> None:
    page = text_of(wang.get("/challenges/1/trial").text)
    for told in (
        "12 万元",
        "验收结论：良好",
        "核定年净效益 100 万元，累进计奖 7 万元",
        "没有否决事项，否决系数 1",
    ):
        assert told in page, told


def test_the_assumptions_are_in_the_address(wang: Visitor) -> None:
    page = wang.get("/challenges/1/trial?benefit_fen=0&score=75&measured_1=11&unknown=1")
    assert page.status_code == 200
    text = text_of(page.text)
    assert "4 万元 验收结论：合格" in text
    assert "未达标 冻堵次数" in text


def test_assumptions_that_make_no_sense_are_refused_at_their_field(wang: Visitor) -> None:
    page = wang.get("/challenges/1/trial?score=101&late_days=x")
    assert page.status_code == 422
    assert 'href="#f-score"' in page.text
    assert 'href="#f-late_days"' in page.text


def test_a_trial_of_what_one_may_not_see_is_not_found(wang: Visitor, database: Database) -> None:
    with database.transaction() as session:
        hidden = factories.challenge(session, state=ChallengeState.APPROVING).id
    assert wang.get(f"/challenges/{hidden}/trial").status_code == 404


def test_a_trial_is_explained_in_english(wang: Visitor) -> None:
    wang.client.set_cookie(i18n.COOKIE, "en")
    page = text_of(wang.get("/challenges/1/trial?score=75").text)
    assert "Acceptance score 75" in page


def test_a_program_tries_as_people_do(wang: Visitor, program: Callable[[str], Program]) -> None:
    api = program("wang")
    told = api.get("/challenges/1/trial?score=75").get_json()
    assert (told["total_fen"], told["verdict"], told["missed"]) == (12 * WAN * 8 // 10, "合格", [])
    assert api.get("/challenges/1/trial?missed=1").get_json()["missed"] == ["冻堵次数"]
    assert api.get("/challenges/1/trial?score=101").status_code == 422
