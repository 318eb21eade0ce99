"""The tabs of a project's page: what each asks for, and only when it is open."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from webapp import gantt
from workflows import access, clock, timelines
from workflows.domain import (
    acceptances,
    action_items,
    changes,
    funds,
    meetings,
    milestones,
    permissions,
    rag,
    reasons,
    reports,
    reward_lists,
)
from workflows.models import Project, User

FIRST = "overview"
MOST_SHOWN = 50  # of each kind
LAST_REPORTS = 5

Shown = Callable[[Session, Project, User], dict[str, Any]]


@dataclass(frozen=True)
class Tab:
    """``inside``: only for those who may read the project's pledge, reports and money."""

    title: str
    shown: Shown
    inside: bool = True


def open_to(*, inside: bool) -> Mapping[str, str]:
    """The titles of the tabs by their name, in order."""
    return {name: tab.title for name, tab in TABS.items() if inside or not tab.inside}


def _overview(session: Session, project: Project, actor: User) -> dict[str, Any]:
    inside = permissions.may_read_project(session, actor, project)
    told = reports.of_project(session, project) if inside else []
    return {**_time_line(project), "reports": told[:LAST_REPORTS], **_light(session, project)}


def _light(session: Session, project: Project) -> dict[str, Any]:
    """Why the project has its light: what the table would say now."""
    decided, planned_pct = rag.why(session, project), rag.planned_pct(project, clock.today())
    if decided is None:
        return {"light_now": None, "light_reason": None, "planned_pct": None}
    because = reasons.of(session, decided)
    return {"light_now": decided.value, "light_reason": because, "planned_pct": planned_pct}


def _nodes(session: Session, project: Project, _actor: User) -> dict[str, Any]:
    return {**_time_line(project), "submissions": milestones.submissions(session, project)}


def _meetings(session: Session, project: Project, actor: User) -> dict[str, Any]:
    return {
        "meetings": _listed(meetings, session, project, actor),
        "items": _listed(action_items, session, project, actor),
    }


def _changes(session: Session, project: Project, actor: User) -> dict[str, Any]:
    return {"changes": _listed(changes, session, project, actor)}


def _files(session: Session, project: Project, actor: User) -> dict[str, Any]:
    return {"files": access.files_of_project(session, project.id, actor=actor)}


def _rewards(session: Session, project: Project, actor: User) -> dict[str, Any]:
    return {
        "acceptances": _listed(acceptances, session, project, actor),
        "rewards": _listed(reward_lists, session, project, actor),
        "releases": funds.of_project(session, project),
        "prepayments": funds.prepayments(session, project),
    }


def _moves(session: Session, project: Project, actor: User) -> dict[str, Any]:
    held = permissions.grants(session, actor)
    return {"moves": timelines.of_project(session, project.id, held=held, most=MOST_SHOWN)}


def _time_line(project: Project) -> dict[str, Any]:
    return {"today": clock.today(), "scale": gantt.scale_of([project], clock.today())}


def _listed(domain: Any, session: Session, project: Project, actor: User) -> Any:
    return domain.listing(session, actor=actor, project_id=project.id, size=MOST_SHOWN)[0]


TABS = {
    FIRST: Tab("概览", _overview, inside=False),
    "team": Tab("团队", lambda _session, _project, _actor: {}, inside=False),
    "nodes": Tab("节点", _nodes),
    "meetings": Tab("会议", _meetings),
    "changes": Tab("变更", _changes),
    "files": Tab("交付物", _files),
    "rewards": Tab("激励", _rewards),
    "moves": Tab("动态", _moves),
}
