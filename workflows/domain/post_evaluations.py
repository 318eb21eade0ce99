"""后评价: what an accepted project has brought in the time after its acceptance."""

import calendar
import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import projects, rules
from workflows.errors import Conflict
from workflows.models import Acceptance, PostEvaluation, Project, User


def begins_at(session: Session, acceptance: Acceptance) -> dt.datetime:
    """When the post-evaluation begins: some months after the acceptance. Raises Conflict before it."""
    if acceptance.decided_on is None:
        raise Conflict("验收还没有结论。")
    months = rules.days(session, "post_evaluation_months", at=acceptance.project.rules_at)
    return clock.start_of(months_after(acceptance.decided_on, months))


def months_after(day: dt.date, months: int) -> dt.date:
    """The same day of the month ``months`` later, or the last one of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    last = calendar.monthrange(year, month + 1)[1]
    return dt.date(year, month + 1, min(day.day, last))


def evaluate(
    session: Session, project: Project, *, realised_fen: int | None, remark: str, actor: User
) -> PostEvaluation:
    """财务: the benefit of the year, None where it is not measurable or not known. Raises Forbidden for the team."""
    projects.expect_apart(actor, project)
    made = _of(session, project)
    made.realised_fen, made.remark = realised_fen, remark
    session.flush()
    return made


def tell_usage(
    session: Session, project: Project, *, is_in_use: bool, usage: str, actor: User
) -> PostEvaluation:
    """发榜单位: whether and how the result is used. Raises Forbidden for the team."""
    projects.expect_apart(actor, project)
    made = _of(session, project)
    made.is_in_use, made.usage = is_in_use, usage
    session.flush()
    return made


def finish(session: Session, project: Project) -> None:
    """Both have spoken."""
    _of(session, project).evaluated_at = clock.now()


def find(session: Session, project: Project) -> PostEvaluation | None:
    """The post-evaluation as far as it has come."""
    query = select(PostEvaluation).where(PostEvaluation.project_id == project.id)
    return session.scalars(query).one_or_none()


def _of(session: Session, project: Project) -> PostEvaluation:
    made = find(session, project)
    if made is None:
        made = PostEvaluation(project_id=project.id)
        session.add(made)
    return made
