"""The cockpit (驾驶舱) of the plant's leaders: where the year stands, in a handful of counts and sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session

from workflows.domain import permissions, projects, year_figures
from workflows.errors import Forbidden
from workflows.models import (
    BenefitAudit,
    CampaignYear,
    Category,
    Challenge,
    PayoutBatch,
    Project,
    RewardCase,
    User,
    YearState,
)

NONE = {"posted": 0, "taken_up": 0, "accepted": 0}


@dataclass(frozen=True)
class Cockpit:
    """Of one year; amounts in 分. ``categories`` has a row each: name, posted, taken_up, accepted."""

    year: CampaignYear
    funnel: Mapping[str, int]  # raised, reported, posted, bids, projects, accepted
    lights: Mapping[str, int]  # of everything under way, the worst first
    categories: Sequence[Mapping[str, Any]]
    benefit_fen: int  # verified, a year
    paid_fen: int
    earlier: Sequence[Mapping[str, Any]]  # totals of earlier years: year and year_figures.FIGURES


def of(session: Session, *, actor: User) -> Cockpit | None:
    """The cockpit of the running year, or else the last; None before the first. Raises Forbidden."""
    if not permissions.may_read_packs(session, actor):
        raise Forbidden("只有厂领导、办公室和纪委监督可以查看驾驶舱。")
    is_open = case((CampaignYear.state == YearState.OPEN, 0), else_=1)
    year = session.scalars(select(CampaignYear).order_by(is_open, CampaignYear.year.desc()).limit(1)).first()
    if year is None:
        return None
    known = year_figures.by_category(session, year)
    lists = select(Challenge.id).where(year_figures.published_sql(year))
    return Cockpit(
        year=year,
        funnel=year_figures.funnel(session, year, known),
        lights=projects.lights(session),
        categories=[{"name": one, **known.get(one, NONE)} for one in Category],
        benefit_fen=_benefit(session, lists),
        paid_fen=_paid(session, lists),
        earlier=year_figures.earlier(session, year),
    )


def _benefit(session: Session, lists: Any) -> int:
    """The verified net benefit of the accepted projects: of each its last audit."""
    of_these = Project.challenge_id.in_(lists) & Project.state.in_(year_figures.ACCEPTED)
    last = select(func.max(BenefitAudit.id)).join(Project, Project.id == BenefitAudit.project_id)
    last = last.where(of_these).group_by(BenefitAudit.project_id)
    total = select(func.coalesce(func.sum(BenefitAudit.net_benefit_fen), 0))
    return int(session.scalar(total.where(BenefitAudit.id.in_(last))) or 0)


def _paid(session: Session, lists: Any) -> int:
    total = select(func.coalesce(func.sum(PayoutBatch.amount_fen), 0)).join(PayoutBatch.case)
    of_these = total.join(Project, Project.id == RewardCase.project_id)
    paid = of_these.where(Project.challenge_id.in_(lists), PayoutBatch.paid_at.is_not(None))
    return int(session.scalar(paid) or 0)
