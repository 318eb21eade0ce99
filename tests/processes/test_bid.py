"""A team's bid played whole: team, document, signatures, seal, opening, judgement."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes import listing, signing
from tests.processes.cast import CLOSING, SMALL, Cast
from workflows import clock, work
from workflows.db import Database
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import Bid, TeamMember, User

SECOND = dt.timedelta(seconds=1)


def _withdraw(campaign: Database, by: int, *, of: int | None = None) -> None:
    """As user ``by`` withdraw the newest bid, or the only one that ``of`` leads."""
    with campaign.transaction() as session:
        query = select(Bid.id).order_by(Bid.id.desc())
        bid_id = session.scalars(query if of is None else query.where(Bid.leader_id == of)).first() or 0
        work.withdraw_bid(session, bid_id, actor=session.get_one(User, by))
    play.settle(campaign)


def _team(campaign: Database) -> list[tuple[int, bool]]:
    """Everybody on the only team, and whether they have confirmed."""
    with campaign.read() as session:
        rows = session.scalars(select(TeamMember).order_by(TeamMember.seq))
        return [(row.user_id, row.confirmed_at is not None) for row in rows]


def test_a_bid_is_prepared_signed_sealed_opened_and_accepted(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.seal_bid(campaign, cast, challenge_id)
    assert play_cast.bid_states(campaign) == ["sealed"]
    play_cast.open_bids(campaign, cast)
    assert play_cast.bid_states(campaign) == ["opened"]
    play_cast.review(campaign, cast, process)
    assert play_cast.bid_states(campaign) == ["reviewing"]
    assert play.acts(campaign, process) == [
        ("start", "bid"),
        ("complete", "form_team"),
        *[("vote", "confirm")] * 4,
        ("round", "confirm"),
        ("complete", "write_bid"),
        ("auto", "gather_facts"),
        ("decide", "check_eligibility"),
        ("auto", "record_self_check"),
        ("complete", "send_to_sign"),
        *[("vote", "sign")] * 2,
        ("round", "sign"),
        ("auto", "seal"),
        ("receive", "g_wait"),
        ("receive", "opening_received"),
        ("auto", "open_bid"),
        ("auto", "gather_facts_again"),
        ("decide", "judge_eligibility"),
        ("auto", "record_check"),
        *[("vote", "review")] * 4,
        ("round", "review"),
        ("auto", "accept_bid"),
        ("send", "bid_accepted"),
        ("end", "bid"),
    ]
    assert play.incidents(campaign) == []


def test_a_member_who_declines_leaves_the_team_and_the_leader_forms_another(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    first, second, third, _ = cast.members
    rows = play_cast.team(cast.leader, first, second)
    play.complete(campaign, "bid.form_team", by=cast.leader, members=rows)
    play.complete(campaign, "bid.confirm", by=first, accept=True)
    play.complete(campaign, "bid.confirm", by=second, accept=False)
    assert _team(campaign) == [(cast.leader, True), (first, True)]
    assert play.open_nodes(campaign, process) == ["form_team"]
    play.complete(
        campaign, "bid.form_team", by=cast.leader, members=play_cast.team(cast.leader, first, third)
    )
    assert _team(campaign) == [(cast.leader, True), (first, True), (third, False)]
    asked = [
        audience
        for node, audience, status in play.items(campaign, process)
        if (node, status) == ("confirm", "open")
    ]
    assert asked == [f"user:{third}"]  # who has confirmed is not asked again


def test_a_leader_alone_goes_on_at_once(campaign: Database, cast: Cast) -> None:
    process = play_cast.begin_bid(campaign, play_cast.post(campaign, cast, **SMALL), leader=cast.leader)
    play.complete(campaign, "bid.form_team", by=cast.leader, members=play_cast.team(cast.leader))
    assert play.open_nodes(campaign, process) == ["write_bid"]
    assert ("skip", "confirm") in play.acts(campaign, process)


def test_a_member_who_never_answers_stays_unconfirmed_and_is_found_by_the_check(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    rows = play_cast.team(cast.leader, *cast.members)
    play.complete(campaign, "bid.form_team", by=cast.leader, members=rows)
    for member in cast.members[:3]:
        play.complete(campaign, "bid.confirm", by=member, accept=True)
    play.wait_until(campaign, clock.end_of(dt.date(2026, 11, 25)))  # two working days after Monday
    assert play.items(campaign, process)[4] == ("confirm", f"user:{cast.members[3]}", "cancelled")
    assert _team(campaign)[4] == (cast.members[3], False)
    play_cast.put_down(campaign, challenge_id, process, by=cast.leader)
    assert play_cast.findings(campaign) == [("self", "E10", "refuse")]
    play_cast.sign(campaign, cast, process)
    assert play_cast.bid_states(campaign) == ["sealed"]  # a finding before the seal only warns


def test_a_head_who_disagrees_sends_the_bid_back_to_writing(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "bid.sign", by=cast.admin_head, agree=False, opinion=" ")
    assert refused.value.fields == {"opinion": ["请写明理由。"]}
    play.complete(campaign, "bid.sign", by=cast.admin_head, agree=False, opinion="抽不出人")
    assert play.open_nodes(campaign, process) == ["write_bid"]
    vote = next(one for one in play.history(campaign, process) if (one.verb, one.node) == ("vote", "sign"))
    assert (vote.actor_id, vote.reason, vote.after) == (cast.admin_head, "抽不出人", {"agree": False})
    play_cast.put_down(campaign, challenge_id, process, by=cast.leader, pledged="9")
    play_cast.sign(campaign, cast, process)
    assert play_cast.bid_states(campaign) == ["sealed"]


def test_a_leader_who_sees_the_self_check_may_go_back_to_writing(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    rows = play_cast.team(cast.leader)
    play.complete(campaign, "bid.form_team", by=cast.leader, members=rows)
    play.complete(campaign, "bid.write", by=cast.leader, **play_cast.document(campaign, challenge_id))
    assert play_cast.findings(campaign) == [("self", "E05", "refuse")]
    assert play.open_nodes(campaign, process) == ["send_to_sign"]
    play.complete(campaign, "bid.send_to_sign", by=cast.leader, proceed=False)
    assert play.open_nodes(campaign, process) == ["write_bid"]
    play_cast.put_down(campaign, challenge_id, process, by=cast.leader)
    assert play.open_nodes(campaign, process) == ["sign", "sign"]


def test_the_heads_of_another_unit_do_not_sign(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    audiences = [audience for node, audience, _ in play.items(campaign, process) if node == "sign"]
    assert audiences == [f"role:party_secretary@{cast.unit_id}", f"role:admin_head@{cast.unit_id}"]


def test_the_heads_of_the_plant_sign_for_a_side_that_the_unit_lacks(campaign: Database, cast: Cast) -> None:
    signing.ungrant(campaign, cast.party_secretary, "party_secretary")
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    audiences = [audience for node, audience, _ in play.items(campaign, process) if node == "sign"]
    assert audiences == ["role:party_secretary", f"role:admin_head@{cast.unit_id}"]
    for head in (cast.secretary, cast.admin_head):
        play.complete(campaign, "bid.sign", by=head, process=process, agree=True)
    assert play_cast.bid_states(campaign) == ["sealed"]


def test_a_bid_for_another_unit_is_signed_by_its_heads(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    begun = play.start(
        campaign, "bid", by=cast.leader, challenge_id=challenge_id, unit_id=cast.sponsor_unit_id
    )
    play_cast.write(campaign, cast, challenge_id, begun.process_id)
    for head in (cast.party_lead, cast.admin_lead):
        play.complete(campaign, "bid.sign", by=head, process=begun.process_id, agree=True)
    assert play_cast.bid_states(campaign) == ["sealed"]


def test_a_draft_lapses_when_the_bidding_ends(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    play.wait_until(campaign, CLOSING)
    assert (play_cast.bid_states(campaign), play.status(campaign, process)) == (["lapsed"], "completed")
    assert [status for node, _, status in play.items(campaign, process) if node == "sign"] == [
        "cancelled"
    ] * 2
    assert play.timers(campaign, process) == []


def test_a_leader_withdraws_before_the_deadline_and_bids_again(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    first = play_cast.seal_bid(campaign, cast, challenge_id)
    with pytest.raises(Conflict, match=r"^您对这个榜单已有一份申报，请在待办中继续办理。$"):
        play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    with pytest.raises(Forbidden, match=r"^只有挂帅人可以撤回申报。$"):
        _withdraw(campaign, cast.members[0])
    _withdraw(campaign, cast.leader)
    assert (play_cast.bid_states(campaign), play.status(campaign, first)) == (["withdrawn"], "completed")
    second = play_cast.seal_bid(campaign, cast, challenge_id)
    assert play_cast.bid_states(campaign) == ["withdrawn", "sealed"]
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, second)
    assert play_cast.bid_states(campaign) == ["withdrawn", "reviewing"]
    assert play_cast.challenge_state(campaign, challenge_id) == "reviewing"


def test_a_bid_is_not_withdrawn_after_the_deadline(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    play_cast.seal_bid(campaign, cast, challenge_id)
    clock.move_to(CLOSING)
    with pytest.raises(Conflict, match=r"^揭榜已于 2026-12-11 00:00 截止"):
        _withdraw(campaign, cast.leader)
    play.settle(campaign)
    with pytest.raises(Conflict, match=r"^这个榜单现在不接受揭榜。$"):
        _withdraw(campaign, cast.leader)
    assert play_cast.bid_states(campaign) == ["sealed"]


def test_a_bid_that_a_department_refuses_is_rejected_with_its_reason(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.seal_bid(campaign, cast, challenge_id)
    play_cast.open_bids(campaign, cast)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "bid.review", by=cast.hr, passed=False)
    assert refused.value.fields == {"opinion": ["请写明理由。"]}
    play_cast.review(campaign, cast, process, hr="refuse")
    assert play_cast.bid_states(campaign) == ["ineligible"]
    assert play_cast.findings(campaign) == [("reviewed", "R-hr", "refuse")]
    assert play_cast.challenge_state(campaign, challenge_id) == "failed"


def _rejected(campaign: Database, cast: Cast) -> int:
    """A bid that was found ineligible; the id of its process."""
    process = play_cast.seal_bid(campaign, cast, play_cast.post(campaign, cast, **SMALL))
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, process, hr="refuse")
    return process


def test_a_leader_is_told_why_asks_and_is_answered(campaign: Database, cast: Cast) -> None:
    process = _rejected(campaign, cast)
    told = "您对榜单“降低冬季冻堵次数”的申报资格不合格：人力资源：材料不全"
    assert listing.notices_of(campaign, cast.leader)[0] == told
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "bid.query", by=cast.leader, asks=True)
    assert refused.value.fields == {"opinion": ["请写明要询问的问题。"]}
    play.complete(campaign, "bid.query", by=cast.leader, asks=True, opinion="缺哪一份材料？")
    assert play.open_nodes(campaign, process) == ["answer_query"]
    play.complete(campaign, "bid.answer_query", by=cast.office, opinion="缺成员所在单位证明。")
    assert play.status(campaign, process) == "completed"
    told = "您对“降低冬季冻堵次数”资格审查结果的询问已答复：缺成员所在单位证明。"
    assert listing.notices_of(campaign, cast.leader)[0] == told


def test_a_leader_may_accept_the_result(campaign: Database, cast: Cast) -> None:
    process = _rejected(campaign, cast)
    play.complete(campaign, "bid.query", by=cast.leader, asks=False)
    assert (play.status(campaign, process), play.open_nodes(campaign, process)) == ("completed", [])


def test_who_does_not_ask_in_two_working_days_has_accepted(campaign: Database, cast: Cast) -> None:
    process = _rejected(campaign, cast)
    ((node, until),) = play.timers(campaign, process)
    assert (node, until) == ("query_timeout", clock.end_of(dt.date(2026, 12, 15)))
    play.wait_until(campaign, until)
    assert (play.status(campaign, process), play.incidents(campaign)) == ("completed", [])


def test_what_the_rules_refuse_no_department_can_accept(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.seal_bid(campaign, cast, challenge_id, pledged="11")  # worse than the hard target
    assert play_cast.findings(campaign) == []  # a sealed promise cannot be read off what is found
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, process)
    assert play_cast.findings(campaign) == [("opened", "E07", "refuse")]
    assert play_cast.bid_states(campaign) == ["ineligible"]


def test_a_bid_may_be_cured_once(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.seal_bid(campaign, cast, challenge_id)
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, process, hr="cure")
    assert play.open_nodes(campaign, process) == ["cure"]
    rows = play_cast.team(cast.leader, *cast.members)
    play.complete(campaign, "bid.cure", by=cast.leader, members=rows, opinion="已补充证明")
    assert play.open_nodes(campaign, process) == ["review"] * 4  # everybody had confirmed before
    play_cast.review(campaign, cast, process, hr="cure")
    assert (play_cast.bid_states(campaign), play.open_nodes(campaign, process)) == (
        ["ineligible"],
        ["query_result"],
    )


def test_a_cured_bid_is_accepted(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.seal_bid(campaign, cast, challenge_id)
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, process, hr="cure", hse="cure")
    rows = play_cast.team(cast.leader, *cast.members[1:], cast.hr)
    play.complete(campaign, "bid.cure", by=cast.leader, members=rows, opinion="更换一人")
    assert play.open_nodes(campaign, process) == ["confirm_again"]
    play.complete(campaign, "bid.confirm", by=cast.hr, accept=True)
    play_cast.review(campaign, cast, process)
    assert play_cast.bid_states(campaign) == ["reviewing"]


def test_a_bid_that_one_department_refuses_outright_is_not_cured(campaign: Database, cast: Cast) -> None:
    process = play_cast.seal_bid(campaign, cast, play_cast.post(campaign, cast, **SMALL))
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, process, hr="cure", hse="refuse")
    assert play_cast.bid_states(campaign) == ["ineligible"]


def test_a_bid_that_is_not_cured_in_time_is_rejected(campaign: Database, cast: Cast) -> None:
    process = play_cast.seal_bid(campaign, cast, play_cast.post(campaign, cast, **SMALL))
    play_cast.open_bids(campaign, cast)
    play_cast.review(campaign, cast, process, hr="cure")
    ((node, due_at),) = play.timers(campaign, process)
    assert node == "cure_timeout"
    play.wait_until(campaign, due_at - SECOND)
    assert play.open_nodes(campaign, process) == ["cure"]
    play.wait_until(campaign, due_at)
    assert (play_cast.bid_states(campaign), play.open_nodes(campaign, process)) == (
        ["ineligible"],
        ["query_result"],
    )


def test_every_step_can_be_done_by_a_server_that_has_seen_nothing_before(
    campaign: Database, cast: Cast
) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    known = play_cast.seal_bid(campaign, cast, challenge_id)
    _withdraw(campaign, cast.leader)
    with play.forgetting_definitions():
        forgotten = play_cast.seal_bid(campaign, cast, challenge_id)
        _withdraw(campaign, cast.leader)
    assert play.acts(campaign, forgotten) == play.acts(campaign, known)


def test_two_bids_on_one_challenge_do_not_touch_each_other(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    sealed = play_cast.seal_bid(campaign, cast, challenge_id)
    other = play_cast.begin_bid(campaign, challenge_id, leader=cast.members[0])
    before = play.acts(campaign, other)
    _withdraw(campaign, cast.leader, of=cast.leader)
    assert (play.status(campaign, sealed), play.acts(campaign, other)) == ("completed", before)
    assert play_cast.bid_states(campaign) == ["withdrawn", "draft"]
