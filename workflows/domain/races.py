"""赛马: who is how far among the teams of a race; it is settled once none is under way, and its best accepted team wins."""

from decimal import Decimal
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from workflows.domain import challenges, projects
from workflows.models import (
    Acceptance,
    Challenge,
    Milestone,
    Mode,
    NodeSubmission,
    Project,
    ProjectState,
    RaceResult,
)

ELIMINATE = "eliminate"  # of table node_action


def submission(session: Session, milestone: Milestone) -> NodeSubmission:
    """What was handed in last for a node that is to be verified, or is or was assessed."""
    query = select(NodeSubmission).where(NodeSubmission.milestone_id == milestone.id)
    return session.scalars(query.order_by(NodeSubmission.attempt.desc()).limit(1)).one()


def facts(session: Session, milestone: Milestone, *, score: Decimal, attempts: int) -> dict[str, Any]:
    """What D8 asks about a node of which the assessment number ``attempts`` gave ``score`` (0..100).

    ``teams`` are those of the race that have this node and are under way, and who was eliminated at it: one node
    costs a race one team. ``rank`` is 1 and one more for every team with a higher score at this node, so that the last is
    known once all have been assessed, and of teams that are equally last none goes.
    """
    project, checked = milestone.project, submission(session, milestone).verifications
    out_here = and_(Project.state == ProjectState.ELIMINATED, Milestone.action == ELIMINATE)
    query = select(Milestone.score).join(Project).where(Project.challenge_id == project.challenge_id)
    query = query.where(Project.id != project.id, Milestone.seq == milestone.seq)
    others = session.scalars(query.where(or_(Project.state.in_(projects.UNDER_WAY), out_here))).all()
    return {
        "score": score,
        "hard_missed": any(one.indicator and one.indicator.hard and not one.agree for one in checked),
        "attempts": attempts,
        "mode": project.challenge.mode,
        "rank": 1 + sum(other is not None and other > score for other in others),
        "teams": 1 + len(others),
    }


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
