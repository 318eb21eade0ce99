"""Who may do and see what of challenges, bids, panels, notices and approvals."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain.permissions.roles import READ_ALL, Grants, grants
from workflows.models import (
    BEFORE_PUBLICATION,
    Approval,
    Bid,
    BidState,
    Challenge,
    ChallengeState,
    Objection,
    Panel,
    Problem,
    Project,
    Publicity,
    User,
)

JUDGES = ("expert", "supervision", "office", "hr", "hse", "finance")  # whose tasks no one of the team may do
OF_SPONSOR = ("sponsor", "party_secretary", "admin_head")  # who speaks for the unit that posted a list
APPROVERS = (
    "finance",
    "hr",
    "hse",
    "production",
    "vice_head",
    "party_secretary",
    "admin_head",
    "party_committee",
    "exec_meeting",
)  # who signs before a list is published


def may_post(session: Session, user: User) -> bool:
    """发榜: the campaign office."""
    return grants(session, user).is_any(["office"])


def may_amend(session: Session, user: User, challenge: Challenge) -> bool:
    """变更公告: the campaign office, while the bidding runs."""
    return challenge.state == ChallengeState.PUBLISHED and may_post(session, user)


def may_bid(user: User, challenge: Challenge) -> bool:
    """揭榜: everybody while the bidding runs, or those invited."""
    is_open = challenge.state == ChallengeState.PUBLISHED and challenge.bid_to is not None
    is_asked = not challenge.invited_ids or user.id in challenge.invited_ids
    return is_open and is_asked and clock.now() < (challenge.bid_to or clock.now())


def may_ask(user: User, challenge: Challenge) -> bool:
    """提问: everybody while bids are taken, invited or not."""
    is_open = challenge.state == ChallengeState.PUBLISHED and challenge.bid_to is not None
    return user.is_active and is_open and clock.now() < (challenge.bid_to or clock.now())


def may_answer(session: Session, user: User, challenge: Challenge) -> bool:
    """答疑: the two owners of a published challenge, heads and sponsor of its unit, and the campaign office."""
    if challenge.published_at is None:
        return False
    held = grants(session, user)
    of_unit = any((role, challenge.sponsor_unit_id) in held.roles for role in OF_SPONSOR)
    is_owner = user.id in (challenge.party_lead_id, challenge.admin_lead_id)
    return is_owner or of_unit or held.is_any(["office"])


def may_see_askers(session: Session, user: User) -> bool:
    """Who asked: the campaign office, beside the asker."""
    return grants(session, user).is_any(["office"])


def may_see_challenge(session: Session, user: User, challenge: Challenge) -> bool:
    """Everybody once it is published; before, its owners, its unit, who approves it and those who read all."""
    if challenge.state not in BEFORE_PUBLICATION and challenge.published_at is not None:
        return True
    owners = (challenge.party_lead_id, challenge.admin_lead_id)
    own = user.id in owners or user.unit_id == challenge.sponsor_unit_id
    approvers = APPROVERS if challenge.state == ChallengeState.APPROVING else ()
    return own or grants(session, user).is_any((*READ_ALL, *approvers))


def is_on_team(user: User, subject: Any) -> bool:
    """Whether ``user`` leads or is a member of the bid or project that ``subject`` is, or belongs to."""
    if isinstance(subject, Bid | Project):
        return user.id == subject.leader_id or any(user.id == one.user_id for one in subject.members)
    owner = getattr(subject, "project", None) or getattr(subject, "bid", None)
    return owner is not None and is_on_team(user, owner)


def may_sign(user: User, *, role: str, subject: Any) -> bool:
    """Whether a task of ``role`` about ``subject`` may be given to ``user``: duties stay apart.

    The person is active; whoever judges a bid or project, or signs an approval, does not belong to its team; and
    nobody is given a task about a problem that they raised, unless the refusal would tell who raised it.
    """
    if isinstance(subject, Problem):
        return user.is_active and (subject.anonymous or user.id != subject.proposer_id)
    is_judge = role in JUDGES or isinstance(subject, Approval)
    return user.is_active and not (is_judge and is_on_team(user, subject))


def may_appoint_substitute(session: Session, user: User, principal_id: int) -> bool:
    """代理: one for oneself, the campaign office for everybody."""
    return user.id == principal_id or grants(session, user).is_any(["office"])


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


def is_sealed(bid: Bid) -> bool:
    """Whether nobody may read its content: from the sealing to the opening, and for ever if it is never opened."""
    return bid.opened_at is None and bid.state != BidState.DRAFT


def may_read_document(session: Session, user: User, bid: Bid) -> bool:
    """The content of a bid: a draft for who has joined and the unit's heads; sealed for nobody; opened for who sees it."""
    return not is_sealed(bid) and may_see_findings(session, user, bid)


