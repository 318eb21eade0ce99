"""Bids (揭榜申报): team, document, sealing, opening, judgement."""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import clock, seal
from workflows.domain import challenges, permissions
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    Bid,
    BidState,
    BudgetLine,
    Challenge,
    ChallengeState,
    MilestoneDraft,
    PledgedValue,
    SealKey,
    TeamMember,
    User,
)

Document = Mapping[str, Any]  # steps.bid.WriteForm, as JSON keeps it: amounts in 分, pledged values as text
TEXTS = ("tech_route", "innovation", "risks", "resources_needed", "coi_self", "deposit_ok")
LIVE = (BidState.DRAFT, BidState.SEALED)


def begin(session: Session, challenge: Challenge, *, leader: User) -> Bid:
    """我要揭榜: a draft with ``leader`` as its only member.

    Raises Conflict when the bidding is over or the leader has a live bid on it already.
    """
    challenges.hold(session, challenge)
    _expect_open(challenge)
    mine = select(Bid).where(Bid.challenge_id == challenge.id, Bid.leader_id == leader.id)
    earlier = list(session.scalars(mine))
    if any(bid.state in LIVE for bid in earlier):
        raise Conflict("您对这个榜单已有一份申报，请在待办中继续办理。")
    bid = Bid(challenge=challenge, leader=leader, unit_id=leader.unit_id, attempt=len(earlier) + 1)
    own = TeamMember(seq=1, user_id=leader.id, role="leader", workload_pct=30, confirmed_at=clock.now())
    bid.members = [own]
    session.add(bid)
    session.flush()
    return bid


def set_team(session: Session, bid: Bid, *, rows: Sequence[Mapping[str, Any]], actor: User) -> list[int]:
    """组队: replace the team by ``rows`` {user_id, role, pioneer, workload_pct}; the ids still to confirm.

    Whoever has confirmed stays confirmed. Raises Forbidden unless ``actor`` leads the bid, Invalid for a person
    named twice or unknown, or a team without exactly the bidder as its leader.
    """
    if actor.id != bid.leader_id:
        raise Forbidden("只有挂帅人可以组队。")
    _check_team(session, bid, rows)
    confirmed = {member.user_id: member.confirmed_at for member in bid.members}
    confirmed[bid.leader_id] = confirmed.get(bid.leader_id) or clock.now()
    bid.members.clear()
    session.flush()
    for seq, row in enumerate(rows, start=1):
        bid.members.append(TeamMember(seq=seq, confirmed_at=confirmed.get(row["user_id"]), **row))
    return [member.user_id for member in bid.members if member.confirmed_at is None]


def answer_invitation(session: Session, bid: Bid, *, actor: User, accept: bool) -> None:
    """成员确认: note that ``actor`` joins, or take them off the team."""
    member = next((one for one in bid.members if one.user_id == actor.id), None)
    if member is None:
        raise Conflict("您已不在这个团队中。")
    if accept:
        member.confirmed_at = clock.now()
    else:
        bid.members.remove(member)


def write(session: Session, bid: Bid, *, document: Document, actor: User) -> None:
    """编制揭榜书: keep the document, encrypted from its first draft on.

    Raises Invalid unless every indicator has exactly one pledged value and the milestones' shares make 100.
    """
    if actor.id != bid.leader_id:
        raise Forbidden("只有挂帅人可以编制揭榜书。")
    if bid.state != BidState.DRAFT:
        raise Conflict("揭榜书已经递交，不能再修改。")
    _check_document(bid, document)
    key = session.get_one(SealKey, bid.challenge_id)
    bid.sealed_document = seal.seal(key.wrapped, orjson.dumps(document), about=f"bid:{bid.id}")


def seal_up(session: Session, bid: Bid) -> None:
    """密封递交: from now on nobody reads it. Raises Conflict after the deadline by the server's clock."""
    challenges.hold(session, bid.challenge)
    _expect_open(bid.challenge)
    if bid.state != BidState.DRAFT or bid.sealed_document is None:
        raise Conflict("揭榜书还没有写好，不能递交。")
    bid.state = BidState.SEALED
    bid.sealed_at = clock.now()
    bid.sealed_hash = hashlib.sha256(bid.sealed_document).hexdigest()


def withdraw(session: Session, bid: Bid) -> None:
    """撤回: before the deadline; the leader may bid again. What is withdrawn stays so."""
    if bid.state not in (BidState.SEALED, BidState.WITHDRAWN):
        raise Conflict("只有已递交、尚未开榜的申报可以撤回。")
    bid.state = BidState.WITHDRAWN


def check_withdrawal(session: Session, bid: Bid, *, actor: User) -> None:
    """Raises Forbidden unless ``actor`` leads the bid, Conflict unless it is sealed and the bidding runs."""
    if actor.id != bid.leader_id:
        raise Forbidden("只有挂帅人可以撤回申报。")
    if not permissions.may_withdraw(actor, bid):
        raise Conflict("只有已递交、尚未开榜的申报可以撤回。")
    challenges.hold(session, bid.challenge)
    _expect_open(bid.challenge)


def lapse(session: Session, bid: Bid) -> None:
    """The bidding closed while this was a draft."""
    if bid.state == BidState.DRAFT:
        bid.state = BidState.LAPSED


