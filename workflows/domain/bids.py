"""Bids (揭榜申报): team, document, sealing, opening, judgement."""

import hashlib
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import clock, seal
from workflows.domain import bid_checks, challenges, notices, paging, permissions
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
    Unit,
    User,
)

Document = Mapping[str, Any]  # steps' WriteForm; JSON keeps amounts in 分, pledged values and shares as text
TEXTS = ("tech_route", "innovation", "risks", "resources_needed", "coi_self", "deposit_ok")
LIVE = (BidState.DRAFT, BidState.SEALED)
FORMING = (BidState.DRAFT, BidState.OPENED)  # its team may change: while it is written, and to cure it


def begin(session: Session, challenge: Challenge, *, leader: User, unit_id: int | None = None) -> Bid:
    """我要揭榜: a draft with ``leader`` as its only member, for the unit ``unit_id`` or else the leader's own.

    Raises Conflict when the bidding is over or the leader has a live bid on it already, Forbidden for who is not
    invited to a list that is, Invalid for an unknown unit.
    """
    challenges.hold(session, challenge)
    _expect_open(challenge)
    if challenge.invited_ids and leader.id not in challenge.invited_ids:
        raise Forbidden("这个榜单是定向邀榜，只有受邀的挂帅人可以揭榜。")
    mine = select(Bid).where(Bid.challenge_id == challenge.id, Bid.leader_id == leader.id)
    earlier = list(session.scalars(mine))
    if any(bid.state in LIVE for bid in earlier):
        raise Conflict("您对这个榜单已有一份申报，请在待办中继续办理。")
    unit = session.get(Unit, leader.unit_id if unit_id is None else unit_id)
    if unit is None or unit.closed_on is not None:
        raise Invalid({"unit_id": ["没有这个单位，或者它已撤销。"]})
    bid = Bid(challenge=challenge, leader=leader, unit=unit, attempt=len(earlier) + 1)
    bid.listing = challenge.relist_count
    own = TeamMember(seq=1, user_id=leader.id, role="leader", workload_pct=30, confirmed_at=clock.now())
    bid.members = [own]
    session.add(bid)
    session.flush()
    return bid


def set_team(session: Session, bid: Bid, *, rows: Sequence[Mapping[str, Any]], actor: User) -> list[int]:
    """组队: replace the team by ``rows`` {user_id, role, pioneer, workload_pct}; the ids still to confirm.

    Whoever has confirmed stays confirmed. Raises Forbidden unless ``actor`` leads the bid, Conflict once it is
    sealed or judged, Invalid for a person named twice or unknown, or a team without exactly the bidder as its leader.
    """
    if actor.id != bid.leader_id:
        raise Forbidden("只有挂帅人可以组队。")
    _expect_forming(bid)
    bid_checks.check_team(session, bid, rows)
    confirmed = {member.user_id: member.confirmed_at for member in bid.members}
    confirmed[bid.leader_id] = confirmed.get(bid.leader_id) or clock.now()
    bid.members.clear()
    session.flush()
    for seq, row in enumerate(rows, start=1):
        bid.members.append(TeamMember(seq=seq, confirmed_at=confirmed.get(row["user_id"]), **row))
    return [member.user_id for member in bid.members if member.confirmed_at is None]


def answer_invitation(session: Session, bid: Bid, *, actor: User, accept: bool) -> None:
    """成员确认: note that ``actor`` joins, or take them off the team. Raises Conflict once it is sealed or judged."""
    _expect_forming(bid)
    member = next((one for one in bid.members if one.user_id == actor.id), None)
    if member is None:
        raise Conflict("您已不在这个团队中。")
    if accept:
        member.confirmed_at = clock.now()
    else:
        bid.members.remove(member)