def may_see_findings(session: Session, user: User, bid: Bid) -> bool:
    """What D3 found tells of the pledges, so until the opening it is for the team and the heads of its unit.

    Whoever is only invited may lead or join a rival bid: they read it once they have joined.
    """
    if bid.opened_at is not None:
        return may_see_bid(session, user, bid)
    held = grants(session, user)
    is_head = any((role, bid.unit_id) in held.roles for role in ("party_secretary", "admin_head"))
    joined = (member.user_id for member in bid.members if member.confirmed_at is not None)
    return user.id == bid.leader_id or user.id in joined or is_head


def may_withdraw(user: User, bid: Bid) -> bool:
    """撤回: the leader, of a sealed bid."""
    return user.id == bid.leader_id and bid.state == BidState.SEALED


def may_form_panel(session: Session, user: User) -> bool:
    """组建评审组, 记录票决: the campaign office."""
    return grants(session, user).is_any(["office"])


def may_see_panel(session: Session, user: User, panel: Panel) -> bool:
    """Who sits in it: office and supervision; everybody from the day of the defence on."""
    is_public = panel.defence_on is not None and panel.defence_on <= clock.today()
    return is_public or grants(session, user).is_any(READ_ALL)


def is_party(user: User, publicity: Publicity) -> bool:
    """Whether a public notice is about ``user``."""
    return user.id in publicity.parties


def may_handle(user: User, objection: Objection) -> bool:
    """异议 is handled by nobody whom the notice is about, and not by who filed it."""
    return user.id != objection.filer_id and not is_party(user, objection.publicity)


def may_see_objection(session: Session, user: User, objection: Objection) -> bool:
    """Who filed it, office, supervision, the Party committee, and who was asked to look into it."""
    if user.id == objection.filer_id or any(user.id == one.user_id for one in objection.findings):
        return True
    held = grants(session, user)
    return held.is_any((*READ_ALL, "party_committee")) and may_handle(user, objection)


def may_see_approval(session: Session, user: User, approval: Approval) -> bool:
    """Who signs or has signed it, and those who read all."""
    held = grants(session, user)
    asked = [signer for stage in approval.stages for signer in stage.signers]
    is_asked = any(user.id == one["user"] or (one["role"], one["unit"]) in held.roles for one in asked)
    signed = any(user.id == one.user_id for stage in approval.stages for one in stage.signatures)
    return is_asked or signed or held.is_any(READ_ALL)


def seen_bids_sql(session: Session, user: User) -> Any:
    """The SQL condition of ``may_see_bid``."""
    held = grants(session, user)
    heads = [unit for role, unit in held.roles if role in ("party_secretary", "admin_head") and unit]
    own = (Bid.leader_id == user.id) | Bid.members.any(user_id=user.id) | Bid.unit_id.in_(heads)
    if held.is_any(("hr", "hse")):
        return own | Bid.opened_at.is_not(None)
    return own | (Bid.state != BidState.DRAFT) if held.is_any(READ_ALL) else own
