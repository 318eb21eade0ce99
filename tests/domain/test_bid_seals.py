"""The seal of a bid: put on, taken back, broken, opened, and the judgement after it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.domain.bidding import document, release, sealed
from workflows import clock
from workflows.domain import bids
from workflows.errors import Conflict, Forbidden
from workflows.models import BidState, PledgedValue, SealKey
from workflows.seal import SealBroken

pytestmark = pytest.mark.usefixtures("clock_at")

DRAFT, SEALED = BidState.DRAFT, BidState.SEALED


def test_a_bid_is_sealed_once_it_is_written_and_before_the_deadline(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    bid = bids.begin(session, challenge, leader=leader)
    with pytest.raises(Conflict, match=r"^揭榜书还没有写好，不能递交。$"):
        bids.seal_up(session, bid)
    bids.write(session, bid, document=document(challenge), actor=leader)
    assert challenge.bid_to is not None
    for late in (dt.timedelta(0), dt.timedelta(seconds=1)):
        clock_at(challenge.bid_to + late)
        with pytest.raises(Conflict, match="截止"):
            bids.seal_up(session, bid)
    assert bid.state == DRAFT
    clock_at(challenge.bid_to - dt.timedelta(seconds=1))
    bids.seal_up(session, bid)
    assert (bid.state, bid.sealed_at, len(bid.sealed_hash or "")) == (SEALED, clock.now(), 64)
    with pytest.raises(Conflict):
        bids.seal_up(session, bid)


@pytest.mark.parametrize("state", [one for one in BidState if one not in (SEALED, BidState.WITHDRAWN)])
def test_only_a_sealed_bid_is_withdrawn(session: Session, state: BidState) -> None:
    bid = factories.bid(session, on=factories.challenge(session), leader=factories.user(session), state=state)
    message = r"^只有已递交、尚未开榜的申报可以撤回。$"
    with pytest.raises(Conflict, match=message):
        bids.withdraw(session, bid)
    with pytest.raises(Conflict, match=message):
        bids.check_withdrawal(session, bid, actor=bid.leader)
    assert bid.state == state


def test_a_bid_is_withdrawn_by_its_leader_while_the_bidding_runs(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    bid = sealed(session)
    with pytest.raises(Forbidden, match=r"^只有挂帅人可以撤回申报。$"):
        bids.check_withdrawal(session, bid, actor=factories.user(session))
    bids.check_withdrawal(session, bid, actor=bid.leader)
    bid_to = bid.challenge.bid_to
    assert bid_to is not None
    clock_at(bid_to)
    with pytest.raises(Conflict, match="截止"):
        bids.check_withdrawal(session, bid, actor=bid.leader)
    bids.withdraw(session, bid)
    bids.withdraw(session, bid)  # once more changes nothing
    assert bid.state == BidState.WITHDRAWN


@pytest.mark.parametrize("state", BidState)
def test_only_a_draft_lapses(session: Session, state: BidState) -> None:
    bid = factories.bid(session, on=factories.challenge(session), leader=factories.user(session), state=state)
    bids.lapse(session, bid)
    assert bid.state == (BidState.LAPSED if state == DRAFT else state)


def test_an_opened_bid_becomes_rows(session: Session) -> None:
    bid = sealed(session)
    with pytest.raises(Conflict, match=r"^办公室和纪委监督尚未共同开榜。$"):
        bids.open_up(session, bid)
    assert (bid.state, bid.tech_route) == (SEALED, None)
    release(session, bid)
    bids.open_up(session, bid)
    session.flush()
    assert (bid.state, bid.tech_route, bid.opened_at) == (BidState.OPENED, "电伴热", clock.now())
    assert [(one.seq, one.name, one.pay_pct) for one in bid.milestones] == [(1, "设计", Decimal(100))]
    assert [(one.seq, one.item, one.amount_fen) for one in bid.budget_lines] == [(1, "材料", 100)]
    session.expire_all()
    assert session.scalars(select(PledgedValue.value)).all() == [Decimal("8.5")]
    with pytest.raises(Conflict, match=r"^只有密封的申报可以开榜。$"):
        bids.open_up(session, bid)


def test_a_document_changed_behind_the_seal_is_not_opened(session: Session) -> None:
    bid = sealed(session)
    release(session, bid)
    assert bid.sealed_document is not None
    bid.sealed_document = bid.sealed_document[:-1] + bytes([bid.sealed_document[-1] ^ 1])
    with pytest.raises(SealBroken, match=rf"^bid:{bid.id}$"):
        bids.open_up(session, bid)
    assert (bid.state, bid.tech_route) == (SEALED, None)


def test_the_document_of_another_bid_is_not_opened_in_its_place(session: Session) -> None:
    bid, other = sealed(session), sealed(session, tech_route="另一份")
    release(session, bid)
    bid.sealed_document, bid.sealed_hash = other.sealed_document, other.sealed_hash
    key, foreign = (session.get_one(SealKey, one.challenge_id) for one in (bid, other))
    key.wrapped = foreign.wrapped
    with pytest.raises(SealBroken):
        bids.open_up(session, bid)


@pytest.mark.parametrize(("eligible", "state"), [(True, BidState.ELIGIBLE), (False, BidState.INELIGIBLE)])
def test_an_opened_bid_is_judged_once(session: Session, eligible: bool, state: BidState) -> None:
    bid = factories.bid(
        session, on=factories.challenge(session), leader=factories.user(session), state=BidState.OPENED
    )
    bids.judge(session, bid, eligible=eligible)
    assert bid.state == state
    with pytest.raises(Conflict, match=r"^只有已开榜的申报可以复核资格。$"):
        bids.judge(session, bid, eligible=not eligible)
    assert bid.state == state
