"""All or nothing: what a failing step leaves behind, incidents, and the tries after it."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import play
from tests.conftest import MONDAY_NINE
from tests.engine import trial
from workflows import jobs, watch
from workflows.db import Database
from workflows.engine.errors import StepFailed
from workflows.engine.tables import Due, Process, WorkItem
from workflows.errors import Conflict, NotFound


def _whole(trials: Database, process: int) -> tuple[object, ...]:
    """Everything that a step could have changed."""
    with trials.read() as session:
        row = session.get_one(Process, process)
        items = [(one.status, one.done_by_id, one.opinion) for one in play.all_items(session, process)]
        return row.state, row.history_seq, row.history_head, row.status, items


def test_a_failing_step_undoes_the_human_step_before_it(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "fails", someone)
    before = _whole(trials, process)
    trial.set_person(trials, someone, on_duty=False)
    with pytest.raises(StepFailed, match=r"^check: ArithmeticError: 现场没有电$") as failed:
        play.complete(trials, "trial.work", by=someone, opinion="同意")
    assert isinstance(failed.value.__cause__, ArithmeticError)
    assert (_whole(trials, process), trial.notes(trials, someone)) == (before, [])
    assert play.incidents(trials) == []


def test_the_same_step_works_once_the_cause_is_gone(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "fails", someone)
    trial.set_person(trials, someone, on_duty=False)
    with pytest.raises(StepFailed):
        play.complete(trials, "trial.work", by=someone)
    trial.set_person(trials, someone)
    play.complete(trials, "trial.work", by=someone)
    assert (trial.notes(trials, someone), play.status(trials, process)) == (["done"], "completed")


def test_a_refusal_of_an_automatic_step_reaches_the_person_in_its_own_words(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "fails", someone)
    before = _whole(trials, process)
    trial.set_person(trials, someone, banned=True)
    with pytest.raises(Conflict, match=r"^禁入期内不能办理，请联系办公室。$"):
        play.complete(trials, "trial.work", by=someone)
    assert (_whole(trials, process), trial.notes(trials, someone)) == (before, [])


def test_a_failing_timer_becomes_an_incident_and_holds_nobody_up(trials: Database, someone: int) -> None:
    offline = trial.person(trials)
    trial.set_person(trials, offline, on_duty=False)
    failing = trial.begin(trials, "timer_fails", offline)
    working = trial.begin(trials, "timer_fails", someone)
    before = _whole(trials, failing)
    play.wait(trials, hours=1)
    assert (play.status(trials, working), trial.notes(trials, someone)) == ("completed", ["done"])
    assert (_whole(trials, failing), trial.notes(trials, offline)) == (before, [])
    (incident,) = play.incidents(trials)
    assert (incident.process_id, incident.node, incident.error, incident.tries, incident.resolved_at) == (
        failing,
        "check",
        "check: ArithmeticError: 现场没有电",
        1,
        None,
    )
    assert "Traceback" in incident.detail
    assert "ArithmeticError: 现场没有电" in incident.detail


def _tries(trials: Database) -> tuple[int, dt.datetime]:
    with trials.read() as session:
        row = session.scalars(select(Due)).one()
        return row.tries, row.next_try_at


def _fail_for_good(trials: Database, someone: int) -> int:
    """A process whose timer has failed as often as it is tried."""
    trial.set_person(trials, someone, on_duty=False)
    process = trial.begin(trials, "timer_fails", someone)
    for later in (dt.timedelta(hours=1), *jobs.BACKOFF):
        play.wait(trials, seconds=int(later.total_seconds()))
    return process


def test_a_failure_is_tried_again_later_and_later_and_then_waits_for_a_person(
    trials: Database, someone: int
) -> None:
    trial.set_person(trials, someone, on_duty=False)
    trial.begin(trials, "timer_fails", someone)
    first = MONDAY_NINE + dt.timedelta(hours=1)
    play.wait_until(trials, first)
    assert _tries(trials) == (1, first + dt.timedelta(seconds=10))
    play.wait(trials, seconds=9)
    assert _tries(trials)[0] == 1
    play.wait(trials, seconds=1)
    assert _tries(trials) == (2, first + dt.timedelta(minutes=2, seconds=10))
    play.wait(trials, minutes=2)
    assert _tries(trials) == (3, jobs.NEVER)
    trial.set_person(trials, someone)
    play.wait(trials, days=30)
    assert trial.notes(trials, someone) == []
    assert [one.tries for one in play.incidents(trials)] == [3]


def test_a_person_lets_a_failed_step_run_again(trials: Database, someone: int) -> None:
    process = _fail_for_good(trials, someone)
    trial.set_person(trials, someone)
    with trials.transaction() as session:
        (incident,) = watch.incidents(session)
        watch.retry(session, incident.id)
    play.settle(trials)
    assert (play.status(trials, process), trial.notes(trials, someone)) == ("completed", ["done"])
    with trials.transaction() as session:
        assert watch.incidents(session) == []
        (resolved,) = watch.incidents(session, only_open=False)
        assert (resolved.tries, resolved.resolved_at) == (3, resolved.last_at)
        with pytest.raises(NotFound, match=r"^没有这条未解决的故障。$"):
            watch.retry(session, resolved.id)


def test_a_step_that_fails_again_after_a_retry_is_the_same_incident(trials: Database, someone: int) -> None:
    _fail_for_good(trials, someone)
    with trials.transaction() as session:
        watch.retry(session, watch.incidents(session)[0].id)
    play.settle(trials)
    assert [(one.tries, one.resolved_at) for one in play.incidents(trials)] == [(4, None)]
    assert _tries(trials)[0] == 1


def test_a_clock_that_jumps_a_day_fires_what_is_due_once(trials: Database, someone: int) -> None:
    for name in ("timer_duration", "boundary_beside", "cycle_endless"):
        trial.begin(trials, name, someone)
    play.wait(trials, days=1)
    play.settle(trials)
    assert sorted(trial.notes(trials, someone)) == ["done", "late", "urged"]


def test_a_failure_behind_somebody_s_act_is_kept_until_the_process_has_gone_on(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "fails", someone)
    trial.set_person(trials, someone, on_duty=False)
    for tries in (1, 2):
        with pytest.raises(StepFailed) as failed:
            play.complete(trials, "trial.work", by=someone)
        watch.report(trials, failed.value)
        [incident] = play.incidents(trials)
        kept = (incident.process_id, incident.node, incident.tries, incident.resolved_at)
        assert kept == (process, "check", tries, None)
        assert incident.error == "check: ArithmeticError: 现场没有电"
    with trials.transaction() as session, pytest.raises(Conflict, match="由办理人重新提交"):
        watch.retry(session, incident.id)
    trial.set_person(trials, someone)
    play.complete(trials, "trial.work", by=someone)
    assert [one.resolved_at is None for one in play.incidents(trials)] == [False]


def _rename_step(trials: Database, step: str) -> None:
    with trials.transaction() as session:
        session.scalars(select(WorkItem)).one().step = step


def test_a_reminder_that_fails_is_an_incident_and_goes_out_when_it_is_tried_again(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "ask_by", someone, until=MONDAY_NINE + dt.timedelta(hours=1))
    _rename_step(trials, "trial.unknown")
    play.wait(trials, hours=1)
    ((source, tries),) = [(one.source, one.tries) for one in play.incidents(trials)]
    assert (source.partition(":")[0], tries) == ("reminder", 1)
    _rename_step(trials, "trial.work")
    play.wait(trials, seconds=10)
    assert [verb for verb, _ in play.acts(trials, process)] == ["start", "remind"]
    assert [one.resolved_at is None for one in play.incidents(trials)] == [False]


def test_the_incident_of_a_reminder_is_past_when_its_task_is_done(trials: Database, someone: int) -> None:
    trial.begin(trials, "ask_by", someone, until=MONDAY_NINE + dt.timedelta(hours=1))
    _rename_step(trials, "trial.unknown")
    play.wait(trials, hours=1)
    _rename_step(trials, "trial.work")
    play.complete(trials, "trial.work", by=someone)
    assert [one.resolved_at is None for one in play.incidents(trials)] == [False]
