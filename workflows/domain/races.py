"""赛马: a race is settled once none of its teams is under way; its best accepted team wins."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import challenges, projects
from workflows.models import Acceptance, Challenge, Mode, Project, ProjectState, RaceResult


def settle_if_done(session: Session, challenge: Challenge) -> bool:
    """Write the result of a race that none of the teams is under way in any more; whether this has just happened.

    The best acceptance score wins, then the earlier application, then the earlier bid.
    """
    challenges.hold(session, challenge)
    if challenge.mode != Mode.RACE or session.get(RaceResult, challenge.id) is not None:
        return False
    session.flush()
    states = session.scalars(select(Project.state).where(Project.challenge_id == challenge.id))
    if any(state in projects.UNDER_WAY for state in states):
        return False
    accepted = (ProjectState.ACCEPTED, ProjectState.CLOSED)
    ranked = (
        select(Project.id)
        .join(Acceptance, Acceptance.project_id == Project.id)
        .where(Project.challenge_id == challenge.id, Project.state.in_(accepted))
        .order_by(Acceptance.score.desc(), Acceptance.received_on, Project.bid_id)
    )
    session.add(RaceResult(challenge_id=challenge.id, project_id=session.scalars(ranked.limit(1)).first()))
    session.flush()
    return True
