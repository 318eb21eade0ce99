"""What an agreed change does to its project: deadline and nodes, budget, pledged values, team, leader."""

import datetime as dt
import hashlib
from collections.abc import Callable
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import changes, notices, projects
from workflows.domain.change_terms import KINDS, pledged_values, team
from workflows.domain.terms import TEAM_ROLES
from workflows.models import (
    ChangeKind,
    ChangeRequest,
    ChangeState,
    Indicator,
    MilestoneState,
    PledgeChange,
    PledgeSupplement,
    Project,
    ProjectMember,
    User,
)

CHANGED, SUSPENDED, RESUMED, TERMINATED, VOID = "changed", "suspended", "resumed", "terminated", "void"
EFFECTS = {
    ChangeKind.SUSPEND: SUSPENDED,
    ChangeKind.RESUME: RESUMED,
    ChangeKind.TERMINATE: TERMINATED,
}  # the state itself is moved by the delivery, which is told by message
OPEN_NODES = (MilestoneState.PLANNED, MilestoneState.IN_PROGRESS)
Effect = Callable[[Session, ChangeRequest], str]


def apply(session: Session, change: ChangeRequest) -> str:
    """变更生效: what has come of it: CHANGED and the like; VOID, with nothing changed, where the project as it now
    stands no longer allows it.
    """
    kind, project = ChangeKind(change.kind), change.project
    projects.hold(session, project)
    if project.state not in changes.ALLOWED_IN[kind]:
        return VOID
    text = _DO[kind](session, change) if kind in _DO else ""
    change.state, change.ended_at = ChangeState.APPLIED, clock.now()
    if text:
        _supplement(session, change, text)
    told = (change.requested_by_id, project.leader_id, project.party_lead_id, project.admin_lead_id)
    for user_id in dict.fromkeys(told):
        line = f"{KINDS[kind]}已生效：{project.challenge.title}"
        notices.send(session, user_id, text=line, link=f"/changes/{change.id}", kind="project")
    return EFFECTS.get(kind, CHANGED)


def _move_deadline(session: Session, change: ChangeRequest) -> str:
    """The nodes not handed in yet move by as many working days, within today and the new deadline."""
    project = change.project
    before, after = project.deadline, dt.date.fromisoformat(change.after["deadline"])
    days = calendar.workdays_between(session, before, after)
    project.deadline = after
    for node in project.milestones:
        if node.cur_due is not None and node.state in OPEN_NODES:
            moved = calendar.add_workdays(session, node.cur_due, days)
            node.cur_due = min(max(moved, min(clock.today(), after)), after)
    return f"完成期限由 {before:%Y-%m-%d} 变更为 {after:%Y-%m-%d}。"


def _set_budget(_session: Session, change: ChangeRequest) -> str:
    change.project.budget_fen = change.after["budget_fen"]
    told = [Decimal(one["budget_fen"]).scaleb(-6).normalize() for one in (change.before, change.after)]
    return f"项目预算由 {told[0]:f} 万元变更为 {told[1]:f} 万元。"


def _set_values(session: Session, change: ChangeRequest) -> str:
    pledged, lines = pledged_values(session, change.project), []
    for number, text in change.after["values"].items():
        one, value = session.get_one(Indicator, int(number)), Decimal(text)
        row = PledgeChange(project_id=change.project_id, change_id=change.id, indicator_id=one.id)
        row.before, row.value = pledged[one.id], value
        session.add(row)
        lines.append(f"{one.name}的承诺值由 {row.before.normalize():f} 变更为 {text} {one.measure}")
    return "；".join(lines) + "。"


def _set_members(session: Session, change: ChangeRequest) -> str:
    project = change.project
    before, wanted = (
        {row["user_id"]: row for row in told["members"]} for told in (change.before, change.after)
    )
    for member in team(project):
        if member.user_id in before.keys() - wanted.keys() and member.user_id != project.leader_id:
            member.left_on = clock.today()
    for user_id in wanted.keys() - before.keys():
        _join(project, user_id, role=wanted[user_id]["role"], workload_pct=wanted[user_id]["workload_pct"])
    session.flush()
    names = {
        person.id: person.name
        for person in session.scalars(select(User).where(User.id.in_({*before, *wanted})))
    }
    joined = "、".join(names[one] for one in wanted if one not in before) or "无"
    left = "、".join(names[one] for one in before if one not in wanted) or "无"
    return f"成员加入：{joined}；退出：{left}。"


def _set_leader(session: Session, change: ChangeRequest) -> str:
    """The old leader stays in the team as 骨干; their workload is the new leader's."""
    project, old, new = change.project, change.before["leader_id"], change.after["leader_id"]
    mine = {one.user_id: one for one in team(project)}
    workload_pct = mine[old].workload_pct if old in mine else 0
    if old in mine:
        mine[old].role = "core"
    if new in mine:
        mine[new].role = "leader"
    else:
        _join(project, new, role="leader", workload_pct=workload_pct)
    project.leader = session.get_one(User, new)
    session.flush()
    return f"{TEAM_ROLES['leader']}由{session.get_one(User, old).name}变更为{project.leader.name}，原军令状由其承继。"


def _join(project: Project, user_id: int, *, role: str, workload_pct: int) -> None:
    """Whoever was in the team before keeps the row."""
    known = next((one for one in project.members if one.user_id == user_id), None)
    if known is None:
        known = ProjectMember(user_id=user_id, seq=max((one.seq for one in project.members), default=0) + 1)
        project.members.append(known)
    known.role, known.workload_pct, known.joined_on, known.left_on = role, workload_pct, clock.today(), None


def _supplement(session: Session, change: ChangeRequest, text: str) -> None:
    """军令状补充条款: the change as what was signed now has it."""
    numbered = select(func.count()).where(PledgeSupplement.project_id == change.project_id)
    row = PledgeSupplement(project_id=change.project_id, change_id=change.id, text=text, made_at=clock.now())
    row.seq = session.execute(numbered).scalar_one() + 1
    row.hash = hashlib.sha256(text.encode()).hexdigest()
    session.add(row)


_DO: dict[ChangeKind, Effect] = {
    ChangeKind.DEADLINE: _move_deadline,
    ChangeKind.BUDGET: _set_budget,
    ChangeKind.INDICATOR: _set_values,
    ChangeKind.MEMBER: _set_members,
    ChangeKind.LEADER: _set_leader,
}
