"""The reward of a project, played from its acceptance to what its members were paid."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes import rewarding
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.domain import results
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    Challenge,
    Mode,
    Notice,
    PayoutRow,
    Project,
    ProjectState,
    RaceResult,
    RewardCase,
    SplitRow,
    VetoEvent,
    VetoState,
)

PLANNED = [("milestones", 10_000), ("acceptance", 74_000), ("post_evaluation", 36_000)]


def test_reward_in_full_level_a(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, level="A", benefit_wan=756, prepaid_yuan=20_400)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    assert rewarding.yuan(campaign, team) == {
        "state": "paid",
        "total": 476_800,
        "planned": [("milestones", 20_400), ("acceptance", 313_360), ("post_evaluation", 143_040)],
        "paid": [313_360],
        "taken": [],
    }
    with campaign.read() as session:
        shares = list(session.scalars(select(SplitRow.amount_fen).order_by(SplitRow.seq)))
        paid = list(session.scalars(select(PayoutRow.amount_fen).order_by(PayoutRow.id)))
    assert shares == [14_304_000, 11_920_000, 9_536_000, 7_152_000, 4_768_000]
    assert paid == [9_400_800, 7_834_000, 6_267_200, 4_700_400, 3_133_600]
    assert play.incidents(campaign) == []


def test_level_c_at_once(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, level="C", benefit_wan=10)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    assert rewarding.yuan(campaign, team) == {
        "state": "paid",
        "total": 23_000,
        "planned": [("acceptance", 23_000)],
        "paid": [23_000],
        "taken": [],
    }
    play.wait(campaign, days=20)  # the period of appeal
    assert rewarding.yuan(campaign, team)["state"] == "closed"
    assert play.status(campaign, process) == "completed"


def test_not_accepted_claws_back(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, state=ProjectState.NOT_ACCEPTED, score=50)
    process = rewarding.begin(campaign, team, "MSG_NOT_ACCEPTED")
    rewarding.confirm_sheet(campaign, cast, process)
    rewarding.collect(campaign, cast, process)
    assert rewarding.yuan(campaign, team) == {
        "state": "paid",
        "total": 0,
        "planned": [("milestones", 10_000), ("clawback", -10_000), ("post_evaluation", 0)],
        "paid": [],
        "taken": [10_000],
    }
    play.wait(campaign, days=20)
    assert play.status(campaign, process) == "completed"


def test_not_accepted_exempt_keeps(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, state=ProjectState.NOT_ACCEPTED, score=50)
    with campaign.transaction() as session:
        session.get_one(Project, team.project_id).liability = "exempt"
    process = rewarding.begin(campaign, team, "MSG_NOT_ACCEPTED")
    rewarding.confirm_sheet(campaign, cast, process)
    assert rewarding.yuan(campaign, team) == {
        "state": "paid",
        "total": 0,
        "planned": [("milestones", 10_000), ("acceptance", 0), ("post_evaluation", 0)],
        "paid": [],
        "taken": [],
    }
    assert play.open_nodes(campaign, process) == []


def test_the_sheet_says_line_by_line_what_gave_it(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    rewarding.check_vetoes(campaign, cast, rewarding.begin(campaign, team))
    with campaign.read() as session:
        case = session.scalars(select(RewardCase)).one()
        lines = [(one.factor, one.value, one.file, one.version, len(one.rows)) for one in case.lines]
    assert lines == [
        ("P", "85", "category_weight.dmn", 1, 6),
        ("B", "85", "category_weight.dmn", 1, 7),
        ("level", "B", "challenge_level.dmn", 1, 1),
        ("fixed", "5", None, None, 0),
        ("benefit", "7", "reward_base.dmn", 1, 2),
        ("Kc", "1", "acceptance_verdict.dmn", 1, 1),
        ("Kt", "1", "timeliness.dmn", 1, 1),
        ("Kdual", "1", "dual_link.dmn", 1, 1),
        ("V", "1", "veto.dmn", 1, 0),
        ("total", "120000", None, None, 0),
        ("plan", "10000 / 74000 / 36000", "payout_plan.dmn", 1, 1),
    ]


def test_a_doubtful_list_of_vetoes_is_checked_and_confirmed_again(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "reward.confirm_veto", by=cast.hse, complete=False)
    assert refused.value.fields == {"opinion": ["请写明理由。"]}
    play.complete(campaign, "reward.confirm_veto", by=cast.hse, complete=False, opinion="漏了一起事故")
    for role in rewarding.CHECKERS[1:]:
        play.complete(campaign, "reward.confirm_veto", by=getattr(cast, role), complete=True)
    play.complete(campaign, "reward.check_vetoes", by=team.assessment, opinion="不属实")
    assert play.open_nodes(campaign, process) == ["confirm_veto"] * 4


def test_a_silent_leader_counts_as_having_confirmed(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.check_vetoes(campaign, cast, process)
    for day in (25, 26):  # a reminder the day before; the end three working days after Monday
        play.wait_until(campaign, clock.end_of(dt.date(2026, 11, day)))
    assert play.open_nodes(campaign, process) == ["propose_split"]
    with campaign.read() as session:
        texts = list(session.scalars(select(Notice.text).where(Notice.user_id == cast.leader)))
    assert texts[-1] == "测算表在期限内没有答复，视为确认；兑现后仍可申诉。"
    assert any(text.startswith("即将到期：核对测算表") for text in texts)


def test_sheet_appeal_won_measures_anew(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.check_vetoes(campaign, cast, process)
    play.complete(campaign, "reward.sheet", by=cast.leader, confirm=False, opinion="核定效益少计")
    play.complete(campaign, "reward.appeal", by=team.assessment, opinion="确有遗漏")
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "reward.decide_appeal", by=cast.party_committee, won=True, opinion="更正")
    assert list(refused.value.fields) == ["won"]
    play.complete(
        campaign,
        "reward.decide_appeal",
        by=cast.party_committee,
        won=True,
        opinion="按 200 万元核定",
        net_benefit_fen=200_000_000,
    )
    assert rewarding.yuan(campaign, team)["total"] == 180_000
    assert play.open_nodes(campaign, process) == ["read_sheet"]


def test_sheet_appeal_lost_lets_the_sheet_stand(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.check_vetoes(campaign, cast, process)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "reward.sheet", by=cast.leader, confirm=False)
    assert refused.value.fields == {"opinion": ["请写明理由。"]}
    play.complete(campaign, "reward.sheet", by=cast.leader, confirm=False, opinion="系数偏低")
    play.complete(campaign, "reward.appeal", by=team.assessment, opinion="按规则测算无误")
    play.complete(
        campaign, "reward.decide_appeal", by=cast.party_committee, won=False, opinion="维持", score=90
    )
    assert (rewarding.yuan(campaign, team)["total"], play.open_nodes(campaign, process)) == (
        120_000,
        ["propose_split"],
    )


def test_race_pays_only_the_best(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, mode=Mode.RACE)
    process = rewarding.begin(campaign, team)
    assert play.open_nodes(campaign, process) == []  # waits until the race is settled
    with campaign.transaction() as session:
        session.add(RaceResult(challenge_id=team.challenge_id, project_id=None))
    play.send(campaign, "MSG_RACE_SETTLED", key="challenge_id", challenge_id=team.challenge_id)
    rewarding.confirm_sheet(campaign, cast, process)
    assert rewarding.yuan(campaign, team) == {
        "state": "paid",
        "total": 0,
        "planned": [("milestones", 10_000), ("acceptance", 0), ("post_evaluation", 0)],
        "paid": [],
        "taken": [],
    }


def test_the_best_of_a_race_is_paid(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, mode=Mode.RACE)
    with campaign.transaction() as session:
        session.add(RaceResult(challenge_id=team.challenge_id, project_id=team.project_id))
    process = rewarding.begin(campaign, team)
    rewarding.confirm_sheet(campaign, cast, process)
    assert (rewarding.yuan(campaign, team)["planned"], play.open_nodes(campaign, process)) == (
        PLANNED,
        ["propose_split"],
    )


def test_a_reward_waits_for_the_appraisal_of_its_unit(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, is_appraised=False)
    process = rewarding.begin(campaign, team)
    assert rewarding.yuan(campaign, team)["state"] == "coefficient"
    with campaign.read() as session:
        (told,) = session.scalars(select(Notice.text).where(Notice.user_id == team.assessment))
    assert told.endswith("的考评结果，请完成该单位的双挂钩考评。")
    with campaign.transaction() as session:
        session.add(rewarding.appraisal(cast, cast.unit_id, points=65))
    play.send(campaign, "MSG_APPRAISAL_PUBLISHED", key="unit_id", unit_id=cast.unit_id)
    rewarding.check_vetoes(campaign, cast, process)
    with campaign.read() as session:
        case = session.scalars(select(RewardCase)).one()
        assert (case.kdual, case.total_fen) == (Decimal("0.3"), 3_600_000)


def test_post_evaluation_second_instalment(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    play.wait(campaign, days=365)
    assert play.open_nodes(campaign, process) == []  # it waits for the post-evaluation, not for the calendar
    rewarding.evaluate(campaign, team, None)
    rewarding.pay(campaign, cast, process)
    assert rewarding.yuan(campaign, team) == {
        "state": "post_paid",
        "total": 120_000,
        "planned": PLANNED,
        "paid": [74_000, 36_000],
        "taken": [],
    }
    play.wait(campaign, days=20)
    assert rewarding.yuan(campaign, team)["state"] == "closed"


def test_post_evaluation_with_claw_back(campaign: Database, cast: Cast) -> None:
    """What was paid at the acceptance is more than the whole is worth when it is evaluated."""
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    play.pass_time(days=366)
    with campaign.transaction() as session:
        event = VetoEvent(clause="V06", unit_id=session.get_one(Project, team.project_id).unit_id)
        event.facts, event.state, event.effective_on = "一般事故", VetoState.CONFIRMED, clock.today()
        event.proposed_by_id, event.proposed_at = cast.hse, clock.now()
        session.add(event)
    rewarding.evaluate(campaign, team, 0)
    rewarding.collect(campaign, cast, process)
    outcome = rewarding.yuan(campaign, team)
    assert (outcome["total"], outcome["paid"], outcome["taken"]) == (60_000, [74_000], [42_000])
    assert outcome["planned"] == [("milestones", 10_000), ("acceptance", 32_000), ("post_evaluation", 0)]
    play.wait(campaign, days=20)
    assert (play.status(campaign, process), play.incidents(campaign)) == ("completed", [])


def test_post_evaluation_cut(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    rewarding.evaluate(campaign, team, 25)
    rewarding.pay(campaign, cast, process)
    outcome = rewarding.yuan(campaign, team)
    assert (outcome["paid"], outcome["total"]) == ([74_000, 9_000], 120_000)
    assert outcome["planned"][-1] == ("post_evaluation", 9_000)


def test_paid_once(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    rewarding.evaluate(campaign, team, None)
    play.send(campaign, "MSG_POST_EVAL", key="project_id", project_id=team.project_id)
    rewarding.pay(campaign, cast, process)
    play.wait(campaign, days=30)
    assert rewarding.yuan(campaign, team)["paid"] == [74_000, 36_000]
    assert play.status(campaign, process) == "completed"


def test_a_project_is_rewarded_once(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    first = rewarding.begin(campaign, team)
    assert rewarding.begin(campaign, team) == first
    (incident,) = play.incidents(campaign)
    assert "这个项目的激励已经开始办理。" in incident.error


def test_the_list_is_checked_and_the_receipts_are_in_before_it_is_paid(
    campaign: Database, cast: Cast
) -> None:
    team = rewarding.gather(campaign, cast, level="C", benefit_wan=10)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    with pytest.raises(Invalid) as unchecked:
        play.complete(campaign, "reward.batch", by=cast.hr, checked=False)
    assert unchecked.value.fields == {"checked": ["请核对后再确认。"]}
    with pytest.raises(Invalid) as without:
        play.complete(campaign, "reward.batch", by=cast.finance, receipts=[])
    assert list(without.value.fields) == ["receipts"]
    assert rewarding.yuan(campaign, team)["paid"] == []
    rewarding.pay(campaign, cast, process)
    assert rewarding.yuan(campaign, team)["paid"] == [23_000]
    with campaign.read() as session:
        told = session.scalars(select(Notice.text).where(Notice.user_id == cast.members[0])).all()
    assert told[-1] == "激励已发放：验收兑现 5750 元（税前）。"


def test_appeal_won_after_the_pay_out_pays_the_difference(campaign: Database, cast: Cast) -> None:
    team, process = _paid(campaign, cast)
    play.act(campaign, "appeal", by=cast.members[0], project_id=team.project_id, reason="效益少计")
    play.settle(campaign)
    play.complete(campaign, "reward.appeal", by=team.assessment, opinion="确有遗漏")
    play.complete(
        campaign,
        "reward.decide_appeal",
        by=cast.party_committee,
        won=True,
        opinion="更正",
        net_benefit_fen=20_000_000,
    )
    rewarding.pay(campaign, cast, process)
    assert rewarding.yuan(campaign, team)["paid"] == [23_000, 8_000]
    play.wait(campaign, days=30)
    assert play.status(campaign, process) == "completed"


def test_appeal_won_that_lowers_the_total_takes_the_difference_back(campaign: Database, cast: Cast) -> None:
    team, process = _paid(campaign, cast)
    play.act(campaign, "appeal", by=cast.admin_head, project_id=team.project_id, reason="得分有误")
    play.settle(campaign)
    play.complete(campaign, "reward.appeal", by=team.assessment, opinion="得分应为 75")
    play.complete(
        campaign, "reward.decide_appeal", by=cast.party_committee, won=True, opinion="更正", score=75
    )
    rewarding.collect(campaign, cast, process)
    outcome = rewarding.yuan(campaign, team)
    assert (outcome["total"], outcome["taken"]) == (18_400, [4_600])


def test_appeal_lost_is_answered(campaign: Database, cast: Cast) -> None:
    team, process = _paid(campaign, cast)
    play.act(campaign, "appeal", by=cast.leader, project_id=team.project_id, reason="偏低")
    with pytest.raises(Conflict, match=r"^已有一项申诉正在办理，请等待结果。$"):
        play.act(campaign, "appeal", by=cast.members[0], project_id=team.project_id, reason="偏低")
    play.settle(campaign)
    play.complete(campaign, "reward.appeal", by=team.assessment, opinion="无误")
    play.complete(campaign, "reward.decide_appeal", by=cast.party_committee, won=False, opinion="维持原测算")
    assert (rewarding.yuan(campaign, team)["paid"], play.open_nodes(campaign, process)) == ([23_000], [])
    with campaign.read() as session:
        told = session.scalars(select(Notice.text).where(Notice.user_id == cast.leader)).all()
    assert told[-1] == "您的激励申诉不成立：维持原测算"


def test_appeals_end_ten_working_days_after_the_pay_out(campaign: Database, cast: Cast) -> None:
    team, _ = _paid(campaign, cast)
    play.pass_time(days=20)
    with pytest.raises(Conflict, match=r"^兑现后 10 个工作日内可以申诉，现已超过期限。$"):
        play.act(campaign, "appeal", by=cast.leader, project_id=team.project_id, reason="偏低")
    play.settle(campaign)
    with pytest.raises(Conflict, match=r"^这项激励已经办结，申诉期限已过。$"):
        play.act(campaign, "appeal", by=cast.leader, project_id=team.project_id, reason="偏低")


def test_only_the_team_and_the_heads_of_its_unit_appeal(campaign: Database, cast: Cast) -> None:
    team, _ = _paid(campaign, cast)
    with pytest.raises(Forbidden, match=r"^只有项目团队成员和所在单位党政负责人可以申诉。$"):
        play.act(campaign, "appeal", by=cast.office, project_id=team.project_id, reason="偏低")


def _paid(campaign: Database, cast: Cast) -> tuple[rewarding.Team, int]:
    """A small project that has been paid 23,000 元."""
    team = rewarding.gather(campaign, cast, level="C", benefit_wan=10)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    return team, process


def test_an_approval_that_refuses_ends_without_pay(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, level="C", benefit_wan=10)
    process = rewarding.begin(campaign, team)
    rewarding.confirm_sheet(campaign, cast, process)
    rewarding.split(campaign, cast, process)
    rewarding.end_publicity(campaign)
    ((item, _, signer),) = play_cast.signing(campaign, process)[:1]
    play.complete_item(campaign, item, by=signer, decision="rejected", opinion="依据不足")
    play.settle(campaign)
    assert (rewarding.yuan(campaign, team)["state"], play.status(campaign, process)) == (
        "closed",
        "completed",
    )


def _appeal_without_split(
    campaign: Database, cast: Cast, *, level: str, benefit_wan: int
) -> tuple[rewarding.Team, int]:
    """A project that got nothing, was settled, and then won its appeal: its leader is asked for a split."""
    amounts: dict[str, Any] = {"level": level, "benefit_wan": benefit_wan, "prepaid_yuan": 0}
    team = rewarding.gather(campaign, cast, state=ProjectState.NOT_ACCEPTED, score=50, **amounts)
    process = rewarding.begin(campaign, team, "MSG_NOT_ACCEPTED")
    rewarding.confirm_sheet(campaign, cast, process)
    play.act(campaign, "appeal", by=cast.leader, project_id=team.project_id, reason="得分有误")
    play.settle(campaign)
    play.complete(campaign, "reward.appeal", by=team.assessment, opinion="得分应为 85")
    corrected: dict[str, Any] = {"won": True, "opinion": "更正", "score": 85}
    play.complete(campaign, "reward.decide_appeal", by=cast.party_committee, **corrected)
    assert play.open_nodes(campaign, process) == ["propose_split"]
    return team, process


def test_what_an_appeal_has_given_is_split_paid_and_evaluated_however_long_it_takes(
    campaign: Database, cast: Cast
) -> None:
    team, process = _appeal_without_split(campaign, cast, level="B", benefit_wan=100)
    play.wait(campaign, days=20)  # the period of appeal is over while the leader thinks
    rewarding.split(campaign, cast, process)
    rewarding.approve(campaign, process)
    rewarding.pay(campaign, cast, process)
    play.wait(campaign, days=20)
    outcome = rewarding.yuan(campaign, team)
    assert (outcome["state"], outcome["paid"]) == ("paid", [84_000])  # waits for the post-evaluation
    rewarding.evaluate(campaign, team, None)
    rewarding.pay(campaign, cast, process)
    play.wait(campaign, days=20)
    outcome = rewarding.yuan(campaign, team)
    assert (outcome["state"], outcome["paid"]) == ("closed", [84_000, 36_000])
    assert (play.status(campaign, process), play.incidents(campaign)) == ("completed", [])


def test_an_approval_may_refuse_what_an_appeal_has_given(campaign: Database, cast: Cast) -> None:
    team, process = _appeal_without_split(campaign, cast, level="C", benefit_wan=10)
    rewarding.split(campaign, cast, process)
    rewarding.end_publicity(campaign)
    ((item, _, signer),) = play_cast.signing(campaign, process)[:1]
    play.complete_item(campaign, item, by=signer, decision="rejected", opinion="依据不足")
    play.wait(campaign, days=20)
    outcome = rewarding.yuan(campaign, team)
    assert (outcome["state"], outcome["paid"]) == ("closed", [])
    assert (play.status(campaign, process), play.incidents(campaign)) == ("completed", [])


def test_the_challenge_is_rewarding_until_its_results_are_handed_on_and_its_reward_is_closed(
    campaign: Database, cast: Cast
) -> None:
    team = rewarding.gather(campaign, cast, level="C", benefit_wan=10)
    process = rewarding.begin(campaign, team)

    def state() -> str:
        with campaign.read() as session:
            return session.get_one(Challenge, team.challenge_id).state

    assert state() == "rewarding"
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    play.wait(campaign, days=20)
    assert state() == "rewarding"  # the project still has its post-evaluation before it
    with campaign.transaction() as session:
        results.close(session, session.get_one(Project, team.project_id))
    assert state() == "archived"
