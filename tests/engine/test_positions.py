"""Where an instance stands in its diagrams, and whom it may ask next."""

from sqlalchemy import select

from tests import play
from tests.engine import trial
from workflows import watch
from workflows.db import Database
from workflows.engine import positions
from workflows.engine.definitions import LIBRARY, read_folder
from workflows.engine.tables import Process


def _sheets(database: Database, number: int) -> dict[str, positions.Sheet]:
    with database.read() as session:
        process = session.scalars(select(Process).where(Process.id == number)).one()
        return {one.file: one for one in positions.sheets(session, process)}


def test_a_call_and_what_it_calls_are_both_where_the_process_stands(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "calls", someone)
    sheets = _sheets(trials, process)
    assert list(sheets) == ["calls.bpmn", "called.bpmn"]
    own, called = sheets.values()
    assert (own.title, sorted(own.now), sorted(own.done)) == ("调用", ["call_called"], ["started"])
    assert called.now == set(play.open_nodes(trials, process))


def test_what_is_over_stands_nowhere_and_keeps_where_it_went(trials: Database, someone: int) -> None:
    supervisor = trial.person(trials, roles=["supervision"])
    process = trial.begin(trials, "calls", someone)
    play.complete(trials, "trial.work", by=supervisor)
    own, called = _sheets(trials, process).values()
    assert not own.now | called.now
    assert own.done == {"started", "call_called", "note_done", "ended"}
    assert "work" in called.done


def test_the_tasks_that_may_follow_are_found_across_calls() -> None:
    LIBRARY.install(read_folder(watch.FOLDER))
    intake = LIBRARY.current("intake")
    assert [one.bpmn_name for one in positions.following(intake, "triage")] == ["凝练命题", "答复出题人"]
    approval = LIBRARY.current("approval")
    assert [one.bpmn_id for one in positions.following(approval, "sign_stage")] == ["sign_stage"]
    pledge = LIBRARY.current("pledge")
    assert "plan" in [one.bpmn_id for one in positions.following(pledge, "sign")]
    assert positions.following(intake, "no such node") == []
