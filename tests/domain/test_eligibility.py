"""The facts that table D3 judges, and what is kept of its findings and of the departments'."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import bids, eligibility
from workflows.models import Bid, Indicator, PledgedValue, TeamMember

pytestmark = pytest.mark.usefixtures("clock_at")


@pytest.fixture
def bid(session: Session) -> Bid:
    """A draft on a list with one hard indicator (at most 10) that is open until 2026-12-13."""
    return factories.bid(session, on=factories.challenge(session, hard=True), leader=factories.user(session))


def _join(session: Session, bid: Bid, **user: Any) -> TeamMember:
    seq = len(bid.members) + 1
    member = TeamMember(seq=seq, user=factories.user(session, **user), role="core", workload_pct=10)
    bid.members.append(member)
    session.flush()
    return member


def _open(bid: Bid, value: str) -> None:
    """Let the bid be opened with ``value`` promised for its one indicator."""
    bid.pledges.append(PledgedValue(indicator=bid.challenge.indicators[0], value=Decimal(value)))


def test_the_facts_of_a_bid_in_order(session: Session, bid: Bid) -> None:
    assert eligibility.facts(bid) == {
        "leader_on_duty": True,
        "leader_banned": False,
        "leader_running_projects": 0,
        "member_running_projects": 0,
        "team_size": 1,
        "unit_count": 1,
        "level": "B",
        "pledge_worse_on_hard": False,
        "leader_judged_challenge": False,
        "unit_safety_veto": False,
        "safety_critical": False,
        "unconfirmed_members": 0,
    }


def test_the_team_is_counted_with_its_units_and_who_has_not_confirmed(session: Session, bid: Bid) -> None:
    _join(session, bid, of=bid.unit)
    _join(session, bid).confirmed_at = clock.now()
    found = eligibility.facts(bid)
    assert (found["team_size"], found["unit_count"], found["unconfirmed_members"]) == (3, 2, 1)


@pytest.mark.parametrize(
    ("until", "is_banned"), [("2026-12-12", False), ("2026-12-13", True), ("2027-01-01", True)]
)
def test_a_ban_counts_through_the_last_day_of_the_bidding(
    session: Session, bid: Bid, until: str, is_banned: bool
) -> None:
    bid.leader.banned_until = dt.date.fromisoformat(until)
    assert eligibility.facts(bid)["leader_banned"] is is_banned


def test_a_leader_off_duty_is_a_fact(session: Session, bid: Bid) -> None:
    bid.leader.on_duty = False
    assert eligibility.facts(bid)["leader_on_duty"] is False


@pytest.mark.parametrize(("value", "is_worse"), [("9.9999", False), ("10", False), ("10.0001", True)])
def test_a_hard_indicator_pledged_worse_than_its_target_is_a_fact(
    session: Session, bid: Bid, value: str, is_worse: bool
) -> None:
    _open(bid, value)
    assert eligibility.facts(bid)["pledge_worse_on_hard"] is is_worse


def test_what_a_sealed_bid_promises_is_no_fact(session: Session, bid: Bid) -> None:
    content = {
        "milestones": [{"name": "设计", "offset_days": 30, "deliverable": "报告", "pay_pct": 100}],
        "pledge": [{"indicator_id": bid.challenge.indicators[0].id, "value": "39"}],
    }
    bids.write(session, bid, document=content, actor=bid.leader)
    assert eligibility.facts(bid)["pledge_worse_on_hard"] is False


def test_an_indicator_that_is_not_hard_may_be_pledged_worse(session: Session, bid: Bid) -> None:
    bid.challenge.indicators[0].hard = False
    _open(bid, "39")
    assert eligibility.facts(bid)["pledge_worse_on_hard"] is False


@pytest.mark.parametrize(
    ("op", "value", "is_as_good"),
    [("≥", 10, True), ("≥", 9, False), ("≤", 10, True), ("≤", 11, False), ("=", 10, True), ("=", 11, False)],
)
def test_a_value_is_as_good_as_its_target_by_the_operator(op: str, value: int, is_as_good: bool) -> None:
    assert eligibility.is_as_good(Indicator(op=op, target=Decimal(10)), Decimal(value)) is is_as_good


def _kept(bid: Bid) -> list[tuple[str, str, str, str]]:
    return [(one.stage, one.code, one.severity, one.message) for one in bid.checks]


def test_new_findings_take_the_place_of_those_of_the_same_stage(session: Session, bid: Bid) -> None:
    warn = {"code": "E09", "severity": "warn", "message": "提醒"}
    refuse = {"code": "E05", "severity": "refuse", "message": "人数"}
    assert eligibility.record(bid, stage=eligibility.SELF, findings=[refuse]) is False
    assert eligibility.record(bid, stage=eligibility.OPENED, findings=[warn]) is True
    assert eligibility.record(bid, stage=eligibility.SELF, findings=[]) is True
    session.flush()
    assert _kept(bid) == [("opened", "E09", "warn", "提醒")]


def _review(bid: Bid, role: str, *, passed: bool = False, may_cure: bool = False) -> None:
    eligibility.add_review(bid, role=role, passed=passed, reason="材料不全", may_cure=may_cure)


def test_a_department_that_refuses_is_kept_until_it_agrees(session: Session, bid: Bid) -> None:
    _review(bid, "hr", may_cure=True)
    _review(bid, "hse")
    assert _kept(bid) == [
        ("reviewed", "R-hr", "cure", "人力资源：材料不全"),
        ("reviewed", "R-hse", "refuse", "安全环保：材料不全"),
    ]
    _review(bid, "hse", passed=True)
    assert _kept(bid) == [("reviewed", "R-hr", "cure", "人力资源：材料不全")]


def test_a_bid_may_be_cured_when_everybody_who_refused_lets_it(bid: Bid) -> None:
    assert eligibility.may_cure(bid) is False  # nobody has refused
    _review(bid, "hr", may_cure=True)
    assert eligibility.may_cure(bid) is True
    _review(bid, "hse")
    assert eligibility.may_cure(bid) is False
