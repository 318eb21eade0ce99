"""Two people, or a person and the clock, who touch the same project, reward or rule at the same instant."""

import datetime as dt
from functools import partial

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import rewarding
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.domain import rule_versions
from workflows.errors import Conflict, Forbidden
from workflows.models import (
    ClawBack,
    PayoutBatch,
    RewardCase,
    RewardState,
    RuleState,
    RuleVersion,
    Split,
    User,
)

FULL_FEN = 7_500_000


def test_a_veto_and_the_last_receipt_at_once_pay_what_remains(campaign: Database, cast: Cast) -> None:
    """Whichever comes first: nothing is paid and the list of vetoes is checked anew, or all is taken back."""
    team = rewarding.gather(campaign, cast, level="C")
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    facts = {"clause": "V01", "project_id": team.project_id, "facts": "作业中一人死亡"}
    evidence = rewarding.receipt(campaign, cast.hse)
    when = {"effective_on": "2026-11-20", "evidence": evidence}
    veto = play.start(campaign, "veto", by=cast.hse, **facts, **when).process_id
    play.complete(campaign, "veto.confirm", by=cast.supervision, process=veto, confirm=True)
    ((_, ends),) = play.timers(campaign, veto)
    play.complete(campaign, "reward.batch", by=cast.hr, process=process, checked=True)
    receipts = rewarding.receipt(campaign, cast.finance)
    clock.move_to(ends)
    pay = play.at_hand(campaign, "reward.batch", by=cast.finance, process=process)
    play.at_once([partial(pay, receipts=receipts), partial(play.settle, campaign)])
    play.wait(campaign, minutes=3)
    with campaign.read() as session:
        state = session.scalars(select(RewardCase.state)).one()
        paid = sum(session.scalars(select(PayoutBatch.amount_fen).where(PayoutBatch.paid_at.is_not(None))))
        owed = sum(session.scalars(select(ClawBack.amount_fen)))
        assert (state, paid, owed) in ((RewardState.VETO_CHECK, 0, 0), (RewardState.PAID, FULL_FEN, FULL_FEN))
    assert [one for one in play.incidents(campaign) if one.resolved_at is None] == []


def test_of_two_splits_proposed_at_once_one_is_before_the_members(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.confirm_sheet(campaign, cast, process)
    at_hand = play.at_hand(campaign, "reward.split", by=cast.leader, process=process)
    propose = partial(at_hand, rows=rewarding.rows(cast))
    answers = play.at_once([propose] * 3)
    assert sum(isinstance(one, Conflict) for one in answers) == 2
    with campaign.read() as session:
        assert len(session.scalars(select(Split)).all()) == 1


def test_the_last_members_who_answer_at_once_decide_once(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.confirm_sheet(campaign, cast, process)
    play.complete(campaign, "reward.split", by=cast.leader, process=process, rows=rewarding.rows(cast))
    answer = partial(play.complete, campaign, "reward.confirm_share", process=process, agree=True)
    play.at_once([partial(answer, by=member) for member in cast.members[:3]])
    assert [verb for verb, _ in play.acts(campaign, process)].count("round") == 2  # the vetoes, the shares
    waiting = play.open_nodes(campaign, process)
    assert (len(waiting), len(set(waiting))) == (2, 1)  # both heads of the unit, at one box


@pytest.mark.parametrize("laps", [3])
def test_drafts_adopted_at_once_leave_one_in_force(campaign: Database, cast: Cast, laps: int) -> None:
    with campaign.transaction() as session:
        office, shipped = session.get_one(User, cast.office), rule_versions.current(session, "setting.dmn")
        content = rule_versions.get(session, shipped.id).content
        for lap in range(laps):
            rule_versions.draft(
                session, "setting.dmn", content + "\n" * (lap + 1), note=f"第 {lap} 稿", actor=office
            )

    def adopt(number: int, by: int) -> None:
        with campaign.transaction() as session:
            asked = (RuleVersion.file == "setting.dmn", RuleVersion.version == number)
            version = session.scalars(select(RuleVersion).where(*asked)).one()
            rule_versions.adopt(session, version, from_day=clock.today(), actor=session.get_one(User, by))

    people = (cast.secretary, cast.director)
    acts = [partial(adopt, number, by) for number in range(2, laps + 2) for by in people]
    answers = play.at_once(acts)
    assert sum(one is None for one in answers) == laps
    assert not any(isinstance(one, Forbidden) for one in answers)
    with campaign.read() as session:
        adopted = session.scalars(select(RuleVersion).where(RuleVersion.state == RuleState.ADOPTED))
        assert len([one for one in adopted if one.file == "setting.dmn"]) == laps + 1
        assert rule_versions.current(session, "setting.dmn").version == laps + 1
    assert clock.today() == dt.date(2026, 11, 23)