def write(session: Session, bid: Bid, *, document: Document, actor: User) -> None:
    """编制揭榜书: keep the document, encrypted from its first draft on.

    Raises Forbidden unless by the leader, Conflict once it is sealed, Invalid unless every indicator has exactly
    one pledged value, the milestones are in order and their shares make 100.
    """
    if actor.id != bid.leader_id:
        raise Forbidden("只有挂帅人可以编制揭榜书。")
    if bid.state != BidState.DRAFT:
        raise Conflict("揭榜书已经递交，不能再修改。")
    bid_checks.check_document(bid, document)
    key = session.get_one(SealKey, bid.challenge_id)
    bid.sealed_document = seal.seal(
        key.wrapped, orjson.dumps(document, default=_as_text), about=f"bid:{bid.id}"
    )


def signers(session: Session, bid: Bid) -> list[dict[str, Any]]:
    """所在单位党政意见: both heads of the bid's unit as {role, unit}; for a side that the unit lacks the plant's."""
    return [
        {"role": role, "unit": bid.unit_id if permissions.holders(session, role, bid.unit_id) else None}
        for role in ("party_secretary", "admin_head")
    ]


def seal_up(session: Session, bid: Bid) -> None:
    """密封递交: from now on nobody reads it. Raises Conflict after the deadline by the server's clock."""
    challenges.hold(session, bid.challenge)
    _expect_open(bid.challenge)
    if bid.state != BidState.DRAFT or bid.sealed_document is None:
        raise Conflict("揭榜书还没有写好，不能递交。")
    bid.state = BidState.SEALED
    bid.sealed_at = clock.now()
    bid.sealed_hash = hashlib.sha256(bid.sealed_document).hexdigest()


def tell_of_change(session: Session, bid: Bid, *, text: str) -> None:
    """变更公告: tell the leader of a live bid what was changed about its list, and until when it can be sealed."""
    if bid.state not in LIVE or bid.challenge.bid_to is None:
        return
    until = f"{challenges.last_day(bid.challenge):%Y-%m-%d}"
    told = f"榜单“{bid.challenge.title}”有变更：{notices.excerpt(text)}（揭榜截至 {until}）"
    notices.send(session, bid.leader_id, text=told, link=f"/bids/{bid.id}", kind="bid")


def withdraw(session: Session, bid: Bid) -> None:
    """撤回: before the deadline; the leader may bid again. What is withdrawn stays so."""
    if bid.state not in (BidState.SEALED, BidState.WITHDRAWN):
        raise Conflict("只有已递交、尚未开榜的申报可以撤回。")
    bid.state = BidState.WITHDRAWN


def end_with_list(session: Session, bid: Bid) -> None:
    """撤榜: the list is taken back, and with it whatever was not opened; nothing else changes."""
    if bid.state in LIVE:
        bid.state = BidState.WITHDRAWN


def check_withdrawal(session: Session, bid: Bid, *, actor: User) -> None:
    """Raises Forbidden unless ``actor`` leads the bid, Conflict unless it is sealed and the bidding runs."""
    if actor.id != bid.leader_id:
        raise Forbidden("只有挂帅人可以撤回申报。")
    challenges.hold(session, bid.challenge)
    session.refresh(bid, ["state"])  # as it stands now that nobody else can move it
    if not permissions.may_withdraw(actor, bid):
        raise Conflict("只有已递交、尚未开榜的申报可以撤回。")
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
    bid.milestones = [
        MilestoneDraft(seq=n, **{**row, "pay_pct": Decimal(row["pay_pct"])})
        for n, row in enumerate(document["milestones"], start=1)
    ]
    bid.budget_lines = [BudgetLine(seq=n, **row) for n, row in enumerate(document["budget_lines"], start=1)]
    bid.pledges = [PledgedValue(**row) for row in document["pledge"]]
    bid.state, bid.opened_at = BidState.OPENED, clock.now()


def judge(session: Session, bid: Bid, *, eligible: bool) -> None:
    """资格复核: the result; the leader is told, with the reasons of a refusal."""
    if bid.state != BidState.OPENED:
        raise Conflict("只有已开榜的申报可以复核资格。")
    bid.state = BidState.ELIGIBLE if eligible else BidState.INELIGIBLE
    title = bid.challenge.title
    text, kind = f"您对榜单“{title}”的申报资格合格，进入评审。", "bid"
    if not eligible:
        against = "".join(one.message for one in bid.checks if one.stage != "self" and one.severity != "warn")
        text, kind = f"您对榜单“{title}”的申报资格不合格：{notices.excerpt(against)}", "returned"
    notices.send(session, bid.leader_id, text=text, link=f"/bids/{bid.id}", kind=kind)


