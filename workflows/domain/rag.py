"""红黄绿灯 (D7): how a project stands against its plan."""

import datetime as dt

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import rules
from workflows.domain.rules import Decided
from workflows.models import Milestone, MilestoneState, ProgressReport, Project, ProjectState

RED, YELLOW = "red", "yellow"
LIGHTS = {"green": "绿灯", "yellow": "黄灯", "orange": "橙灯", "red": "红灯"}
SHOWS = (ProjectState.RUNNING, ProjectState.RECTIFYING)  # otherwise the light stays as it is
UNFINISHED = (MilestoneState.PLANNED, MilestoneState.IN_PROGRESS)
HORIZON_DAYS = 60  # past the due day of a node no table is asked for a further change


def ease(session: Session, project: Project) -> None:
    """Work the light out anew after an act that may better it.

    It does not turn red here: process light does that, which is asked at once about a node overdue, and calls help.
    """
    before, yellows = project.rag, project.yellows_in_a_row
    if refresh(session, project):
        project.rag, project.yellows_in_a_row = before, yellows


def refresh(session: Session, project: Project, *, ends_period: bool = False) -> bool:
    """Work the light out anew; whether it has just turned red.

    ``ends_period``: a report period is over, so a yellow light counts towards two in a row.
    """
    if project.state not in SHOWS:
        return False
    late, gap = days_late(project, clock.today()), _gap(session, project)
    light = _light(session, project, late, gap, yellows=0)
    yellows = project.yellows_in_a_row + ends_period if light == YELLOW else 0
    if light == YELLOW:
        light = _light(session, project, late, gap, yellows=yellows)
    project.yellows_in_a_row = yellows
    before, project.rag = project.rag, light
    return light == RED and before != RED


def changes_at(session: Session, project: Project) -> dt.datetime | None:
    """When lateness alone will next change the light; None when no node is late, or it will not get worse."""
    today = clock.today()
    due = _due(project)
    if project.state not in SHOWS or due is None or clock.now() < clock.end_of(due):
        return None
    gap = _gap(session, project)
    for days in range(max(days_late(project, today) + 1, 1), HORIZON_DAYS):
        if _light(session, project, days, gap, yellows=project.yellows_in_a_row) != project.rag:
            return clock.start_of(due + dt.timedelta(days=days))
    return None


def days_late(project: Project, today: dt.date) -> int:
    """Calendar days since the node at work was due; 0 in time, or when it has been handed in."""
    due = _due(project)
    return 0 if due is None else max(0, (today - due).days)


def planned_pct(project: Project, day: dt.date) -> int:
    """The progress planned for ``day``: the share of the days from the start to the deadline, in whole percent."""
    if project.started_on is None or day <= project.started_on:
        return 0
    span = (project.deadline - project.started_on).days
    return 100 if day >= project.deadline else 100 * (day - project.started_on).days // span


def at_work(project: Project) -> Milestone | None:
    """The first node that is not finished with: passed or waived."""
    finished = (MilestoneState.PASSED, MilestoneState.WAIVED)
    return next((one for one in project.milestones if one.state not in finished), None)


def _due(project: Project) -> dt.date | None:
    node = at_work(project)
    return node.cur_due if node is not None and node.state in UNFINISHED else None


def _gap(session: Session, project: Project) -> int:
    """The gap of the last report; 0 before the first."""
    last = select(ProgressReport.gap_pp).where(ProgressReport.project_id == project.id)
    return session.scalar(last.order_by(ProgressReport.id.desc()).limit(1)) or 0


def why(session: Session, project: Project) -> Decided | None:
    """How the light would be worked out now; None while it stays as it is, since the project is not at work."""
    if project.state not in SHOWS:
        return None
    late, gap = days_late(project, clock.today()), _gap(session, project)
    found = _decide(session, project, late, gap, yellows=0)
    if found.value != YELLOW:
        return found
    return _decide(session, project, late, gap, yellows=project.yellows_in_a_row)


def _light(session: Session, project: Project, late: int, gap: int, *, yellows: int) -> str:
    return str(_decide(session, project, late, gap, yellows=yellows).value)


def _decide(session: Session, project: Project, late: int, gap: int, *, yellows: int) -> Decided:
    asked = {
        "days_late": late,
        "progress_gap": gap,
        "consecutive_yellow": yellows,
        "blocked": project.is_blocked,
    }
    return rules.decide(session, "rag", asked, at=project.rules_at)
