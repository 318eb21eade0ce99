"""成果卡与推广: what an accepted project leaves, and the units that take it over."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import clock
from workflows.domain import action_items, paging, projects
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import (
    ActionItem,
    Challenge,
    Project,
    ProjectState,
    ResultCard,
    RolloutTask,
    Unit,
    User,
)

CARD = ("title", "summary", "scope", "keywords")


def make_card(session: Session, project: Project, *, values: Mapping[str, Any], actor: User) -> ResultCard:
    """成果卡: {title, summary, scope, keywords} for everybody to read.

    Raises Forbidden for one who is not of the team, Conflict unless the project is accepted and has none yet.
    """
    projects.expect_team(session, actor, project)
    _expect_accepted(project)
    if session.scalar(select(ResultCard.id).where(ResultCard.project_id == project.id)) is not None:
        raise Conflict("这个项目已经有成果卡。")
    card = ResultCard(project=project, made_by=actor, made_at=clock.now())
    for name in CARD:
        setattr(card, name, values[name])
    session.add(card)
    session.flush()
    return card


def plan_rollout(
    session: Session, project: Project, *, rows: Sequence[Mapping[str, Any]], actor: User
) -> list[int]:
    """推广计划: ``rows`` {unit_id, owner_id, due_on}, one for each unit that takes the result over; may be empty.

    Each becomes an action item of its owner; their ids. Raises Forbidden for one of the team, Conflict without a
    card, Invalid for a unit unknown or named twice, an owner unknown, a day in the past.
    """
    projects.expect_apart(actor, project)
    card = session.scalars(select(ResultCard).where(ResultCard.project_id == project.id)).one_or_none()
    if card is None:
        raise Conflict("还没有成果卡，不能安排推广。")
    units = _check_units(session, rows)
    action_items.check_rows(session, rows, name="rows")
    given = []
    for row in rows:
        what = f"推广成果“{card.title}”：{units[row['unit_id']].name}"
        item = action_items.add(
            session, what=what, owner_id=row["owner_id"], due_on=row["due_on"], project_id=project.id
        )
        card.rollouts.append(RolloutTask(unit_id=row["unit_id"], action_item=item))
        given.append(item.id)
    session.flush()
    return given


def close(session: Session, project: Project) -> None:
    """结题: the result is handed on and evaluated; nothing is left to do."""
    projects.move(session, project, ProjectState.CLOSED, out_of=[ProjectState.ACCEPTED])


def get(session: Session, card_id: int) -> ResultCard:
    """A card with its roll-out; everybody who is signed in may read it. Raises NotFound."""
    given = selectinload(ResultCard.rollouts)
    owner = given.joinedload(RolloutTask.action_item).joinedload(ActionItem.owner)
    query = select(ResultCard).where(ResultCard.id == card_id)
    shown = (*_SHOWN, given.joinedload(RolloutTask.unit), owner)
    card = session.scalars(query.options(*shown)).one_or_none()
    if card is None:
        raise NotFound("没有找到这张成果卡。")
    return card


_SHOWN = (
    joinedload(ResultCard.project).joinedload(Project.challenge),
    joinedload(ResultCard.project).joinedload(Project.leader),
    joinedload(ResultCard.project).joinedload(Project.unit),
)


def of_project(session: Session, project_id: int) -> ResultCard | None:
    """The card that the project left."""
    query = select(ResultCard).where(ResultCard.project_id == project_id)
    return session.scalars(query.limit(1)).one_or_none()


def listing(
    session: Session,
    *,
    q: str = "",
    unit_id: int | None = None,
    category: str | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[ResultCard], int]:
    """Result cards, the newest first, with how many there are in all; ``unit_id`` is whose project it was."""
    query = select(ResultCard).join(Project).join(Challenge, Project.challenge_id == Challenge.id)
    if unit_id is not None:
        query = query.where(Project.unit_id == unit_id)
    if category is not None:
        query = query.where(Challenge.category == category)
    if q:
        told = (ResultCard.title, ResultCard.summary, ResultCard.keywords)
        query = query.where(or_(*(column.contains(q, autoescape=True) for column in told)))
    return paging.page_of(
        session, query.order_by(ResultCard.id.desc()).options(*_SHOWN), page=page, size=size
    )


def rollouts(
    session: Session,
    *,
    project_id: int | None = None,
    unit_id: int | None = None,
    owner_id: int | None = None,
    state: str | None = None,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[RolloutTask], int]:
    """Roll-out tasks, the newest first, with how many in all; ``state`` is that of their action items."""
    query = select(RolloutTask).join(ActionItem).join(ResultCard)
    wanted = {
        ResultCard.project_id: project_id,
        RolloutTask.unit_id: unit_id,
        ActionItem.owner_id: owner_id,
        ActionItem.state: state,
    }
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    shown = (
        joinedload(RolloutTask.card),
        joinedload(RolloutTask.unit),
        joinedload(RolloutTask.action_item).joinedload(ActionItem.owner),
    )
    newest = query.order_by(RolloutTask.id.desc()).options(*shown)
    return paging.page_of(session, newest, page=page, size=size)


def _expect_accepted(project: Project) -> None:
    if project.state != ProjectState.ACCEPTED:
        raise Conflict("项目还没有通过验收，或者已经结题。")


def _check_units(session: Session, rows: Sequence[Mapping[str, Any]]) -> dict[int, Unit]:
    named = [row["unit_id"] for row in rows]
    units = {one.id: one for one in session.scalars(select(Unit).where(Unit.id.in_(named)))}
    fields: dict[str, list[str]] = {}
    for place, one in enumerate(named):
        if one not in units:
            fields[f"rows.{place}.unit_id"] = ["没有这个单位。"]
        elif one in named[:place]:
            fields[f"rows.{place}.unit_id"] = ["这个单位已经列出。"]
    if fields:
        raise Invalid(fields)
    return units