def check_query(bid: Bid, *, asks: bool, question: str) -> None:
    """询问: who leads a bid that was found ineligible asks why. Raises Conflict in another state, Invalid without text."""
    if bid.state != BidState.INELIGIBLE:
        raise Conflict("只有资格不合格的申报可以询问。")
    if asks and not question.strip():
        raise Invalid({"opinion": ["请写明要询问的问题。"]})


def answer_query(session: Session, bid: Bid, *, answer: str) -> None:
    """答复询问: the leader is told. Raises Conflict unless the bid was found ineligible."""
    if bid.state != BidState.INELIGIBLE:
        raise Conflict("只有资格不合格的申报可以询问。")
    text = f"您对“{bid.challenge.title}”资格审查结果的询问已答复：{notices.excerpt(answer)}"
    notices.send(session, bid.leader_id, text=text, link=f"/bids/{bid.id}", kind="bid")


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
    team = selectinload(Bid.members).joinedload(TeamMember.user)
    bids = session.scalars(query.options(team, joinedload(Bid.leader))).all()
    return permissions.seen_bids(session, actor, bids)


def of_person(session: Session, user: User) -> list[Bid]:
    """The bids that ``user`` leads or is a member of, the newest first."""
    mine = select(TeamMember.bid_id).where(TeamMember.user_id == user.id)
    query = select(Bid).where(Bid.id.in_(mine)).order_by(Bid.id.desc())
    return list(session.scalars(query.options(selectinload(Bid.challenge), selectinload(Bid.leader))))


def listing(
    session: Session,
    *,
    actor: User,
    challenge_id: int | None = None,
    unit_id: int | None = None,
    state: str | None = None,
    mine: bool = False,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Bid], int]:
    """The bids that ``actor`` may see, the newest first, with how many there are; pages count from 1."""
    wanted = {Bid.challenge_id: challenge_id, Bid.unit_id: unit_id, Bid.state: state}
    query = select(Bid).where(permissions.seen_bids_sql(session, actor))
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if mine:
        query = query.where(Bid.members.any(user_id=actor.id))
    shown = (selectinload(Bid.challenge), selectinload(Bid.leader), selectinload(Bid.unit))
    return paging.page_of(session, query.order_by(Bid.id.desc()).options(*shown), page=page, size=size)


def document(session: Session, bid: Bid, *, actor: User) -> dict[str, Any] | None:
    """The document as ``actor`` may read it now; None while it is sealed, not written, or not theirs to read."""
    if bid.sealed_document is None or not permissions.may_read_document(session, actor, bid):
        return None
    return _decrypt(session.get_one(SealKey, bid.challenge_id), bid)


def _decrypt(key: SealKey, bid: Bid) -> dict[str, Any]:
    plain = seal.unseal(key.wrapped, bid.sealed_document or b"", about=f"bid:{bid.id}")
    content: dict[str, Any] = orjson.loads(plain)
    return content


def _as_text(value: object) -> str:
    """An exact number as JSON keeps it: 40.00 is "40"."""
    if not isinstance(value, Decimal):
        raise TypeError(type(value).__name__)
    return f"{value.normalize():f}"


def _expect_forming(bid: Bid) -> None:
    if bid.state not in FORMING:
        raise Conflict("揭榜书已经递交，团队不能再改。")


def _expect_open(challenge: Challenge) -> None:
    if challenge.state != ChallengeState.PUBLISHED or challenge.bid_to is None:
        raise Conflict("这个榜单现在不接受揭榜。")
    if clock.now() >= challenge.bid_to:
        last = clock.local(challenge.bid_to)
        raise Conflict(f"揭榜已于 {last:%Y-%m-%d %H:%M} 截止（以服务器时间为准），不能再办理。")
