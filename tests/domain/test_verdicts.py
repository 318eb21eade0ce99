"""How an acceptance comes to its figures and its verdict."""

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.domain.accepting import opened, refusal, scored, verified
from workflows.domain import publicities, rules, verdicts, verifications
from workflows.errors import Conflict, Forbidden
from workflows.models import (
    Acceptance,
    AcceptanceScore,
    AcceptanceState,
    Indicator,
    Panel,
    PanelMember,
    User,
)


@pytest.fixture
def acceptance(session: Session, clock_at: Callable[..., None]) -> Acceptance:
    return opened(session)


def test_met_ratio_counts_by_weight_against_the_pledge(session: Session, acceptance: Acceptance) -> None:
    acceptance.project.bid.pledges[0].value = Decimal(8)  # pledged better than asked
    verified(session, acceptance, "9", "5")
    assert [one.is_met for one in acceptance.indicators] == [False, True]
    assert (acceptance.hard_ok, acceptance.met_ratio) == (False, Decimal("0.33333333"))


@pytest.mark.parametrize(
    ("op", "met"), [("≥", (False, True, True)), ("≤", (True, True, False)), ("=", (False, True, False))]
)
def test_an_indicator_is_met_by_its_operator(op: str, met: tuple[bool, ...]) -> None:
    values = (Decimal("9.9999"), Decimal(10), Decimal("10.0001"))
    assert tuple(verifications.is_met(Indicator(op=op), one, Decimal(10)) for one in values) == met


def test_nothing_is_rounded_up() -> None:
    assert verifications.rounded_down(Fraction(10**9 - 1, 10**9), 8) == Decimal("0.99999999")
    assert verifications.rounded_down(Fraction(1), 8) == 1


def test_the_score_is_the_mean_of_the_sheets(session: Session, acceptance: Acceptance) -> None:
    verified(session, acceptance, "9", "6")
    found = scored(session, acceptance, "90", "90", "89.9999")
    assert found == {
        "score": Decimal("89.99996666"),
        "hard_ok": True,
        "met_ratio": 1,
        "rectification": "pending",
    }


def test_an_expert_signs_once(session: Session, acceptance: Acceptance) -> None:
    verified(session, acceptance, "9", "6")
    scored(session, acceptance, "90")
    expert, panel = session.scalars(select(PanelMember)).one().user, session.scalars(select(Panel)).one()
    values = {**dict.fromkeys(verdicts.CRITERIA, Decimal(50)), "remark": ""}
    with pytest.raises(Conflict, match="您的评分表已经签署锁定"):
        verdicts.sign(session, acceptance, panel, values=values, actor=expert, at=None)
    with pytest.raises(Forbidden):
        verdicts.sign(session, acceptance, panel, values=values, actor=factories.user(session), at=None)


def test_a_sheet_counts_its_criteria_by_weight() -> None:
    weights = {"targets": 50, "tech": 15, "benefit": 20, "papers": 10, "reach": 5}
    scores = {"targets": "100", "tech": "80", "benefit": "80", "papers": "80", "reach": "0"}
    sheet = AcceptanceScore(
        items=[{"criterion": one, "weight": str(weights[one]), "score": scores[one]} for one in weights]
    )
    assert verdicts.total(sheet) == 86


TABLE = [
    # hard_ok, score, met_ratio, rectification, verdict, Kc
    (False, "100", "1", "pending", "不通过", "0"),
    (True, "90", "1", "pending", "优秀", "1.2"),
    (True, "100", "0.99999999", "pending", "良好", "1"),
    (True, "89.99999999", "1", "pending", "良好", "1"),
    (True, "80", "0", "pending", "良好", "1"),
    (True, "79.99999999", "1", "pending", "合格", "0.8"),
    (True, "70", "0", "pending", "合格", "0.8"),
    (True, "69.99999999", "1", "pending", "整改", "0"),
    (True, "60", "0", "pending", "整改", "0"),
    (True, "69.99999999", "1", "passed", "整改后合格", "0.5"),
    (True, "60", "1", "failed", "不通过", "0"),
    (True, "59.99999999", "1", "passed", "不通过", "0"),
    (True, "0", "0", "pending", "不通过", "0"),
]


def test_verdicts_of_table_d9(session: Session) -> None:
    for hard_ok, score, met_ratio, rectification, verdict, kc in TABLE:
        asked = {"hard_ok": hard_ok, "score": Decimal(score), "met_ratio": Decimal(met_ratio)}
        found = rules.decide(session, "acceptance_verdict", {**asked, "rectification": rectification}).value
        assert (found["verdict"], found["kc"]) == (verdict, Decimal(kc))


def test_every_verdict_is_known() -> None:
    assert {one[4] for one in TABLE} == set(verdicts.VERDICTS)


def test_rectified_once_it_stays_rectified(session: Session, acceptance: Acceptance) -> None:
    verified(session, acceptance, "9", "6")
    scored(session, acceptance, "65")
    verdicts.conclude(session, acceptance, verdict="整改")
    leader = acceptance.project.leader
    verdicts.rectify(session, acceptance, text="补装", evidence=[1], actor=leader)
    with pytest.raises(Conflict):
        verdicts.rectify(session, acceptance, text="再补装", evidence=[1], actor=leader)
    assert verdicts.end_recheck(acceptance, passed=True)["rectification"] == "passed"
    verdicts.conclude(session, acceptance, verdict="整改后合格")
    verdicts.reopen(acceptance)  # an objection was upheld
    assert (acceptance.attempt, acceptance.score) == (2, None)
    assert scored(session, acceptance, "64")["rectification"] == "passed"


def test_a_recheck_that_refuses_gives_its_reason(session: Session, acceptance: Acceptance) -> None:
    acceptance.state = AcceptanceState.RECHECKING
    office: dict[str, User] = {"actor": factories.user(session, roles=["office"])}
    call: dict[str, Any] = {"role": "office", "agree": False, "reason": " ", **office}
    assert refusal(lambda: verdicts.recheck(acceptance, **call)) == {
        "opinion": ["复验不通过的，请写明理由。"]
    }


def test_nothing_is_accepted_while_it_is_shown(session: Session, acceptance: Acceptance) -> None:
    verified(session, acceptance, "9", "6")
    scored(session, acceptance, "85")
    verdicts.conclude(session, acceptance, verdict="良好")
    publicities.open_for(session, verdicts.subject(acceptance), workdays=5)
    with pytest.raises(Conflict, match="公示还没有结束"):
        verdicts.accept(session, acceptance)


@pytest.mark.parametrize("act", ["begin_scoring", "tally", "accept", "refuse"])
def test_nothing_is_decided_before_its_time(session: Session, acceptance: Acceptance, act: str) -> None:
    with pytest.raises(Conflict):
        getattr(verdicts, act)(session, acceptance)
