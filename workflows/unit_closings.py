"""撤销单位: what stands against closing a unit, and the act. Work that is under way keeps it open."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from workflows.domain import leaving, projects, units
from workflows.engine.tables import OPEN, WorkItem
from workflows.errors import Conflict
from workflows.models import (
    ActionItem,
    Appraisal,
    AppraisalState,
    Bid,
    BidState,
    Challenge,
    Indicator,
    ItemState,
    Post,
    PostHolding,
    Problem,
    ProblemState,
    Project,
    RolloutTask,
    Unit,
    User,
)

OPEN_PROBLEMS = (
    ProblemState.SUBMITTED,
    ProblemState.FIXING,
    ProblemState.ESCALATED,
    ProblemState.REFINING,
)
ENDED_BIDS = (
    BidState.INELIGIBLE,
    BidState.LOST,
    BidState.WON,
    BidState.DISQUALIFIED,
    BidState.WITHDRAWN,
    BidState.LAPSED,
)
ENDED_APPRAISALS = (AppraisalState.PUBLISHED, AppraisalState.CANCELLED)


@dataclass(frozen=True)
class Obstacle:
    """One thing that keeps a unit open, in words that say what to do; ``path`` shows it, "" where nothing does."""

    text: str
    path: str = ""


class Blocked(Conflict):
    """A unit that cannot be closed; ``obstacles`` say why."""

    def __init__(self, obstacles: list[Obstacle]) -> None:
        super().__init__("还不能撤销：" + "".join(one.text for one in obstacles))
        self.obstacles = obstacles


def obstacles(session: Session, unit: Unit) -> list[Obstacle]:
    """Everything that stands against closing ``unit``; empty when it can be."""
    return [*_organisation(session, unit), *_campaign(session, unit), *_tasks(session, unit)]


def close(session: Session, unit: Unit, *, actor: User, reason: str) -> None:
    """撤销. Raises Blocked while something stands against it, and what ``units.close`` raises."""
    units.check_keeps(session, actor)
    session.execute(select(Unit.id).where(Unit.id == unit.id).with_for_update())
    found = obstacles(session, unit)
    if found:
        raise Blocked(found)
    units.close(session, unit, actor=actor, reason=reason)


def _organisation(session: Session, unit: Unit) -> Iterator[Obstacle]:
    below = select(Unit.name).where(Unit.parent_id == unit.id, Unit.closed_on.is_(None)).order_by(Unit.name)
    names = list(session.scalars(below))
    if names:
        yield Obstacle(f"下级单位{'、'.join(names)}还在，请先撤销或改隶属。", "/units")
    people = _count(session, User, User.unit_id == unit.id, User.is_active.is_(True))
    if people:
        yield Obstacle(f"还有 {people} 名在用人员，请先调到别的单位。", f"/people?unit={unit.id}")
    held = select(Post.name).join(PostHolding).where(Post.unit_id == unit.id).distinct().order_by(Post.name)
    posts = list(session.scalars(held))
    if posts:
        yield Obstacle(f"岗位{'、'.join(posts)}还有人在任，请先办理卸任。", f"/units/{unit.id}")


def _campaign(session: Session, unit: Unit) -> Iterator[Obstacle]:
    led = select(Project).where(Project.unit_id == unit.id, Project.state.in_(projects.UNDER_WAY))
    running = session.scalars(led.order_by(Project.id)).all()
    if running:
        titles = "、".join(f"《{one.challenge.title}》" for one in running)
        yield Obstacle(f"牵头的攻关项目{titles}还没有结束。", f"/projects/{running[0].id}")
    sponsored = select(Challenge).where(Challenge.sponsor_unit_id == unit.id)
    posted = session.scalars(
        sponsored.where(Challenge.state.not_in(leaving.ENDED)).order_by(Challenge.id)
    ).all()
    if posted:
        titles = "、".join(f"《{one.title}》" for one in posted)
        yield Obstacle(f"发榜的榜单{titles}还没有结束。", f"/challenges/{posted[0].id}")
    verified = select(func.count(Challenge.id.distinct())).join(Indicator)
    verified = verified.where(Indicator.verifier_unit_id == unit.id, Challenge.state.not_in(leaving.ENDED))
    if number := session.scalar(verified) or 0:
        yield Obstacle(f"还有 {number} 个榜单的指标由它核验，请等它们结束。")
    yield from _counted(session, unit)


def _counted(session: Session, unit: Unit) -> Iterator[Obstacle]:
    """What is told by its number alone: who closes a unit need not be allowed to see it."""
    problems = (Problem.unit_id == unit.id, Problem.state.in_(OPEN_PROBLEMS))
    if number := _count(session, Problem, *problems):
        yield Obstacle(f"还有 {number} 项难题在办理。")
    if number := _count(session, Bid, Bid.unit_id == unit.id, Bid.state.not_in(ENDED_BIDS)):
        yield Obstacle(f"还有 {number} 份揭榜申报没有结果。")
    appraisals = (Appraisal.unit_id == unit.id, Appraisal.state.not_in(ENDED_APPRAISALS))
    if number := _count(session, Appraisal, *appraisals):
        yield Obstacle(f"还有 {number} 次考评没有公布。")
    rollouts = select(func.count()).select_from(RolloutTask).join(ActionItem)
    open_ones = rollouts.where(RolloutTask.unit_id == unit.id, ActionItem.state != ItemState.CLOSED)
    if number := session.scalar(open_ones) or 0:
        yield Obstacle(f"还有 {number} 项成果推广没有办结。")


def _tasks(session: Session, unit: Unit) -> Iterator[Obstacle]:
    asked = WorkItem.audience.like(f"role:%@{unit.id}", escape="\\")
    if number := _count(session, WorkItem, WorkItem.status == OPEN, asked):
        yield Obstacle(f"还有 {number} 项待办要由它的党政负责人或其他角色办理。")


def _count(session: Session, model: type[Any], *conditions: ColumnElement[bool]) -> int:
    return session.scalar(select(func.count()).select_from(model).where(*conditions)) or 0
