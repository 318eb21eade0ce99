"""Row 5, duplicates do no harm: each request is sent and each row of a job done three times, at once and out of order.

A campaign is played twice: with every request once, and over HTTP from gunicorn, with several workers and threads,
with every request three times: two of them at the same moment and the third while later ones are under way. All three
answers must be the same, and so must be what both campaigns leave. The key of a request that had an effect is also
sent with another body, which must be refused.
"""

import datetime as dt
import http.client
import random
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any

from sqlalchemy import func, inspect, select, table
from werkzeug.wrappers import Response

from bench import databases
from bench.figures import Figure, at_most, for_the_record
from bench.reliability import campaigns, stores
from bench.reliability.campaigns import Row, Sent
from bench.servers import serving
from workflows import clock, jobs
from workflows.db import Database
from workflows.engine.history import first_bent
from workflows.engine.tables import HistoryEntry, Incident, Process
from workflows.rehearsal import result
from workflows.rehearsal.scene import Scene

THREADS = 6  # that send
LATEST = 12  # how many writes later the third of a kind is sent at most
SAME_TIME = dt.timedelta(days=1)  # within which it is sent among others
Answer = tuple[int, bytes]


@dataclass
class Told:
    """What was seen while everything came three times."""

    writes: int = 0
    refused: int = 0
    unlike: list[str] = field(default_factory=list)  # requests whose answers differ
    taken: list[str] = field(default_factory=list)  # keys that were let through with another body
    errors: list[str] = field(default_factory=list)  # answers of 500 and more
    rows: int = 0  # of jobs


def measure(
    kind: str, *, codes: tuple[str, ...] = campaigns.RACE, days: int | None = None
) -> Iterator[Figure]:
    """Play with everything once and with everything three times.

    ``kind``: of the databases; ``days``: only so many days of the campaign.
    """
    told, different = _played(kind, codes, days)
    for line in (*told.unlike, *told.taken, *told.errors, *different):
        print(f"{kind}: {line}")
    yield for_the_record(f"{kind}: writes, each sent three times", told.writes, "requests")
    yield for_the_record(f"{kind}: of them refused", told.refused, "requests")
    yield at_most(f"{kind}: writes whose answers differ", len(told.unlike), 0, "requests")
    yield at_most(f"{kind}: answers of 500 and more", len(told.errors), 0, "requests")
    yield at_most(f"{kind}: keys let through with another body", len(told.taken), 0, "requests")
    yield for_the_record(f"{kind}: rows of jobs, each done three times", told.rows, "rows")
    yield at_most(f"{kind}: what is left differs from doing all once", len(different), 0, "parts")


def _played(kind: str, codes: tuple[str, ...], days: int | None) -> tuple[Told, list[str]]:
    """What was seen, and which parts of what both campaigns have left are not alike."""
    told, played = Told(), campaigns.scenario(codes)
    with ExitStack() as stack:
        address = stack.enter_context(databases.empty(kind))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="jiebang-bench-")))
        app, database = stack.enter_context(campaigns.application(address, folder))
        store = stack.enter_context(stores.opened(address))
        database.engine.dispose()
        blank = store.dump()
        once = campaigns.play(app, played, days=days)
        wanted = _left(database, once, is_over=days is None)
        database.engine.dispose()
        store.back_to(blank)
        settings = {
            "JIEBANG_DATABASE_URL": address,
            "JIEBANG_DATA": str(folder),
            "JIEBANG_JOBS_EMBEDDED": "0",
        }
        port = stack.enter_context(serving("timed", folder, settings))
        pool = stack.enter_context(ThreadPoolExecutor(THREADS))
        client = _Thrice(port, pool, told)
        settle = partial(campaigns.settle, do=partial(_do_thrice, database, pool, told))
        thrice = campaigns.play(
            app, played, client=client, settle=settle, days=days, at_last=client.send_rest
        )
        found = _left(database, thrice, is_over=days is None)
    different = [name for name, value in wanted.items() if found[name] != value]
    return told, different


@dataclass(frozen=True)
class Late:
    """A request that is still to be sent for the third time."""

    sent: Sent
    answer: Answer
    at: dt.datetime
    after: int  # so many writes


