"""Who may do and see what: each question of authorisation as a table of people."""

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.db import Database
from workflows.domain import permissions
from workflows.models import Bid, BidState, ChallengeState, Post, PostHolding, TeamMember, User

pytestmark = pytest.mark.usefixtures("clock_at")

# Whom the tables below ask about.
PEOPLE = {
    "stranger": (),
    "office": ("office",),
    "office_of_a_unit": ("office@",),
    "supervision": ("supervision",),
    "hr": ("hr",),
    "hse": ("hse",),
    "admin": ("admin",),
    "expert": ("expert",),
    "foreign_head": ("admin_head@", "party_secretary@"),
}


@pytest.fixture
def people(session: Session) -> dict[str, User]:
    return {name: factories.user(session, roles=roles) for name, roles in PEOPLE.items()}


@pytest.fixture
def bid(session: Session, people: dict[str, User]) -> Bid:
    """A bid with a member, and the heads of its unit among ``people``."""
    leader = factories.user(session)
    made = factories.bid(session, on=factories.challenge(session), leader=leader)
    people |= {
        "leader": leader,
        "member": factories.user(session),
        "invited": factories.user(session),
        "secretary": factories.user(session, of=leader.unit, roles=["party_secretary@"]),
        "head": factories.user(session, of=leader.unit, roles=["admin_head@"]),
        "colleague": factories.user(session, of=leader.unit),
    }
    joined = clock.now()
    made.members += [
        TeamMember(seq=2, user=people["member"], role="core", workload_pct=10, confirmed_at=joined),
        TeamMember(seq=3, user=people["invited"], role="core", workload_pct=10),
    ]
    session.flush()
    return made


JOINED, HEADS = {"leader", "member"}, {"secretary", "head"}
TEAM = JOINED | {"invited"}
STATES = {
    # state: (who sees the bid, who reads its document)
    BidState.DRAFT: (TEAM | HEADS, JOINED | HEADS),
    BidState.SEALED: (TEAM | HEADS | {"office", "supervision"}, set()),
    BidState.WITHDRAWN: (TEAM | HEADS | {"office", "supervision"}, set()),
    BidState.LAPSED: (TEAM | HEADS | {"office", "supervision"}, set()),
}


@pytest.mark.parametrize("state", STATES)
def test_who_sees_a_bid_and_who_reads_it(
    session: Session, people: dict[str, User], bid: Bid, state: BidState
) -> None:
    bid.state = state
    see = {name for name, user in people.items() if permissions.may_see_bid(session, user, bid)}
    read = {name for name, user in people.items() if permissions.may_read_document(session, user, bid)}
    assert (see, read) == STATES[state]


@pytest.mark.parametrize("state", [BidState.OPENED, BidState.ELIGIBLE, BidState.INELIGIBLE])
def test_who_sees_an_opened_bid_reads_it(
    session: Session, people: dict[str, User], bid: Bid, state: BidState
) -> None:
    bid.state, bid.opened_at = state, clock.now()
    see = {name for name, user in people.items() if permissions.may_see_bid(session, user, bid)}
    read = {name for name, user in people.items() if permissions.may_read_document(session, user, bid)}
    assert see == read == TEAM | HEADS | {"office", "supervision", "hr", "hse"}


@pytest.mark.parametrize("state", BidState)
def test_only_the_leader_withdraws_and_only_what_is_sealed(
    people: dict[str, User], bid: Bid, state: BidState
) -> None:
    bid.state = state
    may = {name for name, user in people.items() if permissions.may_withdraw(user, bid)}
    assert may == ({"leader"} if state == BidState.SEALED else set())


def test_only_the_office_of_the_plant_posts(session: Session, people: dict[str, User]) -> None:
    assert {name for name, user in people.items() if permissions.may_post(session, user)} == {"office"}


@pytest.mark.parametrize("state", ChallengeState)
def test_only_the_office_amends_and_only_while_the_bidding_runs(
    session: Session, people: dict[str, User], state: ChallengeState
) -> None:
    challenge = factories.challenge(session, state=state)
    may = {name for name, user in people.items() if permissions.may_amend(session, user, challenge)}
    assert may == ({"office"} if state == ChallengeState.PUBLISHED else set())


def test_a_challenge_not_published_is_seen_by_few(session: Session, people: dict[str, User]) -> None:
    challenge = factories.challenge(session, state=ChallengeState.APPROVED)
    may = {name for name, user in people.items() if permissions.may_see_challenge(session, user, challenge)}
    assert may == {"office", "supervision"}
    challenge.state = ChallengeState.APPROVING
    may = {name for name, user in people.items() if permissions.may_see_challenge(session, user, challenge)}
    assert may == {"office", "supervision", "hr", "hse"}


def test_everybody_bids_while_the_bidding_runs_or_those_invited(
    session: Session, people: dict[str, User]
) -> None:
    challenge = factories.challenge(session, days_open=1)
    assert all(permissions.may_bid(user, challenge) for user in people.values())
    challenge.invited_ids = [people["expert"].id]
    assert {name for name, user in people.items() if permissions.may_bid(user, challenge)} == {"expert"}
    challenge.invited_ids, challenge.bid_to = [], clock.now()
    assert not any(permissions.may_bid(user, challenge) for user in people.values())


def test_grants_name_the_audiences_of_a_person(session: Session) -> None:
    user = factories.user(session, roles=["office", "leader@"])
    post = Post(code="P1", unit_id=user.unit_id, name="采气工")
    session.add(post)
    session.flush()
    session.add(PostHolding(post_id=post.id, user_id=user.id))
    session.flush()
    held = permissions.grants(session, user)
    assert held.audiences == [
        f"user:{user.id}",
        f"role:leader@{user.unit_id}",
        "role:office",
        f"post:{post.id}",
    ]
    assert (held.is_any(["office"]), held.is_any(["leader"])) == (True, False)  # leader only of a unit


def test_holders_are_active_and_of_the_unit_that_is_asked(session: Session) -> None:
    plant = factories.user(session, roles=["hse"])
    local = factories.user(session, roles=["hse@"])
    gone = factories.user(session, roles=["hse"])
    gone.is_active = False
    session.flush()
    assert permissions.holders(session, "hse", None) == [plant]
    assert permissions.holders(session, "hse", local.unit_id) == [local]


def test_holders_of_a_post_are_active(session: Session) -> None:
    first, gone = factories.user(session), factories.user(session)
    gone.is_active = False
    post = Post(code="P1", unit_id=first.unit_id, name="采气工")
    session.add(post)
    session.flush()
    session.add_all([PostHolding(post_id=post.id, user_id=one.id) for one in (first, gone)])
    session.flush()
    assert permissions.post_holders(session, post.id) == [first]


def test_every_role_has_a_name_for_people() -> None:
    assert all(role.isidentifier() and name for role, name in permissions.ROLES.items())


def test_a_session_that_only_reads_asks_once_what_somebody_is(database: Database) -> None:
    with database.transaction() as session:
        user_id = factories.user(session, roles=["office"]).id
    with database.read() as session:
        user = session.get_one(User, user_id)
        first, again = permissions.grants(session, user), permissions.grants(session, user)
    assert again is first
    with database.transaction() as session:
        user = session.get_one(User, user_id)
        permissions.grants(session, user)
        user.grants = []
        session.flush()
        assert permissions.grants(session, user).roles != first.roles
