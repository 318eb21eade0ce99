"""Bids as the tests of the domain need them: written, sealed, with the seal released."""

from typing import Any

from sqlalchemy.orm import Session

from tests import factories
from workflows.domain import bids, challenges
from workflows.models import Bid, Challenge, ChallengeState


def document(challenge: Challenge, **changes: Any) -> dict[str, Any]:
    content = {
        "tech_route": "电伴热",
        "milestones": [{"name": "设计", "offset_days": 30, "deliverable": "报告", "pay_pct": 100}],
        "budget_lines": [{"item": "材料", "amount_fen": 100}],
        "pledge": [{"indicator_id": challenge.indicators[0].id, "value": "8.5"}],
    }
    return content | changes


def sealed(session: Session, **changes: Any) -> Bid:
    """A sealed bid on an open challenge."""
    challenge, leader = factories.challenge(session), factories.user(session)
    bid = bids.begin(session, challenge, leader=leader)
    bids.write(session, bid, document=document(challenge, **changes), actor=leader)
    bids.seal_up(session, bid)
    return bid


def release(session: Session, bid: Bid) -> None:
    bid.challenge.state = ChallengeState.BIDDING_CLOSED
    challenges.release_seal(session, bid.challenge)
