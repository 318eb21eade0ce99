"""What people tell a running project from outside their tasks: reports, and a stop for safety."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import projects, reports, stoppages
from workflows.engine.registry import Sent, sender
from workflows.models import Project, User
from workflows.steps.delivery_forms import ReportForm, ResumeForm, StopForm


@sender("report", title="填报进展", form=ReportForm)
def report(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    project = projects.get(session, values["project_id"], actor=actor)
    kept = reports.add(session, project, values=values, actor=actor)
    told = f"进展已保存：进度 {kept.progress_pct}%，指标 {len(kept.values)} 项，照片 {len(kept.photos)} 张。"
    return replace(_sent("MSG_LIGHT_CHECK", project, light_cause="report"), told=told)


@sender("stop_work", title="安全停工", form=StopForm)
def stop_work(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    project = projects.get(session, values["project_id"], actor=actor)
    stoppages.order(session, project, reason=values["reason"], actor=actor)
    return _sent("MSG_SUSPEND", project)


@sender("resume_work", title="同意复工", form=ResumeForm)
def resume_work(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    project = projects.get(session, values["project_id"], actor=actor)
    stoppages.lift(session, project, actor=actor)
    return _sent("MSG_RESUME", project)


def _sent(message: str, project: Project, **more: Any) -> Sent:
    return Sent(message, "project_id", {"project_id": project.id, **more}, f"/projects/{project.id}")
