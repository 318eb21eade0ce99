"""What a challenge would pay by assumptions: the arithmetic of the real reward."""

from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows.domain import trials
from workflows.models import Challenge

pytestmark = pytest.mark.usefixtures("clock_at")
WAN = 1_000_000


@pytest.fixture
def challenge(session: Session) -> Challenge:
    """Level B: 5 万元 fixed, a benefit of 100 万元 a year, which earns 50 × 8 % + 50 × 6 % = 7 万元; freezes from 40 to 10."""
    made = factories.challenge(session, hard=True)
    made.fixed_award_fen, made.benefit_cap_fen, made.cap_fen = 5 * WAN, 20 * WAN, 30 * WAN
    made.est_benefit_fen = 100 * WAN
    session.flush()
    return made


def test_as_hoped_for_it_pays_the_whole_award(session: Session, challenge: Challenge) -> None:
    trial = trials.reward(session, challenge, trials.usual(challenge))
    assert trial.sheet.total_fen == 12 * WAN
    assert [line.factor for line in trial.lines] == [
        "level",
        "fixed",
        "benefit",
        "Kc",
        "Kt",
        "Kdual",
        "V",
        "total",
        "plan",
    ]
    assert trial.missed == ()
    assert [(one.kind, one.fen) for one in trial.instalments] == [
        ("milestones", 1 * WAN),
        ("acceptance", 12 * WAN * 7 // 10 - 1 * WAN),
        ("post_evaluation", 12 * WAN * 3 // 10),
    ]


@pytest.mark.parametrize(
    ("changed", "total"),
    [
        ({"score": Decimal(75)}, 12 * WAN * 8 // 10),
        ({"score": Decimal(90)}, 12 * WAN * 12 // 10),
        ({"late_days": 1}, 12 * WAN * 9 // 10),
        ({"p": Decimal(60), "b": Decimal(95)}, 12 * WAN * 7 // 10),
        ({"benefit_fen": 0}, 5 * WAN),
        ({"benefit_fen": 10_000 * WAN}, 25 * WAN),  # the benefit award is capped
    ],
)
def test_each_assumption_changes_its_factor(
    session: Session, challenge: Challenge, changed: dict[str, Decimal], total: int
) -> None:
    assumed = replace(trials.usual(challenge), **changed)  # type: ignore[arg-type]  # of several fields
    assert trials.reward(session, challenge, assumed).sheet.total_fen == total


def test_a_hard_indicator_that_is_missed_pays_nothing(session: Session, challenge: Challenge) -> None:
    (indicator,) = challenge.indicators
    short = replace(trials.usual(challenge), measured={indicator.id: Decimal(11)})
    trial = trials.reward(session, challenge, short)
    assert (trial.sheet.total_fen, trial.sheet.verdict, trial.missed) == (0, "不通过", ("冻堵次数",))


def test_a_soft_indicator_that_is_missed_costs_the_best_verdict(
    session: Session, challenge: Challenge
) -> None:
    challenge.indicators[0].hard = False
    best = replace(trials.usual(challenge), score=Decimal(95))
    assert trials.reward(session, challenge, best).sheet.verdict == "优秀"
    assert trials.reward(session, challenge, replace(best, measured={})).sheet.verdict == "良好"


def test_without_a_measurable_benefit_the_award_is_flat(session: Session, challenge: Challenge) -> None:
    challenge.est_benefit_fen, challenge.benefit_cap_fen = None, 5 * WAN
    trial = trials.reward(session, challenge, trials.usual(challenge))
    assert trial.sheet.total_fen == 10 * WAN


def test_the_steps_of_the_benefit_award_are_told_in_words(session: Session, challenge: Challenge) -> None:
    assert trials.steps(session, challenge) == [
        "0–50 万元 8%",
        "50–200 万元 6%",
        "200–500 万元 5%",
        "500 万元以上 3%",
    ]
