"""The bidding on a list: its end, its amendments, its withdrawal."""

import datetime as dt

import pytest

from tests import play
from tests.processes import cast as play_cast
from tests.processes import listing
from tests.processes.cast import CLOSING, LAST_DAY, SMALL, Cast
from workflows import clock
from workflows.db import Database
from workflows.errors import Conflict, Forbidden, Invalid, NotFound


def test_the_bidding_does_not_close_before_its_deadline(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    play.wait_until(campaign, CLOSING - dt.timedelta(seconds=1))
    assert play_cast.challenge_state(campaign, challenge_id) == "published"
    play.wait_until(campaign, CLOSING)
    assert play_cast.challenge_state(campaign, challenge_id) == "failed"


def test_amendment_moves_the_deadline_and_tells_drafts(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.publishing(campaign, challenge_id)
    draft = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    later = LAST_DAY + dt.timedelta(days=5)
    listing.amend(campaign, challenge_id, by=cast.office, bid_to=later.isoformat())
    assert play.timers(campaign, process) == [("bidding_ends", clock.end_of(later))]
    with campaign.read() as session:
        assert [item.due_at for item in play.all_items(session, draft)] == [clock.end_of(later)]
    told = f"榜单“降低冬季冻堵次数”有变更：增加一口试验井（理由：征求意见）（揭榜截至 {later}）"
    assert listing.notices_of(campaign, cast.leader) == [told]
    assert ("move_due", "form_team") in play.acts(campaign, draft)
    play.wait_until(campaign, CLOSING + dt.timedelta(hours=1))
    assert play_cast.challenge_state(campaign, challenge_id) == "published"
    play.wait_until(campaign, clock.end_of(later))
    assert (play_cast.challenge_state(campaign, challenge_id), listing.changes(campaign)) == (
        "failed",
        ["amend"],
    )


def test_a_late_amendment_leaves_five_working_days(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    play.wait_until(campaign, clock.start_of(LAST_DAY))
    listing.amend(campaign, challenge_id, by=cast.office)
    end = clock.end_of(dt.date(2026, 12, 17))
    assert listing.challenge_of(campaign, challenge_id).bid_to == end
    process = play_cast.publishing(campaign, challenge_id)
    assert play.timers(campaign, process) == [("bidding_ends", end)]


def test_two_amendments_are_both_followed(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    draft = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    for days in (3, 5):
        later = LAST_DAY + dt.timedelta(days=days)
        listing.amend(campaign, challenge_id, by=cast.office, bid_to=later.isoformat(), settle=False)
    play.settle(campaign)
    process = play_cast.publishing(campaign, challenge_id)
    assert play.timers(campaign, process) == [("bidding_ends", clock.end_of(later))]
    assert len(listing.notices_of(campaign, cast.leader)) == 2
    assert play.variables(campaign, draft)["bid_to"] == clock.end_of(later)


def test_a_bid_begun_before_an_amendment_is_sealed_after_the_old_deadline(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    listing.amend(campaign, challenge_id, by=cast.office, bid_to="2026-12-11")
    play.wait_until(campaign, CLOSING)
    play_cast.sign(campaign, cast, process)
    assert play_cast.bid_states(campaign) == ["sealed"]


def test_an_amendment_needs_the_office_and_a_later_day_before_the_deadline(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以在揭榜期内发布变更公告。$"):
        listing.amend(campaign, challenge_id, by=cast.leader)
    with pytest.raises(Invalid) as refused:
        listing.amend(campaign, challenge_id, by=cast.office, bid_to=LAST_DAY.isoformat())
    assert refused.value.fields == {"bid_to": ["新的截止日必须晚于现在的截止日。"]}
    with pytest.raises(Invalid) as refused:
        listing.amend(campaign, challenge_id, by=cast.office, bid_to="2027-10-31")
    assert refused.value.fields == {"bid_to": ["揭榜截止日必须早于完成期限。"]}
    with pytest.raises(NotFound):
        listing.amend(campaign, 999, by=cast.office)
    clock.move_to(CLOSING)
    with pytest.raises(Conflict, match=r"^揭榜已经截止，不能再变更。$"):
        listing.amend(campaign, challenge_id, by=cast.office)
    play.settle(campaign)
    with pytest.raises(Forbidden):
        listing.amend(campaign, challenge_id, by=cast.office)
    assert listing.changes(campaign) == []


def test_withdrawn_while_bidding(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    sealed = play_cast.seal_bid(campaign, cast, challenge_id)
    draft = play_cast.begin_bid(campaign, challenge_id, leader=cast.members[0])
    listing.withdraw(campaign, challenge_id, by=cast.office)
    process = play_cast.publishing(campaign, challenge_id)
    assert [play.status(campaign, one) for one in (process, sealed, draft)] == ["completed"] * 3
    assert play_cast.bid_states(campaign) == ["withdrawn", "withdrawn"]
    assert play_cast.challenge_state(campaign, challenge_id) == "withdrawn"
    told = listing.notices_of(campaign, cast.leader)[0]
    assert told == "榜单 TRQ-2026-S01“降低冬季冻堵次数”已撤榜：项目取消"
    assert play.timers(campaign, process) == []
    with pytest.raises(Conflict, match=r"^这个榜单现在不能撤榜"):
        listing.withdraw(campaign, challenge_id, by=cast.office)


def test_withdrawn_during_the_selection(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    play_cast.seal_bid(campaign, cast, challenge_id)
    play.wait_until(campaign, CLOSING)
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以撤榜。$"):
        listing.withdraw(campaign, challenge_id, by=cast.supervision)
    listing.withdraw(campaign, challenge_id, by=cast.office)
    process = play_cast.publishing(campaign, challenge_id)
    assert play.status(campaign, process) == "completed"
    assert (play_cast.challenge_state(campaign, challenge_id), play_cast.bid_states(campaign)) == (
        "withdrawn",
        ["withdrawn"],
    )


def test_withdrawn_while_a_bid_is_cured(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.seal_bid(campaign, cast, challenge_id)
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, process, hr="cure")
    assert play.open_nodes(campaign, process) == ["cure"]
    listing.withdraw(campaign, challenge_id, by=cast.office)
    assert (play.status(campaign, process), play.open_nodes(campaign, process)) == ("completed", [])
    assert (play.timers(campaign, process), play.incidents(campaign)) == ([], [])
    assert play_cast.bid_states(campaign) == ["lost"]


def test_single_bid_of_level_a_extends_once(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, cross_units=3)
    process = play_cast.publishing(campaign, challenge_id)
    play_cast.seal_bid(campaign, cast, challenge_id)
    play.wait_until(campaign, CLOSING)
    end = clock.end_of(dt.date(2026, 12, 18))  # CLOSING is the first instant of the 11th
    assert play.timers(campaign, process) == [("bidding_ends", end)]
    challenge = listing.challenge_of(campaign, challenge_id)
    assert (challenge.state, challenge.extended, challenge.bid_to) == ("published", True, end)
    second = play_cast.begin_bid(campaign, challenge_id, leader=cast.members[0])
    assert play.status(campaign, second) == "running"
    play.wait_until(campaign, end)
    assert play.status(campaign, second) == "completed"
    assert listing.messages(campaign)[:3] == [
        "MSG_CHALLENGE_AMENDED",
        "MSG_BIDDING_CLOSED",
        "MSG_SELECTION_BEGUN",
    ]
    assert listing.changes(campaign) == ["single"]
    assert play.incidents(campaign) == []


def test_the_end_of_one_bidding_leaves_another_alone(campaign: Database, cast: Cast) -> None:
    ending = play_cast.post(campaign, cast, **SMALL)
    later = LAST_DAY + dt.timedelta(days=10)
    running = play_cast.post(campaign, cast, bid_to=later.isoformat(), **SMALL)
    on_ending = play_cast.begin_bid(campaign, ending, leader=cast.leader)
    on_running = play_cast.begin_bid(campaign, running, leader=cast.members[0])
    play.wait_until(campaign, CLOSING)
    assert [play.status(campaign, one) for one in (on_ending, on_running)] == ["completed", "running"]
    assert play_cast.bid_states(campaign) == ["lapsed", "draft"]
    assert play_cast.challenge_state(campaign, running) == "published"


def test_a_bid_on_a_challenge_that_is_closed_is_refused(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    play.wait_until(campaign, CLOSING)
    with pytest.raises(Conflict, match=r"^这个榜单现在不接受揭榜。$"):
        play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    assert play_cast.bid_states(campaign) == []
