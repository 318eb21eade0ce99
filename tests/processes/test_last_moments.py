"""What people do at the last moment, while the clock is about to go on without them: one of the two gives way."""

import datetime as dt
import threading
from collections.abc import Callable
from functools import partial

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import play
from tests.processes import cast as play_cast
from tests.processes import rewarding
from tests.processes.cast import SMALL, Cast
from tests.processes.test_campaign import PLAN
from workflows import clock, work
from workflows.db import Database
from workflows.domain import experts
from workflows.errors import Conflict
from workflows.models import (
    Appeal,
    AppealState,
    Bid,
    BidState,
    RewardCase,
    RewardState,
    User,
    VetoEvent,
    VetoState,
)

A_SECOND = dt.timedelta(seconds=1)
LONG_ENOUGH = 0.5  # seconds in which whoever need not wait would be done


def _crossing(database: Database, act: Callable[[Session], object], *, ends: dt.datetime) -> None:
    """``act`` begins a second before ``ends``, and is committed only after the jobs have begun to run at ``ends``."""
    clock.move_to(ends - A_SECOND)
    jobs = threading.Thread(target=play.settle, args=(database,))
    with database.transaction() as session:
        act(session)
        clock.move_to(ends)
        jobs.start()
        jobs.join(LONG_ENOUGH)
    jobs.join()
    play.wait(database, minutes=3)


def _paid(campaign: Database, cast: Cast) -> tuple[rewarding.Team, int]:
    """A reward of level C that is paid: what is left is the time of appeal."""
    team = rewarding.gather(campaign, cast, level="C")
    process = rewarding.begin(campaign, team)
    rewarding.up_to_pay(campaign, cast, process)
    rewarding.pay(campaign, cast, process)
    return team, process


def test_an_appeal_filed_as_its_time_ends_is_heard(campaign: Database, cast: Cast) -> None:
    team, process = _paid(campaign, cast)
    ((_, ends),) = play.timers(campaign, process)

    def file(session: Session) -> None:
        values = {"project_id": team.project_id, "reason": "验收得分有误"}
        work.send(session, "appeal", values, actor=session.get_one(User, cast.leader))

    _crossing(campaign, file, ends=ends)
    with campaign.read() as session:
        assert session.scalars(select(Appeal.state)).all() == [AppealState.OPEN]
        assert session.scalars(select(RewardCase.state)).all() != [RewardState.CLOSED]
    assert play.open_nodes(campaign, process) == ["hear_appeal"]


def _proposed(campaign: Database, cast: Cast) -> dict[str, object]:
    team = rewarding.gather(campaign, cast)
    facts = {"clause": "V01", "project_id": team.project_id, "facts": "作业中一人受伤"}
    return {**facts, "effective_on": "2026-11-20", "evidence": rewarding.receipt(campaign, cast.hse)}


def test_a_veto_that_is_appealed_against_as_its_time_ends_waits_for_the_answer(
    campaign: Database, cast: Cast
) -> None:
    process = play.start(campaign, "veto", by=cast.hse, **_proposed(campaign, cast)).process_id
    play.complete(campaign, "veto.confirm", by=cast.supervision, process=process, confirm=True)
    ((_, ends),) = play.timers(campaign, process)

    def file(session: Session) -> None:
        values = {"veto_id": session.scalars(select(VetoEvent.id)).one(), "reason": "当日该班组不在现场"}
        work.send(session, "appeal_veto", values, actor=session.get_one(User, cast.leader))

    _crossing(campaign, file, ends=ends)
    with campaign.read() as session:
        assert session.scalars(select(VetoEvent.state)).all() == [VetoState.APPEALED]
    assert play.open_nodes(campaign, process) == ["settle_veto_appeal"]
    assert [one.resolved_at is None for one in play.incidents(campaign)] in ([], [False])


def test_the_same_event_proposed_four_times_at_once_is_one(campaign: Database, cast: Cast) -> None:
    propose = partial(play.start, campaign, "veto", by=cast.hse, **_proposed(campaign, cast))
    answers = play.at_once([propose] * 4)
    assert sum(isinstance(one, Conflict) for one in answers) == 3


def test_a_year_planned_four_times_at_once_has_one_plan(campaign: Database, cast: Cast) -> None:
    answers = play.at_once([partial(play.start, campaign, "campaign", by=cast.office, **PLAN)] * 4)
    refused = [str(one) for one in answers if isinstance(one, Conflict)]
    assert refused == ["2027 年度已有计划，不能重复编制。"] * 3


def test_an_expert_added_four_times_at_once_is_one(campaign: Database, cast: Cast) -> None:
    def add() -> int:
        with campaign.transaction() as session:
            actor = session.get_one(User, cast.office)
            return experts.add(session, user_id=cast.leader, fields=["采气"], actor=actor).user_id

    answers = play.at_once([add] * 4)
    assert sorted(str(one) for one in answers) == sorted(
        [str(cast.leader), *["这个人员已经是评审专家，可以修改其专业领域。"] * 3]
    )


def test_a_bid_withdrawn_four_times_at_once_is_withdrawn_once(campaign: Database, cast: Cast) -> None:
    challenge = play_cast.post(campaign, cast, **SMALL)
    play_cast.seal_bid(campaign, cast, challenge)
    with campaign.read() as session:
        bid = session.scalars(select(Bid.id)).one()

    def withdraw() -> None:
        with campaign.transaction() as session:
            work.withdraw_bid(session, bid, actor=session.get_one(User, cast.leader))

    answers = play.at_once([withdraw] * 4)
    assert sum(isinstance(one, Conflict) for one in answers) == 3
    play.settle(campaign)
    assert play_cast.bid_states(campaign) == [BidState.WITHDRAWN]


@pytest.mark.parametrize("late", [-A_SECOND, dt.timedelta(0)])
def test_a_bid_is_withdrawn_or_opened_at_its_deadline_never_both(
    campaign: Database, cast: Cast, late: dt.timedelta
) -> None:
    challenge = play_cast.post(campaign, cast, **SMALL)
    play_cast.seal_bid(campaign, cast, challenge)
    clock.move_to(play_cast.CLOSING + late)

    def withdraw() -> None:
        with campaign.transaction() as session:
            bid = session.scalars(select(Bid.id)).one()
            work.withdraw_bid(session, bid, actor=session.get_one(User, cast.leader))

    said, _ = play.at_once([withdraw, partial(play.wait_until, campaign, clock.now())])
    play.wait_until(campaign, play_cast.CLOSING)
    assert isinstance(said, Conflict) == (late == dt.timedelta(0))
    assert (play_cast.bid_states(campaign) == [BidState.WITHDRAWN]) == (said is None)
    assert play.incidents(campaign) == []
