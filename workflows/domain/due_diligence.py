"""尽职免责: whether a team answers for a project that came to nothing, by table exemption."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import projects, rules
from workflows.models import DueDiligence, Project, User

CHECKS = {
    "diligent": "勤勉尽责",
    "compliant": "程序合规",
    "honest": "未谋私利",
    "reported": "及时报告",
    "mitigated": "采取止损措施",
}
CAUSES = {
    "technical": "技术路线探索失败",
    "market": "市场变化",
    "policy": "政策调整",
    "unforeseen": "不可预见因素",
    "other": "其他原因",
}
EXEMPT, LIABLE = "exempt", "liable"


def assess(
    session: Session, project: Project, *, role: str, values: Mapping[str, Any], actor: User
) -> DueDiligence:
    """What the department ``role`` finds: ``values`` hold CHECKS (bool), cause and opinion.

    It takes the place of what the department found before. Raises Forbidden for one of the team.
    """
    projects.expect_apart(actor, project)
    found = {name: values[name] for name in (*CHECKS, "cause")}
    liability = rules.decide(session, "exemption", found, at=project.rules_at).value
    mine = (DueDiligence.project_id == project.id, DueDiligence.role == role)
    row = session.scalars(select(DueDiligence).where(*mine)).one_or_none()
    row = row or DueDiligence(project_id=project.id, role=role)
    for name, value in found.items():
        setattr(row, name, value)
    row.user, row.opinion, row.liability, row.found_at = actor, values["opinion"], liability, clock.now()
    session.add(row)
    session.flush()
    return row


def conclude(session: Session, project: Project) -> str:
    """认定: EXEMPT when every department finds so, otherwise LIABLE; written on the project."""
    found = session.scalars(select(DueDiligence.liability).where(DueDiligence.project_id == project.id)).all()
    projects.hold(session, project)
    project.liability = EXEMPT if found and all(one == EXEMPT for one in found) else LIABLE
    return project.liability


def of_project(session: Session, project_id: int) -> list[DueDiligence]:
    """What each department found, in order."""
    query = select(DueDiligence).where(DueDiligence.project_id == project_id).order_by(DueDiligence.id)
    return list(session.scalars(query))
