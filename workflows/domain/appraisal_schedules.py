"""考评安排: the periods of a year, each of which the clock lets be appraised in every unit once it is over."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import appraisals, permissions
from workflows.domain.heads import HEADS
from workflows.errors import Forbidden, Invalid
from workflows.models import RoleGrant, Unit, User

CYCLES = {"quarter": "按季度考评", "month": "按月考评"}


def check(session: Session, *, year: int, actor: User) -> None:
    """Raises Forbidden unless ``actor`` is of the assessment office, Invalid for a year that is over."""
    if not permissions.may_appraise(session, actor):
        raise Forbidden("只有考核办可以安排考评。")
    if year < clock.today().year:
        raise Invalid({"year": ["年度已经过去。"]})


def following(year: int, *, cycle: str) -> tuple[str, dt.datetime] | None:
    """The first period of ``year`` that is not over, with the instant at which it will be; None after the last."""
    months = [f"{year}-{month:02d}" for month in range(1, 13)]
    quarters = [f"{year}Q{quarter}" for quarter in range(1, 5)]
    for period in months if cycle == "month" else quarters:
        _, last = appraisals.days_of(period)
        if last >= clock.today():
            return period, clock.end_of(last)
    return None


def open_all(session: Session, *, period: str, opened_by_id: int) -> list[int]:
    """Open the appraisal of ``period`` for every unit that has a head and none yet; their ids."""
    headed = select(RoleGrant.unit_id).join(User).where(RoleGrant.role.in_(HEADS), User.is_active)
    units = session.scalars(select(Unit).where(Unit.id.in_(headed)).order_by(Unit.id)).all()
    opened = [appraisals.open_for(session, unit, period=period, opened_by_id=opened_by_id) for unit in units]
    return [one.id for one in opened if one is not None]
