"""A relay between the rows and a broker that may be away, lose its queue, or send everything again."""

import datetime as dt
import random
import secrets
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
from kombu.connection import Connection
from kombu.simple import SimpleQueue

from tests import play
from tests.distributed.lines import Line
from tests.engine import trial
from webapp.broker import CeleryBroker
from workflows import clock, jobs, workers
from workflows.db import Database
from workflows.engine.leases import LEASE, Lease

pytestmark = [
    pytest.mark.parametrize("broker_url", ["rabbitmq", "redis"], indirect=True),
    pytest.mark.parametrize("database_url", ["postgresql"], indirect=True),
]


class Lent:
    """A relay of ``database`` whose line to the broker can be cut."""

    def __init__(self, database: Database, url: str) -> None:
        self.line = Line(url)
        self.queue = f"jiebang-test-{secrets.token_hex(4)}"
        self.broker = CeleryBroker(self.line.url, self.queue)
        self.relay = workers.relay(database, self.broker, unused_file_days=30)
        self._url = url

    def taken(self) -> list[tuple[jobs.Job, Lease]]:
        """What a worker finds in the queue, which is empty afterwards."""
        found = []
        with Connection(self._url) as connection:  # type: ignore[no-untyped-call]
            queue = SimpleQueue(connection, self._declared(connection), no_ack=True)  # type: ignore[no-untyped-call]
            with suppress(queue.Empty):
                while True:  # a quorum queue says late how long it is
                    found.append(_lease(queue.get(timeout=0.5).payload))  # type: ignore[no-untyped-call]
            queue.close()  # type: ignore[no-untyped-call]
        return found

    def _declared(self, connection: Connection) -> Any:
        return CeleryBroker(self._url, self.queue)._queue(connection.default_channel)

    def end(self) -> None:
        self.broker.close()
        self.line.cut()
        CeleryBroker(self._url, self.queue).forget()


def _lease(payload: Any) -> tuple[jobs.Job, Lease]:
    name, row_id, until, is_suspect = payload[0]
    return jobs.NAMED[name], Lease(row_id, dt.datetime.fromisoformat(until), is_suspect)


@pytest.fixture
def lent(trials: Database, broker_url: str) -> Iterator[Lent]:
    made = Lent(trials, broker_url)
    yield made
    made.end()


def _due(trials: Database, people: list[int]) -> None:
    for person in people:
        trial.begin(trials, "timer_duration", person)
    play.pass_time(hours=1)


def test_what_falls_due_while_the_broker_is_away_is_done_when_it_is_back(
    trials: Database, lent: Lent
) -> None:
    early, late = trial.people(trials, 2), trial.people(trials, 3)
    _due(trials, early)
    assert lent.relay.round() == 2
    lent.line.cut()
    _due(trials, late)
    assert (lent.relay.round(), lent.relay.beat.queued) == (0, None)
    assert lent.relay.beat.trouble
    lent.line.mend()
    assert (lent.relay.round(), lent.relay.beat.trouble) == (5, "")  # nobody has done the first two meanwhile
    for job, lease in lent.taken():
        jobs.attempt(trials, job, lease.row_id, lease)
    assert [trial.notes(trials, one) for one in (*early, *late)] == [["done"]] * 5


def test_what_a_lost_queue_held_comes_again_when_its_leases_end(trials: Database, lent: Lent) -> None:
    people = trial.people(trials, 2)
    _due(trials, people)
    assert lent.relay.round() == 2
    lost = lent.taken()
    assert (len(lost), lent.relay.round()) == (2, 0)
    clock.move_to(clock.now() + LEASE)
    assert lent.relay.round() == 2
    for job, lease in [*lent.taken(), *lost]:
        jobs.attempt(trials, job, lease.row_id, lease)
    assert [trial.notes(trials, one) for one in people] == [["done"]] * 2


def test_what_is_sent_three_times_in_any_order_by_several_workers_is_done_once(
    trials: Database, lent: Lent
) -> None:
    people = trial.people(trials, 8)
    _due(trials, people)
    for person in people[:4]:
        play.write_message(trials, "MSG_THING", key="case_id", case_id=person)
    assert lent.relay.round() == 4  # messages first
    assert lent.relay.round() == 8
    sent = 3 * lent.taken()
    random.Random(7).shuffle(sent)
    play.at_once([partial(_do_all, trials, sent[start::4]) for start in range(4)])
    play.settle(trials)
    assert [trial.notes(trials, one) for one in people] == [["done"]] * 8
    assert play.incidents(trials) == []


def _do_all(trials: Database, sent: list[tuple[jobs.Job, Lease]]) -> None:
    for job, lease in sent:
        jobs.attempt(trials, job, lease.row_id, lease)


def test_a_queue_is_filled_no_further_than_its_workers_come_in_time(trials: Database, lent: Lent) -> None:
    _due(trials, trial.people(trials, 3))
    lent.relay.broker.put(
        jobs.NAMED["due"], [Lease(n, clock.now(), False) for n in range(1, workers.MOST_QUEUED)]
    )
    while lent.broker.waiting() < workers.MOST_QUEUED - 1:
        time.sleep(0.05)
    assert lent.relay.round() == 1
