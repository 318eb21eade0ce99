"""红黄绿灯 (D7) and what is done with the score of a node (D8)."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import rag, reports, rules
from workflows.models import MilestoneState, Project, ProjectState

DUE = dt.date(2027, 3, 31)
Move = Callable[[dt.datetime], None]
NOTHING = {"days_late": 0, "progress_gap": 0, "consecutive_yellow": 0, "blocked": False}
REPORT: dict[str, Any] = {"values": [], "issues": "", "help_needed": "", "is_blocked": False, "photos": []}


@pytest.mark.parametrize(
    ("changes", "light"),
    [
        ({}, "green"),
        ({"days_late": 1}, "yellow"),
        ({"days_late": 7}, "yellow"),
        ({"days_late": 8}, "orange"),
        ({"days_late": 14}, "orange"),
        ({"days_late": 15}, "red"),
        ({"progress_gap": 9}, "green"),
        ({"progress_gap": -40}, "green"),
        ({"progress_gap": 10}, "yellow"),
        ({"progress_gap": 15}, "yellow"),
        ({"progress_gap": 16}, "orange"),
        ({"progress_gap": 30}, "orange"),
        ({"progress_gap": 31}, "red"),
        ({"consecutive_yellow": 1}, "green"),
        ({"consecutive_yellow": 2}, "red"),
        ({"blocked": True}, "red"),
        ({"days_late": 3, "progress_gap": 20}, "orange"),
        ({"days_late": 15, "progress_gap": 10}, "red"),
    ],
)
def test_d7(session: Session, changes: dict[str, Any], light: str) -> None:
    assert rules.decide(session, "rag", {**NOTHING, **changes}).value == light


FIRST = {"hard_missed": False, "attempts": 1, "mode": "single", "rank": 1, "teams": 1}


@pytest.mark.parametrize(
    ("score", "changes", "action", "release", "points"),
    [
        ("100", {}, "pass_with_point", 100, 1),
        ("85", {}, "pass_with_point", 100, 1),
        ("84.9999", {}, "pass", 100, 0),
        ("70", {}, "pass", 100, 0),
        ("69.9999", {}, "conditional", 50, 0),
        ("60", {"attempts": 3}, "conditional", 50, 0),
        ("59.9999", {}, "retry", 0, 0),
        ("59.9999", {"attempts": 2}, "change_leader_review", 0, 0),
        ("95", {"hard_missed": True}, "retry", 0, 0),
        ("95", {"hard_missed": True, "attempts": 2}, "terminate_review", 0, 0),
        ("74", {"mode": "race", "rank": 3, "teams": 3}, "eliminate", 0, 0),
        ("50", {"mode": "race", "rank": 3, "teams": 3}, "eliminate", 0, 0),
        ("75", {"mode": "race", "rank": 3, "teams": 3}, "pass", 100, 0),
        ("74", {"mode": "race", "rank": 2, "teams": 3}, "pass", 100, 0),
        ("74", {"mode": "race"}, "pass", 100, 0),
        ("74", {"mode": "multi", "rank": 3, "teams": 3}, "pass", 100, 0),
        ("74", {"mode": "race", "rank": 3, "teams": 3, "hard_missed": True}, "retry", 0, 0),
    ],
)
def test_d8(
    session: Session, score: str, changes: dict[str, Any], action: str, release: int, points: int
) -> None:
    asked = {"score": Decimal(score), **FIRST, **changes}
    decided = rules.decide(session, "node_action", asked).value
    assert decided == {"action": action, "release": release, "points": points}


@pytest.fixture
def project(session: Session, clock_at: Move) -> Project:
    """A running project of 342 days from 2026-11-23, its only node due on 2027-03-31."""
    return factories.project(session, due=[DUE])


def test_the_light_turns_red_once(session: Session, clock_at: Move, project: Project) -> None:
    assert rag.refresh(session, project) is False
    clock_at(clock.end_of(DUE) + dt.timedelta(days=14))
    assert rag.refresh(session, project) is True
    assert (rag.refresh(session, project), project.rag) == (False, "red")


def test_an_act_betters_the_light_and_leaves_turning_red_to_the_process_that_calls_help(
    session: Session, clock_at: Move, project: Project
) -> None:
    clock_at(clock.start_of(DUE + dt.timedelta(days=9)))
    rag.refresh(session, project)
    clock_at(clock.start_of(DUE + dt.timedelta(days=20)))
    rag.ease(session, project)
    assert project.rag == "orange"
    assert rag.refresh(session, project)
    project.milestones[0].state = MilestoneState.SUBMITTED
    rag.ease(session, project)
    assert project.rag == "green"


def test_two_yellow_periods_in_a_row_are_red(session: Session, clock_at: Move, project: Project) -> None:
    clock_at(clock.end_of(DUE))
    assert rag.refresh(session, project, ends_period=True) is False
    assert (project.rag, project.yellows_in_a_row) == ("yellow", 1)
    assert rag.refresh(session, project) is False  # a report within the period does not count
    assert (project.rag, project.yellows_in_a_row) == ("yellow", 1)
    assert rag.refresh(session, project, ends_period=True) is True
    project.milestones[0].state = MilestoneState.SUBMITTED
    rag.refresh(session, project, ends_period=True)
    assert (project.rag, project.yellows_in_a_row) == ("green", 0)


@pytest.mark.parametrize(("reported", "light"), [(50, "green"), (39, "yellow"), (30, "orange"), (10, "red")])
def test_the_gap_counts_from_the_report(
    session: Session, clock_at: Move, project: Project, reported: int, light: str
) -> None:
    project.milestones[0].cur_due = project.deadline
    half = clock.today() + (project.deadline - clock.today()) / 2
    clock_at(clock.start_of(half))
    rag.refresh(session, project)
    assert project.rag == "green"  # nothing has been reported
    reports.add(session, project, values={**REPORT, "progress_pct": reported}, actor=project.leader)
    rag.refresh(session, project)
    assert project.rag == light


def test_planned_progress_runs_from_the_start_to_the_deadline(session: Session, project: Project) -> None:
    start, deadline = dt.date(2026, 11, 23), project.deadline
    half = start + dt.timedelta(days=171)
    days = (start - dt.timedelta(days=1), start, half, deadline, deadline + dt.timedelta(days=1))
    assert [rag.planned_pct(project, day) for day in days] == [0, 0, 50, 100, 100]
    project.started_on = None
    assert rag.planned_pct(project, deadline) == 0


def test_when_lateness_changes_the_light_next(session: Session, clock_at: Move, project: Project) -> None:
    assert rag.changes_at(session, project) is None  # not late
    seen = []
    clock_at(clock.end_of(DUE))
    while True:
        rag.refresh(session, project)
        at = rag.changes_at(session, project)
        seen.append((project.rag, at))
        if at is None:
            break
        clock_at(at)
    day = clock.start_of(DUE)
    assert seen == [
        ("yellow", day + dt.timedelta(days=8)),
        ("orange", day + dt.timedelta(days=15)),
        ("red", None),
    ]


def test_a_suspended_project_keeps_its_light(session: Session, clock_at: Move, project: Project) -> None:
    clock_at(clock.end_of(DUE))
    project.state = ProjectState.SUSPENDED
    assert (rag.refresh(session, project), project.rag) == (False, "green")
    assert rag.changes_at(session, project) is None
