"""转办, 委派, 加签, 减签, 催办: what becomes of the work item, and what the history says."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from tests import factories, play
from tests.conftest import MONDAY_NINE
from tests.engine import trial
from workflows import work
from workflows.db import Database
from workflows.engine import signing
from workflows.engine.runtime import Run
from workflows.engine.tables import Round, WorkCandidate, WorkItem
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import User

AGAIN = dt.timedelta(hours=24)


def _act(trials: Database, act: Callable[..., object], item_id: int, **values: Any) -> None:
    with trials.transaction() as session:
        act(*Run.take_item(session, item_id), **values)


def _ids(trials: Database, process: int) -> list[int]:
    with trials.read() as session:
        return [item.id for item in play.all_items(session, process)]


def _round(trials: Database, name: str, user_id: int, count: int) -> tuple[int, list[int], list[int]]:
    """A process with a round of ``count`` people: its id, theirs, and their items'."""
    signers = trial.people(trials, count)
    process = trial.begin(trials, name, user_id, signers=signers)
    return process, signers, _ids(trials, process)


def _last(trials: Database, process: int) -> tuple[object, ...]:
    one = play.history(trials, process)[-1]
    return one.verb, one.node, one.item_id, one.actor_id, one.reason, one.before, one.after


def _users(trials: Database, process: int) -> list[tuple[str, str]]:
    return [(audience, status) for _, audience, status in play.items(trials, process)]


def test_a_transferred_task_is_the_other_persons_alone(trials: Database, someone: int) -> None:
    first, second, other = trial.people(trials, 3)
    process = trial.begin(trials, "ask_people", someone, people=[first, second])
    (item,) = _ids(trials, process)
    with trials.transaction() as session:
        work.claim(session, item, actor=session.get_one(User, first))
    _act(trials, signing.transfer, item, to_user_id=other, actor_id=first, reason="出差")
    assert _last(trials, process) == (
        *("transfer", "work", item, first, "出差"),
        {"audience": "listed"},
        {"audience": f"user:{other}"},
    )
    with trials.read() as session:
        assert (session.query(WorkCandidate).count(), session.get_one(WorkItem, item).claimed_by_id) == (
            0,
            None,
        )
    with pytest.raises(NotFound):
        play.complete_item(trials, item, by=second)
    play.complete_item(trials, item, by=other)
    assert trial.notes(trials, someone) == ["done"]


def test_a_delegated_task_comes_back_with_the_opinion_and_the_delegator_decides(
    trials: Database, someone: int
) -> None:
    process, (signer,), (item,) = _round(trials, "round_all", someone, 1)
    (expert,) = trial.people(trials, 1)
    _act(trials, signing.delegate, item, to_user_id=expert, actor_id=signer, reason="请专家看")
    assert _last(trials, process) == (
        *("delegate", "sign", item, signer, "请专家看"),
        {"audience": f"user:{signer}"},
        {"audience": f"user:{expert}"},
    )
    play.complete_item(trials, item, by=expert, opinion="压力不够")
    assert _last(trials, process) == (
        *("answer", "sign", item, expert, "压力不够"),
        {"audience": f"user:{expert}"},
        {"audience": f"user:{signer}"},
    )
    assert _users(trials, process) == [(f"user:{signer}", "open")]
    play.complete_item(trials, item, by=signer, agree=True)
    assert trial.notes(trials, someone) == ["yes"]


def test_the_delegator_still_sees_what_was_delegated(trials: Database, someone: int) -> None:
    _, (signer,), (item,) = _round(trials, "round_all", someone, 1)
    (expert,) = trial.people(trials, 1)
    _act(trials, signing.delegate, item, to_user_id=expert, actor_id=signer, reason="请专家看")
    with pytest.raises(Forbidden, match=r"^这个任务不是由您办理的。$"):
        play.complete_item(trials, item, by=signer, agree=True)


def test_a_delegate_may_pass_the_task_on_or_back(trials: Database, someone: int) -> None:
    process, (signer,), (item,) = _round(trials, "round_all", someone, 1)
    expert, other = trial.people(trials, 2)
    _act(trials, signing.delegate, item, to_user_id=expert, actor_id=signer, reason="请看")
    with pytest.raises(Conflict, match=r"^本任务是委派给您的，不能再次委派，请办理或转办。$"):
        _act(trials, signing.delegate, item, to_user_id=other, actor_id=expert, reason="请看")
    _act(trials, signing.transfer, item, to_user_id=other, actor_id=expert, reason="他更懂")
    _act(trials, signing.transfer, item, to_user_id=signer, actor_id=other, reason="不懂")
    play.complete_item(trials, item, by=signer, agree=True)  # nobody's delegate any more: it is the vote
    verbs = [verb for verb, _ in play.acts(trials, process)]
    assert verbs[:5] == ["start", "delegate", "transfer", "transfer", "vote"]


def test_only_what_was_delegated_is_answered(trials: Database, someone: int) -> None:
    _, (signer,), (item,) = _round(trials, "round_all", someone, 1)
    with pytest.raises(Conflict, match=r"^本任务不是委派的任务，请直接办理。$"):
        _act(trials, signing.answer_delegation, item, actor_id=signer, opinion=None)


