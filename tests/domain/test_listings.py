"""What becomes of a published list before it is awarded."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import listings, notices
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import BidState, Challenge, ChallengeState, ListingAction, SealKey, User

PUBLISHED, FAILED = ChallengeState.PUBLISHED, ChallengeState.FAILED

pytestmark = pytest.mark.usefixtures("clock_at")


@pytest.fixture
def office(session: Session) -> User:
    return factories.user(session, roles=["office"])


def _decision(action: ListingAction, **changes: Any) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "bid_to": None,
        "deadline": None,
        "fixed_award_fen": None,
        "targets": [],
        "invited_ids": [],
        "leader_id": None,
    }
    return {**nothing, "action": action, "opinion": "理由", **changes}


def test_an_amendment_is_noted_with_the_end_before_and_after(session: Session, office: User) -> None:
    challenge = factories.challenge(session, days_open=20)
    before, day = challenge.bid_to, dt.date(2026, 12, 20)
    after = listings.amend(session, challenge, text="加一口井", bid_to=day, actor=office)
    assert after == challenge.bid_to == clock.end_of(day)
    (change,) = listings.changes(session, challenge)
    assert (change.action, change.bid_to_before, change.bid_to_after, change.made_by_id) == (
        "amend",
        before,
        after,
        office.id,
    )
    assert listings.amend(session, challenge, text="更正错字", bid_to=None, actor=office) == after


@pytest.mark.parametrize("state", [one for one in ChallengeState if one != PUBLISHED])
def test_only_a_published_list_is_amended(session: Session, office: User, state: ChallengeState) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Forbidden):
        listings.amend(session, challenge, text="更正", bid_to=None, actor=office)
    assert listings.changes(session, challenge) == []


@pytest.mark.parametrize("state", [one for one in ChallengeState if one not in listings.WITHDRAWABLE])
def test_only_a_list_before_its_award_is_withdrawn(
    session: Session, office: User, state: ChallengeState
) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Conflict, match=r"^这个榜单现在不能撤榜"):
        listings.withdraw(session, challenge, reason="取消", actor=office)
    assert challenge.state == state


def test_a_list_is_withdrawn_with_its_bids_and_their_leaders_are_told(session: Session, office: User) -> None:
    challenge = factories.challenge(session, state=ChallengeState.REVIEWING)
    states = (BidState.SEALED, BidState.ELIGIBLE, BidState.INELIGIBLE, BidState.WITHDRAWN)
    bids = [factories.bid(session, on=challenge, leader=factories.user(session), state=one) for one in states]
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以撤榜。$"):
        listings.withdraw(session, challenge, reason="取消", actor=bids[0].leader)
    listings.withdraw(session, challenge, reason="取" * 400, actor=office)
    session.flush()
    assert [bid.state for bid in bids] == ["withdrawn", "lost", "ineligible", "withdrawn"]
    assert [len(notices.listing(session, bid.leader, unread=True)[0]) for bid in bids] == [1, 1, 0, 0]
    assert listings.latest(session, challenge).action == ListingAction.WITHDRAW


def test_only_the_office_settles_a_failed_list(session: Session, office: User) -> None:
    challenge = factories.challenge(session, state=FAILED)
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以处置流标的榜单。$"):
        listings.settle(
            session, challenge, values=_decision(ListingAction.EXTEND), actor=challenge.party_lead
        )
    for state in (PUBLISHED, ChallengeState.WITHDRAWN):
        challenge.state = state
        with pytest.raises(Conflict):
            listings.settle(session, challenge, values=_decision(ListingAction.EXTEND), actor=office)


def test_an_extension_ends_an_invitation(session: Session, office: User) -> None:
    challenge = factories.challenge(session, state=FAILED)
    challenge.invited_ids = [office.id]
    assert listings.settle(session, challenge, values=_decision(ListingAction.EXTEND), actor=office)
    bid_to = listings.relist(session, challenge)
    assert (challenge.invited_ids, challenge.relist_count, challenge.state) == ([], 1, PUBLISHED)
    assert listings.latest(session, challenge).bid_to_after == bid_to == clock.end_of(dt.date(2026, 12, 14))


def test_a_relisting_keeps_the_number_the_rules_and_seals_anew(
    session: Session, office: User, clock_at: Callable[[dt.datetime], None]
) -> None:
    challenge = factories.challenge(session, state=FAILED)
    session.get_one(SealKey, challenge.id).released_at = clock.now()
    number, rules_at = challenge.no, challenge.rules_at
    clock_at(clock.now() + dt.timedelta(days=3))
    listings.settle(session, challenge, values=_decision(ListingAction.EXTEND), actor=office)
    listings.relist(session, challenge)
    assert (challenge.no, challenge.rules_at) == (number, rules_at)
    assert session.get_one(SealKey, challenge.id).released_at is None


def test_a_relisting_may_move_the_delivery_and_its_bidding_ends_before_it(
    session: Session, office: User
) -> None:
    challenge = factories.challenge(session, state=FAILED)
    challenge.deadline = dt.date(2026, 12, 10)  # before the usual end of a bidding that begins now
    for later, field in (
        (None, "bid_to"),
        (challenge.deadline, "deadline"),
        (dt.date(9999, 1, 1), "deadline"),
    ):
        values = _decision(ListingAction.EXTEND, deadline=later)
        with pytest.raises(Invalid) as refused:
            listings.settle(session, challenge, values=values, actor=office)
        assert list(refused.value.fields) == [field]
    later = dt.date(2027, 6, 30)
    assert listings.settle(
        session, challenge, values=_decision(ListingAction.EXTEND, deadline=later), actor=office
    )
    assert challenge.deadline == later


@pytest.mark.parametrize("action", [ListingAction.WITHDRAW, ListingAction.SPLIT])
def test_a_list_that_is_not_put_up_again_ends(session: Session, office: User, action: ListingAction) -> None:
    challenge = factories.challenge(session, state=FAILED)
    assert listings.settle(session, challenge, values=_decision(action), actor=office) is False
    listings.end(session, challenge)
    session.flush()
    assert challenge.state == ChallengeState.WITHDRAWN
    assert len(notices.listing(session, office, unread=True)[0]) == (action == ListingAction.SPLIT)


@pytest.mark.parametrize(
    ("op", "target", "is_easier"),
    [
        ("≤", "11", True),
        ("≤", "9", False),
        ("≥", "9", True),
        ("≥", "11", False),
        ("=", "11", True),
        ("=", "10", False),
    ],
)
def test_a_lower_target_is_easier_by_its_operator(
    session: Session, office: User, op: str, target: str, is_easier: bool
) -> None:
    challenge: Challenge = factories.challenge(session, state=FAILED)
    (indicator,) = challenge.indicators
    indicator.op = op
    session.flush()
    values = _decision(
        ListingAction.LOWER, targets=[{"indicator_id": indicator.id, "target": Decimal(target)}]
    )
    if is_easier:
        listings.settle(session, challenge, values=values, actor=office)
        assert indicator.target == Decimal(target)
        return
    with pytest.raises(Invalid) as refused:
        listings.settle(session, challenge, values=values, actor=office)
    assert refused.value.fields == {"targets.0.target": ["新的目标必须比现在的目标容易达到。"]}
