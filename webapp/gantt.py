"""The time line of projects and nodes: where bars and marks stand, in percent of the time shown. Drawn as SVG."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workflows.models import Milestone, MilestoneState, Project

PASSED = (MilestoneState.PASSED, MilestoneState.WAIVED)
ONE_DAY = dt.timedelta(days=1)
MOST_MONTHS = 14  # names of months that find room


@dataclass(frozen=True)
class Scale:
    """The time shown, from the first of a month to the first of another."""

    first: dt.date
    last: dt.date

    @classmethod
    def over(cls, days: Iterable[dt.date | None]) -> "Scale | None":
        """A scale that holds all ``days`` that are known; None without any."""
        known = [day for day in days if day is not None]
        if not known:
            return None
        return cls(min(known).replace(day=1), _next_month(max(known)))

    def holds(self, day: dt.date) -> bool:
        return self.first <= day < self.last

    def at(self, day: dt.date) -> float:
        """Where ``day`` begins, 0..100."""
        share = (day - self.first) / (self.last - self.first)
        return round(min(max(share, 0), 1) * 100, 2)

    def months(self) -> list[tuple[float, dt.date]]:
        """Where months begin, so many that their names find room."""
        found, month = [], self.first
        while month < self.last:
            found.append(month)
            month = _next_month(month)
        every = -(-len(found) // MOST_MONTHS)
        return [(self.at(month), month) for month in found[::every]]


@dataclass(frozen=True)
class Bar:
    """``kind`` is plan, done, late, run or todo."""

    x: float
    width: float
    kind: str


@dataclass(frozen=True)
class Mark:
    """The day on which a node is due, or was done; ``kind`` as of a bar."""

    x: float
    kind: str
    node: Milestone


def scale_of(projects: Sequence[Project], today: dt.date) -> Scale | None:
    """The scale that holds every plan and every end of ``projects``, and today while one of them is under way."""
    days = [day for project in projects for day in (project.started_on, project.deadline, project.ended_on)]
    days += [
        day
        for project in projects
        for node in project.milestones
        for day in (node.plan_start, node.plan_due, node.cur_due, node.done_on)
    ]
    if not any(days):
        return None
    is_under_way = any(project.ended_on is None for project in projects)
    return Scale.over([*days, today] if is_under_way else days)


def node_bars(node: Milestone, scale: Scale, today: dt.date) -> list[Bar]:
    """Of a node its baseline, and below it what has become of it."""
    if node.plan_start is None or node.plan_due is None:
        return []
    end = node.done_on or node.cur_due or node.plan_due
    kind = kind_of(node, today)
    if kind == "late":
        end = max(end, today)
    return [
        _bar(scale, node.plan_start, node.plan_due, "plan"),
        _bar(scale, node.plan_start, max(end, node.plan_start), kind),
    ]


def project_marks(project: Project, scale: Scale, today: dt.date) -> list[Mark]:
    """The nodes of a project by the day on which each was done or is due."""
    dated = [(node.done_on or node.cur_due or node.plan_due, node) for node in project.milestones]
    return [Mark(scale.at(day), kind_of(node, today), node) for day, node in dated if day is not None]


def project_bar(project: Project, scale: Scale) -> Bar | None:
    """From the start of a project to its deadline."""
    began = project.started_on or next((one.plan_start for one in project.milestones if one.plan_start), None)
    return _bar(scale, began, project.deadline, "plan") if began is not None else None


def kind_of(node: Milestone, today: dt.date) -> str:
    """What has become of a node: done, late, run (under way) or todo."""
    if node.state in PASSED:
        return "done"
    due = node.cur_due or node.plan_due
    if due is not None and due < today:
        return "late"
    return "todo" if node.state == MilestoneState.PLANNED else "run"


def _bar(scale: Scale, first: dt.date, last: dt.date, kind: str) -> Bar:
    x = scale.at(first)
    return Bar(x, round(max(scale.at(last + ONE_DAY) - x, 0.4), 2), kind)


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=32)).replace(day=1)