class _Thrice:
    """Sends every write to the server at ``port`` twice at the same moment, and a third time among later ones."""

    def __init__(self, port: int, pool: ThreadPoolExecutor, told: Told) -> None:
        self._port = port
        self._pool = pool
        self._told = told
        self._random = random.Random(5)
        self._late: list[Late] = []

    def open(self, path: str, **request: Any) -> Response:
        sent = Sent.of(path, **request)
        if not sent.writes:
            return campaigns.answered(*self._send(sent))
        self._told.writes += 1
        self._send_forgotten()
        twins = [self._pool.submit(self._send, sent) for _ in range(2)]
        self.send_late([one for one in self._late if one.after <= self._told.writes])
        answer, other = (one.result() for one in twins)
        self._judge(sent, answer, other)
        if answer[0] < HTTPStatus.BAD_REQUEST:
            after = self._told.writes + self._random.randint(1, LATEST)
            self._late.append(Late(sent, answer, clock.now(), after))
        else:
            self._told.refused += 1
        return campaigns.answered(*answer)

    def send_rest(self) -> None:
        self._send_forgotten()
        self.send_late(self._late)

    def send_late(self, late: list[Late]) -> None:
        """Send for the third time, in an order of its own, and each key with another body."""
        self._late = [one for one in self._late if one not in late]
        self._random.shuffle(late)
        for one, third in zip(late, self._pool.map(lambda one: self._send(one.sent), late), strict=True):
            self._judge(one.sent, one.answer, third)
        others = [one.sent.with_another_body() for one in late]
        for other, answer in zip(others, self._pool.map(self._send, others), strict=True):
            self._judge_other(other, answer)

    def _send_forgotten(self) -> None:
        """Send what the clock has left behind, each at its own time and alone: its token may have run out since."""
        forgotten = [one for one in self._late if clock.now() - one.at > SAME_TIME]
        self._late = [one for one in self._late if one not in forgotten]
        for one in forgotten:
            self._judge(one.sent, one.answer, self._send(one.sent, at=one.at))
            other = one.sent.with_another_body()
            self._judge_other(other, self._send(other, at=one.at))

    def _send(self, sent: Sent, *, at: dt.datetime | None = None) -> Answer:
        headers = {**sent.headers, "X-Bench-Instant": (at or clock.now()).isoformat()}
        with closing(http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)) as connection:
            connection.request(sent.method, sent.path, body=sent.body, headers=headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def _judge_other(self, other: Sent, answer: Answer) -> None:
        if answer[0] != HTTPStatus.UNPROCESSABLE_ENTITY:
            self._told.taken.append(f"{other.method} {other.path}: {answer[0]}")

    def _judge(self, sent: Sent, answer: Answer, again: Answer) -> None:
        where = f"{sent.method} {sent.path}: {answer[0]}, {again[0]}"
        if max(answer[0], again[0]) >= HTTPStatus.INTERNAL_SERVER_ERROR:
            self._told.errors.append(where)
        is_refused = min(answer[0], again[0]) >= HTTPStatus.BAD_REQUEST  # problems name their request
        if answer[0] != again[0] or (answer[1] != again[1] and not is_refused):
            self._told.unlike.append(where)


def _do_thrice(database: Database, pool: ThreadPoolExecutor, told: Told, rows: list[Row]) -> int:
    """Each row three times, by several threads at once, in any order; how often that had an effect."""
    tries = rows * 3
    random.Random(len(rows)).shuffle(tries)
    told.rows += len(rows)
    return sum(pool.map(lambda row: jobs.attempt(database, *row), tries))


def _left(database: Database, scene: Scene, *, is_over: bool) -> dict[str, Any]:
    """What a campaign has left, as far as lots and the order of ids do not change it."""
    tables = set(inspect(database.engine).get_table_names()) - {
        "api_token"
    }  # of whoever the lot has fallen on
    columns = (Process.name, HistoryEntry.verb, HistoryEntry.node)
    with database.read() as session:
        acts = session.execute(select(*columns).join(Process, Process.id == HistoryEntry.process_id))
        left: dict[str, Any] = {
            f"rows of {name}": session.scalar(select(func.count()).select_from(table(name)))
            for name in tables
        }
        left["histories"] = Counter(tuple(row) for row in acts)
        left["incidents"] = session.scalars(select(Incident.error)).all()
        left["bent histories"] = [
            bent for process in session.scalars(select(Process)) if (bent := first_bent(session, process))
        ]
        left["the result"] = result.of(session, scene) if is_over else None
    return left
