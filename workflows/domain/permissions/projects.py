"""Who may do and see what of projects, their meetings and changes, acceptance and reward."""

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain.permissions.bidding import is_on_team
from workflows.domain.permissions.roles import grants, is_head_of
from workflows.models import (
    Acceptance,
    Panel,
    PanelMember,
    Project,
    RewardCase,
    User,
)

PROJECT_READERS = (
    "office",
    "supervision",
    "finance",
    "hr",
    "hse",
    "production",
    "metering",
    "assessment",
    "party_secretary",
    "admin_head",
    "vice_head",
)


def may_work_on(session: Session, user: User, project: Project) -> bool:
    """The leader's tasks and reports of a project: the leader, a substitute of theirs, or who is in the team now."""
    is_member = any(user.id == one.user_id and one.left_on is None for one in project.members)
    return is_member or project.leader_id in grants(session, user).people


def may_read_project(session: Session, user: User, project: Project) -> bool:
    """Pledge, reports and money of a project: its team, its owners and units, and the plant's departments.

    What stands on the wall chart (leader, nodes, light, progress) everybody sees.
    """
    if is_on_team(user, project) or may_work_on(session, user, project):
        return True
    if user.id in (project.party_lead_id, project.admin_lead_id):
        return True
    if user.unit_id == project.challenge.sponsor_unit_id:
        return True
    held = grants(session, user)
    heads = any((role, project.unit_id) in held.roles for role in ("party_secretary", "admin_head"))
    return heads or held.is_any(PROJECT_READERS)


def may_stop_work(session: Session, user: User) -> bool:
    """安全停工, and its end: HSE of the plant."""
    return grants(session, user).is_any(["hse"])


REWARD_READERS = (
    "office",
    "supervision",
    "finance",
    "hr",
    "hse",
    "assessment",
    "party_secretary",
    "admin_head",
    "vice_head",
    "party_committee",
    "exec_meeting",
)


def reads_rewards(session: Session, user: User) -> bool:
    """Every reward case; others see those of their own project or unit."""
    return grants(session, user).is_any(REWARD_READERS)


def may_see_reward(session: Session, user: User, case: RewardCase) -> bool:
    """The team, the heads of its unit, and the departments that measure, approve and pay."""
    if is_on_team(user, case.project) or is_head_of(session, user, case.project.unit_id):
        return True
    return reads_rewards(session, user)


def may_convene(session: Session, user: User, project: Project | None) -> bool:
    """发起会议: the office; of a project also its leader, its two owners and the heads of the sponsoring unit."""
    held = grants(session, user)
    if project is None or held.is_any(["office"]):
        return held.is_any(["office"])
    if user.id in (project.party_lead_id, project.admin_lead_id) or project.leader_id in held.people:
        return True
    sponsor = project.challenge.sponsor_unit_id
    return any((role, sponsor) in held.roles for role in ("party_secretary", "admin_head", "sponsor"))


def may_request_change(session: Session, user: User, project: Project) -> bool:
    """申请变更: the leader, the sponsoring side, and the office."""
    return may_convene(session, user, project)


def own_projects(session: Session, user: User) -> Any:
    """The query of the ids of projects that ``user`` may read from inside (may_read_project)."""
    query = select(Project.id)
    held = grants(session, user)
    if held.is_any(PROJECT_READERS):
        return query
    heads = [unit for role, unit in held.roles if role in ("party_secretary", "admin_head") and unit]
    inside = (
        Project.leader_id.in_(held.people)
        | (Project.party_lead_id == user.id)
        | (Project.admin_lead_id == user.id)
        | Project.unit_id.in_(heads)
        | Project.members.any(user_id=user.id)
        | Project.challenge.has(sponsor_unit_id=user.unit_id)
    )
    return query.where(inside)


def may_see_acceptance(session: Session, user: User, acceptance: Acceptance) -> bool:
    """验收: who reads the project from inside, who verifies an indicator, and the experts who score it."""
    if may_read_project(session, user, acceptance.project):
        return True
    roles = grants(session, user).roles
    units = {one.verifier_unit_id for one in acceptance.challenge.indicators}
    if any((role, unit) in roles for role in ("verifier", "admin_head") for unit in units):
        return True
    seated = select(PanelMember.id).join(Panel).where(Panel.subject == f"acceptance:{acceptance.id}")
    return session.scalar(seated.where(PanelMember.user_id == user.id).limit(1)) is not None
