"""Messages between processes: found by their key, delivered once each, kept until somebody waits."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests import play
from tests.engine import trial
from workflows import clock
from workflows.db import Database
from workflows.engine.errors import StepFailed
from workflows.engine.records import as_event
from workflows.engine.registry import Started
from workflows.engine.runtime import Run
from workflows.engine.tables import Delivery, Message


def _state_of_messages(trials: Database) -> tuple[list[str], list[str]]:
    """The status of every message and of every delivery."""
    with trials.read() as session:
        sent = session.scalars(select(Message.status).order_by(Message.id))
        delivered = session.scalars(select(Delivery.status).order_by(Delivery.id))
        return list(sent), list(delivered)


def _go(trials: Database, case_id: int, answer: str = "是") -> None:
    play.send(trials, "TRIAL_GO", key="case_id", case_id=case_id, answer=answer)


def test_a_message_moves_the_process_that_has_its_key(trials: Database, someone: int) -> None:
    one, other = (trial.begin(trials, "catch_message", someone, case_id=case) for case in (1, 2))
    _go(trials, 1)
    assert play.acts(trials, one) == [
        ("start", "catch_message"),
        ("receive", "wait"),
        ("auto", "note_done"),
        ("end", "catch_message"),
    ]
    assert play.acts(trials, other) == [("start", "catch_message")]
    assert _state_of_messages(trials) == (["spread"], ["done"])


def test_a_message_carries_variables(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "late_receiver", someone, case_id=1)
    play.complete(trials, "trial.work", by=someone)
    with trials.transaction() as session:
        payload = {"case_id": 1, "answer": "否"}
        event = Message(name="TRIAL_GO", key="case_id", value="1", payload=payload)
        run = Run.take(session, process)
        assert run.catch(as_event(event))
        assert run.workflow.data["answer"] == "否"


def test_one_process_tells_another(trials: Database, someone: int) -> None:
    receiver = trial.begin(trials, "catch_message", someone, case_id=1)
    sender = trial.begin(trials, "send_message", someone, case_id=1, answer="是")
    assert play.status(trials, receiver) == "running"  # a message is delivered after the commit
    play.settle(trials)
    assert (play.status(trials, sender), play.status(trials, receiver)) == ("completed", "completed")
    with trials.read() as session:
        (message,) = session.scalars(select(Message))
        assert (message.sender_id, message.payload) == (sender, {"case_id": 1, "answer": "是"})


def test_an_instant_and_an_exact_number_survive_the_way(trials: Database, someone: int) -> None:
    payload = {
        "case_id": 1,
        "rules_at": clock.now(),
        "share": Decimal("0.70"),
        "rows": [1, None],
        "on": {"a": 1},
    }
    play.write_message(trials, "TRIAL_GO", key="case_id", **payload)
    with trials.read() as session:
        (message,) = session.scalars(select(Message))
        assert message.payload == payload
        assert (type(message.payload["share"]), message.payload["rules_at"].tzinfo) == (Decimal, dt.UTC)


def test_what_a_message_carries_must_be_known_to_its_sender(trials: Database, someone: int) -> None:
    with pytest.raises(StepFailed, match=r"^told: TRIAL_GO needs answer, which the process does not know$"):
        trial.begin(trials, "send_message", someone, case_id=1)
    assert _state_of_messages(trials) == ([], [])


@pytest.mark.parametrize("data", [{}, {"case_id": None}])
def test_no_process_waits_for_a_message_whose_key_has_no_value(
    trials: Database, someone: int, data: dict[str, Any]
) -> None:
    with pytest.raises(StepFailed, match=r"^wait: TRIAL_GO is found by case_id, which has no value$"):
        trial.begin(trials, "catch_message", someone, **data)
    with pytest.raises(StepFailed, match=r"^objection_started: TRIAL_OBJECTION is found by case_id, which"):
        trial.begin(trials, "calls_objections", someone, **data)
    with trials.read() as session:
        assert play.processes(session) == []


def test_a_message_interrupts_a_task(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "boundary_message", someone, case_id=1)
    _go(trials, 1)
    assert play.items(trials, process) == [("work", f"user:{someone}", "cancelled")]
    assert trial.notes(trials, someone) == ["stopped"]
    assert play.status(trials, process) == "completed"


def test_a_message_after_the_task_is_void(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "boundary_message", someone, case_id=1)
    play.complete(trials, "trial.work", by=someone)
    _go(trials, 1)
    assert trial.notes(trials, someone) == ["done"]
    assert play.acts(trials, process)[-1] == ("end", "boundary_message")
    assert _state_of_messages(trials) == (["kept"], [])


def test_of_message_and_timer_the_message_comes_first(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "first_of_two", someone, case_id=1)
    play.wait(trials, hours=1)
    _go(trials, 1)
    assert (trial.notes(trials, someone), play.timers(trials, process)) == (["heard"], [])
    play.wait(trials, hours=3)
    assert trial.notes(trials, someone) == ["heard"]
    assert play.status(trials, process) == "completed"


def test_of_message_and_timer_the_timer_comes_first(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "first_of_two", someone, case_id=1)
    play.wait(trials, hours=2)
    _go(trials, 1)
    assert trial.notes(trials, someone) == ["late"]
    assert play.status(trials, process) == "completed"


def test_a_message_waits_for_a_receiver_that_is_not_there_yet(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "late_receiver", someone, case_id=1)
    _go(trials, 1)
    assert (_state_of_messages(trials), play.open_nodes(trials, process)) == (
        (["spread"], ["early"]),
        ["work"],
    )
    play.complete(trials, "trial.work", by=someone)
    assert trial.notes(trials, someone) == ["done"]
    assert play.status(trials, process) == "completed"
    assert _state_of_messages(trials) == (["spread"], ["done"])


def test_early_messages_that_nobody_waited_for_end_with_the_process(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "late_receiver", someone, case_id=1)
    _go(trials, 1, "一")
    _go(trials, 1, "二")
    play.complete(trials, "trial.work", by=someone)
    assert _state_of_messages(trials) == (["spread", "spread"], ["done", "void"])
    with trials.read() as session:
        assert (play.processes(session)[0].mail, play.status(trials, process)) == (0, "completed")


def test_a_message_is_kept_for_a_process_that_does_not_exist_yet(trials: Database, someone: int) -> None:
    _go(trials, 1)
    assert _state_of_messages(trials) == (["kept"], [])
    process = trial.begin(trials, "catch_message", someone, case_id=1)
    play.settle(trials)
    assert (play.status(trials, process), trial.notes(trials, someone)) == ("completed", ["done"])
    assert _state_of_messages(trials) == (["spread"], ["done"])


def test_a_message_begins_a_process(trials: Database, someone: int) -> None:
    play.send(trials, "TRIAL_BEGIN", key="case_id", case_id=1, user_id=someone)
    with trials.read() as session:
        (process,) = play.processes(session)
        assert (process.name, process.subject, process.started_by_id) == (
            "started_by_message",
            "由消息开始",
            None,
        )
    assert play.acts(trials, process.id) == [("start", "started_by_message"), ("receive", "started")]
    assert play.items(trials, process.id) == [("work", f"user:{someone}", "open")]
    play.complete(trials, "trial.work", by=someone)
    assert play.status(trials, process.id) == "completed"


def test_forty_receivers_each_get_the_message_and_one_failing_stops_nobody(
    trials: Database, someone: int
) -> None:
    offline = trial.person(trials)
    trial.set_person(trials, offline, on_duty=False)
    with trials.transaction() as session:
        owners = [someone] * 25 + [offline] + [someone] * 14
        begun = [
            Run.begin(
                session, "message_fails", Started("", "/", {"user_id": owner, "case_id": 7}), actor_id=None
            )
            for owner in owners
        ]
        ids = [run.process.id for run in begun]
    _go(trials, 7)
    statuses = [play.status(trials, process) for process in ids]
    assert statuses == ["completed"] * 25 + ["running"] + ["completed"] * 14
    assert (trial.notes(trials, someone), trial.notes(trials, offline)) == (["done"] * 39, [])
    (incident,) = play.incidents(trials)
    assert (incident.process_id, incident.node, incident.error) == (
        ids[25],
        "check",
        "check: ArithmeticError: 现场没有电",
    )
    trial.set_person(trials, offline)
    play.wait(trials, seconds=10)
    assert (play.status(trials, ids[25]), trial.notes(trials, offline)) == ("completed", ["done"])
    assert play.incidents(trials)[0].resolved_at is not None
