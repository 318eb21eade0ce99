"""The stages of a challenge and of a bid: each act in every stage, refused wherever it is not at home."""

from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import bids, challenges, listings, publications, selections
from workflows.errors import Conflict, Refusal
from workflows.models import Bid, BidState, Challenge, ChallengeState, ListingAction, ListingChange, User

pytestmark = pytest.mark.usefixtures("clock_at")

C, B = ChallengeState, BidState
TERMS = {"deadline": None, "bid_to": None, "opinion": "再试一次"}


def relist(session: Session, challenge: Challenge) -> None:
    """Put up again what was decided to be."""
    decided = ListingChange(challenge_id=challenge.id, action=ListingAction.EXTEND, text="再试一次")
    decided.made_at = clock.now()
    session.add(decided)
    session.flush()
    listings.relist(session, challenge)


OnChallenge = Callable[[Session, Challenge, User], object]
ON_CHALLENGE: dict[str, tuple[OnChallenge, set[ChallengeState]]] = {
    "submit": (lambda s, c, _: publications.submit(s, c), {C.REFINING, C.JUSTIFIED}),
    "hand back": (lambda s, c, _: publications.hand_back(s, c), {C.APPROVING}),
    "reject": (lambda s, c, _: publications.reject(s, c), {C.APPROVING}),
    "approve": (lambda s, c, _: publications.approve(s, c), {C.APPROVING}),
    "publish": (lambda s, c, _: publications.publish(s, c), {C.APPROVED}),
    "extend for a single bid": (lambda s, c, _: listings.extend_single(s, c), {C.PUBLISHED}),
    "relist": (lambda s, c, _: relist(s, c), {C.FAILED}),
    "settle a failed list": (
        lambda s, c, by: listings.settle(s, c, values={**TERMS, "action": "extend"}, actor=by),
        {C.FAILED},
    ),
    "withdraw": (
        lambda s, c, by: listings.withdraw(s, c, reason="不再需要", actor=by),
        {C.APPROVED, C.PUBLISHED, *challenges.IN_SELECTION},
    ),
    "open the seals": (lambda s, c, _: challenges.release_seal(s, c), {C.BIDDING_CLOSED}),
    "begin the review": (lambda s, c, _: selections.begin_review(s, c), set(challenges.IN_SELECTION)),
    "announce": (lambda s, c, _: selections.announce(s, c), {C.PROPOSED}),
    "fail": (lambda s, c, _: challenges.fail(s, c), set(challenges.IN_SELECTION)),
}

OnBid = Callable[[Session, Bid, User], object]
ROW = {"role": "leader", "pioneer": False, "workload_pct": 40}
ON_BID: dict[str, tuple[OnBid, set[BidState]]] = {
    "form the team": (
        lambda s, b, by: bids.set_team(s, b, rows=[{**ROW, "user_id": by.id}], actor=by),
        {B.DRAFT, B.OPENED},
    ),
    "join": (lambda s, b, by: bids.answer_invitation(s, b, actor=by, accept=True), {B.DRAFT, B.OPENED}),
    "withdraw": (lambda s, b, _: bids.withdraw(s, b), {B.SEALED, B.WITHDRAWN}),
    "ask to withdraw": (lambda s, b, by: bids.check_withdrawal(s, b, actor=by), {B.SEALED}),
    "judge": (lambda s, b, _: bids.judge(s, b, eligible=True), {B.OPENED}),
    "ask why": (lambda _, b, by: bids.check_query(b, asks=True, question="为什么？"), {B.INELIGIBLE}),
    "answer why": (lambda s, b, _: bids.answer_query(s, b, answer="因为"), {B.INELIGIBLE}),
}


def is_taken(session: Session, act: Callable[[], object]) -> bool:
    """Whether an act is done; what it did is undone."""
    undo = session.begin_nested()
    try:
        act()
    except Refusal as refused:
        assert isinstance(refused, Conflict)
        return False
    finally:
        undo.rollback()
    return True


@pytest.mark.parametrize("name", ON_CHALLENGE)
def test_a_challenge_takes_an_act_in_its_own_stages_only(session: Session, name: str) -> None:
    act, home = ON_CHALLENGE[name]
    office = factories.user(session, roles=["office"])
    taken = set()
    for state in C:
        challenge = factories.challenge(session, state=state)
        if is_taken(session, lambda one=challenge: act(session, one, office)):  # type: ignore[misc]  # bound now
            taken.add(state)
    assert taken == home


@pytest.mark.parametrize("name", ON_BID)
def test_a_bid_takes_an_act_in_its_own_stages_only(session: Session, name: str) -> None:
    act, home = ON_BID[name]
    listed = factories.challenge(session)
    taken = set()
    for state in B:
        leader = factories.user(session)
        bid = factories.bid(session, on=listed, leader=leader, state=state)
        if is_taken(session, lambda one=bid, by=leader: act(session, one, by)):  # type: ignore[misc]  # bound now
            taken.add(state)
    assert taken == home
