"""The accounts offered on the sign-in page in demo mode: those of one bid under way, and one of each plant role."""

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows.models import Bid, BidState, RoleGrant, TeamMember, User

PLANT_ROLES = ("office", "supervision", "hr", "hse", "admin")


JUDGING = "复核已开榜申报的资格。"
TRY = {
    "leader": "编制揭榜书并密封递交，或揭一个新的榜单。",
    "member": "查看所在团队的申报，或自己揭榜组队。",
    "party_secretary": "会同行政负责人，对本单位的申报签署意见。",
    "admin_head": "会同党组织书记，对本单位的申报签署意见。",
    "office": "发榜、延期，与纪委监督共同开榜。",
    "supervision": "与办公室共同开榜，复核资格。",
    "hr": JUDGING,
    "hse": JUDGING,
    "admin": "",
}


@dataclass(frozen=True)
class Offer:
    """Somebody to sign in as; ``role`` is a key of permissions.ROLES."""

    user: User
    role: str

    @property
    def hint(self) -> str:
        """What there is to try as this person."""
        return TRY[self.role]


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