@pytest.mark.parametrize("act", [signing.transfer, signing.delegate])
def test_a_task_goes_only_to_somebody_who_has_no_part_in_it(
    trials: Database, someone: int, act: Callable[..., object]
) -> None:
    process, (first, second), (item, other) = _round(trials, "round_all", someone, 2)
    refused = {"actor_id": 99, "reason": "忙"}
    with pytest.raises(Conflict, match=r"^本任务已经由该人员办理，请另选他人。$"):
        _act(trials, act, item, to_user_id=first, **refused)
    with pytest.raises(Conflict, match=r"^该人员已在本轮会签中，请另选他人。$"):
        _act(trials, act, item, to_user_id=second, **refused)
    with pytest.raises(Invalid) as invalid:
        _act(trials, act, item, to_user_id=someone, actor_id=first, reason=" ")
    assert invalid.value.fields == {"reason": ["请写明理由。"]}
    play.complete_item(trials, other, by=second, agree=True)
    with pytest.raises(Conflict, match=r"^本任务不在办理中，请刷新页面。$"):
        _act(trials, act, other, to_user_id=someone, **refused)
    assert [verb for verb, _ in play.acts(trials, process)] == ["start", "vote"]


def test_nobody_delegates_to_themselves(trials: Database, someone: int) -> None:
    _, (signer,), (item,) = _round(trials, "round_all", someone, 1)
    with pytest.raises(Invalid) as invalid:
        _act(trials, signing.delegate, item, to_user_id=signer, actor_id=signer, reason="忙")
    assert invalid.value.fields == {"user": ["不能委派给自己。"]}


def test_a_signer_added_after_is_asked_at_once(trials: Database, someone: int) -> None:
    process, (first, second), (item, other) = _round(trials, "round_all", someone, 2)
    (more,) = trial.people(trials, 1)
    _act(trials, signing.add_signer, item, user_id=more, before=False, actor_id=first, reason="涉及安全")
    added = _ids(trials, process)[2]
    assert _last(trials, process) == (
        *("add_signer", "sign", item, first, "涉及安全", {}),
        {"item_id": added, "audience": f"user:{more}", "is_before": False},
    )
    assert _users(trials, process) == [(f"user:{one}", "open") for one in (first, second, more)]
    for one, signer in ((item, first), (other, second)):
        play.complete_item(trials, one, by=signer, agree=True)
    assert play.status(trials, process) == "running"
    play.complete_item(trials, added, by=more, agree=True)
    assert trial.notes(trials, someone) == ["yes"]


def test_who_added_a_signer_before_waits_for_that_one_only(trials: Database, someone: int) -> None:
    process, (first, second), (item, other) = _round(trials, "round_all", someone, 2)
    (more,) = trial.people(trials, 1)
    _act(trials, signing.add_signer, item, user_id=more, before=True, actor_id=first, reason="先问他")
    assert [status for _, status in _users(trials, process)] == ["waiting", "open", "open"]
    with pytest.raises(Conflict, match=r"^还没有轮到您办理。$"):
        play.complete_item(trials, item, by=first, agree=True)
    play.complete_item(trials, other, by=second, agree=True)
    assert [status for _, status in _users(trials, process)] == ["waiting", "done", "open"]
    play.complete_item(trials, _ids(trials, process)[2], by=more, agree=True)
    assert [status for _, status in _users(trials, process)] == ["open", "done", "done"]
    play.complete_item(trials, item, by=first, agree=True)
    assert play.acts(trials, process)[:6] == [
        *(("start", "round_all"), ("add_signer", "sign")),
        *(("vote", "sign"), ("vote", "sign"), ("vote", "sign"), ("round", "sign")),
    ]


@pytest.mark.parametrize(("before", "order"), [(True, "mab"), (False, "amb")])
def test_in_a_sequential_round_the_added_signer_has_a_place(
    trials: Database, someone: int, before: bool, order: str
) -> None:
    process, (first, second), (item, _) = _round(trials, "round_sequential", someone, 2)
    (more,) = trial.people(trials, 1)
    _act(trials, signing.add_signer, item, user_id=more, before=before, actor_id=first, reason="先后")
    people = {"a": first, "b": second, "m": more}
    for name in order:
        assert [audience for audience, status in _users(trials, process) if status == "open"] == [
            f"user:{people[name]}"
        ]
        play.complete(trials, "trial.vote", by=people[name], agree=True)
    voters = [one.actor_id for one in play.history(trials, process) if one.verb == "vote"]
    assert (voters, trial.notes(trials, someone)) == ([people[name] for name in order], ["yes"])


def test_a_signer_is_added_once_and_only_to_a_round(trials: Database, someone: int) -> None:
    process, (first, second), (item, _) = _round(trials, "round_all", someone, 2)
    with pytest.raises(Conflict, match=r"^该人员已在本轮会签中，请另选他人。$"):
        _act(trials, signing.add_signer, item, user_id=second, before=True, actor_id=first, reason="再问")
    alone = trial.begin(trials, "ask_people", someone, people=first)
    with pytest.raises(Conflict, match=r"^本任务不是会签，不能加签或减签，可以转办或委派。$"):
        _act(
            trials, signing.add_signer, _ids(trials, alone)[0], user_id=second, before=True, actor_id=first,
            reason="再问",
        )  # fmt: skip
    assert play.acts(trials, process) == [("start", "round_all")]