def open_up(session: Session, bid: Bid) -> None:
    """开榜: decrypt the document into rows, once the key of the challenge is released.

    Raises Conflict while it is not, SealBroken when what was sealed has been changed.
    """
    key = session.get_one(SealKey, bid.challenge_id)
    if bid.state != BidState.SEALED or bid.sealed_document is None:
        raise Conflict("只有密封的申报可以开榜。")
    if key.released_at is None:
        raise Conflict("办公室和纪委监督尚未共同开榜。")
    if hashlib.sha256(bid.sealed_document).hexdigest() != bid.sealed_hash:
        raise seal.SealBroken(f"bid:{bid.id}")
    document = _decrypt(key, bid)
    for name in TEXTS:
        setattr(bid, name, document.get(name))
    bid.milestones = [MilestoneDraft(seq=n, **row) for n, row in enumerate(document["milestones"], start=1)]
    bid.budget_lines = [BudgetLine(seq=n, **row) for n, row in enumerate(document["budget_lines"], start=1)]
    bid.pledges = [PledgedValue(**row) for row in document["pledge"]]
    bid.state, bid.opened_at = BidState.OPENED, clock.now()


def judge(session: Session, bid: Bid, *, eligible: bool) -> None:
    """资格复核: the result."""
    if bid.state != BidState.OPENED:
        raise Conflict("只有已开榜的申报可以复核资格。")
    bid.state = BidState.ELIGIBLE if eligible else BidState.INELIGIBLE


def get(session: Session, bid_id: int, *, actor: User) -> Bid:
    """The bid with its team. Raises NotFound for one that ``actor`` may not see."""
    query = (
        select(Bid).where(Bid.id == bid_id).options(selectinload(Bid.members).selectinload(TeamMember.user))
    )
    bid = session.scalars(query).one_or_none()
    if bid is None or not permissions.may_see_bid(session, actor, bid):
        raise NotFound("没有找到这份申报。")
    return bid


def of_challenge(session: Session, challenge: Challenge, *, actor: User) -> list[Bid]:
    """The bids on ``challenge`` that ``actor`` may see, in order of sealing."""
    query = select(Bid).where(Bid.challenge_id == challenge.id).order_by(Bid.sealed_at, Bid.id)
    team = selectinload(Bid.members).selectinload(TeamMember.user)
    bids = session.scalars(query.options(team, selectinload(Bid.leader))).all()
    return permissions.seen_bids(session, actor, bids)


def of_person(session: Session, user: User) -> list[Bid]:
    """The bids that ``user`` leads or is a member of, the newest first."""
    mine = select(TeamMember.bid_id).where(TeamMember.user_id == user.id)
    query = select(Bid).where(Bid.id.in_(mine)).order_by(Bid.id.desc())
    return list(session.scalars(query.options(selectinload(Bid.challenge), selectinload(Bid.leader))))


def document(session: Session, bid: Bid, *, actor: User) -> dict[str, Any] | None:
    """The document as ``actor`` may read it now; None while it is sealed, not written, or not theirs to read."""
    if bid.sealed_document is None or not permissions.may_read_document(session, actor, bid):
        return None
    return _decrypt(session.get_one(SealKey, bid.challenge_id), bid)


def _decrypt(key: SealKey, bid: Bid) -> dict[str, Any]:
    plain = seal.unseal(key.wrapped, bid.sealed_document or b"", about=f"bid:{bid.id}")
    content: dict[str, Any] = orjson.loads(plain)
    return content


def _expect_open(challenge: Challenge) -> None:
    if challenge.state != ChallengeState.PUBLISHED or challenge.bid_to is None:
        raise Conflict("这个榜单现在不接受揭榜。")
    if clock.now() >= challenge.bid_to:
        last = clock.local(challenge.bid_to)
        raise Conflict(f"揭榜已于 {last:%Y-%m-%d %H:%M} 截止（以服务器时间为准），不能再办理。")


def _check_team(session: Session, bid: Bid, rows: Sequence[Mapping[str, Any]]) -> None:
    fields: dict[str, list[str]] = {}
    seen: set[int] = set()
    known = set(
        session.scalars(select(User.id).where(User.id.in_([row["user_id"] for row in rows]), User.is_active))
    )
    for place, row in enumerate(rows):
        if row["user_id"] in seen:
            fields[f"members.{place}.user_id"] = ["这个人已经在团队中。"]
        elif row["user_id"] not in known:
            fields[f"members.{place}.user_id"] = ["没有这个人员。"]
        elif (row["role"] == "leader") != (row["user_id"] == bid.leader_id):
            fields[f"members.{place}.role"] = ["挂帅人有且只有申报人自己。"]
        seen.add(row["user_id"])
    if bid.leader_id not in seen:
        fields.setdefault("members", []).append("团队中缺少挂帅人自己。")
    if fields:
        raise Invalid(fields)


def _check_document(bid: Bid, document: Document) -> None:
    fields: dict[str, list[str]] = {}
    wanted = {indicator.id: indicator.name for indicator in bid.challenge.indicators}
    pledged = [row["indicator_id"] for row in document["pledge"]]
    for place, indicator_id in enumerate(pledged):
        if indicator_id not in wanted:
            fields[f"pledge.{place}.indicator_id"] = ["这个榜单没有这项指标。"]
        elif indicator_id in pledged[:place]:
            fields[f"pledge.{place}.indicator_id"] = ["这项指标已经承诺过。"]
    missing = [name for indicator_id, name in wanted.items() if indicator_id not in pledged]
    if missing:
        fields["pledge"] = [f"还没有承诺的指标：{'、'.join(missing)}。"]
    if sum(row["pay_pct"] for row in document["milestones"]) != 100:
        fields["milestones"] = ["各节点的拨付比例合计应为 100%。"]
    if fields:
        raise Invalid(fields)
