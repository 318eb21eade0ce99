"""考评台账: the appraisals that somebody may see, by year and period, and those of one unit beside each other."""

from collections.abc import Sequence

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows.domain import paging, permissions
from workflows.domain.heads import HEADS
from workflows.models import Appraisal, AppraisalState, Project, RewardCase, User


def listing(
    session: Session,
    *,
    actor: User,
    unit_id: int | None = None,
    state: str | None = None,
    year: int | None = None,
    period: str | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Appraisal], int]:
    """Those that ``actor`` may see, the newest period first, with how many there are in all; pages count from 1."""
    query = _seen(session, actor)
    if year is not None:
        query = query.where(Appraisal.period.startswith(str(year)))
    wanted = {Appraisal.unit_id: unit_id, Appraisal.state: state, Appraisal.period: period}
    query = query.where(*(column == value for column, value in wanted.items() if value))
    ordered = query.order_by(Appraisal.period_from.desc(), Appraisal.period, Appraisal.id.desc())
    return paging.page_of(session, ordered, page=page, size=size)


def periods(session: Session, *, actor: User) -> list[str]:
    """The periods of the appraisals that ``actor`` may see, the latest first."""
    seen = _seen(session, actor).with_only_columns(Appraisal.period).distinct()
    return sorted(session.scalars(seen), reverse=True)


def beside(session: Session, appraisal: Appraisal, *, actor: User) -> list[Appraisal]:
    """The appraisals of the same unit in the same year with their scores, in order of their periods."""
    year = str(appraisal.period_from.year)
    query = _seen(session, actor).where(
        Appraisal.unit_id == appraisal.unit_id,
        Appraisal.period.startswith(year),
        or_(Appraisal.state != AppraisalState.CANCELLED, Appraisal.id == appraisal.id),
    )
    ordered = query.order_by(Appraisal.period_from, Appraisal.period_to.desc(), Appraisal.id)
    return list(session.scalars(ordered.options(selectinload(Appraisal.scores))))


def rewards_of(session: Session, appraisal: Appraisal) -> Sequence[RewardCase]:
    """The rewards that were worked out with the result of ``appraisal``."""
    query = select(RewardCase).where(RewardCase.appraisal_id == appraisal.id).order_by(RewardCase.id)
    return session.scalars(query.options(joinedload(RewardCase.project).joinedload(Project.challenge))).all()


def _seen(session: Session, actor: User) -> Select[Appraisal]:
    query = select(Appraisal)
    if permissions.may_read_appraisals(session, actor):
        return query
    units = [unit for role, unit in permissions.grants(session, actor).roles if role in HEADS and unit]
    return query.where((Appraisal.state == AppraisalState.PUBLISHED) | Appraisal.unit_id.in_(units))
