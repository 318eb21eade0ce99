"""Timers of the diagrams and reminders of work items, under a held clock."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import play
from tests.conftest import MONDAY_NINE
from tests.engine import trial
from workflows import clock
from workflows.db import Database
from workflows.engine import due, people
from workflows.engine.errors import StepFailed
from workflows.engine.runtime import Run
from workflows.engine.tables import WorkItem
from workflows.errors import Conflict

HOUR = dt.timedelta(hours=1)
SECOND = dt.timedelta(seconds=1)
UNTIL = MONDAY_NINE + dt.timedelta(days=2)


@pytest.mark.parametrize(("name", "at"), [("timer_date", UNTIL), ("timer_duration", MONDAY_NINE + HOUR)])
def test_a_timer_fires_at_its_instant_and_not_before(
    trials: Database, someone: int, name: str, at: dt.datetime
) -> None:
    process = trial.begin(trials, name, someone, until=UNTIL)
    assert play.timers(trials, process) == [("wait", at)]
    play.wait_until(trials, at - SECOND)
    assert trial.notes(trials, someone) == []
    play.wait_until(trials, at)
    assert play.acts(trials, process) == [
        ("start", name),
        ("timer", "wait"),
        ("auto", "note_done"),
        ("end", name),
    ]
    assert (trial.notes(trials, someone), play.timers(trials, process)) == (["done"], [])


def test_an_instant_that_has_passed_fires_at_once(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "timer_date", someone, until=MONDAY_NINE - HOUR)
    play.settle(trials)
    assert play.status(trials, process) == "completed"


def test_a_clock_set_back_fires_nothing_twice(trials: Database, someone: int) -> None:
    trial.begin(trials, "timer_duration", someone)
    play.wait(trials, hours=1)
    play.wait(trials, hours=-1)
    play.wait(trials, hours=2)
    assert trial.notes(trials, someone) == ["done"]


@pytest.mark.parametrize("until", [3, dt.date(2026, 12, 1), "soon"])
def test_a_timer_needs_an_instant_with_a_zone(trials: Database, someone: int, until: object) -> None:
    with pytest.raises(StepFailed, match=r"^wait: a timer needs an instant with a zone or a duration, not"):
        trial.begin(trials, "timer_date", someone, until=until)


def test_an_interrupting_timer_takes_the_task_away(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "boundary_interrupting", someone, until=UNTIL)
    play.wait_until(trials, UNTIL)
    assert play.items(trials, process) == [("work", f"user:{someone}", "cancelled")]
    assert trial.notes(trials, someone) == ["late"]
    assert play.status(trials, process) == "completed"
    with trials.read() as session:
        cancelled = play.all_items(session, process)[0].id
    with pytest.raises(Conflict, match=r"^本任务已随流程的进展取消，无需再办。$"):
        play.complete_item(trials, cancelled, by=someone)


def test_a_task_done_in_time_takes_its_timer_away(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "boundary_interrupting", someone, until=UNTIL)
    play.complete(trials, "trial.work", by=someone)
    assert play.timers(trials, process) == []
    play.wait_until(trials, UNTIL)
    assert trial.notes(trials, someone) == ["done"]


def test_a_timer_beside_a_task_leaves_it_open(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "boundary_beside", someone)
    play.wait(trials, hours=1)
    assert (trial.notes(trials, someone), play.open_nodes(trials, process)) == (["late"], ["work"])
    play.wait(trials, hours=5)
    play.complete(trials, "trial.work", by=someone)
    assert trial.notes(trials, someone) == ["late", "done"]
    assert play.status(trials, process) == "completed"


def test_a_cycle_goes_round_as_often_as_it_says(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "cycle_three", someone)
    fired = []
    for _ in range(5):
        play.wait(trials, hours=1)
        fired.append(len(trial.notes(trials, someone)))
    assert fired == [1, 2, 3, 3, 3]
    assert (play.open_nodes(trials, process), play.timers(trials, process)) == (["work"], [])
    play.complete(trials, "trial.work", by=someone)
    assert trial.notes(trials, someone) == ["urged", "urged", "urged", "done"]
    assert play.status(trials, process) == "completed"


def test_a_cycle_ends_with_its_task(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "cycle_endless", someone)
    play.wait(trials, hours=1)
    play.complete(trials, "trial.work", by=someone)
    assert play.timers(trials, process) == []
    play.wait(trials, hours=3)
    assert trial.notes(trials, someone) == ["urged", "done"]
    assert play.status(trials, process) == "completed"


def test_a_cycle_makes_up_for_a_day_of_silence_once(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "cycle_endless", someone)
    play.wait(trials, days=1, minutes=10)
    assert trial.notes(trials, someone) == ["urged"]
    assert play.timers(trials, process) == [("late", MONDAY_NINE + dt.timedelta(days=1, hours=1))]
    play.wait(trials, minutes=50)
    assert trial.notes(trials, someone) == ["urged", "urged"]


def test_an_endless_cycle_does_not_let_the_state_grow(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "cycle_endless", someone)
    sizes = []
    for _ in range(40):
        play.wait(trials, hours=1)
        with trials.read() as session:
            sizes.append(len(play.processes(session)[0].state))
    assert play.open_nodes(trials, process) == ["work"]
    assert sizes[-1] <= sizes[9] * 1.2


def _move(trials: Database, process: int, due_at: dt.datetime) -> None:
    with trials.transaction() as session:
        run = Run.take(session, process)
        due.move(run, "wait", due_at, actor_id=None, reason="延期")


def test_a_deadline_moved_later_does_not_fire_at_the_old_instant(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "timer_date", someone, until=UNTIL)
    _move(trials, process, UNTIL + HOUR)
    play.wait_until(trials, UNTIL)
    assert (trial.notes(trials, someone), play.timers(trials, process)) == ([], [("wait", UNTIL + HOUR)])
    play.wait_until(trials, UNTIL + HOUR)
    assert trial.notes(trials, someone) == ["done"]


def test_a_deadline_moved_earlier_fires_at_the_new_instant(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "timer_date", someone, until=UNTIL)
    _move(trials, process, UNTIL - HOUR)
    play.wait_until(trials, UNTIL - HOUR)
    assert trial.notes(trials, someone) == ["done"]
    play.wait_until(trials, UNTIL)
    assert trial.notes(trials, someone) == ["done"]
    moved = next(one for one in play.history(trials, process) if one.verb == "move_timer")
    assert (moved.node, moved.reason) == ("wait", "延期")
    assert moved.before == {"due_at": "2026-11-25T01:00:00+00:00"}
    assert moved.after == {"due_at": "2026-11-25T08:00:00+08:00"}


def test_a_timer_that_waits_no_longer_cannot_be_moved(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "timer_date", someone, until=UNTIL)
    play.wait_until(trials, UNTIL)
    with pytest.raises(Conflict, match=r"^这个期限已经不在等待中，请刷新页面。$"):
        _move(trials, process, UNTIL + HOUR)


def _reminders(trials: Database) -> list[tuple[int | None, str]]:
    """The next reminder of each work item: working days from its due date, and when."""
    with trials.read() as session:
        rows = session.scalars(
            select(WorkItem).where(WorkItem.next_try_at.is_not(None)).order_by(WorkItem.id)
        )
        return [
            (row.remind_days, f"{clock.local(row.next_try_at):%m-%d %H:%M}")
            for row in rows
            if row.next_try_at
        ]


# Wednesday 2026-12-02, 18:00: the working days around it are Friday 11-27 … Wednesday 12-09.
DUE = dt.datetime(2026, 12, 2, 18, tzinfo=clock.PLANT_ZONE)
PLANNED = [
    (-3, "11-27 18:00"),
    (-1, "12-01 18:00"),
    (0, "12-02 18:00"),
    (1, "12-03 18:00"),
    (3, "12-07 18:00"),
    (5, "12-09 18:00"),
]


def test_reminders_of_a_task_go_out_once_each_and_in_order(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "ask_by", someone, until=DUE)
    planned = []
    for day in range(20):
        planned += [one for one in _reminders(trials) if one not in planned]
        play.wait_until(trials, MONDAY_NINE + dt.timedelta(days=day, hours=12))
    assert planned == PLANNED
    soon, late = "即将到期：办理（ask_by）", "已逾期：办理（ask_by）"
    at_last = "逾期已久，请代理人办理或改派他人：办理（ask_by）"
    assert trial.notes(trials, someone) == [soon, soon, late, late, late, at_last]
    told = [one.after["action"] for one in play.history(trials, process) if one.verb == "remind"]
    assert told == ["notify", "notify", "urge", "copy", "escalate", "assign"]
    assert (_reminders(trials), play.open_nodes(trials, process)) == ([], ["work"])


def test_nobody_is_reminded_of_a_task_that_is_done(trials: Database, someone: int) -> None:
    trial.begin(trials, "ask_by", someone, until=DUE)
    play.complete(trials, "trial.work", by=someone)
    assert _reminders(trials) == []
    play.wait_until(trials, DUE + dt.timedelta(days=10))
    assert trial.notes(trials, someone) == ["done"]


def test_reminders_whose_day_has_passed_are_left_out(trials: Database, someone: int) -> None:
    trial.begin(trials, "ask_by", someone, until=MONDAY_NINE + HOUR)
    assert _reminders(trials) == [(0, "11-23 10:00")]


def test_the_reminders_move_with_the_due_date(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "ask_by", someone, until=DUE)
    with trials.transaction() as session:
        run = Run.take(session, process)
        item = session.scalars(select(WorkItem)).one()
        people.move_due(run, item, DUE + dt.timedelta(days=1), actor_id=someone, reason="停电一天")
    assert _reminders(trials) == [(-3, "11-30 18:00")]
    last = play.history(trials, process)[-1]
    assert (last.verb, last.node, last.actor_id, last.reason) == ("move_due", "work", someone, "停电一天")


def _moved(trials: Database, until: dt.datetime) -> None:
    play.send(trials, "TRIAL_MOVED", key="case_id", case_id=1, until=until.isoformat())


def test_a_message_that_changes_a_due_date_moves_the_task_and_its_reminders(
    trials: Database, someone: int
) -> None:
    later = DUE + dt.timedelta(days=1)
    process = trial.begin(trials, "ask_by_message", someone, case_id=1, until=DUE.isoformat())
    assert _reminders(trials) == PLANNED[:1]
    _moved(trials, later)
    with trials.read() as session:
        assert play.all_items(session, process)[0].due_at == later
    assert _reminders(trials) == [(-3, "11-30 18:00")]
    (moved,) = [one for one in play.history(trials, process) if one.verb == "move_due"]
    assert (moved.node, moved.actor_id, moved.reason) == ("work", None, "")
    assert moved.before == {"due_at": "2026-12-02T10:00:00+00:00"}
    assert moved.after == {"due_at": "2026-12-03T18:00:00+08:00"}
    play.complete(trials, "trial.work", by=someone)
    assert _reminders(trials) == []


def test_a_message_that_changes_nothing_leaves_a_due_date_moved_by_hand(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "ask_by_message", someone, case_id=1, until=DUE.isoformat())
    by_hand = DUE + dt.timedelta(days=7)
    with trials.transaction() as session:
        run = Run.take(session, process)
        people.move_due(
            run, session.scalars(select(WorkItem)).one(), by_hand, actor_id=someone, reason="停电"
        )
    _moved(trials, DUE)
    with trials.read() as session:
        assert play.all_items(session, process)[0].due_at == by_hand
    assert [verb for verb, _ in play.acts(trials, process)] == ["start", "move_due", "receive"]
