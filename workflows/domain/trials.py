"""试算: what a challenge would pay, by assumptions, worked out by the same arithmetic and tables as the real reward."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from workflows.domain import appraisals, calculation, challenges, eligibility, rules, verifications
from workflows.domain.calculation import Ask, Facts, Instalment, Line, Sheet
from workflows.models import Challenge, Indicator

SCORE = RATE = Decimal(85)  # what is assumed before somebody says otherwise


@dataclass(frozen=True)
class Assumed:
    """What might come of a project. ``benefit_fen`` is net and for a year, without meaning where the award is flat;
    ``measured`` the value reached by the id of its indicator; ``late_days`` negative when early; ``p`` and ``b`` the
    rates of the unit's appraisal, 0..100."""

    benefit_fen: int | None
    score: Decimal
    measured: Mapping[int, Decimal]
    late_days: int
    p: Decimal
    b: Decimal


@dataclass(frozen=True)
class Trial:
    """The sheet with a line for every factor, the indicators that would be missed, and how it would be paid."""

    sheet: Sheet
    lines: tuple[Line, ...]
    missed: tuple[str, ...]
    instalments: Sequence[Instalment]


def usual(challenge: Challenge) -> Assumed:
    """Everything as the challenge hopes for: its targets, its benefit, in time."""
    targets = {one.id: one.target for one in challenge.indicators}
    return Assumed(challenge.est_benefit_fen, SCORE, targets, 0, RATE, RATE)


def reward(session: Session, challenge: Challenge, assumed: Assumed) -> Trial:
    """What ``challenge`` would pay for ``assumed``, without a veto and whatever is left of the year's pool.

    Raises Conflict where the rules in force do not decide.
    """
    ask = appraisals.rules_of(session, challenge.rules_at)
    facts = _facts(ask, challenge, assumed)
    sheet = calculation.measure(ask, facts)
    planned = calculation.instalments(ask, facts, sheet)
    level = ask("challenge_level", challenges.level_facts(challenge))
    by_table = level if level.value["level"] == challenge.level else None
    first = calculation.level_line(challenge.level, by_table)
    last = calculation.plan_line(ask, facts, planned)
    missed = tuple(one.name for one, is_met in _reached(challenge, assumed) if not is_met)
    return Trial(sheet, (first, *sheet.lines, last), missed, planned)


def steps(session: Session, challenge: Challenge) -> list[str]:
    """The steps by which the benefit award rises, in the words of table reward_base (D10) of its rules."""
    told = rules.notes(session, "reward_base", at=challenge.rules_at)
    return [note.partition(" [")[0] for note in told]


def _reached(challenge: Challenge, assumed: Assumed) -> list[tuple[Indicator, bool]]:
    """Each indicator with whether it would be met; what nothing is assumed of stays at its baseline."""
    return [
        (one, eligibility.is_as_good(one, assumed.measured.get(one.id, one.baseline)))
        for one in challenge.indicators
    ]


def _facts(ask: Ask, challenge: Challenge, assumed: Assumed) -> Facts:
    reached = _reached(challenge, assumed)
    is_flat = challenge.est_benefit_fen is None
    level = challenge.level
    fixed = challenge.fixed_award_fen
    return Facts(
        level=level,
        fixed_fen=fixed,
        benefit_cap_fen=challenge.benefit_cap_fen,
        cap_fen=challenge.cap_fen,
        score=assumed.score,
        hard_ok=all(is_met for one, is_met in reached if one.hard),
        met_ratio=verifications.rounded_down(verifications.met_ratio(reached), verifications.RATIO_PLACES),
        is_rectified=True,
        net_benefit_fen=assumed.benefit_fen,
        flat_fen=challenge.benefit_cap_fen if is_flat else None,
        applied_on=challenge.deadline + dt.timedelta(days=assumed.late_days),
        deadline=challenge.deadline,
        started_on=challenges.last_day(challenge),  # of the bidding,
        p=assumed.p,
        b=assumed.b,
        prepaid_fen=calculation.prepayment_fen(ask, level, fixed_fen=fixed, pay_pct=100, released_pct=100),
    )
