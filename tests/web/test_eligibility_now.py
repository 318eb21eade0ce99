"""资格自检 while one types: for the leader alone, before the bid is handed in, and kept nowhere."""

from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program, program
from workflows.db import Database
from workflows.domain import eligibility
from workflows.models import Bid, BidState, Challenge, EligibilityCheck, User

Visit = Callable[[], Visitor]
__all__ = ["program"]
TOO_SMALL = "团队人数须为5至15人。请增减成员。"
WORSE = "E07"


@pytest.fixture
def wang(database: Database, visit: Visit) -> Visitor:
    """wang leads bid 1 on challenge 1, which has a hard indicator (≤ 10); its task is his."""
    with database.transaction() as session:
        home = factories.unit(session, name="一队")
        factories.user(session, login="wang", name="王", of=home)
        for n in range(4):
            factories.user(session, login=f"li{n}", name=f"李{n}", of=home)
        factories.challenge(session, hard=True)
    visitor = visit()
    visitor.sign_in("wang")
    return visitor


def row(n: int, login: str, name: str, role: str) -> dict[str, str]:
    return {f"members.{n}.user_id": f"{name} · 一队 · {login}", f"members.{n}.role": role}


def team() -> dict[str, str]:
    rows = row(0, "wang", "王", "leader")
    for n in range(4):
        rows |= row(n + 1, f"li{n}", f"李{n}", "core" if n < 3 else "mentor")
    return rows


def test_the_form_tells_of_the_team_and_follows_what_is_typed(wang: Visitor) -> None:
    task = wang.post("/challenges/1/bids").location
    page = wang.get(task).text
    assert TOO_SMALL in page
    assert 'hx-post="/bids/1/eligibility"' in page
    typed = text_of(wang.post("/bids/1/eligibility", team()).text)
    assert TOO_SMALL not in typed
    assert "有成员尚未确认参加" in typed
    assert "✓ 骨干至少 3 名（现有 3 名）" in typed
    assert "✓ 有 1 名导师或党员先锋" in typed


def test_without_a_script_the_button_tells_the_same(wang: Visitor) -> None:
    task = wang.post("/challenges/1/bids").location
    page = wang.post(f"{task}/rows", {**team(), "_rows": "check"}).text
    assert "检查资格" in page
    assert "✓ 骨干至少 3 名（现有 3 名）" in text_of(page)
    assert TOO_SMALL not in page


def test_pledges_are_held_against_the_targets_before_the_opening(wang: Visitor) -> None:
    wang.post("/challenges/1/bids")
    for value, is_worse in (("11", True), ("10", False), ("不是数", False)):
        typed = {"pledge.0.indicator_id": "1", "pledge.0.value": value}
        assert (WORSE in wang.post("/bids/1/eligibility", typed).text) is is_worse, value


def test_nothing_is_kept(wang: Visitor, database: Database) -> None:
    wang.post("/challenges/1/bids")
    wang.post("/bids/1/eligibility", team())
    with database.read() as session:
        assert session.scalars(select(EligibilityCheck)).all() == []
        assert len(session.get_one(Bid, 1).members) == 1


def test_nobody_else_and_nothing_handed_in_is_checked(
    wang: Visitor, visit: Visit, database: Database
) -> None:
    wang.post("/challenges/1/bids")
    other = visit()
    other.sign_in("li0")
    assert other.post("/bids/1/eligibility", team()).status_code == 404
    with database.transaction() as session:
        factories.join(session, session.get_one(Bid, 1), session.get_one(User, 2))
    assert other.post("/bids/1/eligibility", team()).status_code == 403
    with database.transaction() as session:
        session.get_one(Bid, 1).state = BidState.SEALED
    assert wang.post("/bids/1/eligibility", team()).status_code == 403


def test_a_program_reads_what_would_be_found(wang: Visitor, program: Callable[[str], Program]) -> None:
    wang.post("/challenges/1/bids")
    told = program("wang").get("/bids/1/eligibility").get_json()
    assert [one["code"] for one in told["findings"]] == ["E05"]
    assert {"text": "有且只有 1 名挂帅人", "is_met": True} in told["advice"]


def test_a_level_a_challenge_wants_people_of_two_units(session: Session) -> None:
    listed = factories.challenge(session)
    listed.level = "A"
    bid = factories.bid(session, on=listed, leader=factories.user(session))
    rows = [
        {"user_id": bid.leader_id, "role": "leader"},
        {"user_id": factories.user(session).id, "role": "core"},
    ]
    rows += [{"user_id": bid.leader_id, "role": "core"}, {"user_id": 999, "role": "core"}, {"role": "core"}]
    typed = eligibility.typed_team(session, bid, rows)
    assert [one.user_id for one in typed] == [row["user_id"] for row in rows[:2]]
    assert eligibility.advise("A", typed)[-1] == eligibility.Advice(
        "A 级榜单有 2 个以上单位的人员（现有 2 个）", is_met=True
    )


def test_what_is_foreseen_is_what_will_be_found(session: Session) -> None:
    listed: Challenge = factories.challenge(session, hard=True)
    bid = factories.bid(session, on=listed, leader=factories.user(session))
    session.refresh(bid)
    seen = eligibility.foresee(session, bid, team=eligibility.team_of(bid), pledges={})
    assert {one["code"] for one in seen.findings} == {"E05"}
    worse = {listed.indicators[0].id: Decimal(11)}
    seen = eligibility.foresee(session, bid, team=eligibility.team_of(bid), pledges=worse)
    assert {one["code"] for one in seen.findings} == {"E05", "E07"}
