"""Veto events: proposed, confirmed by somebody else, appealed, and what they take from rewards."""

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
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import IntegrityRecord, Notice, RewardCase, User, VetoEvent

APPEAL_ENDS = clock.end_of(dt.date(2026, 11, 30))  # five working days after Monday


def _propose(campaign: Database, cast: Cast, *, by: int | None = None, **changes: Any) -> int:
    """Propose that the unit had an accident; the id of the process."""
    actor = cast.hse if by is None else by
    values = {
        "clause": "V06",
        "unit_id": cast.unit_id,
        "facts": "检修作业中一人轻伤。",
        "evidence": rewarding.receipt(campaign, actor),
        "effective_on": "2026-11-20",
    }
    return play.start(campaign, "veto", by=actor, **{**values, **changes}).process_id


def _confirm(campaign: Database, cast: Cast, process: int) -> None:
    """Let supervision confirm, and the period of appeal pass."""
    play.complete(campaign, "veto.confirm", by=cast.supervision, process=process, confirm=True)
    play.wait(campaign, days=8)


def _state(campaign: Database) -> str:
    with campaign.read() as session:
        return session.scalars(select(VetoEvent.state).order_by(VetoEvent.id.desc())).first() or ""


def _case(campaign: Database) -> tuple[Decimal | None, int]:
    """V and the total in 元 of the only case."""
    with campaign.read() as session:
        case = session.scalars(select(RewardCase)).one()
        return case.v, case.total_fen // 100


def test_veto_needs_another_person(campaign: Database, cast: Cast) -> None:
    process = _propose(campaign, cast, by=cast.supervision)
    with pytest.raises(Forbidden, match=r"^提出人不能确认自己提出的否决事项，请由他人确认。$"):
        play.complete(campaign, "veto.confirm", by=cast.supervision, confirm=True)
    play.complete(campaign, "veto.confirm", by=cast.secretary, process=process, confirm=True)
    assert _state(campaign) == "notified"
    play.wait_until(campaign, APPEAL_ENDS)
    assert (_state(campaign), play.status(campaign, process)) == ("confirmed", "completed")


def test_those_concerned_are_told_and_may_not_confirm(campaign: Database, cast: Cast) -> None:
    process = _propose(campaign, cast)
    play.complete(campaign, "veto.confirm", by=cast.supervision, process=process, confirm=True)
    with campaign.read() as session:
        told = session.scalars(select(Notice.user_id).order_by(Notice.user_id)).all()
    assert told == sorted((cast.party_secretary, cast.admin_head))


def test_a_veto_that_is_not_confirmed_ends(campaign: Database, cast: Cast) -> None:
    process = _propose(campaign, cast)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "veto.confirm", by=cast.supervision, confirm=False)
    assert refused.value.fields == {"opinion": ["请写明理由。"]}
    play.complete(campaign, "veto.confirm", by=cast.supervision, confirm=False, opinion="证据不足")
    assert (_state(campaign), play.status(campaign, process)) == ("refused", "completed")


def test_only_departments_that_learn_of_events_propose(campaign: Database, cast: Cast) -> None:
    with pytest.raises(Forbidden, match=r"^只有安全环保、纪委监督、财务"):
        _propose(campaign, cast, by=cast.leader)


def test_the_same_event_is_proposed_once(campaign: Database, cast: Cast) -> None:
    _propose(campaign, cast)
    with pytest.raises(Conflict, match=r"^同一否决事项已经提出，请在列表中查看。$"):
        _propose(campaign, cast, by=cast.supervision)


def test_an_appeal_that_is_won_lifts_the_veto(campaign: Database, cast: Cast) -> None:
    process = _appealed(campaign, cast)
    play.complete(campaign, "veto.settle", by=cast.party_committee, lift=True, opinion="不属于责任事故")
    assert (_state(campaign), play.status(campaign, process)) == ("lifted", "completed")


def test_an_appeal_that_is_lost_lets_it_take_effect(campaign: Database, cast: Cast) -> None:
    process = _appealed(campaign, cast)
    play.wait_until(campaign, APPEAL_ENDS)
    assert _state(campaign) == "appealed"  # it waits for the answer, not for the calendar
    play.complete(campaign, "veto.settle", by=cast.party_committee, lift=False, opinion="属实")
    assert (_state(campaign), play.status(campaign, process)) == ("confirmed", "completed")


