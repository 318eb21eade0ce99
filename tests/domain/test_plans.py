"""倒排工期: dates from the deadline backwards on the work calendar."""

import datetime as dt
import itertools
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests import factories
from workflows import calendar, clock
from workflows.domain import plans
from workflows.errors import Conflict
from workflows.models import Milestone, MilestoneDraft, Project, ProjectState

TODAY, DEADLINE = dt.date(2026, 11, 23), dt.date(2027, 10, 31)
Move = Callable[[dt.datetime], None]


def _project(session: Session, *offsets: int) -> Project:
    project = factories.project(session, state=ProjectState.INITIATING)
    rows = list(enumerate(offsets, start=1))
    project.bid.milestones = [
        MilestoneDraft(seq=n, name="节点", deliverable="报告", offset_days=days, pay_pct=0)
        for n, days in rows
    ]
    project.milestones = [Milestone(seq=n, name="节点", deliverable="报告", pay_pct=0) for n, _ in rows]
    session.flush()
    return project


def test_the_last_node_ends_at_the_deadline_and_the_others_as_far_before_it_as_planned() -> None:
    first = dt.date(2026, 1, 1)
    dues = plans.backward(first, dt.date(2026, 12, 31), [60, 200])
    assert dues == [dt.date(2026, 8, 13), dt.date(2026, 12, 31)]


def test_nodes_that_do_not_fit_are_drawn_together() -> None:
    first = dt.date(2026, 1, 1)
    dues = plans.backward(first, dt.date(2026, 2, 10), [60, 200])
    assert dues == [dt.date(2026, 1, 13), dt.date(2026, 2, 10)]
    assert plans.backward(first, first, [60, 200]) == [first, first]
    assert plans.backward(first, first, []) == []


@given(room=st.integers(0, 3000), offsets=st.lists(st.integers(0, 3650), min_size=1, max_size=20))
def test_dues_are_in_order_between_the_first_day_and_the_deadline(room: int, offsets: list[int]) -> None:
    deadline = TODAY + dt.timedelta(days=room)
    dues = plans.backward(TODAY, deadline, offsets)
    assert len(dues) == len(offsets)
    assert dues == sorted(dues)
    assert dues[-1] == deadline
    assert dues[0] >= TODAY


def test_a_proposed_plan_begins_and_ends_on_working_days(session: Session, clock_at: Move) -> None:
    project = _project(session, 60, 120, 200)
    plans.propose(session, project)
    own = calendar.overrides(session)
    days = [(one.plan_start, one.plan_due) for one in project.milestones]
    assert days[0][0] == TODAY
    assert days[-1][1] == dt.date(2027, 10, 29)  # the Friday before the deadline
    for start, due in days:
        assert start is not None
        assert due is not None
        assert calendar.is_workday(start, own)
        assert calendar.is_workday(due, own)
        assert start <= due
    assert all(later[0] > earlier[1] for earlier, later in itertools.pairwise(days))  # type: ignore[operator]


def test_after_the_deadline_every_node_is_due_at_it(session: Session, clock_at: Move) -> None:
    project = _project(session, 60, 200)
    clock_at(clock.start_of(dt.date(2027, 12, 1)))
    plans.propose(session, project)
    assert [one.plan_due for one in project.milestones] == [DEADLINE, DEADLINE]


def test_a_confirmed_plan_is_not_changed_any_more(session: Session, clock_at: Move) -> None:
    project = _project(session, 60)
    plans.propose(session, project)
    plans.confirm(project, agree=True, actor=factories.user(session))
    rows = [{"milestone_id": project.milestones[0].id, "plan_start": TODAY, "plan_due": TODAY}]
    acts: list[Callable[[], None]] = [
        lambda: plans.propose(session, project),
        lambda: plans.adjust(session, project, rows=rows, actor=project.leader),
        lambda: plans.confirm(project, agree=True, actor=factories.user(session)),
    ]
    for act in acts:
        with pytest.raises(Conflict, match=r"^工期计划已经确认，要调整请发起变更。$"):
            act()
    assert project.milestones[0].cur_due == dt.date(2027, 10, 29)
