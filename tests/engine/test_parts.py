"""Gateways, loops, sub-processes, called processes, event sub-processes."""

import re
from decimal import Decimal

import pytest

from tests import play
from tests.engine import trial
from workflows.db import Database
from workflows.engine.errors import StepFailed
from workflows.engine.runtime import Run
from workflows.engine.tables import Process
from workflows.engine.waiting import ready_humans


def _do(trials: Database, process: int, by: int, node: str = "work", **variables: object) -> None:
    """Complete the first open item at ``node``."""
    with trials.read() as session:
        item = next(
            one.id for one in play.all_items(session, process) if (one.node, one.status) == (node, "open")
        )
    play.complete_item(trials, item, by=by, set=variables)


def _object(trials: Database, case_id: int, objection_id: int) -> None:
    play.send(trials, "TRIAL_OBJECTION", key="case_id", case_id=case_id, objection_id=objection_id)


@pytest.mark.parametrize("order", [["left", "right"], ["right", "left"]])
def test_a_parallel_block_waits_for_all_its_branches(
    trials: Database, someone: int, order: list[str]
) -> None:
    process = trial.begin(trials, "both", someone)
    assert sorted(play.open_nodes(trials, process)) == ["left", "right"]
    _do(trials, process, someone, order[0])
    assert (play.open_nodes(trials, process), trial.notes(trials, someone)) == ([order[1]], [])
    _do(trials, process, someone, order[1])
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["done"], "completed")


@pytest.mark.parametrize(
    ("left", "right", "asked"),
    [
        (True, True, ["left", "right"]),
        (True, False, ["left"]),
        (False, True, ["right"]),
        (False, False, ["other"]),
    ],
)
def test_an_inclusive_gateway_takes_every_branch_that_is_wanted(
    trials: Database, someone: int, left: bool, right: bool, asked: list[str]
) -> None:
    process = trial.begin(trials, "some", someone, wants_left=left, wants_right=right)
    assert sorted(play.open_nodes(trials, process)) == asked
    for node in asked:
        assert trial.notes(trials, someone) == []
        _do(trials, process, someone, node)
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["done"], "completed")


def test_a_condition_that_gives_nothing_names_its_gateway(trials: Database, someone: int) -> None:
    with pytest.raises(StepFailed, match=r"^g_some: "):
        trial.begin(trials, "some", someone, wants_left=None, wants_right=True)


def test_a_terminate_end_event_ends_everything(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "stopped", someone)
    _do(trials, process, someone, "left")
    statuses = {node: status for node, _, status in play.items(trials, process)}
    assert statuses == {"left": "done", "right": "cancelled"}
    assert (trial.notes(trials, someone), play.status(trials, process)) == ([], "completed")


def test_a_parallel_branch_that_ends_first_terminates_nothing(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "stopped", someone)
    _do(trials, process, someone, "right")
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["done"], "running")
    _do(trials, process, someone, "left")
    assert play.status(trials, process) == "completed"


def test_a_called_process_asks_its_own_lane(trials: Database, someone: int) -> None:
    supervisor = trial.person(trials, roles=["supervision"])
    process = trial.begin(trials, "calls", someone)
    assert play.items(trials, process) == [("work", "role:supervision", "open")]
    play.complete(trials, "trial.work", by=supervisor)
    assert trial.notes(trials, someone) == ["called", "done"]


def test_a_called_process_may_call_another(trials: Database, someone: int) -> None:
    supervisor = trial.person(trials, roles=["supervision"])
    process = trial.begin(trials, "calls_deeply", someone)
    play.complete(trials, "trial.work", by=supervisor)
    assert trial.notes(trials, someone) == ["called", "done", "late"]
    assert play.acts(trials, process) == [
        ("start", "calls_deeply"),
        ("complete", "work"),
        ("auto", "note_called"),
        ("auto", "note_done"),
        ("auto", "note_late"),
        ("end", "calls_deeply"),
    ]


def test_a_subprocess_runs_for_each_thing_in_turn(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "each_in_turn", someone, things=["甲", "乙", "丙"])
    for done in (["甲"], ["甲", "乙"], ["甲", "乙", "丙", "done"]):
        assert play.open_nodes(trials, process) == ["work"]
        _do(trials, process, someone)
        assert trial.notes(trials, someone) == done
    assert play.status(trials, process) == "completed"


def test_a_subprocess_for_nothing_is_passed(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "each_in_turn", someone, things=[])
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["done"], "completed")


def test_a_subprocess_runs_as_often_as_its_cardinality_says(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "some_times", someone, times=2)
    for done in (["done"], ["done", "done", "done"]):
        _do(trials, process, someone)
        assert trial.notes(trials, someone) == done
    assert play.status(trials, process) == "completed"


@pytest.mark.parametrize("times", [-1, Decimal("1.5"), True, "two"])
def test_a_number_of_rounds_that_cannot_be_is_refused(trials: Database, someone: int, times: object) -> None:
    with pytest.raises(StepFailed, match=rf"^each: it cannot be done {re.escape(str(times))} times$"):
        trial.begin(trials, "some_times", someone, times=times)


def test_a_loop_goes_round_while_its_condition_holds(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "again", someone, again=True)
    _do(trials, process, someone)
    _do(trials, process, someone, again=False)
    assert trial.notes(trials, someone) == ["heard", "heard", "done"]
    assert play.status(trials, process) == "completed"


