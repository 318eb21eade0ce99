"""Projects (攻关项目): what a won bid becomes, the states it goes through, and who sees it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import clock
from workflows.domain import challenges, paging, permissions
from workflows.errors import Conflict, Forbidden, NotFound
from workflows.models import (
    Bid,
    BidState,
    Challenge,
    Milestone,
    MilestoneState,
    Mode,
    Project,
    ProjectMember,
    ProjectState,
    User,
)

AT_WORK = (ProjectState.RUNNING, ProjectState.RECTIFYING)
UNDER_WAY = (
    ProjectState.PLEDGING,
    ProjectState.INITIATING,
    *AT_WORK,
    ProjectState.SUSPENDED,
    ProjectState.ACCEPTING,
)
CANNOT_WIN = (BidState.DRAFT, BidState.SEALED, BidState.INELIGIBLE, BidState.DISQUALIFIED, BidState.WITHDRAWN)


def create(session: Session, bid: Bid, *, awarded_at: dt.datetime) -> Project:
    """立项: the project of ``bid``, which has won, with its team and its nodes, still without dates.

    Its budget is the bid's, at most the challenge's. Raises Conflict for a bid that cannot win or has a project.
    """
    if bid.state in CANNOT_WIN:
        raise Conflict("这份申报不能中榜，请核对申报的状态。")
    if session.scalar(select(Project.id).where(Project.bid_id == bid.id)) is not None:
        raise Conflict("这份申报已经立项，不能重复立项。")
    challenge = bid.challenge
    asked_fen = sum(line.amount_fen for line in bid.budget_lines) or challenge.budget_fen
    project = Project(
        challenge=challenge,
        bid=bid,
        leader_id=bid.leader_id,
        unit_id=bid.unit_id,
        party_lead_id=challenge.party_lead_id,
        admin_lead_id=challenge.admin_lead_id,
        awarded_at=awarded_at,
        deadline=challenge.deadline,
        budget_fen=min(asked_fen, challenge.budget_fen),
        rules_at=challenge.rules_at or challenge.published_at or awarded_at,
    )
    project.members = [_member(one, clock.local(awarded_at).date()) for one in bid.members]
    project.milestones = [
        Milestone(seq=one.seq, name=one.name, deliverable=one.deliverable, pay_pct=one.pay_pct)
        for one in bid.milestones
    ]
    bid.state = BidState.WON
    session.add(project)
    session.flush()
    return project


def variables(project: Project) -> dict[str, Any]:
    """What every process of the project holds: ids, the level, and the instant whose rules it keeps."""
    challenge = project.challenge
    return {
        "project_id": project.id,
        "challenge_id": challenge.id,
        "bid_id": project.bid_id,
        "rules_at": project.rules_at,
        "unit_id": project.unit_id,
        "leader_id": project.leader_id,
        "sponsor_unit_id": challenge.sponsor_unit_id,
        "level": challenge.level,
        "is_race": challenge.mode == Mode.RACE,
    }


def hold(session: Session, project: Project) -> None:
    """Keep ``project`` as it is until the transaction ends."""
    session.refresh(project, with_for_update={"of": Project})


def move(session: Session, project: Project, state: ProjectState, *, out_of: Sequence[ProjectState]) -> None:
    """Bring ``project`` from one of the states ``out_of`` into ``state``, and its challenge along.

    The day of an end is written. Raises Conflict out of any other state.
    """
    challenges.hold(session, project.challenge)  # before the project: one order of locks
    hold(session, project)
    if project.state not in out_of:
        raise Conflict("项目当前的状态不允许这样做，请刷新页面。")
    project.state = state
    if state == ProjectState.ACCEPTING:
        project.progress_pct = 100  # every node is behind it, whatever was reported last
    if state not in UNDER_WAY:
        project.ended_on = project.ended_on or clock.today()
    session.flush()
    challenges.follow_projects(session, project.challenge)


def raise_progress(session: Session, project: Project) -> None:
    """Progress is at least the share of the nodes that have passed, whatever was or was not reported."""
    hold(session, project)
    passed = (MilestoneState.PASSED, MilestoneState.CONDITIONAL)
    share = round(sum(one.pay_pct for one in project.milestones if one.state in passed))
    project.progress_pct = max(project.progress_pct, share)


def start(project: Project, *, started_on: dt.date | None) -> None:
    """启动: the day of the kick-off, from which the project's time is counted. Raises Conflict without one."""
    if project.state != ProjectState.INITIATING or started_on is None:
        raise Conflict("启动会还没有召开，项目不能启动。")
    project.started_on = started_on


