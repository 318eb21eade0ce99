"""Messages find a process by what its variables are now, wherever they were set."""

import pytest
from sqlalchemy import event, select

from tests import play
from tests.engine import trial
from workflows.db import Database
from workflows.engine.tables import Delivery, Process, ProcessKey


def _go(trials: Database, case_id: int) -> None:
    play.send(trials, "TRIAL_GO", key="case_id", case_id=case_id, answer="是")


def _keys(trials: Database) -> list[tuple[int, str, str]]:
    with trials.read() as session:
        rows = session.scalars(select(ProcessKey).order_by(ProcessKey.process_id, ProcessKey.key))
        return [(row.process_id, row.key, row.value) for row in rows]


def _deliveries(trials: Database) -> list[str]:
    with trials.read() as session:
        return list(session.scalars(select(Delivery.status).order_by(Delivery.id)))


def test_a_key_may_be_set_after_the_start(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "late_receiver", someone)
    assert _keys(trials) == []
    play.complete(trials, "trial.work", by=someone, set={"case_id": 7})
    assert _keys(trials) == [(process, "case_id", "7")]
    _go(trials, 7)
    assert (play.status(trials, process), trial.notes(trials, someone)) == ("completed", ["done"])


def test_a_message_kept_for_a_key_is_delivered_once_the_key_is_set(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "late_receiver", someone)
    _go(trials, 7)
    assert _deliveries(trials) == []
    play.complete(trials, "trial.work", by=someone, set={"case_id": 7})
    play.settle(trials)
    assert (play.status(trials, process), _deliveries(trials)) == ("completed", ["done"])


def test_a_called_process_sets_a_key_too(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "calls_late_receiver", someone)
    play.complete(trials, "trial.work", by=someone, set={"case_id": 7})
    assert _keys(trials) == [(process, "case_id", "7")]
    _go(trials, 7)
    assert (play.status(trials, process), trial.notes(trials, someone)) == ("completed", ["done", "called"])


def test_each_turn_of_a_loop_is_found_by_its_own_key(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "receives_in_turn", someone, things=["甲", "乙"])
    assert _keys(trials) == [(process, "thing", "甲")]
    play.send(trials, "TRIAL_THING", key="thing", thing="乙")
    assert trial.notes(trials, someone) == []
    play.send(trials, "TRIAL_THING", key="thing", thing="甲")  # what was kept for 乙 now arrives as well
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["甲", "乙"], "completed")


def test_what_came_by_an_old_value_is_void(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "late_receiver", someone, case_id=1)
    _go(trials, 1)
    assert _deliveries(trials) == ["early"]
    play.complete(trials, "trial.work", by=someone, set={"case_id": 2})
    assert (_keys(trials), _deliveries(trials)) == ([(process, "case_id", "2")], ["void"])
    _go(trials, 1)
    assert play.status(trials, process) == "running"
    _go(trials, 2)
    assert play.status(trials, process) == "completed"
    with trials.read() as session:
        assert session.get_one(Process, process).mail == 0


def test_a_key_that_becomes_null_finds_nothing_any_more(trials: Database, someone: int) -> None:
    trial.begin(trials, "calls", someone)
    trial.begin(trials, "boundary_message", someone, case_id=1)
    play.complete(trials, "trial.work", by=someone, set={"case_id": None})
    assert _keys(trials) == []


@pytest.mark.parametrize(("values", "writes"), [({}, 0), ({"case_id": 1}, 0), ({"case_id": 2}, 1)])
def test_a_key_costs_a_statement_only_when_it_changes(
    trials: Database, someone: int, values: dict[str, int], writes: int
) -> None:
    trial.begin(trials, "late_receiver", someone, case_id=1)
    said: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        said.append(statement)

    event.listen(trials.engine, "before_cursor_execute", note)
    play.complete(trials, "trial.work", by=someone, set=values)
    event.remove(trials.engine, "before_cursor_execute", note)
    assert sum(text.startswith("UPDATE process_key") for text in said) == writes
    assert any("process_key" in text for text in said) == bool(writes)


def test_two_branches_cannot_wait_by_two_values_of_one_key(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "objections_answered", someone, case_id=1)
    for objection_id in (11, 12):
        play.send(trials, "TRIAL_OBJECTION", key="case_id", case_id=1, objection_id=objection_id)
    (incident,) = play.incidents(trials)
    assert incident.error == "answered: TRIAL_ANSWER is found by one objection_id, not by 11 and 12 at once"
    play.send(trials, "TRIAL_ANSWER", key="objection_id", objection_id=11)
    assert trial.notes(trials, someone) == ["heard"]
    play.wait(trials, seconds=10)
    play.send(trials, "TRIAL_ANSWER", key="objection_id", objection_id=12)
    assert trial.notes(trials, someone) == ["heard", "heard"]
    play.complete(trials, "trial.work", by=someone, process=process)
    assert play.status(trials, process) == "completed"


def test_a_message_kept_while_its_key_was_being_written_is_found_again(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "late_receiver", someone)
    _go(trials, 7)  # kept: nobody holds the key yet
    with trials.transaction() as session:
        session.add(
            ProcessKey(process_id=process, key="case_id", value="7")
        )  # by a transaction that crossed it
    play.settle(trials)
    assert _deliveries(trials) == ["early"]
