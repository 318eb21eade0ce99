"""激励台账: the cases that somebody may see, and what they come to by year and by unit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, case, false, func, null, select
from sqlalchemy.orm import Session, selectinload

from workflows.domain import paging, permissions, rewards, year_figures
from workflows.models import (
    CampaignYear,
    Challenge,
    ClawBack,
    PayoutBatch,
    Prepayment,
    Project,
    ProjectMember,
    RewardCase,
    Unit,
    User,
)

HEADS = ("party_secretary", "admin_head")


@dataclass(frozen=True)
class Total:
    """Of the cases of one year or unit: how many, their sums and what of them was paid, in 分; pre-payments count."""

    key: int | None
    name: str
    cases: int
    total_fen: int
    paid_fen: int
    taken_back_fen: int


def listing(
    session: Session,
    *,
    actor: User,
    state: str | None = None,
    unit_id: int | None = None,
    challenge_id: int | None = None,
    project_id: int | None = None,
    year: int | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[RewardCase], int]:
    """Those that ``actor`` may see, the newest first, with how many there are in all; pages count from 1."""
    query = _seen(session, actor)
    wanted = {
        RewardCase.state: state,
        Project.unit_id: unit_id,
        Project.challenge_id: challenge_id,
        Project.id: project_id,
    }
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if year is not None:
        query = query.where(_in_year(session, year))
    return paging.page_of(
        session, query.order_by(RewardCase.id.desc()).options(*rewards.SHOWN), page=page, size=size
    )


def by_year(session: Session, *, actor: User) -> list[Total]:
    """The sums of each campaign year, the newest first; ``key`` is the year, None where a challenge is of none."""
    years = session.scalars(select(CampaignYear).options(selectinload(CampaignYear.batches))).all()
    bounds = [(year_figures.of_year_sql(one), one.year) for one in years]
    found = _totals(session, actor, case(*bounds) if bounds else null(), null())
    return sorted(found, key=lambda one: -(one.key or 0))


def by_unit(session: Session, *, actor: User, year: int | None = None) -> list[Total]:
    """The sums of each leading unit, of ``year`` if one is given, the highest first; ``key`` is the unit's id."""
    found = _totals(session, actor, Unit.id, Unit.name, year=year)
    return sorted(found, key=lambda one: (-one.total_fen, one.name))


def _seen(session: Session, actor: User) -> Select[RewardCase]:
    query = (
        select(RewardCase)
        .join(Project, RewardCase.project_id == Project.id)
        .join(Challenge, Project.challenge_id == Challenge.id)
    )
    if permissions.reads_rewards(session, actor):
        return query
    units = [unit for role, unit in permissions.grants(session, actor).roles if role in HEADS and unit]
    on_team = select(ProjectMember.project_id).where(ProjectMember.user_id == actor.id)
    return query.where(Project.unit_id.in_(units) | Project.id.in_(on_team))


def _in_year(session: Session, year: int) -> Any:
    found = session.scalars(select(CampaignYear).where(CampaignYear.year == year)).one_or_none()
    return false() if found is None else year_figures.of_year_sql(found)


def _totals(session: Session, actor: User, key: Any, name: Any, *, year: int | None = None) -> list[Total]:
    """The sums of the cases by ``key``; every kind of money is summed by itself, so that no row counts twice."""

    def of_case(amount: Any, case_id: Any, *which: Any) -> Any:
        return (
            select(func.coalesce(func.sum(amount), 0))
            .where(case_id == RewardCase.id, *which)
            .scalar_subquery()
        )

    paid = of_case(PayoutBatch.amount_fen, PayoutBatch.case_id, PayoutBatch.paid_at.is_not(None))
    taken = of_case(ClawBack.amount_fen, ClawBack.case_id, ClawBack.collected_at.is_not(None))
    early = (
        select(func.coalesce(func.sum(Prepayment.amount_fen), 0))
        .where(Prepayment.project_id == RewardCase.project_id)
        .scalar_subquery()
    )
    query = _seen(session, actor).join(Unit, Project.unit_id == Unit.id)
    columns = (key.label("key"), name.label("name"), RewardCase.total_fen.label("total"))
    rows = query.with_only_columns(*columns, (paid + early).label("paid"), taken.label("taken"))
    if year is not None:
        rows = rows.where(_in_year(session, year))
    cases = rows.subquery()
    sums = [func.count(), *(func.sum(cases.c[one]) for one in ("total", "paid", "taken"))]
    grouped = select(cases.c.key, cases.c.name, *sums).group_by(cases.c.key, cases.c.name)
    return [
        Total(id_, title or "", count, int(total), int(given), int(back))
        for id_, title, count, total, given, back in session.execute(grouped)
    ]