def expect_apart(user: User, project: Project) -> None:
    """Raises Forbidden for one of the team: who judges or pays a project does not belong to it."""
    if permissions.is_on_team(user, project):
        raise Forbidden("您是项目团队成员，按职责分离的要求不能办理这一项，请转办给他人。")


def expect_team(session: Session, user: User, project: Project) -> None:
    """Raises Forbidden unless ``user`` is the leader, stands in for them, or is one of the team."""
    if not permissions.may_work_on(session, user, project):
        raise Forbidden("只有项目的挂帅人和团队成员可以办理。")


def get(session: Session, project_id: int, *, actor: User) -> Project:
    """The project with its team and nodes, as everybody sees it. Raises NotFound."""
    query = select(Project).where(Project.id == project_id).options(*_SHOWN, selectinload(Project.milestones))
    project = session.scalars(
        query.options(selectinload(Project.members).selectinload(ProjectMember.user))
    ).one_or_none()
    if project is None or not permissions.may_see_challenge(session, actor, project.challenge):
        raise NotFound("没有找到这个项目。")
    return project


def get_inside(session: Session, project_id: int, *, actor: User) -> Project:
    """The project for whoever may read its pledge, reports and money. Raises NotFound for others."""
    project = get(session, project_id, actor=actor)
    if not permissions.may_read_project(session, actor, project):
        raise NotFound("没有找到这个项目，或者您无权查看这部分内容。")
    return project


_SHOWN = (joinedload(Project.challenge), joinedload(Project.leader), joinedload(Project.unit))


def listing(
    session: Session,
    *,
    state: str | None = None,
    rag: str | None = None,
    unit_id: int | None = None,
    leader_id: int | None = None,
    challenge_id: int | None = None,
    q: str = "",
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Project], int]:
    """Projects, the newest first, with how many there are in all; pages count from 1."""
    wanted = {
        Project.state: state,
        Project.rag: rag,
        Project.unit_id: unit_id,
        Project.leader_id: leader_id,
        Project.challenge_id: challenge_id,
    }
    query = select(Project).join(Challenge, Project.challenge_id == Challenge.id)
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if q:
        named = (Challenge.title, Challenge.no, Project.no)
        query = query.where(or_(*(column.contains(q, autoescape=True) for column in named)))
    return paging.page_of(session, query.order_by(Project.id.desc()).options(*_SHOWN), page=page, size=size)


LIGHTS = ("red", "orange", "yellow", "green")  # the worst first


def on_wall(session: Session, *, page: int = 1, size: int) -> tuple[Sequence[Project], dict[str, int]]:
    """挂图作战: a page of what is under way, the worst light and the nearest deadline first; the count of each light."""
    worst = case({light: place for place, light in enumerate(LIGHTS)}, value=Project.rag)
    order = (worst, Project.deadline, Project.id)
    # The ids first, which the index alone tells: rows are wide, and what is sorted for a page should not be.
    ids = select(Project.id).where(Project.state.in_(UNDER_WAY)).order_by(*order)
    chosen = session.scalars(ids.offset((page - 1) * size).limit(size)).all()
    shown = (*_SHOWN, joinedload(Project.party_lead), joinedload(Project.admin_lead))
    query = select(Project).where(Project.id.in_(chosen)).order_by(*order)
    return session.scalars(query.options(*shown, selectinload(Project.milestones))).all(), lights(session)


def lights(session: Session) -> dict[str, int]:
    """How many projects under way show each light, the worst first."""
    counted = select(Project.rag, func.count()).where(Project.state.in_(UNDER_WAY)).group_by(Project.rag)
    counts = dict(session.execute(counted).all())
    return {light: counts.get(light, 0) for light in LIGHTS}


def rivals(session: Session, project: Project) -> list[Project]:
    """The projects of the same challenge that are under way, this one left out."""
    query = select(Project).where(Project.challenge_id == project.challenge_id, Project.id != project.id)
    return list(session.scalars(query.where(Project.state.in_(UNDER_WAY)).order_by(Project.id)))


def _member(one: Any, joined_on: dt.date) -> ProjectMember:
    columns: Mapping[str, Any] = {
        name: getattr(one, name) for name in ("seq", "user_id", "role", "pioneer", "workload_pct")
    }
    return ProjectMember(joined_on=joined_on, **columns)
