"""Many workers on the same rows: each row is done once, whoever dies at it."""

import datetime as dt
from collections import Counter
from collections.abc import Callable

import pytest

from tests import play
from tests.engine import crews, trial
from workflows import clock, jobs
from workflows.db import Database
from workflows.engine.leases import LEASE
from workflows.engine.tables import Due, Incident


def test_a_row_is_leased_to_one_worker_until_its_lease_ends(trials: Database, someone: int) -> None:
    trial.begin(trials, "timer_duration", someone)
    play.pass_time(hours=1)
    first = jobs.take(trials, 10)
    assert first is not None
    job, (lease,) = first
    assert (job.name, lease.is_suspect, jobs.take(trials, 10), jobs.run_once(trials)) == (
        "due",
        False,
        None,
        0,
    )
    clock.move_to(clock.now() + LEASE)
    second = jobs.take(trials, 10)
    assert second is not None
    assert second[1][0].is_suspect
    assert not jobs.attempt(trials, job, lease.row_id, lease)  # comes back too late
    assert jobs.attempt(trials, job, lease.row_id, second[1][0])
    assert not jobs.attempt(trials, job, lease.row_id, second[1][0])  # the queue sends it twice
    assert trial.notes(trials, someone) == ["done"]


def test_a_row_that_another_act_holds_up_is_given_back_at_once(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "timer_duration", someone)
    play.pass_time(hours=1)
    taken = jobs.take(trials, 10)
    assert taken is not None
    job, (lease,) = taken
    with trials.transaction() as session:
        row = session.query(Due).filter_by(process_id=process).one()
        row.next_try_at = clock.now() + dt.timedelta(minutes=1)  # an operator moves it meanwhile
    assert not jobs.attempt(trials, job, lease.row_id, lease)
    clock.move_to(clock.now() + dt.timedelta(minutes=1))
    assert jobs.run_once(trials) == 1


def test_a_row_at_which_workers_die_three_times_becomes_an_incident_that_can_be_retried(
    trials: Database, someone: int
) -> None:
    trial.begin(trials, "timer_duration", someone)
    play.pass_time(hours=1)
    assert jobs.take(trials, 10)  # and is heard of no more
    for _ in range(jobs.MAX_TRIES - 1):
        clock.move_to(clock.now() + LEASE)
        job, (lease,) = jobs.take(trials, 10) or pytest.fail("nothing waits")
        assert jobs._may_start_again(trials, job, lease, "due:1")  # and dies at it
    clock.move_to(clock.now() + LEASE)
    job, (last,) = jobs.take(trials, 10) or pytest.fail("nothing waits")
    assert not jobs.attempt(trials, job, last.row_id, last)
    (incident,) = play.incidents(trials)
    assert incident.error.startswith("办理这一项的后台进程多次中断")
    assert jobs.take(trials, 10) is None
    with trials.transaction() as session:
        jobs.retry(session, session.get_one(Incident, incident.id).source)
    play.settle(trials)
    assert trial.notes(trials, someone) == ["done"]


@pytest.fixture
def clock_runs(trials: Database, clock_at: Callable[..., None]) -> None:
    """Workers are other processes: they have the clock of the machine, by which all that is held here is long due."""
    assert clock.now() < dt.datetime.now(dt.UTC) - dt.timedelta(hours=2)


@pytest.mark.usefixtures("clock_runs")
def test_each_timer_has_one_effect_though_workers_are_killed(trials: Database) -> None:
    people = crews.set_timers(trials, 30)
    done = crews.fire(trials, people, hands=2, kills=4)
    assert (done.effects, done.left, done.killed) == (Counter({1: 30}), 0, 4)


@pytest.mark.usefixtures("clock_runs")
def test_four_workers_share_the_timers(trials: Database) -> None:
    people = crews.set_timers(trials, 40)
    done = crews.fire(trials, people, hands=4, kills=0)
    assert (done.effects, done.left, done.given_up) == (Counter({1: 40}), 0, 0)
