"""例会安排: the plant-wide meetings of a campaign year (C.3): when each kind is due, and the call prepared for it.

One meeting for the whole campaign, not one for each project. Each kind has a setting, and 0 switches it off.
"""

import datetime as dt
from calendar import monthrange
from collections.abc import Iterator
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import calendar, clock
from workflows.domain import milestones, projects, rag, rules
from workflows.models import CampaignYear, Meeting, MeetingKind, MeetingState, Milestone, Project

MONTHLY_DAY = {
    MeetingKind.MONTHLY: ("meeting_day", range(1, 13)),
    MeetingKind.ANALYSIS: ("analysis_meeting_day", range(1, 13)),
    MeetingKind.EXCHANGE: ("exchange_meeting_day", (3, 6, 9, 12)),
}  # kind: the setting that names the day, and the months
ORDER = (MeetingKind.MONTHLY, MeetingKind.PROGRESS, MeetingKind.ANALYSIS, MeetingKind.EXCHANGE)
UNHELD = (MeetingState.PLANNED, MeetingState.CALLED)
MOST_LISTED, MOST_INVITED = 40, 60
Due = tuple[dt.datetime, MeetingKind]


def next_due(session: Session, year: CampaignYear, *, after: Due | None) -> Due | None:
    """The beginning of the day of the next meeting after the one that was due last, and its kind; None when the
    year has no more.

    Of several that were missed of one kind the last counts, at once.
    """
    now = clock.now()
    mark = (now, len(ORDER)) if after is None else (after[0], ORDER.index(after[1]))
    found: list[tuple[dt.datetime, int]] = []
    for place, kind in enumerate(ORDER):
        coming = [one for one in _instants(session, year, kind) if (one, place) > mark]
        missed = [one for one in coming if one <= now]
        found += [(one, place) for one in (missed[-1:] or coming[:1])]
    if not found:
        return None
    at, place = min(found)
    return at, ORDER[place]


def _instants(session: Session, year: CampaignYear, kind: MeetingKind) -> list[dt.datetime]:
    """The beginnings of its days in the year, each moved to the first working day from it on."""
    rolled = [
        calendar.add_workdays(session, day - dt.timedelta(days=1), 1)
        for day in _days(session, year.year, kind)
    ]
    return [clock.start_of(day) for day in dict.fromkeys(rolled) if day.year == year.year]


def _days(session: Session, year: int, kind: MeetingKind) -> Iterator[dt.date]:
    if kind == MeetingKind.PROGRESS:
        every = rules.days(session, "progress_meeting_days")
        day = dt.date(year, 1, 1) + dt.timedelta(days=every)
        while every > 0 and day.year == year:
            yield day
            day += dt.timedelta(days=every)
        return
    name, months = MONTHLY_DAY[kind]
    wanted = rules.days(session, name)
    if wanted > 0:
        yield from (dt.date(year, month, min(wanted, monthrange(year, month)[1])) for month in months)


def is_wanted(session: Session, year: CampaignYear, kind: MeetingKind) -> bool:
    """Whether a meeting of ``kind`` that is due is called: some project is at work, and the last one has been held."""
    if session.scalar(select(func.count()).where(Project.state.in_(projects.AT_WORK))) == 0:
        return False
    unheld = select(Meeting.id).where(Meeting.year_id == year.id, Meeting.kind == kind)
    return session.scalar(unheld.where(Meeting.state.in_(UNHELD)).limit(1)) is None


def prepared(session: Session, meeting: Meeting) -> dict[str, Any]:
    """The call of a meeting of the whole plant: every project at work with how it stands, the worst light first, and
    the chairs and their leaders as those invited.
    """
    query = select(Project).where(Project.state.in_(projects.AT_WORK)).order_by(Project.id)
    query = query.options(joinedload(Project.challenge), selectinload(Project.milestones))
    shades = list(rag.LIGHTS)
    running = sorted(session.scalars(query), key=lambda one: -shades.index(one.rag))[:MOST_LISTED]
    lines = [f"{number}. {_line(one)}" for number, one in enumerate(running, start=1)]
    people = [*(one.user_id for one in meeting.people), *(one.leader_id for one in running)]
    invited = list(dict.fromkeys(people))[:MOST_INVITED]
    return {
        "agenda": "\n".join(["逐项通报在研项目：", *lines]) if lines else "",
        "attendees": [{"user_id": one} for one in invited],
    }


def _line(project: Project) -> str:
    told = f"{project.challenge.title[:50]}：{rag.LIGHTS[project.rag]}，进度 {project.progress_pct}%"
    node = next((one for one in project.milestones if one.state not in milestones.FINISHED), None)
    return told + (_due(node) if node is not None else "，节点已全部完成")


def _due(node: Milestone) -> str:
    by = f"，{node.cur_due:%Y-%m-%d} 到期" if node.cur_due is not None else ""
    return f"，节点“{node.name[:20]}”{by}"
