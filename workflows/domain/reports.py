"""进展填报: what a team tells between nodes, whenever it does; a late report is never refused."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.domain import notices, projects, rag
from workflows.errors import Conflict, Invalid
from workflows.models import ProgressReport, Project, ProjectState, ReportedValue, User

LISTED = 100  # newest reports shown


def add(session: Session, project: Project, *, values: Mapping[str, Any], actor: User) -> ProgressReport:
    """Keep a report {progress_pct, values [{indicator_id, value}], issues, help_needed, is_blocked, photos}.

    Its leads are told when help is asked for or work is blocked. Raises Conflict unless work is going on or is
    suspended, Invalid for an indicator that is not the project's or stands twice.
    """
    projects.expect_team(session, actor, project)
    if project.state not in (*projects.AT_WORK, ProjectState.SUSPENDED):
        raise Conflict("项目不在实施中，不需要填报进展。")
    check_values(project, values["values"])
    today = clock.today()
    report = ProgressReport(
        project=project,
        progress_pct=values["progress_pct"],
        gap_pp=rag.planned_pct(project, today) - values["progress_pct"],
        issues=values["issues"],
        help_needed=values["help_needed"],
        is_blocked=values["is_blocked"],
        photos=values["photos"],
        reported_by=actor,
        reported_at=clock.now(),
    )
    report.values = [ReportedValue(**row) for row in values["values"]]
    project.progress_pct, project.is_blocked = values["progress_pct"], values["is_blocked"]
    session.add(report)
    session.flush()
    if report.is_blocked or report.help_needed.strip():
        _ask_for_help(session, project)
    return report


def check_values(project: Project, rows: Sequence[Mapping[str, Any]]) -> None:
    """Raises Invalid at the row unless each of ``rows`` names another indicator of the challenge."""
    known = {one.id for one in project.challenge.indicators}
    fields: dict[str, list[str]] = {}
    seen: set[int] = set()
    for place, row in enumerate(rows):
        if row["indicator_id"] not in known:
            fields[f"values.{place}.indicator_id"] = ["这个榜单没有这项指标。"]
        elif row["indicator_id"] in seen:
            fields[f"values.{place}.indicator_id"] = ["这项指标已经填过。"]
        seen.add(row["indicator_id"])
    if fields:
        raise Invalid(fields)


def of_project(session: Session, project: Project) -> Sequence[ProgressReport]:
    """The reports of a project, the newest first, at most LISTED."""
    query = select(ProgressReport).where(ProgressReport.project_id == project.id)
    query = query.options(selectinload(ProgressReport.reported_by), selectinload(ProgressReport.values))
    return session.scalars(query.order_by(ProgressReport.id.desc()).limit(LISTED)).all()


def ask(session: Session, project: Project) -> None:
    """Tell the leader that a report period is over."""
    text = f"“{project.challenge.title}”又到了填报进展的时候，请填报进度、指标和存在的问题。"
    notices.send(session, project.leader_id, text=text, link=f"/projects/{project.id}", kind="due")


def _ask_for_help(session: Session, project: Project) -> None:
    for user_id in dict.fromkeys([project.party_lead_id, project.admin_lead_id]):
        text = f"“{project.challenge.title}”的团队填报受阻或需要支持，请及时协调。"
        notices.send(session, user_id, text=text, link=f"/projects/{project.id}", kind="project")
