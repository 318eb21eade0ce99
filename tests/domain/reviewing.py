"""A panel that sits, and the bids that it reviews, without a process."""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import papers
from workflows.models import (
    Bid,
    BidState,
    Challenge,
    ChallengeState,
    Expert,
    Panel,
    PanelMember,
    SeatState,
    User,
)

CRITERIA = ("tech", "pledge", "team", "schedule", "money", "safety")


def bids(session: Session, *, teams: int = 2, **challenge: Any) -> list[Bid]:
    """Bids of teams of their own that are reviewed on one challenge, sealed a minute apart."""
    listed = factories.challenge(session, state=ChallengeState.REVIEWING)
    for name, value in ({"level": "C", "rules_at": clock.now()} | challenge).items():
        setattr(listed, name, value)
    made = []
    for place in range(teams):
        one = factories.bid(session, on=listed, leader=factories.user(session), state=BidState.REVIEWING)
        one.sealed_at = clock.now() + dt.timedelta(minutes=place)
        made.append(one)
    session.flush()
    return made


def panel(session: Session, *, seats: int = 5, **more: Any) -> Panel:
    """A panel of ``seats`` experts on new bids, which have their letters."""
    listed: Challenge = bids(session, **more)[0].challenge
    made = Panel(subject=f"challenge:{listed.id}", challenge_id=listed.id, size=seats, opened_at=clock.now())
    made.specialists = made.externals = 0
    made.members = [_member(seat, expert(session)) for seat in range(1, seats + 1)]
    session.add(made)
    session.flush()
    papers.label(session, made)
    return made


def expert(session: Session, *fields: str, **more: Any) -> User:
    """Somebody who may be drawn."""
    made = factories.user(session, **more)
    session.add(Expert(user_id=made.id, fields=list(fields)))
    session.flush()
    return made


def sheet(bid_id: int, points: Any, **changes: Any) -> dict[str, Any]:
    """One row of the score form with the same score everywhere, as the form loads it."""
    return {"bid_id": bid_id, **dict.fromkeys(CRITERIA, points), "remark": ""} | changes


def _member(seat: int, user: User) -> PanelMember:
    one = PanelMember(seat=seat, user_id=user.id, is_specialist=True, is_external=True)
    one.state = SeatState.SITTING
    return one
