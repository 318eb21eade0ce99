"""安全停工: HSE stops a project at once, and lets it go on once it is safe."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import notices, permissions, projects
from workflows.errors import Conflict, Forbidden
from workflows.models import Project, ProjectState, Stoppage, User


def order(session: Session, project: Project, *, reason: str, actor: User) -> Stoppage:
    """停工. The team, its leads, the office and supervision are told: whether it is a veto is to be found out.

    Raises Forbidden unless ``actor`` is of HSE, Conflict unless work is going on.
    """
    if not permissions.may_stop_work(session, actor):
        raise Forbidden("只有厂安全环保部门可以下令停工。")
    projects.hold(session, project)
    if project.state not in projects.AT_WORK or _standing(session, project) is not None:
        raise Conflict("项目不在实施中，不需要停工。")
    stoppage = Stoppage(project=project, reason=reason, ordered_by_id=actor.id, ordered_at=clock.now())
    session.add(stoppage)
    session.flush()
    text = f"“{project.challenge.title}”已安全停工：{reason[:100]}。请核查是否构成一票否决。"
    judges = [
        one.id for role in ("office", "supervision") for one in permissions.holders(session, role, None)
    ]
    told = [project.leader_id, project.party_lead_id, project.admin_lead_id, *judges]
    for user_id in dict.fromkeys(told):
        notices.send(session, user_id, text=text, link=f"/projects/{project.id}", kind="project")
    return stoppage


def lift(session: Session, project: Project, *, actor: User) -> None:
    """复工. Raises Forbidden unless ``actor`` is of HSE, Conflict unless the project is stopped for safety."""
    if not permissions.may_stop_work(session, actor):
        raise Forbidden("只有厂安全环保部门可以同意复工。")
    projects.hold(session, project)
    stoppage = _standing(session, project)
    if stoppage is None or project.state != ProjectState.SUSPENDED:
        raise Conflict("项目没有因安全停工，不能在这里复工。")
    stoppage.lifted_by_id, stoppage.lifted_at = actor.id, clock.now()
    text = f"“{project.challenge.title}”已同意复工。"
    notices.send(session, project.leader_id, text=text, link=f"/projects/{project.id}", kind="project")


def _standing(session: Session, project: Project) -> Stoppage | None:
    query = select(Stoppage).where(Stoppage.project_id == project.id, Stoppage.lifted_at.is_(None))
    return session.scalars(query).first()
