"""All or nothing, a share of what ``dev.py bench reliability`` tries: a process dies in the middle of each kind of step."""

from collections.abc import Iterator
from functools import partial

import pytest

from bench.reliability import campaigns, fail_points, stores
from bench.reliability.fail_points import Trial
from tests import play
from tests.conftest import MONDAY_NINE
from tests.engine import trial
from workflows.db import Database

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # pytest's workers have threads


@pytest.fixture
def tried(trials: Database, database_url: str) -> Iterator[Trial]:
    with stores.opened(database_url) as store:
        yield Trial(trials, store, every=9)


def test_a_process_that_dies_anywhere_in_a_step_leaves_all_or_nothing(
    trials: Database, someone: int, tried: Trial
) -> None:
    offline, signers = trial.person(trials), trial.people(trials, 2)
    trial.set_person(trials, offline, on_duty=False)
    begin = partial(trial.begin, trials)
    tried.do("decide", partial(begin, "decided", someone, amount=250))
    caught = tried.do("wait", partial(begin, "catch_message", someone, case_id=1))
    tried.do("send", partial(begin, "send_message", someone, case_id=1, answer="是"))
    voted = tried.do("ask", partial(begin, "round_all", someone, signers=signers))
    for by in signers:
        tried.do("vote", partial(play.complete, trials, "trial.vote", by=by, process=voted, agree=True))
    timed = tried.do("time", partial(begin, "timer_duration", someone))
    tried.do("fail", partial(begin, "timer_fails", offline))
    until = MONDAY_NINE.replace(hour=10)
    asked = tried.do("remind", partial(begin, "ask_by", someone, until=until))
    play.pass_time(hours=1)
    campaigns.settle(trials, tried.do_rows)
    tried.do("work", partial(play.complete, trials, "trial.work", by=someone, process=asked))
    assert (tried.halves, tried.unlike) == ([], [])
    ended = {play.status(trials, process) for process in (caught, voted, timed, asked)}
    assert (ended, len(play.incidents(trials))) == ({"completed"}, 1)
    assert {name for name, _ in tried.kinds} >= {
        "message TRIAL_GO",
        "delivery TRIAL_GO",
        "due wait",
        "reminder work",
    }
    assert 0 < tried.as_before < tried.points


def test_a_step_of_two_transactions_would_be_found(trials: Database, someone: int, tried: Trial) -> None:
    def twice() -> None:
        for _ in range(2):
            trial.begin(trials, "timer_duration", someone)

    tried.do("twice", twice)
    [told] = [figure for figure in fail_points.figures_of(tried, "SQLite") if figure.met is False]
    assert (told.name, told.value) == ("SQLite: points that left half a step", len(tried.halves))
