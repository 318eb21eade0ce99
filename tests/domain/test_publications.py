"""From the approval of a challenge to the end of its bidding."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import challenges, notices, publications
from workflows.errors import Conflict
from workflows.models import BidState, Challenge, ChallengeState

APPROVING, APPROVED, PUBLISHED = (
    ChallengeState.APPROVING,
    ChallengeState.APPROVED,
    ChallengeState.PUBLISHED,
)

pytestmark = pytest.mark.usefixtures("clock_at")


@pytest.mark.parametrize("state", [one for one in ChallengeState if one != APPROVING])
def test_only_what_is_under_approval_is_approved_handed_back_or_rejected(
    session: Session, state: ChallengeState
) -> None:
    challenge = factories.challenge(session, state=state)
    for act in (publications.approve, publications.hand_back, publications.reject):
        with pytest.raises(Conflict, match=r"^榜单当前的状态不允许这样做，请刷新页面。$"):
            act(session, challenge)
    assert challenge.state == state


@pytest.mark.parametrize("state", [one for one in ChallengeState if one != APPROVED])
def test_only_what_is_approved_is_published(session: Session, state: ChallengeState) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Conflict, match=r"^榜单当前的状态不允许这样做，请刷新页面。$"):
        publications.publish(session, challenge)
    assert challenge.state == state


def test_what_is_drafted_is_submitted_once(session: Session) -> None:
    challenge = factories.challenge(session, state=ChallengeState.JUSTIFIED)
    publications.submit(session, challenge)
    assert challenge.state == APPROVING
    with pytest.raises(Conflict):
        publications.submit(session, challenge)
    publications.hand_back(session, challenge)
    assert challenge.state == ChallengeState.REFINING


def test_numbers_go_on_within_a_year_and_a_category(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    def number(category: str) -> str | None:
        challenge = factories.challenge(session, state=APPROVED)
        challenge.category = category
        publications.publish(session, challenge)
        session.flush()
        return challenge.no

    numbers = [number(category) for category in ("发展之困", "生产所需", "发展之困", "市场所急")]
    clock_at(dt.datetime(2027, 1, 4, 9, tzinfo=clock.PLANT_ZONE))
    assert [*numbers, number("发展之困")] == [
        "TRQ-2026-F01",
        "TRQ-2026-S01",
        "TRQ-2026-F02",
        "TRQ-2026-M01",
        "TRQ-2027-F01",
    ]


def test_the_bidding_ends_as_posted_or_after_the_usual_or_the_shortest_period(session: Session) -> None:
    ends = []
    for posted in (clock.end_of(dt.date(2027, 1, 29)), None, clock.end_of(dt.date(2026, 11, 27))):
        challenge = factories.challenge(session, state=APPROVED)
        challenge.bid_to = posted
        ends.append(publications.publish(session, challenge))
    assert ends == [clock.end_of(dt.date(*day)) for day in ((2027, 1, 29), (2026, 12, 14), (2026, 12, 7))]


def test_the_heads_of_every_unit_are_told_once(session: Session) -> None:
    head = factories.user(session, roles=["admin_head@", "party_secretary@"])
    plant = factories.user(session, roles=["admin_head"])
    left = factories.user(session, roles=["admin_head@"])
    left.is_active = False
    challenge = factories.challenge(session, state=APPROVED)
    publications.publish(session, challenge)
    session.flush()
    assert [len(notices.listing(session, one, unread=True)[0]) for one in (head, plant, left)] == [1, 0, 0]


def test_what_is_published_is_kept_as_it_was(session: Session) -> None:
    challenge = factories.challenge(session, state=APPROVED)
    publications.publish(session, challenge)
    kept, digest = challenge.snapshot, challenge.snapshot_hash
    assert kept is not None
    assert (kept["title"], kept["deadline"], kept["indicators"][0]["baseline"]) == (
        "降低冬季冻堵次数",
        "2027-10-31",
        "40",
    )
    challenge.title = "别的"
    assert publications.put_up(session, challenge) == challenge.bid_to
    assert challenge.snapshot_hash != digest


def test_what_is_posted_can_be_shown_in_its_form_again(session: Session) -> None:
    challenge = factories.challenge(session, state=ChallengeState.REFINING)
    shown = publications.posted(challenge)
    assert (shown["title"], shown["bid_to"]) == (challenge.title, challenges.last_day(challenge))
    assert shown["indicators"][0]["target"] == challenge.indicators[0].target


def test_the_call_closes_at_its_deadline_and_counts_what_is_sealed(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    challenge = factories.challenge(session, days_open=1)
    for state in (BidState.SEALED, BidState.DRAFT, BidState.SEALED, BidState.WITHDRAWN):
        factories.bid(session, on=challenge, leader=factories.user(session), state=state)
    bid_to = challenge.bid_to
    assert bid_to is not None
    clock_at(bid_to - dt.timedelta(seconds=1))
    acts: tuple[Callable[[Session, Challenge], object], ...] = (
        publications.count_sealed,
        publications.close_call,
    )
    for act in acts:
        with pytest.raises(Conflict, match=r"^揭榜期还没有结束，不能截止。$"):
            act(session, challenge)
    assert challenge.state == PUBLISHED
    clock_at(bid_to)
    assert publications.count_sealed(session, challenge) == 2
    publications.close_call(session, challenge)
    assert challenge.state == ChallengeState.BIDDING_CLOSED
    with pytest.raises(Conflict):
        publications.close_call(session, challenge)
