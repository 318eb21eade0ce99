"""What operators do to a running process: halt it, let it go on, end it, and move its tokens by hand."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import play
from tests.conftest import MONDAY_NINE
from tests.engine import oracle, trial
from tests.engine.blocks import Block, blocks
from tests.engine.sketches import sketch
from tests.engine.test_flat_state import Played
from workflows import clock, jobs
from workflows import interventions as operators
from workflows.db import Database
from workflows.engine import history, interventions, leases, tokens, waiting
from workflows.engine.gate import markings
from workflows.engine.replay import Replay, Session
from workflows.engine.runtime import Run
from workflows.engine.tables import Delivery, Process
from workflows.errors import Conflict, Invalid
from workflows.models import User

UNTIL = MONDAY_NINE + dt.timedelta(days=2)
WHY: dict[str, Any] = {"actor_id": 1, "reason": "试运行"}


def act(database: Database, process: int, do: Callable[..., None], *args: Any, **more: Any) -> None:
    with database.transaction() as session:
        do(Run.take(session, process), *args, **WHY, **more)


def token(database: Database, process: int, node: str) -> int:
    """The serial of the token that stands at ``node``."""
    with database.read() as session:
        run = Run.resume(session, session.get_one(Process, process))
        return next(one.serial for one in tokens.standing(run.workflow) if one.node == node)


def test_a_suspended_process_is_moved_by_nobody_and_then_goes_on_at_once(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "boundary_beside", someone, until=UNTIL)
    act(trials, process, interventions.suspend)
    with pytest.raises(Conflict, match=r"^流程已暂停，恢复之后才能办理。暂停原因：试运行$"):
        play.complete(trials, "trial.work", by=someone)
    before = play.timers(trials, process)
    play.wait_until(trials, UNTIL + dt.timedelta(days=1))
    assert (trial.notes(trials, someone), play.timers(trials, process)) == ([], before)
    with pytest.raises(Conflict, match=r"^流程不在办理中，不能暂停，请刷新页面。$"):
        act(trials, process, interventions.suspend)
    act(trials, process, interventions.resume)
    play.settle(trials)
    assert trial.notes(trials, someone)
    play.complete(trials, "trial.work", by=someone)
    assert play.status(trials, process) == "completed"
    verbs = [verb for verb, _ in play.acts(trials, process)]
    assert verbs[:4] == ["start", "suspend", "resume", "timer"]
    with trials.read() as session:
        assert history.first_bent(session, session.get_one(Process, process)) is None


def test_a_cycle_catches_up_once_after_a_suspension(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "cycle_endless", someone)
    act(trials, process, interventions.suspend)
    play.wait(trials, hours=100)
    assert trial.notes(trials, someone) == []
    act(trials, process, interventions.resume)
    play.settle(trials)
    assert len(trial.notes(trials, someone)) == 1


def test_messages_to_a_suspended_process_are_kept(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "catch_message", someone, case_id=7)
    act(trials, process, interventions.suspend)
    play.send(trials, "TRIAL_GO", key="case_id", case_id=7)
    assert play.status(trials, process) == "suspended"
    act(trials, process, interventions.resume)
    play.settle(trials)
    assert play.status(trials, process) == "completed"


def test_a_terminated_process_asks_nobody_and_waits_for_nothing(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "boundary_interrupting", someone, until=UNTIL)
    act(trials, process, interventions.terminate)
    assert play.items(trials, process) == [("work", f"user:{someone}", "cancelled")]
    assert (play.status(trials, process), play.timers(trials, process)) == ("terminated", [])
    play.wait_until(trials, UNTIL)
    assert trial.notes(trials, someone) == []
    for again in (interventions.terminate, interventions.suspend, interventions.resume):
        with pytest.raises(Conflict):
            act(trials, process, again)
    waits = trial.begin(trials, "catch_message", someone, case_id=7)
    act(trials, waits, interventions.suspend)
    play.send(trials, "TRIAL_GO", key="case_id", case_id=7)
    act(trials, waits, interventions.terminate)
    with trials.read() as session:
        assert [one.status for one in session.query(Delivery)] == ["void"]


def test_a_token_moves_with_its_work_items_and_timers(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "boundary_interrupting", someone, until=UNTIL)
    act(trials, process, interventions.move, token(trials, process, "work"), "note_done", {"case_id": 3})
    assert trial.notes(trials, someone) == ["done"]
    assert play.items(trials, process) == [("work", f"user:{someone}", "cancelled")]
    assert play.timers(trials, process) == []
    (entry,) = [one for one in play.history(trials, process) if one.verb == "move_token"]
    assert (entry.node, entry.reason, entry.actor_id) == ("work", "试运行", 1)
    assert entry.after == {"to": "note_done", "set": {"case_id": 3}}


def test_a_step_that_was_passed_is_done_again_and_another_is_not(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "two_steps", someone)
    play.complete(trials, "first", by=someone)
    act(trials, process, interventions.move, token(trials, process, "second"), "first", {}, is_repeat=True)
    assert play.open_nodes(trials, process) == ["first"]
    with pytest.raises(Invalid) as refused:
        act(
            trials,
            process,
            interventions.move,
            token(trials, process, "first"),
            "second",
            {},
            is_repeat=True,
        )
    assert refused.value.fields == {"target": ["这个环节还没有办过，不能重办。"]}


def test_a_move_after_which_the_process_could_not_end_is_refused(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "both", someone)
    left = token(trials, process, "left")
    with pytest.raises(Conflict, match=r"^令牌不能移到“记录”：.+再也走不到结束。$"):
        act(trials, process, interventions.move, left, "note_done", {})
    with pytest.raises(Conflict, match=r"会同时有两个令牌"):
        act(trials, process, interventions.move, left, "right", {})
    with pytest.raises(Invalid):
        act(trials, process, interventions.move, left, "g_join", {})
    with pytest.raises(Conflict, match=r"^流程已经走过这一步"):
        act(trials, process, interventions.move, 999, "right", {})
    assert sorted(play.open_nodes(trials, process)) == ["left", "right"]


@pytest.mark.parametrize(
    ("name", "node", "data"),
    [
        ("timer_duration", "wait", {}),
        ("catch_message", "wait", {"case_id": 7}),
        ("calls", "call_called", {}),
        ("boundary_interrupting", "work", {"until": UNTIL}),
    ],
)
def test_what_is_skipped_counts_as_done(
    trials: Database, someone: int, name: str, node: str, data: dict[str, Any]
) -> None:
    process = trial.begin(trials, name, someone, **data)
    act(trials, process, interventions.skip, token(trials, process, node), {})
    assert play.status(trials, process) == "completed"
    assert "skip_step" in [verb for verb, _ in play.acts(trials, process)]
    assert play.timers(trials, process) == []
    with pytest.raises(Conflict, match=r"^流程已经办结，不能再调整。$"):
        act(trials, process, interventions.skip, 1, {})


def test_a_suspended_process_is_not_moved_by_operators_either(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "both", someone)
    at = token(trials, process, "left")
    act(trials, process, interventions.suspend)
    with pytest.raises(Conflict, match=r"^流程已经暂停，请先恢复。$"):
        act(trials, process, interventions.skip, at, {})


def test_a_timer_taken_by_a_worker_before_a_suspension_does_not_go_off(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "timer_duration", someone)
    clock.move_to(MONDAY_NINE + dt.timedelta(hours=2))
    with trials.read() as session:
        (row,) = session.scalars(jobs.NAMED["due"].waiting, leases.asked(10))
    act(trials, process, interventions.suspend)
    with trials.transaction() as session:
        assert not jobs.NAMED["due"].do(session, row)
    assert trial.notes(trials, someone) == []


def test_a_gateway_that_nobody_has_drawn_is_no_place_to_move_to() -> None:
    session = Session(sketch("s>u1 u1>u2 u1>u3 u2>p2 u3>p2 p2>u4 u4>e"))
    session.start("process")
    assert session._motion is not None
    (at,) = tokens.standing(session._motion.workflow)
    assert at.targets == ("e", "u2", "u3", "u4")
    task = tokens.find(session._motion.workflow, at.serial)
    for target in ("u2", "u3"):  # the other branch would never come
        found = interventions.trouble_on(session._motion, task, target)
        assert found is not None
        assert found.code == "deadlock"
    assert interventions.trouble_on(session._motion, task, "u4") is None


def test_of_an_act_and_an_intervention_at_once_the_second_sees_the_first(
    trials: Database, someone: int
) -> None:
    admin = trial.person(trials, roles=["admin"])
    process = trial.begin(trials, "two_steps", someone)
    with trials.read() as session:
        version = session.get_one(Process, process).version

    def end() -> None:
        with trials.transaction() as session:
            actor = session.get_one(User, admin)
            operators.terminate(session, process, version=version, reason="重复", actor=actor)

    ended, done = play.at_once([end, play.at_hand(trials, "first", by=someone)])
    if ended is None:
        assert str(done) == "本任务已随流程的进展取消，无需再办。"
        assert play.status(trials, process) == "terminated"
    else:
        assert str(ended).startswith("流程在您打开页面之后有了变化")
        assert play.open_nodes(trials, process) == ["second"]
    with trials.read() as session:
        assert history.first_bent(session, session.get_one(Process, process)) is None


@given(blocks, st.lists(st.integers(0, 255), min_size=1, max_size=8), st.integers(0, 999))
def test_wherever_a_token_may_be_moved_the_process_comes_to_its_end(
    block: Block, choices: list[int], pick: int
) -> None:
    with clock.held_at(MONDAY_NINE):
        told, played = oracle.Scope(block, "b"), Played(block, Replay, is_reloaded=True)
        for choice in choices:
            if not (offers := sorted(told.offers())):
                return
            played.do(offers[choice // 8 % len(offers)], choice % 8)
            told.do(offers[choice // 8 % len(offers)], choice % 8)
        workflow = played.motion.workflow
        moves = [(one.serial, target) for one in tokens.standing(workflow) for target in one.targets]
        if workflow.completed or not moves:
            return
        serial, target = moves[pick % len(moves)]
        task = tokens.find(workflow, serial)
        if interventions.trouble_on(played.motion, task, target) is not None:
            return
        _answer_in_advance(played)
        interventions.put_on(played.motion, task, target)
        _play_on(played)


def _answer_in_advance(played: Played) -> None:
    """Let every gateway and loop know what it asks, as operators are asked to say it."""
    drawn = played.motion.definition.files["p.bpmn"].decode()
    for scope in waiting.scopes(played.motion.workflow):
        for task in scope.tasks.values():
            for name in re.findall(r"Condition>(\w+)<|conditionExpression>(\w+)<", drawn):
                task.data.setdefault(name[0] or name[1], False)


def _play_on(played: Played) -> None:
    """Answer everything with no, let timers go off when nobody is asked, until the end."""
    for _ in range(300):
        workflow = played.motion.workflow
        if workflow.completed:
            return
        files = played.motion.definition.files
        assert markings.trouble_of(files, workflow) is None
        offers = sorted(played.offers())
        played.do(offers[0], 0)
    raise AssertionError(f"it does not end: {played.offers()}")
