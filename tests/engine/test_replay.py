"""A process played in memory: what the caller is asked for, time, messages, and that a failure changes nothing."""

import datetime as dt

import pytest

from tests.engine import trial
from tests.engine.sketches import sketch
from workflows.engine import gate
from workflows.engine.errors import StepFailed
from workflows.engine.replay import Session
from workflows.errors import Conflict, NotFound

HOUR = dt.timedelta(hours=1)


def begun(name: str, **data: object) -> Session:
    session = Session((trial.DIAGRAMS / f"{name}.bpmn").read_bytes())
    session.start(name, {"user_id": 1, **data})
    return session


def test_service_tasks_are_the_callers_to_complete() -> None:
    session = begun("both")
    session.complete("left", {"x": 1})
    session.complete("right")
    assert session.ready() == ["note_done"]
    session.complete("note_done", {"y": 2})
    assert session.finished()
    assert session.completed() == ["started", "g_split", "left", "right", "g_join", "note_done", "ended"]
    assert session.variables() == {"user_id": 1, "x": 1, "y": 2}


def test_timers_go_off_on_the_way_each_at_its_own_instant() -> None:
    session = begun("cycle_three")
    session.advance(dt.timedelta(days=30))
    assert session.completed() == ["started", "late", "late", "late"]
    assert session.ready() == ["work", "note_urged", "note_urged", "note_urged"]


def test_what_a_cycle_has_begun_goes_on_when_its_activity_ends() -> None:
    session = begun("cycle_three")
    session.advance(HOUR)
    session.complete("work")
    assert session.ready() == ["note_done", "note_urged"]
    session.complete("note_done")
    assert not session.finished()
    session.complete("note_urged")
    assert session.finished()


def test_a_message_is_caught_by_whoever_has_its_key_and_kept_until_they_wait() -> None:
    session = begun("late_receiver", case_id=7)
    assert not session.send("TRIAL_GO", "case_id", {"case_id": 8, "answer": "否"})
    assert not session.send("TRIAL_GO", "case_id", {"case_id": 7, "answer": "是"})
    assert session.ready() == ["work"]
    session.complete("work")
    assert session.variables()["answer"] == "是"
    assert session.completed() == ["started", "work", "wait"]


def test_an_act_that_fails_changes_nothing() -> None:
    session = begun("both")
    with pytest.raises(Conflict):
        session.complete("note_done")
    with pytest.raises(StepFailed, match=r"^left: half: float is not kept in a process$"):
        session.complete("left", {"half": 0.5})
    assert (session.ready(), session.completed()) == (["left", "right"], ["started", "g_split"])


def test_only_processes_of_the_file_start() -> None:
    session = Session((trial.DIAGRAMS / "both.bpmn").read_bytes())
    with pytest.raises(RuntimeError, match=r"^start a process first$"):
        session.ready()
    with pytest.raises(NotFound):
        session.start("another")


def test_a_task_without_a_type_is_done_when_it_is_reached() -> None:
    xml = sketch("s>a a>u u>e")
    assert gate.examine(xml).ok
    session = Session(xml)
    session.start("process")
    assert (session.completed(), session.ready()) == (["s", "a"], ["u"])


def test_a_message_without_a_key_is_found_by_its_name() -> None:
    xml = sketch("s>m m>e").replace(b'name="key" value="case_id"', b'name="carries" value="found"')
    assert gate.examine(xml).ok
    session = Session(xml)
    session.start("process")
    assert not session.send("OTHER", "")
    assert session.send("MESSAGE", "", {"found": 3})
    assert session.finished()
    assert session.variables() == {"found": 3}


def test_a_message_starts_the_process() -> None:
    session = Session(
        sketch("sm1>u1 u1>xj sm2>u2 u2>xj xj>e")
        .replace(b'id="d_sm2" messageRef="message"', b'id="d_sm2" messageRef="other"')
        .replace(b"<error ", b'<message id="other" name="OTHER" /><error ', 1)
    )
    session.start("process")
    assert session.ready() == []
    assert session.send("OTHER", "case_id", {"case_id": 7})
    assert session.ready() == ["u2"]
