"""倒排工期: the dates of a project's nodes, planned backward from its deadline on the work calendar."""

import datetime as dt
from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise
from typing import Any

from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import projects
from workflows.errors import Conflict, Invalid
from workflows.models import Milestone, Project, ProjectState, User


def propose(session: Session, project: Project) -> None:
    """Give every node a first and a last day: the last one ends at the deadline, the others as far before it as
    the bid planned, all on working days; what does not fit between today and the deadline is drawn together.
    """
    _expect_planning(project)
    offsets = {one.seq: one.offset_days for one in project.bid.milestones}
    asked = [offsets.get(one.seq, 0) for one in project.milestones]
    first = min(clock.today(), project.deadline)
    dues = backward(first, project.deadline, asked)
    starts_on = first
    for milestone, due in zip(project.milestones, dues, strict=True):
        workday = _workday(session, due, step=-1)
        milestone.plan_due = workday if workday >= first else due
        milestone.plan_start = min(_workday(session, starts_on, step=1), milestone.plan_due)
        starts_on = milestone.plan_due + dt.timedelta(days=1)


def backward(first: dt.date, deadline: dt.date, offsets: Sequence[int]) -> list[dt.date]:
    """Due days for nodes that were to end ``offsets`` calendar days after the start, the last at ``deadline``.

    None lies before ``first``; each lies no earlier than the one before. ``first`` is not after ``deadline``.
    """
    ends = list(accumulate(offsets, max))
    room = (deadline - first).days
    longest = ends[-1] if ends else 0
    before = [longest - end for end in ends]
    if longest > room:
        before = [days * room // longest for days in before]
    return [deadline - dt.timedelta(days=days) for days in before]


def adjust(session: Session, project: Project, *, rows: Sequence[Mapping[str, Any]], actor: User) -> None:
    """The leader's plan: ``rows`` {milestone_id, plan_start, plan_due}, each node once.

    Raises Invalid at the row for an unknown node, days out of order, in the past, or after the deadline.
    """
    projects.expect_team(session, actor, project)
    _expect_planning(project)
    by_id = {one.id: one for one in project.milestones}
    _check(project, by_id, rows)
    for row in rows:
        milestone = by_id[row["milestone_id"]]
        milestone.plan_start, milestone.plan_due = row["plan_start"], row["plan_due"]


def confirm(project: Project, *, agree: bool, actor: User) -> None:
    """The sponsor's word: what they agree to is the baseline, and is not changed any more."""
    projects.expect_apart(actor, project)
    _expect_planning(project)
    if agree:
        for milestone in project.milestones:
            milestone.cur_due = milestone.plan_due


def _expect_planning(project: Project) -> None:
    if project.state != ProjectState.INITIATING or any(one.cur_due for one in project.milestones):
        raise Conflict("工期计划已经确认，要调整请发起变更。")


def _check(project: Project, by_id: Mapping[int, Milestone], rows: Sequence[Mapping[str, Any]]) -> None:
    fields: dict[str, list[str]] = {}
    earliest = min(clock.today(), project.deadline)
    seen: dict[int, int] = {}
    for place, row in enumerate(rows):
        if row["milestone_id"] not in by_id:
            fields[f"rows.{place}.milestone_id"] = ["本项目没有这个节点。"]
        elif row["milestone_id"] in seen:
            fields[f"rows.{place}.milestone_id"] = ["这个节点已经排过。"]
        elif row["plan_due"] > project.deadline:
            fields[f"rows.{place}.plan_due"] = [f"不能晚于完成期限 {project.deadline:%Y-%m-%d}。"]
        elif row["plan_due"] < earliest:
            fields[f"rows.{place}.plan_due"] = ["不能早于今天。"]
        elif row["plan_start"] > row["plan_due"]:
            fields[f"rows.{place}.plan_start"] = ["开始日不能晚于完成日。"]
        seen.setdefault(row["milestone_id"], place)
    missing = [one.name for one in project.milestones if one.id not in seen]
    if missing:
        fields["rows"] = [f"还没有排期的节点：{'、'.join(missing)}。"]
    if not fields:
        fields = _out_of_order([rows[seen[one.id]] for one in project.milestones], seen)
    if fields:
        raise Invalid(fields)


def _out_of_order(rows: Sequence[Mapping[str, Any]], place: Mapping[int, int]) -> dict[str, list[str]]:
    """The fields of ``rows``, in the order of the nodes, that are due before the node ahead of them."""
    return {
        f"rows.{place[row['milestone_id']]}.plan_due": ["不能早于前一个节点的完成日。"]
        for ahead, row in pairwise(rows)
        if row["plan_due"] < ahead["plan_due"]
    }


def _workday(session: Session, day: dt.date, *, step: int) -> dt.date:
    """``day`` if it is a working day, or the nearest one after it (``step`` 1) or before it (-1)."""
    return calendar.add_workdays(session, day - dt.timedelta(days=step), step)
