"""The accounts offered on the sign-in page in demo mode: those of one bid under way, and one of each plant role."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows.models import Bid, BidState, RoleGrant, TeamMember, User

PLANT_ROLES = ("office", "supervision", "hr", "hse", "admin")


@dataclass(frozen=True)
class Offer:
    """Somebody to sign in as; ``role`` is a key of permissions.ROLES."""

    user: User
    role: str


def offered(session: Session) -> list[Offer]:
    """Active people, each once: the team and heads of the newest draft bid first, then one of each plant role."""
    offers: dict[int, Offer] = {}
    for offer in (*_around_a_bid(session), *_plant(session)):
        if offer.user.is_active:
            offers.setdefault(offer.user.id, offer)
    return list(offers.values())


def logins(session: Session) -> set[str]:
    return {offer.user.login for offer in offered(session)}


def _around_a_bid(session: Session) -> Iterator[Offer]:
    query = select(Bid).where(Bid.state == BidState.DRAFT).order_by(Bid.id.desc()).limit(1)
    bid = session.scalar(query.options(selectinload(Bid.members).selectinload(TeamMember.user)))
    if bid is None:
        return
    yield Offer(bid.leader, "leader")
    others = [member.user for member in bid.members if member.user_id != bid.leader_id]
    yield from (Offer(user, "member") for user in others[:1])
    heads = select(RoleGrant).where(
        RoleGrant.unit_id == bid.unit_id, RoleGrant.role.in_(["party_secretary", "admin_head"])
    )
    yield from (Offer(grant.user, grant.role) for grant in session.scalars(heads.order_by(RoleGrant.id)))


def _plant(session: Session) -> Iterator[Offer]:
    held = select(RoleGrant).where(RoleGrant.unit_id.is_(None), RoleGrant.role.in_(PLANT_ROLES))
    first = {grant.role: grant for grant in session.scalars(held.order_by(RoleGrant.id.desc()))}
    yield from (Offer(first[role].user, role) for role in PLANT_ROLES if role in first)
