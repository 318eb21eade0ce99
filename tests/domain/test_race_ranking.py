"""赛马: who is the last of a race at a node, and who goes for it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import milestones
from workflows.models import (
    Challenge,
    ChallengeState,
    Indicator,
    MilestoneState,
    Mode,
    NodeSubmission,
    NodeVerification,
    Project,
    ProjectState,
)


@pytest.fixture(autouse=True)
def monday(clock_at: Callable[..., None]) -> None:
    """The clock is held."""


@pytest.fixture
def race(session: Session) -> Challenge:
    listed = factories.challenge(session, state=ChallengeState.EXECUTING, hard=True)
    listed.mode = Mode.RACE
    return listed


def _team(
    session: Session,
    race: Challenge,
    score: str | None,
    *,
    node: MilestoneState = MilestoneState.PASSED,
    state: ProjectState = ProjectState.RUNNING,
    hard_met: bool = True,
) -> Project:
    """A team whose only node was handed in and, with a score, assessed."""
    project = factories.project(session, on=race, state=state, due=[dt.date(2027, 3, 31)])
    (milestone,) = project.milestones
    milestone.state, milestone.score = node, None if score is None else Decimal(score)
    milestone.attempts = 0 if score is None else 1
    handed_in = NodeSubmission(milestone=milestone, attempt=1, summary="完成")
    handed_in.submitted_by_id, handed_in.submitted_at = project.leader_id, clock.now()
    indicator: Indicator = race.indicators[0]
    checked = NodeVerification(indicator=indicator, measured=Decimal(9), agree=hard_met)
    checked.verifier_id, checked.verified_at = project.leader_id, clock.now()
    handed_in.verifications = [checked]
    session.add(handed_in)
    session.flush()
    return project


def test_the_last_is_known_once_every_team_has_been_assessed(session: Session, race: Challenge) -> None:
    last, best = _team(session, race, "74.9"), _team(session, race, "90")
    third = _team(session, race, None, node=MilestoneState.IN_PROGRESS)
    assert milestones.eliminate_last(session, best.milestones[0]) is None
    third.milestones[0].score, third.milestones[0].state = Decimal(75), MilestoneState.PASSED
    session.flush()
    assert milestones.eliminate_last(session, third.milestones[0]) is last
    assert (last.state, third.state, best.state) == ("eliminated", "running", "running")


def test_one_node_costs_a_race_one_team(session: Session, race: Challenge) -> None:
    best, second, last = (_team(session, race, one) for one in ("90", "74", "70"))
    assert milestones.eliminate_last(session, best.milestones[0]) is last
    assert milestones.eliminate_last(session, best.milestones[0]) is None
    assert second.state == "running"


@pytest.mark.parametrize(
    ("node", "state", "hard_met"),
    [
        (MilestoneState.SUBMITTED, ProjectState.RUNNING, True),  # its next attempt will be judged
        (MilestoneState.WAIVED, ProjectState.RUNNING, True),
        (MilestoneState.PASSED, ProjectState.SUSPENDED, True),
        (MilestoneState.PASSED, ProjectState.ACCEPTING, True),  # has all its nodes behind it
        (MilestoneState.IN_PROGRESS, ProjectState.RUNNING, False),  # D8: another attempt comes first
    ],
)
def test_who_is_last_and_stays(
    session: Session, race: Challenge, node: MilestoneState, state: ProjectState, hard_met: bool
) -> None:
    last = _team(session, race, "70", node=node, state=state, hard_met=hard_met)
    best = _team(session, race, "90")
    assert milestones.eliminate_last(session, best.milestones[0]) is None
    assert last.state == state


def test_the_last_with_75_points_stays(session: Session, race: Challenge) -> None:
    _team(session, race, "75")
    assert milestones.eliminate_last(session, _team(session, race, "90").milestones[0]) is None
