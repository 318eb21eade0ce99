"""开榜: office and discipline supervision both confirm, then the seals of all bids on a list are opened at once."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.models import Bid, Challenge, OpeningConfirmation, SealKey, User

ROLES = ("office", "supervision")  # who confirms, in the order in which they are shown


@dataclass(frozen=True)
class Opening:
    """Who has confirmed, in order; the roles that are still to; when the seals were opened, and of how many bids."""

    confirmed: Sequence[OpeningConfirmation]
    missing: Sequence[str]
    opened_at: dt.datetime | None
    opened_bids: int


def confirm(session: Session, challenge: Challenge, *, role: str, witness: str, actor: User) -> None:
    """Keep that ``actor``, for ``role``, has seen the bidding end and lets the seals be opened before ``witness``."""
    session.add(
        OpeningConfirmation(
            challenge=challenge,
            listing=challenge.relist_count,
            role=role,
            user=actor,
            witness=witness,
            confirmed_at=clock.now(),
        )
    )


def opened_at(session: Session, challenge: Challenge) -> dt.datetime | None:
    """When the bids on ``challenge`` were opened; None while they are sealed."""
    key = session.get(SealKey, challenge.id)
    return None if key is None else key.released_at


def of_challenge(session: Session, challenge: Challenge) -> Opening:
    """How the opening of the present listing of ``challenge`` stands."""
    query = select(OpeningConfirmation).where(
        OpeningConfirmation.challenge_id == challenge.id,
        OpeningConfirmation.listing == challenge.relist_count,
    )
    query = query.options(selectinload(OpeningConfirmation.user)).order_by(OpeningConfirmation.id)
    found = session.scalars(query).all()
    opened = select(func.count()).select_from(Bid)
    opened = opened.where(Bid.challenge_id == challenge.id, Bid.listing == challenge.relist_count)
    return Opening(
        confirmed=found,
        missing=[role for role in ROLES if role not in {one.role for one in found}],
        opened_at=opened_at(session, challenge),
        opened_bids=session.scalar(opened.where(Bid.opened_at.is_not(None))) or 0,
    )
