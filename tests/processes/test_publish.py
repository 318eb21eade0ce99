"""A challenge played from its publication to the judged bids."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as play_cast
from tests.processes.cast import CLOSING, LAST_DAY, Cast
from workflows import clock, work
from workflows.db import Database
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Bid, Challenge, SealKey, User


def _extend(
    campaign: Database, challenge_id: int, last_day: dt.date, *, by: int, reason: str = "征求意见"
) -> None:
    with campaign.transaction() as session:
        work.extend_bidding(session, challenge_id, last_day, actor=session.get_one(User, by), reason=reason)


def test_a_challenge_is_published_closed_opened_and_goes_to_review(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    process = play_cast.publishing(campaign, challenge_id)
    assert play.timers(campaign, process) == [("bidding_ends", CLOSING)]
    bid = play_cast.seal_bid(campaign, cast, challenge_id)
    play.wait_until(campaign, CLOSING)
    assert play_cast.challenge_state(campaign, challenge_id) == "bidding_closed"
    assert [(node, audience) for node, audience, _ in play.items(campaign, process)] == [
        ("open_seals", "role:office"),
        ("open_seals", "role:supervision"),
    ]
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, bid)
    assert play_cast.challenge_state(campaign, challenge_id) == "reviewing"
    assert play.acts(campaign, process) == [
        ("start", "publish"),
        ("auto", "publish_list"),
        ("timer", "bidding_ends"),
        ("auto", "close_call"),
        ("send", "closing_sent"),
        ("vote", "open_seals"),
        ("vote", "open_seals"),
        ("round", "open_seals"),
        ("auto", "release_seal"),
        ("send", "opening_sent"),
        ("receive", "g_gather"),
        ("auto", "count_judged"),
        ("auto", "begin_review"),
        ("end", "publish"),
    ]
    assert play.incidents(campaign) == []


def test_a_posted_challenge_is_stored_with_its_number_and_its_seal(campaign: Database, cast: Cast) -> None:
    first, second = (
        play_cast.post(campaign, cast),
        play_cast.post(campaign, cast, title="另一项", category="市场所急"),
    )
    third = play_cast.post(campaign, cast, title="第三项")
    with campaign.read() as session:
        numbers = [session.get_one(Challenge, one).no for one in (first, second, third)]
        assert numbers == ["TRQ-2026-S01", "TRQ-2026-M01", "TRQ-2026-S02"]
        posted = session.get_one(Challenge, first)
        assert (posted.state, posted.budget_fen, posted.bid_to) == ("published", 120_000_000, CLOSING)
        (indicator,) = posted.indicators
        assert (indicator.target, indicator.weight, indicator.hard) == (Decimal(10), Decimal(1), True)
        assert session.get_one(SealKey, first).released_at is None


def test_only_the_office_posts(campaign: Database, cast: Cast) -> None:
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以发榜。$"):
        play_cast.post(campaign, Cast(**{**vars(cast), "office": cast.supervision}))
    with campaign.read() as session:
        assert session.scalars(select(Challenge)).all() == []


def test_a_list_without_bids_fails(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)  # a draft is no bid
    play.wait_until(campaign, CLOSING)
    process = play_cast.publishing(campaign, challenge_id)
    assert play_cast.challenge_state(campaign, challenge_id) == "failed"
    assert (play.status(campaign, process), play.items(campaign, process)) == ("completed", [])
    assert play.acts(campaign, process)[-2:] == [("auto", "fail"), ("end", "publish")]


def test_seals_are_opened_by_office_and_supervision_together(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    play_cast.seal_bid(campaign, cast, challenge_id)
    play.wait_until(campaign, CLOSING)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "publish.open", by=cast.office, confirmed=False, witness="王监督")
    assert refused.value.fields == {"confirmed": ["请确认后再开榜。"]}
    play.complete(campaign, "publish.open", by=cast.supervision, confirmed=True, witness="王监督")
    play.settle(campaign)
    with campaign.read() as session:
        assert session.get_one(SealKey, challenge_id).released_at is None
    assert play_cast.bid_states(campaign) == ["sealed"]
    play.complete(campaign, "publish.open", by=cast.office, confirmed=True, witness="王监督")
    play.settle(campaign)
    with campaign.read() as session:
        assert session.get_one(SealKey, challenge_id).released_at == CLOSING
    assert play_cast.bid_states(campaign) == ["opened"]


def test_nobody_else_opens_the_seals(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    play_cast.seal_bid(campaign, cast, challenge_id)
    play.wait_until(campaign, CLOSING)
    with campaign.read() as session:
        item = play.all_items(session, play_cast.publishing(campaign, challenge_id))[0].id
    for one in (cast.leader, cast.admin, cast.hr, cast.party_lead):
        with pytest.raises(NotFound):
            play.complete_item(campaign, item, by=one, confirmed=True, witness="王监督")
    with pytest.raises(Forbidden, match=r"^这个任务不是由您办理的。$"):
        play.complete_item(campaign, item, by=cast.supervision, confirmed=True, witness="王监督")
    assert play_cast.bid_states(campaign) == ["sealed"]


def test_the_bidding_does_not_close_before_its_deadline(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    play.wait_until(campaign, CLOSING - dt.timedelta(seconds=1))
    assert play_cast.challenge_state(campaign, challenge_id) == "published"
    play.wait_until(campaign, CLOSING)
    assert play_cast.challenge_state(campaign, challenge_id) == "failed"


def test_an_extension_moves_the_end_of_the_bidding(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    process = play_cast.publishing(campaign, challenge_id)
    later = LAST_DAY + dt.timedelta(days=5)
    _extend(campaign, challenge_id, later, by=cast.office)
    assert play.timers(campaign, process) == [("bidding_ends", clock.end_of(later))]
    moved = play.history(campaign, process)[-1]
    assert (moved.verb, moved.actor_id, moved.reason) == ("move_timer", cast.office, "征求意见")
    play.wait_until(campaign, CLOSING + dt.timedelta(hours=1))
    assert play_cast.challenge_state(campaign, challenge_id) == "published"
    play_cast.seal_bid(campaign, cast, challenge_id)  # after the old deadline
    play.wait_until(campaign, clock.end_of(later))
    assert play_cast.challenge_state(campaign, challenge_id) == "bidding_closed"
    assert play_cast.bid_states(campaign) == ["sealed"]


def test_a_bid_begun_before_an_extension_is_sealed_after_the_old_deadline(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    _extend(campaign, challenge_id, LAST_DAY + dt.timedelta(days=1), by=cast.office)
    play.wait_until(campaign, CLOSING)
    play_cast.sign(campaign, cast, process)
    assert play_cast.bid_states(campaign) == ["sealed"]


def test_an_extension_needs_the_office_a_reason_and_a_later_day(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    later = LAST_DAY + dt.timedelta(days=5)
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以在揭榜期内延期。$"):
        _extend(campaign, challenge_id, later, by=cast.leader)
    with pytest.raises(Invalid) as refused:
        _extend(campaign, challenge_id, later, by=cast.office, reason=" ")
    assert refused.value.fields == {"reason": ["请写明延期理由。"]}
    with pytest.raises(Invalid) as refused:
        _extend(campaign, challenge_id, LAST_DAY, by=cast.office)
    assert refused.value.fields == {"last_day": ["延期后的截止日必须晚于现在的截止日。"]}
    process = play_cast.publishing(campaign, challenge_id)
    assert play.timers(campaign, process) == [("bidding_ends", CLOSING)]


def test_a_closed_bidding_is_not_extended(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    play.wait_until(campaign, CLOSING)
    with pytest.raises(Forbidden):
        _extend(campaign, challenge_id, LAST_DAY + dt.timedelta(days=5), by=cast.office)


def test_a_challenge_posted_without_its_process_cannot_be_extended(campaign: Database, cast: Cast) -> None:
    with campaign.transaction() as session:
        challenge_id = factories.challenge(session).id
    with pytest.raises(Conflict, match=r"^流程已经结束。$"):
        _extend(campaign, challenge_id, dt.date(2027, 3, 1), by=cast.office)


def test_a_list_whose_bids_are_all_judged_goes_on_when_the_last_one_is(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast)
    first = play_cast.seal_bid(campaign, cast, challenge_id)
    second = play_cast.begin_bid(campaign, challenge_id, leader=cast.members[0])
    rows = play_cast.team(cast.members[0])
    play.complete(campaign, "bid.form_team", by=cast.members[0], process=second, members=rows)
    play_cast.put_down(campaign, challenge_id, second, by=cast.members[0])
    play_cast.sign(campaign, cast, second)
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, second, hr="refuse")
    assert play_cast.challenge_state(campaign, challenge_id) == "bidding_closed"
    play_cast.review(campaign, cast, first)
    assert play_cast.bid_states(campaign) == ["eligible", "ineligible"]
    assert play_cast.challenge_state(campaign, challenge_id) == "reviewing"
    with campaign.read() as session:
        assert [bid.leader_id for bid in session.scalars(select(Bid).order_by(Bid.id))] == [
            cast.leader,
            cast.members[0],
        ]


def test_the_end_of_one_bidding_leaves_another_alone(campaign: Database, cast: Cast) -> None:
    ending = play_cast.post(campaign, cast)
    later = LAST_DAY + dt.timedelta(days=10)
    running = play_cast.post(campaign, cast, bid_to=later.isoformat())
    on_ending = play_cast.begin_bid(campaign, ending, leader=cast.leader)
    on_running = play_cast.begin_bid(campaign, running, leader=cast.members[0])
    play.wait_until(campaign, CLOSING)
    assert [play.status(campaign, one) for one in (on_ending, on_running)] == ["completed", "running"]
    assert play_cast.bid_states(campaign) == ["lapsed", "draft"]
    assert play_cast.challenge_state(campaign, running) == "published"


def test_a_bid_on_a_challenge_that_is_closed_is_refused(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast)
    play.wait_until(campaign, CLOSING)
    with campaign.read() as session:
        assert session.get_one(Challenge, challenge_id).state == "failed"
    with pytest.raises(Conflict, match=r"^这个榜单现在不接受揭榜。$"):
        play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    assert play_cast.bid_states(campaign) == []
