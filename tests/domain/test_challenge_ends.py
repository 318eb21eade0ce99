"""How an awarded challenge follows its projects and their rewards, to the archive."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import challenges
from workflows.models import ChallengeState, ProjectState, RewardCase, RewardState

NONE = None
PAYING, CLOSED = RewardState.PAYING, RewardState.CLOSED


@pytest.mark.parametrize(
    ("projects", "state"),
    [
        ([(ProjectState.SUSPENDED, NONE)], "suspended"),
        ([(ProjectState.SUSPENDED, NONE), (ProjectState.RUNNING, NONE)], "executing"),
        ([(ProjectState.ACCEPTED, NONE)], "accepted"),
        ([(ProjectState.ACCEPTED, PAYING)], "rewarding"),
        ([(ProjectState.ACCEPTED, CLOSED)], "rewarding"),  # its post-evaluation is to come
        ([(ProjectState.CLOSED, PAYING)], "rewarding"),
        ([(ProjectState.CLOSED, CLOSED)], "archived"),
        ([(ProjectState.NOT_ACCEPTED, NONE)], "not_accepted"),
        ([(ProjectState.NOT_ACCEPTED, PAYING)], "rewarding"),
        ([(ProjectState.NOT_ACCEPTED, CLOSED)], "archived"),
        ([(ProjectState.CLOSED, CLOSED), (ProjectState.RUNNING, NONE)], "executing"),
        ([(ProjectState.CLOSED, CLOSED), (ProjectState.NOT_ACCEPTED, NONE)], "rewarding"),
        ([(ProjectState.CLOSED, CLOSED), (ProjectState.ELIMINATED, NONE)], "archived"),
        ([(ProjectState.CLOSED, CLOSED), (ProjectState.ABANDONED, NONE)], "archived"),
        ([(ProjectState.TERMINATED, CLOSED)], "terminated"),
    ],
)
def test_a_challenge_follows_its_projects_and_their_rewards(
    session: Session,
    clock_at: Callable[..., None],
    projects: list[tuple[ProjectState, RewardState | None]],
    state: str,
) -> None:
    listed = factories.challenge(session, state=ChallengeState.AWARDED)
    for its_state, reward in projects:
        project = factories.project(session, on=listed, state=its_state)
        if reward is not None:
            session.add(RewardCase(project=project, state=reward, opened_at=clock.now()))
    challenges.follow_projects(session, listed)
    assert listed.state == state


def test_a_reward_that_is_still_owed_to_a_liable_end_keeps_the_challenge_open(
    session: Session, clock_at: Callable[..., None]
) -> None:
    listed = factories.challenge(session, state=ChallengeState.AWARDED)
    done = factories.project(session, on=listed, state=ProjectState.CLOSED)
    session.add(RewardCase(project=done, state=CLOSED, opened_at=clock.now()))
    ended = factories.project(session, on=listed, state=ProjectState.TERMINATED)
    for liability, state in (("liable", "rewarding"), ("exempt", "archived")):
        ended.liability = liability
        challenges.follow_projects(session, listed)
        assert listed.state == state
