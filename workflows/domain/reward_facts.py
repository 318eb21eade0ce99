"""What a reward is worked out from, gathered from the rows of the project, with what won appeals have corrected."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from workflows.domain import appraisals, calculation, challenges, rules
from workflows.domain.calculation import FEN_PER_WAN, Facts, Line, Veto
from workflows.errors import Conflict
from workflows.models import (
    Acceptance,
    Appeal,
    AppealState,
    Appraisal,
    Batch,
    BenefitAudit,
    CampaignYear,
    Challenge,
    PostEvaluation,
    Prepayment,
    Project,
    RewardCase,
    RewardState,
)


def gather(session: Session, case: RewardCase, vetoes: tuple[Veto, ...]) -> Facts:
    """The facts of ``case`` as they stand. Raises Conflict without an appraisal of the unit."""
    project, challenge = case.project, case.project.challenge
    appraisal = case.appraisal_id and session.get(Appraisal, case.appraisal_id)
    if not appraisal or appraisal.p is None or appraisal.b is None:
        raise Conflict("项目所在单位还没有公布的考评结果，不能测算。")
    acceptance = accepted_by(session, project)
    facts: dict[str, Any] = {
        "score": acceptance and acceptance.score,
        "hard_ok": acceptance is not None and acceptance.hard_ok,
        "met_ratio": Decimal(0) if acceptance is None else acceptance.met_ratio,
        "is_rectified": acceptance is not None and acceptance.is_rectified,
        "applied_on": acceptance and acceptance.received_on,
        "net_benefit_fen": _net_benefit_fen(session, project),
    }
    return Facts(
        level=challenge.level,
        fixed_fen=challenge.fixed_award_fen,
        benefit_cap_fen=challenge.benefit_cap_fen,
        cap_fen=challenge.cap_fen,
        flat_fen=_flat_fen(session, challenge, project.rules_at),
        deadline=project.deadline,
        started_on=project.started_on,
        p=appraisal.p,
        b=appraisal.b,
        vetoes=vetoes,
        prepaid_fen=prepaid_fen(session, project),
        is_exempt=project.liability == "exempt",
        is_beaten=case.is_beaten,
        pool_fen=_pool_left_fen(session, case),
        **{**facts, **_corrections(session, case)},
    )


def prepaid_fen(session: Session, project: Project) -> int:
    """What the milestones have pre-paid of the fixed award."""
    query = select(func.sum(Prepayment.amount_fen)).where(Prepayment.project_id == project.id)
    return int(session.scalar(query) or 0)


def accepted_by(session: Session, project: Project) -> Acceptance | None:
    """The acceptance that counts: the last attempt; None for a project that ended before."""
    query = select(Acceptance).where(Acceptance.project_id == project.id)
    return session.scalars(query.order_by(Acceptance.attempt.desc()).limit(1)).one_or_none()


def realised_fen(session: Session, project: Project) -> int | None:
    """What the post-evaluation found; None where it gave nothing."""
    return session.scalar(select(PostEvaluation.realised_fen).where(PostEvaluation.project_id == project.id))


def _net_benefit_fen(session: Session, project: Project) -> int | None:
    query = select(BenefitAudit.net_benefit_fen).where(BenefitAudit.project_id == project.id)
    return session.scalars(query.order_by(BenefitAudit.id.desc()).limit(1)).one_or_none()


def _flat_fen(session: Session, challenge: Challenge, at: dt.datetime) -> int | None:
    """D1's flat award where the challenge has no measurable benefit; None where it has."""
    if challenge.est_benefit_fen is not None:
        return None
    level = rules.decide(session, "challenge_level", challenges.level_facts(challenge), at=at).value
    return int(level["flat_award"] * FEN_PER_WAN)


def _pool_left_fen(session: Session, case: RewardCase) -> int | None:
    """What the other cases of the campaign year have left of its pool; None for a challenge without a batch."""
    batch_id = case.project.challenge.batch_id
    if batch_id is None:
        return None
    mine = select(Batch.year_id).where(Batch.id == batch_id)
    # Held, so that two cases measured at once do not both take the last of the pool.
    year = session.scalars(select(CampaignYear).where(CampaignYear.id.in_(mine)).with_for_update()).one()
    not_refused = or_(RewardCase.state != RewardState.CLOSED, RewardCase.settled_at.is_not(None))
    others = (
        select(func.sum(RewardCase.total_fen))
        .join(Project, RewardCase.project_id == Project.id)
        .join(Challenge, Project.challenge_id == Challenge.id)
        .join(Batch, Challenge.batch_id == Batch.id)
        .where(Batch.year_id == year.id, RewardCase.id != case.id, not_refused)
    )
    return max(0, year.pool_fen - int(session.scalar(others) or 0))


def _corrections(session: Session, case: RewardCase) -> Mapping[str, Any]:
    """The facts that won appeals have corrected, the latest first."""
    won = select(Appeal).where(Appeal.case_id == case.id, Appeal.state == AppealState.WON).order_by(Appeal.id)
    merged: dict[str, Any] = {}
    for appeal in session.scalars(won):
        merged |= appeal.corrections
    read: dict[str, Callable[[str], Any]] = {
        "score": Decimal,
        "applied_on": dt.date.fromisoformat,
        "net_benefit_fen": int,
    }
    return {name: read[name](value) for name, value in merged.items()}


def rate_lines(session: Session, case: RewardCase) -> tuple[Line, ...]:
    """How the unit's appraisal came to P and B, and the list to its level."""
    challenge = case.project.challenge
    asked = challenges.level_facts(challenge)
    level = rules.decide(session, "challenge_level", asked, at=case.project.rules_at)
    by_table = level if level.value["level"] == challenge.level else None
    appraisal = session.get_one(Appraisal, case.appraisal_id)
    scores = {one.category: one.score for one in appraisal.scores}
    of_unit = calculation.rates(appraisals.rules_of(session, appraisal.opened_at), scores).lines
    return (*of_unit, calculation.level_line(challenge.level, by_table))
