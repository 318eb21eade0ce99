"""A list that nobody takes up, or that fails in its selection, and what the office makes of it."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes import listing
from tests.processes.cast import CLOSING, SMALL, Cast
from workflows import clock
from workflows.db import Database
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import Bid, SealKey


def test_a_list_without_bids_fails_and_its_owners_are_asked(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)  # a draft is no bid
    play.wait_until(campaign, CLOSING)
    process = play_cast.publishing(campaign, challenge_id)
    assert play.open_nodes(campaign, process) == ["consult"]
    told = "榜单 TRQ-2026-S01“降低冬季冻堵次数”流标：没有团队递交申报。"
    assert told in listing.notices_of(campaign, cast.admin_lead)
    play.complete(campaign, "publish.consult", by=cast.admin_lead, opinion="建议加赏")
    assert play.open_nodes(campaign, process) == ["settle_no_bid"]


def test_no_bid_extended(campaign: Database, cast: Cast) -> None:
    challenge_id, process = listing.unbid(campaign, cast)
    listing.settle_no_bid(campaign, cast, action="extend", bid_to="2026-12-31")
    challenge = listing.challenge_of(campaign, challenge_id)
    assert (challenge.state, challenge.relist_count) == ("published", 1)
    assert play.timers(campaign, process) == [("bidding_ends", clock.end_of(dt.date(2026, 12, 31)))]
    play_cast.seal_bid(campaign, cast, challenge_id)
    with campaign.read() as session:
        assert session.scalars(select(Bid.listing)).all() == [1]
    play.wait_until(campaign, clock.end_of(dt.date(2026, 12, 31)))
    assert listing.messages(campaign)[:3] == [
        "MSG_BIDDING_CLOSED",
        "MSG_BIDDING_CLOSED",
        "MSG_SELECTION_BEGUN",
    ]
    assert play.incidents(campaign) == []


def test_raised(campaign: Database, cast: Cast) -> None:
    challenge_id, process = listing.unbid(campaign, cast)
    for award in (None, 1_500_000, 4_200_001):
        with pytest.raises(Invalid) as refused:
            listing.settle_no_bid(campaign, cast, action="raise", fixed_award_fen=award)
        assert list(refused.value.fields) == ["fixed_award_fen"]
    listing.settle_no_bid(campaign, cast, action="raise", fixed_award_fen=3_000_000)
    challenge = listing.challenge_of(campaign, challenge_id)
    assert (challenge.state, challenge.fixed_award_fen) == ("published", 3_000_000)
    assert challenge.snapshot is not None
    assert challenge.snapshot["fixed_award_fen"] == 3_000_000
    ends = clock.end_of(dt.date(2027, 1, 4))  # 15 working days after the 11th; the 1st is a holiday
    assert play.timers(campaign, process) == [("bidding_ends", ends)]


def test_lowered(campaign: Database, cast: Cast) -> None:
    challenge_id, _ = listing.unbid(campaign, cast)
    (indicator,) = listing.challenge_of(campaign, challenge_id).indicators
    row = {"indicator_id": indicator.id, "target": "12"}
    for rows, field in (
        ([], "targets"),
        ([{**row, "target": "9"}], "targets.0.target"),
        ([{**row, "target": "10"}], "targets.0.target"),
        ([{**row, "indicator_id": 999}], "targets.0.indicator_id"),
        ([row, row], "targets.1.indicator_id"),
    ):
        with pytest.raises(Invalid) as refused:
            listing.settle_no_bid(campaign, cast, action="lower", targets=rows)
        assert list(refused.value.fields) == [field]
    listing.settle_no_bid(campaign, cast, action="lower", targets=[row])
    challenge = listing.challenge_of(campaign, challenge_id)
    assert (challenge.state, challenge.indicators[0].target) == ("published", Decimal(12))


def test_invited(campaign: Database, cast: Cast) -> None:
    challenge_id, _ = listing.unbid(campaign, cast)
    with pytest.raises(Invalid) as refused:
        listing.settle_no_bid(campaign, cast, action="invite")
    assert refused.value.fields == {"invited_ids": ["请选择人员。"]}
    with pytest.raises(Invalid) as refused:
        listing.settle_no_bid(campaign, cast, action="invite", invited_ids=[cast.leader, cast.leader])
    assert refused.value.fields == {"invited_ids": ["同一个人只能选一次。"]}
    listing.settle_no_bid(campaign, cast, action="invite", invited_ids=[cast.leader])
    assert "邀请您揭榜" in listing.notices_of(campaign, cast.leader)[0]
    with pytest.raises(Forbidden, match=r"^这个榜单是定向邀榜，只有受邀的挂帅人可以揭榜。$"):
        play_cast.begin_bid(campaign, challenge_id, leader=cast.members[0])
    play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    assert play_cast.bid_states(campaign) == ["draft"]


def test_appointed(campaign: Database, cast: Cast) -> None:
    challenge_id, process = listing.unbid(campaign, cast)
    with pytest.raises(Invalid) as refused:
        listing.settle_no_bid(campaign, cast, action="appoint", leader_id=999)
    assert refused.value.fields == {"leader_id": ["没有这个人员。"]}
    listing.settle_no_bid(campaign, cast, action="appoint", leader_id=cast.leader, bid_to="2026-12-31")
    assert listing.challenge_of(campaign, challenge_id).invited_ids == [cast.leader]
    play_cast.seal_bid(campaign, cast, challenge_id)
    play.wait_until(campaign, clock.end_of(dt.date(2026, 12, 31)))
    assert "MSG_SELECTION_BEGUN" in listing.messages(campaign)
    assert play.status(campaign, process) == "running"


def test_relisted_twice_then_only_appoint_or_withdraw(campaign: Database, cast: Cast) -> None:
    challenge_id, process = listing.unbid(campaign, cast)
    for _ in range(2):
        listing.settle_no_bid(campaign, cast, action="extend")
        listing.end_bidding(campaign, cast, process)
    assert listing.challenge_of(campaign, challenge_id).relist_count == 2
    message = r"^这个榜单已经重新发榜 2 次，只能指派专班或撤榜。$"
    for action in ("extend", "raise", "lower", "invite", "split"):
        with pytest.raises(Conflict, match=message):
            listing.settle_no_bid(campaign, cast, action=action)
    listing.settle_no_bid(campaign, cast, action="appoint", leader_id=cast.leader)
    listing.end_bidding(campaign, cast, process)
    listing.settle_no_bid(campaign, cast, action="withdraw")
    assert (play_cast.challenge_state(campaign, challenge_id), play.status(campaign, process)) == (
        "withdrawn",
        "completed",
    )
    assert listing.changes(campaign) == ["extend", "extend", "appoint", "withdraw"]
    assert play.incidents(campaign) == []


def test_withdrawn(campaign: Database, cast: Cast) -> None:
    challenge_id, process = listing.unbid(campaign, cast)
    with pytest.raises(Invalid) as refused:
        listing.settle_no_bid(campaign, cast, action="withdraw", opinion=" ")
    assert list(refused.value.fields) == ["opinion"]
    listing.settle_no_bid(campaign, cast, action="withdraw")
    assert (play_cast.challenge_state(campaign, challenge_id), play.status(campaign, process)) == (
        "withdrawn",
        "completed",
    )
    assert listing.messages(campaign)[-1] == "MSG_CHALLENGE_WITHDRAWN"


def test_split(campaign: Database, cast: Cast) -> None:
    challenge_id, process = listing.unbid(campaign, cast)
    listing.settle_no_bid(campaign, cast, action="split")
    assert (play_cast.challenge_state(campaign, challenge_id), play.status(campaign, process)) == (
        "withdrawn",
        "completed",
    )
    told = "榜单 TRQ-2026-S01“降低冬季冻堵次数”已决定拆分，请分别发榜。"
    assert told in listing.notices_of(campaign, cast.office)


def test_a_relisting_leaves_the_shortest_period(campaign: Database, cast: Cast) -> None:
    listing.unbid(campaign, cast)
    with pytest.raises(Invalid) as refused:
        listing.settle_no_bid(campaign, cast, action="extend", bid_to="2026-12-20")
    assert list(refused.value.fields) == ["bid_to"]


def test_a_list_that_fails_in_its_selection_is_settled_and_its_seal_closed_again(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.publishing(campaign, challenge_id)
    play_cast.seal_bid(campaign, cast, challenge_id)
    play.wait_until(campaign, CLOSING)
    with campaign.transaction() as session:
        session.get_one(SealKey, challenge_id).released_at = clock.now()
        session.scalars(select(Bid)).one().state = "eligible"
    facts = {"challenge_id": challenge_id, "fail_reason": "vote_failed"}
    play.send(campaign, "MSG_LIST_FAILED", key="challenge_id", **facts)
    assert play.open_nodes(campaign, process) == ["consult"]
    assert (play_cast.challenge_state(campaign, challenge_id), play_cast.bid_states(campaign)) == (
        "failed",
        ["lost"],
    )
    told = "榜单 TRQ-2026-S01“降低冬季冻堵次数”流标：委员会票决没有通过。"
    assert told in listing.notices_of(campaign, cast.party_lead)
    play.complete(campaign, "publish.consult", by=cast.party_lead, opinion="请再发一次")
    listing.settle_no_bid(campaign, cast, action="extend")
    with campaign.read() as session:
        assert session.get_one(SealKey, challenge_id).released_at is None
    assert play_cast.challenge_state(campaign, challenge_id) == "published"
