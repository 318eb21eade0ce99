"""The accounts offered on the sign-in page in demo mode: those of one bid under way, an expert, one of each plant role."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import inboxes
from workflows.domain import experts
from workflows.models import Bid, BidState, RoleGrant, TeamMember, User

OF_A_BID = {
    "leader": "编制揭榜书并密封递交，或揭一个新的榜单。",
    "member": "查看所在团队的申报，或自己揭榜组队。",
    "party_secretary": "会同行政负责人，对本单位的申报签署意见。",
    "admin_head": "会同党组织书记，对本单位的申报签署意见。",
}
OF_THE_PLANT = {
    "office": "发榜、开榜、组建评审组，办理各流程的日常事项。",
    "supervision": "与办公室共同开榜，见证抽取专家，受理和核查异议。",
    "finance": "会签经费，核效，拨付和兑现。",
    "hr": "复核申报资格，会签发榜，核对否决事项。",
    "hse": "会签安全条件，出具验收的安全意见，必要时安全停工。",
    "production": "会签发榜，核验指标。",
    "metering": "为考评的计量类别评分，填报难题。",
    "vice_head": "审核分管的榜单和激励。",
    "party_secretary": "与厂行政主要负责人联签，确认否决事项。",
    "admin_head": "与厂党组织书记联签，签署军令状。",
    "party_committee": "登记党委会的决议，复核异议。",
    "exec_meeting": "登记厂长办公会的决议。",
    "assessment": "开始双挂钩考评，核实激励申诉。",
    "party_affairs": "为考评的党建类别评分。",
    "admin": "",
}
BIDDING, REVIEWING = "揭榜团队与所在单位", "评审专家"
GROUPS = {
    "office": "办公室与监督",
    "supervision": "办公室与监督",
    **dict.fromkeys(
        ("party_secretary", "admin_head", "vice_head", "party_committee", "exec_meeting"), "厂领导与集体决策"
    ),
    **dict.fromkeys(("finance", "hr", "hse", "production", "metering"), "职能部门"),
    **dict.fromkeys(("assessment", "party_affairs"), "考核与党群"),
    "admin": "系统管理",
}  # of who holds a role for the plant
ORDER = (BIDDING, REVIEWING, *dict.fromkeys(GROUPS.values()))
SCORING = ("selection.score", "acceptance.score", "selection.preview", "intake.justify")
EXPERT = "为评审或验收打分，论证榜单。"
MOST_EXPERTS = 100  # among whom one with something to score is looked for


@dataclass(frozen=True)
class Offer:
    """Somebody to sign in as; ``role`` is a key of permissions.ROLES, ``hint`` what there is to try."""

    user: User
    role: str
    hint: str
    group: str  # one of ORDER


def offered(session: Session) -> list[Offer]:
    """Active people, each once: team and heads of the newest draft bid, one of each plant role, an expert."""
    offers: dict[int, Offer] = {}
    for offer in (*_around_a_bid(session), *_plant(session), *_expert(session)):
        if offer.user.is_active:
            offers.setdefault(offer.user.id, offer)
    return list(offers.values())


def grouped(offers: Sequence[Offer]) -> dict[str, list[Offer]]:
    """``offers`` by group, in ORDER; no group is empty."""
    found = {group: [one for one in offers if one.group == group] for group in ORDER}
    return {group: members for group, members in found.items() if members}


def logins(session: Session) -> set[str]:
    return {offer.user.login for offer in offered(session)}


def _around_a_bid(session: Session) -> Iterator[Offer]:
    query = select(Bid).where(Bid.state == BidState.DRAFT).order_by(Bid.id.desc()).limit(1)
    bid = session.scalar(query.options(selectinload(Bid.members).selectinload(TeamMember.user)))
    if bid is None:
        return
    yield Offer(bid.leader, "leader", OF_A_BID["leader"], BIDDING)
    others = [member.user for member in bid.members if member.user_id != bid.leader_id]
    yield from (Offer(user, "member", OF_A_BID["member"], BIDDING) for user in others[:1])
    heads = select(RoleGrant).where(
        RoleGrant.unit_id == bid.unit_id, RoleGrant.role.in_(["party_secretary", "admin_head"])
    )
    for grant in session.scalars(heads.order_by(RoleGrant.id)):
        yield Offer(grant.user, grant.role, OF_A_BID[grant.role], BIDDING)


def _plant(session: Session) -> Iterator[Offer]:
    held = select(RoleGrant).where(RoleGrant.unit_id.is_(None), RoleGrant.role.in_(OF_THE_PLANT))
    first = {grant.role: grant for grant in session.scalars(held.order_by(RoleGrant.id.desc()))}
    for role, hint in OF_THE_PLANT.items():
        if role in first:
            yield Offer(first[role].user, role, hint, GROUPS[role])


def _expert(session: Session) -> Iterator[Offer]:
    """The expert who was first asked to score something and has not yet done so, else nobody."""
    free = {one.user_id: one.user for one in experts.listing(session, available=True, size=MOST_EXPERTS)[0]}
    asked = inboxes.first_asked(session, free, steps=SCORING)
    if asked is not None:
        yield Offer(free[asked], "expert", EXPERT, REVIEWING)