def test_a_loop_ends_at_its_maximum(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "again", someone, again=True)
    for _ in range(5):
        _do(trials, process, someone, again=True)
    assert trial.notes(trials, someone) == ["heard"] * 5 + ["done"]
    assert play.status(trials, process) == "completed"


def test_a_task_may_be_sent_back_again_and_again(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "back_and_forth", someone)
    for _ in range(30):
        _do(trials, process, someone, again=True)
    _do(trials, process, someone, again=False)
    assert trial.notes(trials, someone) == ["heard"] * 30 + ["done"]
    assert play.status(trials, process) == "completed"


def test_each_objection_is_heard_beside_the_work_and_the_process_waits_for_all(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "objections", someone, case_id=1)
    _object(trials, 1, 11)
    _object(trials, 1, 12)
    assert play.open_nodes(trials, process) == ["work", "hear", "hear"]
    _do(trials, process, someone)
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["done"], "running")
    _do(trials, process, someone, "hear")
    assert play.status(trials, process) == "running"
    _do(trials, process, someone, "hear")
    assert trial.notes(trials, someone) == ["done", "heard", "heard"]
    assert play.status(trials, process) == "completed"


def test_an_objection_may_come_while_another_is_heard(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "objections", someone, case_id=1)
    _object(trials, 1, 11)
    _do(trials, process, someone, "hear")
    _do(trials, process, someone)
    assert play.status(trials, process) == "completed"
    _object(trials, 1, 12)
    assert trial.notes(trials, someone) == ["heard", "done"]


def test_an_objection_after_the_work_is_heard_while_the_first_still_is(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "objections", someone, case_id=1)
    _object(trials, 1, 11)
    _do(trials, process, someone)
    _object(trials, 1, 12)
    assert play.open_nodes(trials, process) == ["hear", "hear"]
    _do(trials, process, someone, "hear")
    _do(trials, process, someone, "hear")
    assert play.status(trials, process) == "completed"


def test_an_objection_to_one_case_is_not_heard_in_another(trials: Database, someone: int) -> None:
    one, other = (trial.begin(trials, "objections", someone, case_id=case) for case in (1, 2))
    _object(trials, 1, 11)
    assert (play.open_nodes(trials, one), play.open_nodes(trials, other)) == (["work", "hear"], ["work"])
    _do(trials, other, someone)
    assert (play.status(trials, other), play.status(trials, one)) == ("completed", "running")
    third = trial.begin(trials, "objections", someone, case_id=3)
    assert play.open_nodes(trials, third) == ["work"]
    _do(trials, third, someone)
    assert play.status(trials, third) == "completed"


def test_an_interrupting_event_subprocess_takes_the_place_of_the_work(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "halted", someone, case_id=1)
    play.send(trials, "TRIAL_HALT", key="case_id", case_id=1)
    assert play.items(trials, process) == [("work", f"user:{someone}", "cancelled")]
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["halted"], "completed")


@pytest.mark.parametrize(("name", "last"), [("calls_objections", "called"), ("embedded_objections", "done")])
def test_objections_reach_a_part_of_the_process_while_it_runs(
    trials: Database, someone: int, name: str, last: str
) -> None:
    process = trial.begin(trials, name, someone, case_id=1)
    _object(trials, 1, 11)
    _object(trials, 1, 12)
    assert sorted(play.open_nodes(trials, process)) == ["hear", "hear", "work"]
    _do(trials, process, someone)
    _do(trials, process, someone, "hear")
    assert last not in trial.notes(trials, someone)[1:]
    _do(trials, process, someone, "hear")
    assert trial.notes(trials, someone)[-1] == last
    assert trial.notes(trials, someone).count("heard") == 2
    assert play.status(trials, process) == "completed"


@pytest.mark.parametrize("order", [["left", "right"], ["right", "left"]])
def test_what_one_branch_sets_is_not_undone_by_the_other(
    trials: Database, someone: int, order: list[str]
) -> None:
    process = trial.begin(trials, "both", someone, number=1, people=[1, 2], other=0)
    changes: dict[str, dict[str, object]] = {"left": {"number": 2, "people": [3]}, "right": {"other": 5}}
    for node in order:
        _do(trials, process, someone, node, **changes[node])
    assert play.variables(trials, process) == {"user_id": someone, "number": 2, "people": [3], "other": 5}


def test_what_a_branch_beside_a_task_sets_is_known_after_the_task(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "objections", someone, case_id=1, number=1)
    _object(trials, 1, 11)
    _do(trials, process, someone, "hear", number=2)
    _do(trials, process, someone)
    assert play.variables(trials, process)["number"] == 2


def test_each_objection_keeps_what_its_own_message_carried(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "objections", someone, case_id=1, number=1)
    _object(trials, 1, 11)
    _object(trials, 1, 12)
    _do(trials, process, someone, number=2)
    with trials.read() as session:
        waiting = ready_humans(Run.resume(session, session.get_one(Process, process)).workflow)
        known = sorted((task.data["objection_id"], task.data["number"]) for task in waiting)
    assert known == [(11, 2), (12, 2)]


def test_an_item_that_a_part_changes_is_not_handed_on(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "each_in_turn", someone, things=["甲", "乙"], people=[1, 2])
    _do(trials, process, someone, thing="丙", people=[3])
    _do(trials, process, someone)
    assert trial.notes(trials, someone) == ["丙", "乙", "done"]
    assert play.variables(trials, process) == {"user_id": someone, "things": ["甲", "乙"], "people": [3]}
