"""The facts that table D3 judges, and what is kept of its findings and of the departments'."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import bids, eligibility, listings
from workflows.models import (
    Bid,
    Indicator,
    Justification,
    JustificationSheet,
    PledgedValue,
    ProjectState,
    TeamMember,
    VetoEvent,
    VetoState,
)

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
    assert eligibility.facts(session, bid) == {
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
    found = eligibility.facts(session, bid)
    assert (found["team_size"], found["unit_count"], found["unconfirmed_members"]) == (3, 2, 1)


@pytest.mark.parametrize(
    ("until", "is_banned"), [("2026-12-12", False), ("2026-12-13", True), ("2027-01-01", True)]
)
def test_a_ban_counts_through_the_last_day_of_the_bidding(
    session: Session, bid: Bid, until: str, is_banned: bool
) -> None:
    bid.leader.banned_until = dt.date.fromisoformat(until)
    assert eligibility.facts(session, bid)["leader_banned"] is is_banned


def test_a_ban_is_judged_on_the_day_announced_not_on_the_one_that_a_single_bid_adds(
    session: Session, bid: Bid
) -> None:
    bid.leader.banned_until = dt.date(2026, 12, 13)
    listings.extend_single(session, bid.challenge)
    assert eligibility.facts(session, bid)["leader_banned"] is True
    bid.leader.banned_until = dt.date(2026, 12, 12)
    assert eligibility.facts(session, bid)["leader_banned"] is False
    office = factories.user(session, roles=["office"])
    listings.amend(session, bid.challenge, text="顺延", bid_to=dt.date(2027, 1, 8), actor=office)
    bid.leader.banned_until = dt.date(2027, 1, 8)
    assert eligibility.facts(session, bid)["leader_banned"] is True


def test_a_leader_off_duty_is_a_fact(session: Session, bid: Bid) -> None:
    bid.leader.on_duty = False
    assert eligibility.facts(session, bid)["leader_on_duty"] is False


@pytest.mark.parametrize(("value", "is_worse"), [("9.9999", False), ("10", False), ("10.0001", True)])
def test_a_hard_indicator_pledged_worse_than_its_target_is_a_fact(
    session: Session, bid: Bid, value: str, is_worse: bool
) -> None:
    _open(bid, value)
    assert eligibility.facts(session, bid)["pledge_worse_on_hard"] is is_worse


def test_what_a_sealed_bid_promises_is_no_fact(session: Session, bid: Bid) -> None:
    content = {
        "milestones": [{"name": "设计", "offset_days": 30, "deliverable": "报告", "pay_pct": 100}],
        "pledge": [{"indicator_id": bid.challenge.indicators[0].id, "value": "39"}],
    }
    bids.write(session, bid, document=content, actor=bid.leader)
    assert eligibility.facts(session, bid)["pledge_worse_on_hard"] is False


def test_an_indicator_that_is_not_hard_may_be_pledged_worse(session: Session, bid: Bid) -> None:
    bid.challenge.indicators[0].hard = False
    _open(bid, "39")
    assert eligibility.facts(session, bid)["pledge_worse_on_hard"] is False


@pytest.mark.parametrize(
    ("op", "value", "is_as_good"),
    [("≥", 10, True), ("≥", 9, False), ("≤", 10, True), ("≤", 11, False), ("=", 10, True), ("=", 11, False)],
)
def test_a_value_is_as_good_as_its_target_by_the_operator(op: str, value: int, is_as_good: bool) -> None:
    assert eligibility.is_as_good(Indicator(op=op, target=Decimal(10)), Decimal(value)) is is_as_good


def test_running_projects_are_counted_of_the_leader_and_of_each_member(session: Session, bid: Bid) -> None:
    member, other = _join(session, bid).user, factories.user(session)
    for state in ProjectState:
        factories.project(session, leader=bid.leader, members=[member], state=state)
    found = eligibility.facts(session, bid)
    assert (found["leader_running_projects"], found["member_running_projects"]) == (5, 5)
    factories.project(session, leader=other, members=[member])
    found = eligibility.facts(session, bid)
    assert (found["leader_running_projects"], found["member_running_projects"]) == (5, 6)


def test_who_has_left_a_project_is_not_counted(session: Session, bid: Bid) -> None:
    member = _join(session, bid).user
    made = factories.project(session, members=[member])
    made.members[1].left_on = clock.today()
    session.flush()
    assert eligibility.facts(session, bid)["member_running_projects"] == 0


def test_a_leader_who_judged_the_challenge_is_a_fact(session: Session, bid: Bid) -> None:
    points = {"necessity": 20, "feasibility": 20, "indicators": 20, "benefit": 10, "spread": 5}
    sheet = JustificationSheet(expert_id=bid.leader_id, verdict="pass", signed_at=clock.now(), **points)
    round_ = Justification(challenge_id=factories.challenge(session).id, no=1, expert_ids=[bid.leader_id])
    round_.opened_at, round_.sheets = clock.now(), [sheet]
    session.add(round_)
    session.flush()
    assert eligibility.facts(session, bid)["leader_judged_challenge"] is False
    round_.challenge_id = bid.challenge_id
    session.flush()
    assert eligibility.facts(session, bid)["leader_judged_challenge"] is True


@pytest.mark.parametrize(
    ("changes", "counts"),
    [
        ({}, True),
        ({"clause": "V02"}, False),
        ({"state": VetoState.PROPOSED}, False),
        ({"effective_on": dt.date(2025, 12, 14)}, True),
        ({"effective_on": dt.date(2025, 12, 13)}, False),
    ],
)
def test_a_safety_accident_of_the_unit_counts_for_a_year(
    session: Session, bid: Bid, changes: dict[str, Any], counts: bool
) -> None:
    facts = {"clause": "V01", "state": VetoState.CONFIRMED, "effective_on": clock.today(), **changes}
    by = factories.user(session).id
    session.add(
        VetoEvent(unit_id=bid.unit_id, facts="着火", proposed_by_id=by, proposed_at=clock.now(), **facts)
    )
    session.flush()
    assert eligibility.facts(session, bid)["unit_safety_veto"] is counts


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
