"""Many people on one task at the same instant, each in a thread and a transaction of their own."""

from functools import partial

from tests import play
from tests.engine import trial
from workflows import db, jobs
from workflows.db import Database
from workflows.errors import Conflict

CLIENTS = 50


def test_of_fifty_clients_exactly_one_completes_the_task(trials: Database, someone: int) -> None:
    wide = db.connect(trials.engine.url.render_as_string(hide_password=False), pool_size=CLIENTS // 2)
    people = trial.people(trials, CLIENTS)
    for lap in range(1, 4):
        process = trial.begin(trials, "ask_people", someone, people=people)
        with trials.read() as session:
            item = play.all_items(session, process)[0].id
        answers = play.at_once([partial(play.complete_item, wide, item, by=by) for by in people])
        conflicts = [one for one in answers if isinstance(one, Conflict)]
        assert len(conflicts) == CLIENTS - 1
        winner = next(
            history.actor_id for history in play.history(trials, process) if history.verb == "complete"
        )
        assert isinstance(answers[people.index(winner or 0)], play.CompletedView)
        name = play.name_of(trials, winner or 0)
        assert {str(one) for one in conflicts} == {f"本任务已由{name}于 2026-11-23 09:00 办理，无需再办。"}
        assert play.acts(trials, process) == [
            ("start", "ask_people"),
            ("complete", "work"),
            ("auto", "note_done"),
            ("end", "ask_people"),
        ]
        assert trial.notes(trials, someone) == ["done"] * lap
    wide.engine.dispose()


def test_signers_at_the_same_instant_decide_their_round_once(trials: Database, someone: int) -> None:
    for lap in range(1, 6):
        signers = trial.people(trials, 6)
        process = trial.begin(trials, "round_all", someone, signers=signers)
        acts = [
            partial(play.complete, trials, "trial.vote", by=by, process=process, agree=True) for by in signers
        ]
        assert all(isinstance(one, play.CompletedView) for one in play.at_once(acts))
        verbs = [verb for verb, _ in play.acts(trials, process)]
        assert verbs == ["start", *["vote"] * 6, "round", "auto", "end"]
        assert trial.notes(trials, someone) == ["yes"] * lap


def test_of_signers_at_the_same_instant_only_those_who_are_needed_are_counted(
    trials: Database, someone: int
) -> None:
    for lap in range(1, 6):
        signers = trial.people(trials, 4)
        process = trial.begin(trials, "round_any", someone, signers=signers)
        with trials.read() as session:
            items = [one.id for one in play.all_items(session, process)]
        acts = [
            partial(play.complete_item, trials, item, by=by, agree=True)
            for item, by in zip(items, signers, strict=True)
        ]
        answers = play.at_once(acts)
        assert sorted(type(one).__name__ for one in answers) == [
            "CompletedView",
            "Conflict",
            "Conflict",
            "Conflict",
        ]
        statuses = [status for _, _, status in play.items(trials, process)]
        assert sorted(statuses) == ["cancelled", "cancelled", "cancelled", "done"]
        assert trial.notes(trials, someone) == ["yes"] * lap


def test_several_workers_fire_each_timer_once(trials: Database, someone: int) -> None:
    for _ in range(20):
        trial.begin(trials, "timer_duration", someone)
    play.pass_time(hours=1)
    play.at_once([partial(jobs.run_until_quiet, trials)] * 4)
    assert trial.notes(trials, someone) == ["done"] * 20
    assert play.incidents(trials) == []


def test_several_workers_deliver_each_message_once(trials: Database, someone: int) -> None:
    processes = [trial.begin(trials, "catch_message", someone, case_id=case) for case in range(10)]
    for case in range(10):
        play.write_message(trials, "TRIAL_GO", key="case_id", case_id=case, answer="是")
    play.at_once([partial(jobs.run_until_quiet, trials)] * 4)
    assert [play.status(trials, process) for process in processes] == ["completed"] * 10
    assert trial.notes(trials, someone) == ["done"] * 10