def _appealed(campaign: Database, cast: Cast) -> int:
    process = _propose(campaign, cast)
    play.complete(campaign, "veto.confirm", by=cast.supervision, process=process, confirm=True)
    with campaign.read() as session:
        veto_id = session.scalars(select(VetoEvent.id)).one()
    with pytest.raises(NotFound):
        play.act(campaign, "appeal_veto", by=cast.leader, veto_id=veto_id, reason="不服")
    with pytest.raises(Forbidden, match=r"^只有当事团队成员和单位党政负责人可以申诉。$"):
        play.act(campaign, "appeal_veto", by=cast.office, veto_id=veto_id, reason="不服")
    play.act(campaign, "appeal_veto", by=cast.admin_head, veto_id=veto_id, reason="不是责任事故")
    play.settle(campaign)
    with pytest.raises(Conflict, match=r"^否决事项当前的状态不允许这样做，请刷新页面。$"):
        play.act(campaign, "appeal_veto", by=cast.admin_head, veto_id=veto_id, reason="再申诉")
    return process


def test_veto_before_pay_out(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.confirm_sheet(campaign, cast, process)
    rewarding.split(campaign, cast, process)
    rewarding.end_publicity(campaign)
    _confirm(campaign, cast, _propose(campaign, cast))
    assert _case(campaign) == (Decimal(1), 120_000)
    play_cast.approve(campaign, process)
    assert play.open_nodes(campaign, process) == ["confirm_veto"] * 4  # nothing is paid by the old sheet
    rewarding.up_to_pay(campaign, cast, process)
    assert _case(campaign) == (Decimal("0.5"), 60_000)
    rewarding.pay(campaign, cast, process)
    outcome = rewarding.yuan(campaign, team)
    assert (outcome["paid"], outcome["taken"]) == ([32_000], [])


def test_a_veto_while_the_receipts_are_gathered_stops_the_pay_out(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    _confirm(campaign, cast, _propose(campaign, cast))
    rewarding.pay(campaign, cast, process)
    assert play.open_nodes(campaign, process) == ["confirm_veto"] * 4
    assert rewarding.yuan(campaign, team)["paid"] == []


def test_veto_after_pay_out(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    with campaign.read() as session:
        leader = session.get_one(User, cast.leader)
        assert leader.banned_until is None
    _confirm(campaign, cast, _propose(campaign, cast, clause="V03", unit_id=None, project_id=team.project_id))
    rewarding.collect(campaign, cast, process)
    outcome = rewarding.yuan(campaign, team)
    assert (outcome["total"], outcome["paid"], outcome["taken"]) == (0, [74_000], [84_000])
    with campaign.read() as session:
        leader = session.get_one(User, cast.leader)
        record = session.scalars(select(IntegrityRecord)).one()
        assert leader.banned_until == record.until == dt.date(2029, 12, 8)


def test_veto_after_the_reward_is_closed(campaign: Database, cast: Cast) -> None:
    team = rewarding.gather(campaign, cast, level="C", benefit_wan=10)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    play.wait(campaign, days=20)
    assert play.status(campaign, process) == "completed"
    veto = _propose(campaign, cast)
    _confirm(campaign, cast, veto)
    receipts = rewarding.receipt(campaign, cast.finance)
    play.complete(campaign, "veto.collect", by=cast.finance, process=veto, receipts=receipts)
    assert rewarding.yuan(campaign, team) == {
        "state": "closed",
        "total": 11_500,
        "planned": [("acceptance", 11_500)],
        "paid": [23_000],
        "taken": [11_500],
    }
    assert play.status(campaign, veto) == "completed"


def test_a_veto_that_was_counted_stays_counted_when_it_is_restored(campaign: Database, cast: Cast) -> None:
    _confirm(campaign, cast, _propose(campaign, cast))
    team = rewarding.gather(campaign, cast)
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    with campaign.read() as session:
        veto_id = session.scalars(select(VetoEvent.id)).one()
    play.act(campaign, "restore_veto", by=cast.secretary, veto_id=veto_id, reason="整改到位")
    rewarding.evaluate(campaign, team, None)
    rewarding.pay(campaign, cast, process)
    assert rewarding.yuan(campaign, team)["paid"] == [32_000, 18_000]


def test_a_restored_veto_no_longer_counts(campaign: Database, cast: Cast) -> None:
    _confirm(campaign, cast, _propose(campaign, cast))
    with campaign.read() as session:
        veto_id = session.scalars(select(VetoEvent.id)).one()
    with pytest.raises(Forbidden, match=r"^只有纪委监督和厂级党组织书记可以恢复。$"):
        play.act(campaign, "restore_veto", by=cast.office, veto_id=veto_id, reason="期满")
    play.act(campaign, "restore_veto", by=cast.secretary, veto_id=veto_id, reason="整改到位")
    team = rewarding.gather(campaign, cast)
    rewarding.check_vetoes(campaign, cast, rewarding.begin(campaign, team))
    assert (_state(campaign), _case(campaign)) == ("restored", (Decimal(1), 120_000))
