"""Every question of authorisation, and the roles (lanes) it is asked about."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, null, select, union_all
from sqlalchemy.orm import Session

from workflows.models import Bid, BidState, Challenge, ChallengeState, PostHolding, RoleGrant, User

ROLES = {
    "proposer": "出题人",
    "sponsor": "发榜单位",
    "office": "揭榜挂帅办公室",
    "expert": "评审专家",
    "leader": "挂帅人",
    "member": "团队成员",
    "party_secretary": "党组织书记",
    "admin_head": "行政主要负责人",
    "vice_head": "分管领导",
    "party_committee": "党委会",
    "exec_meeting": "厂长办公会",
    "finance": "财务",
    "hr": "人力资源",
    "hse": "安全环保",
    "production": "生产运行",
    "metering": "计量",
    "party_affairs": "党群工作部",
    "assessment": "考核办",
    "supervision": "纪委监督",
    "admin": "系统管理员",
    "sys": "系统",
}
READ_ALL = ("office", "supervision")  # see every challenge and bid, never what is still sealed


@dataclass(frozen=True)
class Grants:
    """What one person is: ids, and the roles held, each with its unit (None: the whole plant)."""

    user_id: int
    roles: frozenset[tuple[str, int | None]]
    posts: frozenset[int]

    @property
    def audiences(self) -> list[str]:
        """The audiences of work items that this person belongs to."""
        roles = [f"role:{role}" + (f"@{unit}" if unit is not None else "") for role, unit in self.roles]
        return [f"user:{self.user_id}", *sorted(roles), *(f"post:{post}" for post in sorted(self.posts))]

    def is_any(self, roles: Collection[str]) -> bool:
        """Whether one of ``roles`` is held for the whole plant."""
        return any((role, None) in self.roles for role in roles)


_HELD: Any = union_all(
    select(RoleGrant.role, RoleGrant.unit_id).where(RoleGrant.user_id == bindparam("user_id")),
    select(null(), PostHolding.post_id).where(PostHolding.user_id == bindparam("user_id")),
)


def grants(session: Session, user: User) -> Grants:
    """What ``user`` is at this moment, in one query."""
    held = session.execute(_HELD, {"user_id": user.id}).all()
    return Grants(
        user.id,
        frozenset((role, unit_id) for role, unit_id in held if role is not None),
        frozenset(post_id for role, post_id in held if role is None and post_id is not None),
    )


def holders(session: Session, role: str, unit_id: int | None) -> list[User]:
    """Everybody active who holds ``role`` in the unit (None: for the whole plant)."""
    query = select(User).join(RoleGrant).where(RoleGrant.role == role, User.is_active)
    query = query.where(RoleGrant.unit_id.is_(None) if unit_id is None else RoleGrant.unit_id == unit_id)
    return list(session.scalars(query.order_by(User.id)))


def post_holders(session: Session, post_id: int) -> list[User]:
    """Everybody active who holds the post."""
    query = select(User).join(PostHolding, PostHolding.user_id == User.id)
    return list(
        session.scalars(query.where(PostHolding.post_id == post_id, User.is_active).order_by(User.id))
    )


def may_post(session: Session, user: User) -> bool:
    """发榜: the campaign office."""
    return grants(session, user).is_any(["office"])


def may_extend_bidding(session: Session, user: User, challenge: Challenge) -> bool:
    """延期: the campaign office, while the bidding runs."""
    return challenge.state == ChallengeState.PUBLISHED and may_post(session, user)


def may_see_challenge(session: Session, user: User, challenge: Challenge) -> bool:
    """Everybody once it is published; before, its owners, its unit and those who read all."""
    if challenge.state != ChallengeState.APPROVED:
        return True
    owners = (challenge.party_lead_id, challenge.admin_lead_id)
    own = user.id in owners or user.unit_id == challenge.sponsor_unit_id
    return own or grants(session, user).is_any(READ_ALL)


def is_on_team(user: User, bid: Bid) -> bool:
    return user.id == bid.leader_id or any(member.user_id == user.id for member in bid.members)


def may_see_bid(session: Session, user: User, bid: Bid) -> bool:
    """Its team, the heads of its unit, and those who read all (who see only that a draft or seal exists)."""
    return bool(seen_bids(session, user, [bid]))


def seen_bids(session: Session, user: User, bids: Sequence[Bid]) -> list[Bid]:
    """Those of ``bids`` that ``user`` may see, in their order."""
    held = grants(session, user)
    return [bid for bid in bids if _sees_bid(held, user, bid)]


def _sees_bid(held: Grants, user: User, bid: Bid) -> bool:
    if is_on_team(user, bid):
        return True
    if any((role, bid.unit_id) in held.roles for role in ("party_secretary", "admin_head")):
        return True
    if held.is_any(("hr", "hse")):
        return bid.opened_at is not None
    return held.is_any(READ_ALL) and bid.state != BidState.DRAFT


def may_read_document(session: Session, user: User, bid: Bid) -> bool:
    """The content of a bid: while a draft its team and the heads of its unit; sealed nobody; opened who sees it."""
    is_sealed = bid.opened_at is None and bid.state != BidState.DRAFT
    return not is_sealed and may_see_findings(session, user, bid)


def may_see_findings(session: Session, user: User, bid: Bid) -> bool:
    """What D3 found tells of the pledges, so until the opening it is for the team and the heads of its unit."""
    if bid.opened_at is not None:
        return may_see_bid(session, user, bid)
    held = grants(session, user)
    is_head = any((role, bid.unit_id) in held.roles for role in ("party_secretary", "admin_head"))
    return is_on_team(user, bid) or is_head


def may_withdraw(user: User, bid: Bid) -> bool:
    """撤回: the leader, of a sealed bid."""
    return user.id == bid.leader_id and bid.state == BidState.SEALED