def test_a_signer_taken_out_is_asked_no_more(trials: Database, someone: int) -> None:
    process, (first, second, third), (item, *_) = _round(trials, "round_sequential", someone, 3)
    _act(trials, signing.remove_signer, item, actor_id=someone, reason="调离")
    assert _last(trials, process) == (
        *("remove_signer", "sign", item, someone, "调离"),
        {"status": "open", "audience": f"user:{first}"},
        {"status": "cancelled"},
    )
    assert _users(trials, process) == [
        (f"user:{first}", "cancelled"), (f"user:{second}", "open"), (f"user:{third}", "waiting"),
    ]  # fmt: skip


def test_one_who_waits_may_be_taken_out_and_nobody_comes_early(trials: Database, someone: int) -> None:
    process, _, (_, item, _) = _round(trials, "round_sequential", someone, 3)
    _act(trials, signing.remove_signer, item, actor_id=someone, reason="调离")
    assert [status for _, status in _users(trials, process)] == ["open", "cancelled", "waiting"]


def test_whoever_waited_for_one_taken_out_is_asked(trials: Database, someone: int) -> None:
    process, (first, _), (item, _) = _round(trials, "round_all", someone, 2)
    (more,) = trial.people(trials, 1)
    _act(trials, signing.add_signer, item, user_id=more, before=True, actor_id=first, reason="先问他")
    _act(trials, signing.remove_signer, _ids(trials, process)[2], actor_id=first, reason="问过了")
    assert [status for _, status in _users(trials, process)] == ["open", "open", "cancelled"]


def test_a_round_is_decided_anew_when_the_last_to_vote_is_taken_out(trials: Database, someone: int) -> None:
    process, (first, _), (item, other) = _round(trials, "round_all", someone, 2)
    play.complete_item(trials, item, by=first, agree=True)
    _act(trials, signing.remove_signer, other, actor_id=someone, reason="调离")
    assert play.acts(trials, process)[1:4] == [("vote", "sign"), ("remove_signer", "sign"), ("round", "sign")]
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["yes"], "completed")
    assert [status for _, status in _users(trials, process)] == ["done", "cancelled"]
    with trials.read() as session:
        assert session.query(Round).one().result == "agreed"


def test_the_last_signer_and_one_who_has_voted_stay(trials: Database, someone: int) -> None:
    process, (first, _), (item, other) = _round(trials, "round_all", someone, 2)
    play.complete_item(trials, item, by=first, agree=True)
    with pytest.raises(Conflict, match=r"^本任务已经办结，不能减签，请刷新页面。$"):
        _act(trials, signing.remove_signer, item, actor_id=someone, reason="调离")
    _, _, (only,) = _round(trials, "round_all", someone, 1)
    with pytest.raises(Conflict, match=r"^这是本轮会签的最后一人，不能减签，请改为转办。$"):
        _act(trials, signing.remove_signer, only, actor_id=someone, reason="调离")
    with pytest.raises(Invalid):
        _act(trials, signing.remove_signer, other, actor_id=someone, reason="")
    assert play.acts(trials, process) == [("start", "round_all"), ("vote", "sign")]


def test_a_dual_round_keeps_both_sides(trials: Database, someone: int) -> None:
    with trials.transaction() as session:
        unit_id = factories.unit(session).id
    process = trial.begin(trials, "round_dual", someone, unit_id=unit_id)
    with pytest.raises(Conflict, match=r"^联签的每一方至少要有一人，不能减签，请改为转办。$"):
        _act(trials, signing.remove_signer, _ids(trials, process)[0], actor_id=someone, reason="空缺")
    assert play.acts(trials, process) == [("start", "round_dual")]


def test_a_task_is_urged_once_in_a_day(trials: Database, someone: int) -> None:
    (only,) = trial.people(trials, 1)
    process = trial.begin(trials, "ask_people", someone, people=only)
    (item,) = _ids(trials, process)
    _act(trials, signing.urge, item, actor_id=someone, reason="急")
    assert _last(trials, process) == ("urge", "work", item, someone, "急", {}, {"audience": f"user:{only}"})
    assert len(trial.notes(trials, only)) == 1
    with pytest.raises(Conflict, match=r"^24 小时内已经催办过，2026-11-24 09:00 之后可以再次催办。$"):
        _act(trials, signing.urge, item, actor_id=someone)
    play.wait_until(trials, MONDAY_NINE + AGAIN)
    _act(trials, signing.urge, item, actor_id=someone)
    assert [verb for verb, _ in play.acts(trials, process)] == ["start", "urge", "urge"]
    assert len(trial.notes(trials, only)) == 2
    play.complete_item(trials, item, by=only)
    with pytest.raises(Conflict, match=r"^本任务不在办理中，请刷新页面。$"):
        _act(trials, signing.urge, item, actor_id=someone)
