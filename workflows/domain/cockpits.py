"""The cockpit (驾驶舱) of the plant's leaders: where the year stands, in a handful of counts and sums."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, case, distinct, func, select
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
    posted = and_(year_figures.of_year_sql(year), Challenge.published_at.is_not(None))
    lists = select(Challenge.id).where(posted)
    return Cockpit(
        year=year,
        funnel=year_figures.funnel(session, year),
        lights=projects.lights(session),
        categories=_categories(session, posted),
        benefit_fen=_benefit(session, lists),
        paid_fen=_paid(session, lists),
        earlier=year_figures.earlier(session, year),
    )


def _categories(session: Session, posted: ColumnElement[bool]) -> list[dict[str, Any]]:
    accepted = case((Project.state.in_(year_figures.ACCEPTED), Project.challenge_id))
    figures = (Challenge.id, Project.challenge_id, accepted)  # a challenge may have several projects
    counted = select(Challenge.category, *(func.count(distinct(one)) for one in figures))
    counted = counted.outerjoin(Project, Project.challenge_id == Challenge.id).where(posted)
    rows = session.execute(counted.group_by(Challenge.category)).all()
    known = {category: figures for category, *figures in rows}
    names = ("posted", "taken_up", "accepted")
    return [{"name": one, **dict(zip(names, known.get(one, (0, 0, 0)), strict=True))} for one in Category]


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
