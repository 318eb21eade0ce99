"""A challenge played from its posting through its approval to its publication and its selection."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes import listing
from tests.processes.cast import CLOSING, LAST_DAY, SMALL, Cast
from workflows import clock
from workflows.db import Database
from workflows.domain import challenges, notice_kinds
from workflows.domain.notice_kinds import Wanted
from workflows.engine.tables import Message
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Batch, CampaignYear, Challenge, SealKey, User


def test_a_challenge_is_approved_published_closed_and_goes_to_selection(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast)
    process = play_cast.publishing(campaign, challenge_id)
    assert play.timers(campaign, process) == [("bidding_ends", CLOSING)]
    play_cast.seal_bid(campaign, cast, challenge_id)
    play.wait_until(campaign, CLOSING)
    assert play_cast.challenge_state(campaign, challenge_id) in ("bidding_closed", "reviewing")
    assert listing.messages(campaign)[:2] == ["MSG_BIDDING_CLOSED", "MSG_SELECTION_BEGUN"]
    with campaign.read() as session:
        begun = session.scalars(select(Message).where(Message.name == "MSG_SELECTION_BEGUN")).one()
        challenge = session.get_one(Challenge, challenge_id)
        assert begun.payload == {
            "challenge_id": challenge_id,
            "rules_at": challenge.rules_at,
            "level": "B",
            "sponsor_unit_id": cast.sponsor_unit_id,
        }
    assert play.acts(campaign, process)[-7:] == [
        ("auto", "publish_list"),
        ("timer", "bidding_ends"),
        ("auto", "count_bids"),
        ("decide", "judge_count"),
        ("auto", "close_call"),
        ("send", "closing_sent"),
        ("send", "selection_begun"),
    ]
    play.send(campaign, "MSG_SELECTION_DONE", key="challenge_id", challenge_id=challenge_id)
    assert play.status(campaign, process) == "completed"
    assert play.incidents(campaign) == []


def test_what_is_published_is_kept_with_its_number_level_award_and_rules(
    campaign: Database, cast: Cast
) -> None:
    first, second = (
        play_cast.post(campaign, cast, category="市场所急", **SMALL),
        play_cast.post(campaign, cast, category="市场所急", est_benefit_fen=160_000_000),
    )
    small, large = listing.challenge_of(campaign, first), listing.challenge_of(campaign, second)
    assert (small.no, large.no) == ("TRQ-2026-M01", "TRQ-2026-M02")
    assert (small.level, small.fixed_award_fen, small.cap_fen) == ("C", 1_500_000, 4_200_000)
    assert (large.level, large.fixed_award_fen, large.cap_fen) == ("B", 5_000_000, 30_000_000)
    assert small.rules_at == small.published_at == clock.now()
    assert small.snapshot is not None
    assert (small.snapshot["no"], small.snapshot["indicators"][0]["target"]) == ("TRQ-2026-M01", "10")
    assert len(str(small.snapshot_hash)) == 64
    with campaign.read() as session:
        assert session.get_one(SealKey, first).released_at is None
    told = f"榜单 {small.no}“{small.title}”已发布，揭榜截至 {LAST_DAY}。"
    assert told in listing.notices_of(campaign, cast.party_secretary)


def test_a_challenge_without_a_day_is_open_for_the_usual_period(campaign: Database, cast: Cast) -> None:
    challenge = listing.challenge_of(campaign, play_cast.post(campaign, cast, bid_to=None, **SMALL))
    assert challenge.bid_to == clock.end_of(dt.date(2026, 12, 14))  # 15 working days


def _waiting(campaign: Database, cast: Cast) -> int:
    """A challenge that was approved before the bids of its batch open, on 7 December; its id."""
    challenge_id = play_cast.submit(campaign, cast)
    with campaign.transaction() as session:
        year = CampaignYear(year=2026, theme="融合年", pool_fen=0, emphasis={})
        days = {"intake_from": dt.date(2026, 11, 1), "intake_to": dt.date(2026, 11, 20)}
        year.batches = [Batch(no=1, bid_from=dt.date(2026, 12, 7), **days)]
        session.add(year)
        session.flush()
        session.get_one(Challenge, challenge_id).batch_id = year.batches[0].id
    play_cast.approve(campaign, play_cast.publishing(campaign, challenge_id))
    return challenge_id


def test_what_is_approved_waits_for_the_day_on_which_the_bids_of_its_batch_open(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = _waiting(campaign, cast)
    process = play_cast.publishing(campaign, challenge_id)
    opening = clock.start_of(dt.date(2026, 12, 7))
    assert play.timers(campaign, process) == [("bids_open", opening)]
    waiting = listing.challenge_of(campaign, challenge_id)
    assert (waiting.state, waiting.no, waiting.rules_at) == ("approved", None, None)
    with pytest.raises(Conflict, match="这个榜单现在不接受揭榜"):
        play_cast.begin_bid(campaign, challenge_id, leader=cast.office)
    play.wait_until(campaign, opening)
    shown = listing.challenge_of(campaign, challenge_id)
    assert (shown.state, shown.no, shown.published_at) == ("published", "TRQ-2026-S01", opening)
    closing = clock.end_of(dt.date(2026, 12, 21))  # ten working days from the opening, not the day posted
    assert (shown.bid_to, play.timers(campaign, process)) == (closing, [("bidding_ends", closing)])
    play.wait_until(campaign, closing)
    assert play.open_nodes(campaign, process) == ["consult"]
    assert play.incidents(campaign) == []


def test_what_waits_for_its_day_may_be_withdrawn(campaign: Database, cast: Cast) -> None:
    challenge_id = _waiting(campaign, cast)
    listing.withdraw(campaign, challenge_id, by=cast.office)
    process = play_cast.publishing(campaign, challenge_id)
    assert (play.status(campaign, process), play.timers(campaign, process)) == ("completed", [])
    with campaign.read() as session, pytest.raises(NotFound):  # it was never shown
        challenges.get(session, challenge_id, actor=session.get_one(User, cast.leader))


def test_an_approval_that_takes_long_leaves_the_shortest_period(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.submit(campaign, cast, **SMALL)
    play.wait_until(campaign, clock.start_of(LAST_DAY))
    play_cast.approve(campaign, play_cast.publishing(campaign, challenge_id))
    assert listing.challenge_of(campaign, challenge_id).bid_to == clock.end_of(dt.date(2026, 12, 24))


def test_what_is_returned_is_revised_and_approved_again(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.submit(campaign, cast, **SMALL)
    process = play_cast.publishing(campaign, challenge_id)
    play.complete(campaign, "approval.sign", by=cast.admin_lead, decision="returned", opinion="预算偏低")
    assert play.open_nodes(campaign, process) == ["revise"]
    assert play_cast.challenge_state(campaign, challenge_id) == "refining"
    better = play_cast.posting(cast, title="降低冬季冻堵", budget_fen=15_000_000)
    play.complete(campaign, "publish.revise", by=cast.office, **better)
    assert play_cast.challenge_state(campaign, challenge_id) == "approving"
    play_cast.approve(campaign, process)
    challenge = listing.challenge_of(campaign, challenge_id)
    assert (challenge.state, challenge.title, challenge.level) == ("published", "降低冬季冻堵", "B")
    assert [one.seq for one in challenge.indicators] == [1]
    assert play.incidents(campaign) == []


def test_what_is_rejected_is_not_published(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.submit(campaign, cast, **SMALL)
    process = play_cast.publishing(campaign, challenge_id)
    play.complete(campaign, "approval.sign", by=cast.admin_lead, decision="rejected", opinion="不急")
    assert (play_cast.challenge_state(campaign, challenge_id), play.status(campaign, process)) == (
        "rejected",
        "completed",
    )
    assert listing.notices_of(campaign, cast.office) == ["榜单“降低冬季冻堵次数”未获批准，不予发布。"]


def test_who_wants_to_hear_of_no_refusal_is_not_told_of_one(campaign: Database, cast: Cast) -> None:
    with campaign.transaction() as session:
        nowhere = {"returned": Wanted(in_app=False, by_mail=False)}
        notice_kinds.choose(session, session.get_one(User, cast.office), nowhere)
    challenge_id = play_cast.submit(campaign, cast, **SMALL)
    play_cast.publishing(campaign, challenge_id)
    play.complete(campaign, "approval.sign", by=cast.admin_lead, decision="rejected", opinion="不急")
    assert listing.notices_of(campaign, cast.office) == []


def test_a_posting_that_does_not_make_sense_starts_nothing(campaign: Database, cast: Cast) -> None:
    with pytest.raises(Invalid) as refused:
        play_cast.submit(campaign, cast, bid_to="2026-12-01")
    assert refused.value.fields == {"bid_to": ["揭榜期至少 10 个工作日，最早到 2026-12-07。"]}
    with pytest.raises(Forbidden):
        play.act(campaign, "post_challenge", by=cast.leader, **play_cast.posting(cast))
    with campaign.read() as session:
        assert play.processes(session) == []
        assert session.scalars(select(Challenge)).all() == []


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"budget_fen": -1}, "budget_fen"),
        ({"budget_fen": "十万"}, "budget_fen"),
        ({"est_benefit_fen": -1}, "est_benefit_fen"),
        ({"cross_units": 0}, "cross_units"),
        ({"indicators": []}, "indicators"),
        ({"mode": "lottery"}, "mode"),
        ({"deadline": "2026-02-30"}, "deadline"),
        ({"title": ""}, "title"),
    ],
)
def test_a_malformed_posting_is_refused_at_the_field(
    campaign: Database, cast: Cast, changes: dict[str, Any], field: str
) -> None:
    with pytest.raises(Invalid) as refused:
        play_cast.submit(campaign, cast, **changes)
    assert list(refused.value.fields) == [field]
