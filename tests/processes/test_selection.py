"""The selection played from the opened bids to the awarded projects, or to a list that fails."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes import selecting, signing
from tests.processes.cast import Cast
from tests.processes.selecting import begin
from workflows import clock
from workflows.db import Database
from workflows.engine.tables import Message
from workflows.errors import Forbidden, Invalid
from workflows.models import Mode, Project, Publicity, ScoreSheet

ENDS = ("MSG_AWARDED", "MSG_SELECTION_DONE", "MSG_LIST_FAILED")


def failed_for(database: Database) -> list[str]:
    """Why lists have failed so far."""
    with database.read() as session:
        query = select(Message.payload).where(Message.name == "MSG_LIST_FAILED").order_by(Message.id)
        return [payload["fail_reason"] for payload in session.scalars(query)]


def test_the_best_bid_wins_and_becomes_a_project(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, teams=3)
    selecting.review(made, lambda bid, _: (80, 90, 75)[bid])
    assert selecting.means(made) == [(1, "90.00"), (0, "80.00"), (2, "75.00")]
    assert selecting.states(made) == ["reserve", "proposed", "lost"]
    selecting.publish(made)
    assert (selecting.state(made), selecting.states(made)[1]) == ("in_publicity", "in_publicity")
    selecting.run_out(made)
    assert selecting.states(made) == ["reserve", "won", "lost"]
    assert (selecting.state(made), selecting.awarded(made)) == ("awarded", [1])
    assert play.status(campaign, made.process) == "completed"
    assert selecting.sent(made, ENDS) == ["MSG_AWARDED", "MSG_SELECTION_DONE"]
    assert play.incidents(campaign) == []


def test_the_award_carries_what_the_pledge_needs(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.review(made, lambda bid, _: 90 - bid)
    selecting.publish(made)
    selecting.run_out(made)
    with campaign.read() as session:
        payload = session.scalars(select(Message.payload).where(Message.name == "MSG_AWARDED")).one()
        project = session.scalars(select(Project)).one()
        assert {name: value for name, value in payload.items() if name != "rules_at"} == {
            "project_id": project.id,
            "challenge_id": made.challenge_id,
            "bid_id": made.bid_ids[0],
            "unit_id": project.unit_id,
            "leader_id": project.leader_id,
            "sponsor_unit_id": cast.sponsor_unit_id,
            "level": "C",
        }


def test_several_winners(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, teams=4, mode=Mode.MULTI, max_winners=2)
    selecting.review(made, lambda bid, _: (80, 90, 71, 69)[bid])
    assert selecting.states(made) == ["proposed", "proposed", "reserve", "lost"]
    selecting.publish(made)
    selecting.run_out(made)
    assert selecting.awarded(made) == [1, 0]  # the best first
    assert selecting.sent(made, ENDS) == ["MSG_AWARDED", "MSG_AWARDED", "MSG_SELECTION_DONE"]


def test_race_takes_the_best_three(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, teams=5, mode=Mode.RACE)
    selecting.review(made, lambda bid, _: (76, 90, 75, 80, 74)[bid])
    assert selecting.states(made) == ["proposed", "proposed", "reserve", "proposed", "lost"]
    selecting.publish(made)
    selecting.run_out(made)
    assert selecting.awarded(made) == [1, 3, 0]


def test_below_the_floor(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.review(made, lambda bid, _: "69.99" if bid == 0 else 60)
    assert selecting.means(made) == [(0, "69.99"), (1, "60.00")]  # kept when the list fails
    assert (failed_for(campaign), play.status(campaign, made.process)) == (["below_floor"], "completed")
    assert selecting.awarded(made) == []


def test_failed_vote(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.review(
        made, lambda bid, _: 90 - bid, should=9, present=8, in_favour=4
    )  # a half is not more than a half
    assert failed_for(campaign) == ["vote_failed"]
    assert selecting.means(made) == [(0, "90.00"), (1, "89.00")]


@pytest.mark.parametrize(("in_favour", "states"), [(4, ["proposed"]), (3, ["reviewing"])])
def test_single_bid_needs_two_thirds(
    campaign: Database, cast: Cast, in_favour: int, states: list[str]
) -> None:
    made = begin(campaign, cast, teams=1, refused=1)
    selecting.review(made, lambda *_: 90, should=9, present=6, in_favour=in_favour)
    assert selecting.states(made)[:1] == states
    assert failed_for(campaign) == ([] if in_favour == 4 else ["vote_failed"])


def test_the_highest_level_needs_two_thirds(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, level="A", experts=12)
    assert len(selecting.seats(made)) == 9
    selecting.review(made, lambda bid, _: 90 - bid, should=9, present=9, in_favour=5)
    assert failed_for(campaign) == ["vote_failed"]


def test_ties_go_to_the_better_pledge_and_then_to_who_sealed_earlier(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, teams=3)
    selecting.seat_panel(made)
    selecting.preview(made)
    better = {"pledge": 85, "team": 80, "schedule": 80, "tech": 76}  # 20·85 + 25·76 as 45·80
    for expert in selecting.asked(made, "selection.score"):
        rows = [selecting.sheet(one, 80) for one in made.bid_ids]
        rows[2] = selecting.sheet(made.bid_ids[2], 80, **better)
        selecting.act(made, "score", expert, rows=rows)
    selecting.vote(made)
    assert selecting.means(made) == [(2, "80.00"), (0, "80.00"), (1, "80.00")]


def test_ineligible_all_fails_the_list(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, teams=0, refused=2)
    assert (failed_for(campaign), play.status(campaign, made.process)) == (["no_eligible"], "completed")
    assert selecting.seats_drawn(made) == 0


def test_the_panel_waits_for_the_last_result_and_the_office_is_reminded(
    campaign: Database, cast: Cast
) -> None:
    made = begin(campaign, cast, opened=False)
    with campaign.transaction() as session:
        selecting.bid(session, made, 1).state = "opened"
    selecting.open_bids(made)
    assert (play.open_nodes(campaign, made.process), selecting.states(made)) == ([], ["eligible", "opened"])
    ((node, due_at),) = play.timers(campaign, made.process)
    assert node == "gather_late"
    play.wait_until(campaign, due_at)
    assert selecting.told(made, cast.office) == [
        "《降低冬季冻堵次数》的资格审查还没有全部完成，请督促各部门办理。"
    ]
    ((_, again_at),) = play.timers(campaign, made.process)
    assert again_at > due_at
    with campaign.transaction() as session:
        selecting.bid(session, made, 1).state = "ineligible"
    payload = {"challenge_id": made.challenge_id, "bid_id": made.bid_ids[1]}
    play.send(campaign, "MSG_BID_REJECTED", key="challenge_id", **payload)
    assert set(play.open_nodes(campaign, made.process)) == {"confirm_draw"}


def test_an_approval_that_refuses_fails_the_list(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.review(made, lambda bid, _: 90 - bid)
    item_id, _, signer = play_cast.signing(campaign, made.process)[0]
    play.complete_item(campaign, item_id, by=signer, decision="rejected", opinion="不合程序")
    play.settle(campaign)
    assert failed_for(campaign) == ["approval_rejected"]


@pytest.mark.parametrize("action", ["revote", "re_review", "fail"])
def test_an_approval_that_returns_lets_the_office_decide(campaign: Database, cast: Cast, action: str) -> None:
    made = begin(campaign, cast)
    selecting.review(made, lambda bid, _: 90 - bid)
    item_id, _, signer = play_cast.signing(campaign, made.process)[0]
    play.complete_item(campaign, item_id, by=signer, decision="returned", opinion="请再议")
    selecting.act(made, "after_return", cast.office, action=action, opinion="按审批意见办理")
    play.settle(campaign)
    if action == "fail":
        assert failed_for(campaign) == ["decided"]
    elif action == "revote":
        selecting.vote(made, in_favour=1)
        assert failed_for(campaign) == ["vote_failed"]
    else:
        assert set(play.open_nodes(campaign, made.process)) == {"confirm_draw"}
        selecting.review(made, lambda bid, _: 80 + bid)
        assert selecting.states(made) == ["reserve", "proposed"]


def test_supervision_refuses_a_wrong_record_of_the_vote(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.seat_panel(made)
    selecting.preview(made)
    selecting.score(made, lambda bid, _: 90 - bid)
    counts = {"should": 9, "present": 9, "in_favour": 9, "against": 0, "abstain": 0}
    selecting.act(made, "vote", cast.office, **counts)
    with pytest.raises(Invalid) as refused:
        selecting.act(made, "confirm_vote", cast.supervision, agree="false")
    assert refused.value.fields == {"opinion": ["请写明理由。"]}
    selecting.act(made, "confirm_vote", cast.supervision, agree="false", opinion="少计一票")
    assert play.open_nodes(campaign, made.process) == ["record_vote"]
    selecting.vote(made, in_favour=8)
    assert selecting.states(made) == ["proposed", "reserve"]


def test_flagged_sheet_reconsidered(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.seat_panel(made)
    selecting.preview(made)
    selecting.score(made, lambda bid, seat: 40 if (bid, seat) == (0, 2) else 80)
    (odd,) = selecting.asked(made, "selection.reconsider")
    assert odd == selecting.seats(made)[2]
    revised = selecting.sheet(made.bid_ids[0], 78)
    with pytest.raises(Invalid) as refused:
        selecting.act(made, "reconsider", odd, rows=[revised])
    assert refused.value.fields == {"reason": ["修改评分须写明理由。"]}
    with pytest.raises(Invalid) as refused:
        selecting.act(made, "reconsider", odd, rows=[selecting.sheet(made.bid_ids[1], 78)], reason="误填")
    assert refused.value.fields == {"rows.0.bid_id": ["这份申报的评分不需要复核。"]}
    selecting.act(made, "reconsider", odd, rows=[revised], reason="误填")
    selecting.vote(made)
    assert selecting.means(made) == [(1, "80.00"), (0, "79.60")]
    with campaign.read() as session:
        (sheet,) = session.scalars(select(ScoreSheet).where(ScoreSheet.flag.is_not(None)))
        assert (sheet.flag, sheet.reason) == ("median", "误填")
        assert [item["score"] for item in sheet.first_items or []] == ["40"] * 6


def test_a_flagged_sheet_may_be_kept(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.seat_panel(made)
    selecting.preview(made)
    selecting.score(made, lambda bid, seat: 40 if (bid, seat) == (0, 2) else 80)
    selecting.keep_flagged(made)
    assert play.open_nodes(campaign, made.process) == ["record_vote"]
    selecting.vote(made)
    assert selecting.means(made) == [(1, "80.00"), (0, "72.00")]


def test_teams_are_told_their_own_mean_and_rank(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.review(made, lambda bid, _: 90 - bid)
    selecting.publish(made)
    selecting.run_out(made)
    assert [selecting.told(made, one)[-1] for one in selecting.leaders(made)] == [
        "《降低冬季冻堵次数》评审结果：中榜，平均分 90.00，排名第 1。",
        "《降低冬季冻堵次数》评审结果：未中榜，平均分 89.00，排名第 2。",
    ]


def test_each_leader_is_told_when_to_defend(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.seat_panel(made)
    selecting.preview(made)
    told = sorted(selecting.told(made, one)[0] for one in selecting.leaders(made))
    assert told == [
        "答辩安排：第 1 个，2026-11-24 09:00，陈述 15 分钟、提问 10 分钟。",
        "答辩安排：第 2 个，2026-11-24 09:25，陈述 15 分钟、提问 10 分钟。",
    ]


def test_a_withdrawn_list_ends_its_selection(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.review(made, lambda bid, _: 90 - bid)
    selecting.publish(made)
    play.send(campaign, "MSG_CHALLENGE_WITHDRAWN", key="challenge_id", challenge_id=made.challenge_id)
    assert (play.status(campaign, made.process), selecting.awarded(made)) == ("completed", [])
    with campaign.read() as session:
        assert session.get_one(Publicity, selecting.publicity(made)).closed_at is not None
    assert selecting.sent(made, ENDS) == []


def test_the_seals_are_opened_by_office_and_supervision_together(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast, opened=False)
    with pytest.raises(Invalid) as refused:
        selecting.act(made, "open", cast.office, confirmed=False, witness="王监督")
    assert refused.value.fields == {"confirmed": ["请确认后再开榜。"]}
    selecting.act(made, "open", cast.office, confirmed=True, witness="王监督")
    play.settle(campaign)
    assert selecting.sent(made, ["MSG_BIDS_OPENED"]) == []
    selecting.act(made, "open", cast.supervision, confirmed=True, witness="王监督")
    assert selecting.sent(made, ["MSG_BIDS_OPENED"]) == ["MSG_BIDS_OPENED"]


def test_one_person_in_both_roles_does_not_open_the_seals_alone(campaign: Database, cast: Cast) -> None:
    signing.grant(campaign, cast.office, "supervision")
    made = begin(campaign, cast, opened=False)
    with campaign.read() as session:
        ours, theirs = (
            one.id for one in play.all_items(session, made.process) if one.step == "selection.open"
        )
    play.complete_item(campaign, ours, by=cast.office, confirmed=True, witness="王监督")
    with pytest.raises(Forbidden, match=r"^办公室和纪委监督须由两人分别确认"):
        play.complete_item(campaign, theirs, by=cast.office, confirmed=True, witness="王监督")
    play.complete_item(campaign, theirs, by=cast.supervision, confirmed=True, witness="王监督")
    play.settle(campaign)
    assert selecting.sent(made, ["MSG_BIDS_OPENED"]) == ["MSG_BIDS_OPENED"]


def test_every_step_can_be_done_by_a_server_that_has_seen_nothing_before(
    campaign: Database, cast: Cast
) -> None:
    with play.forgetting_definitions():
        made = begin(campaign, cast)
        selecting.review(made, lambda bid, _: 90 - bid)
        selecting.publish(made)
        selecting.run_out(made)
    assert selecting.awarded(made) == [0]


def test_the_days_of_the_notice_are_working_days(campaign: Database, cast: Cast) -> None:
    made = begin(campaign, cast)
    selecting.review(made, lambda bid, _: 90 - bid)
    selecting.publish(made)
    assert selecting.end_of_notice(made) == clock.end_of(dt.date(2026, 11, 30))
    play.wait_until(campaign, selecting.end_of_notice(made) - dt.timedelta(seconds=1))
    assert selecting.awarded(made) == []
