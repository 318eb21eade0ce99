"""Row 3, all or nothing: a process dies before and after each statement of a step, and before and after its commit.

Each step is done by a child of this process, from the same rows at the same held instant with the same random numbers.
First one does it undisturbed: that gives the rows after it. Then one child after the other dies at the next point,
without a word to anybody (``os._exit``); the rows must be all as before or all as after. Then the step is done again,
as whoever got no answer does it, and must leave exactly the rows and give the answer of the undisturbed one.
"""

import random
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import Client
from werkzeug.wrappers import Response

from bench import databases
from bench.figures import Figure, at_most, for_the_record
from bench.reliability import campaigns, children, stores
from bench.reliability.stores import State, Store
from workflows import jobs
from workflows.db import Database
from workflows.engine.tables import Message
from workflows.jobs import Job

Step = Callable[[], Any]  # whose answer can be pickled


@dataclass(frozen=True)
class Ran:
    """What a child did that was not to die: the answer of its step, and how many points it passed."""

    answer: Any
    points: int


@dataclass
class Trial:
    """Tries the steps that it is given, each kind once: a name, and the tables whose rows it changes.

    Of the points of a kind one in ``every`` is tried, the one after the commit among them.
    """

    database: Database
    store: Store
    every: int = 1
    points: int = 0
    as_before: int = 0
    kinds: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    halves: list[str] = field(default_factory=list)  # where neither all nor nothing was left
    unlike: list[str] = field(default_factory=list)  # where the step done again did something else
    steps: int = 0
    effects: int = 0  # steps that changed anything

    def do(self, name: str, step: Step, *, is_repeatable: bool = False) -> Any:
        """The answer of ``step``, which has been done afterwards, and tried if it was the first of its kind.

        What is not repeatable is done again only where nothing of it was done: it has no key.
        """
        self.steps += 1
        self.database.engine.dispose()  # so that SQLite's file is whole
        before = self.store.dump()
        whole = self._run(step)
        after = self.store.dump()
        kind = (name, after.changed_in(before))
        self.effects += bool(kind[1])
        if kind[1] and kind not in self.kinds:
            self.kinds.add(kind)
            for point in range(whole.points - 1, -1, -self.every):
                if self._die(f"{name}, point {point}", step, point, before, after) or is_repeatable:
                    self._repeat(f"{name}, point {point}", step, whole, after)
        return whole.answer

    def do_rows(self, rows: Sequence[campaigns.Row]) -> int:
        """Try what the jobs do with each row; how many had an effect."""
        before = self.effects
        for job, row_id in rows:
            name = campaigns.name_of_row(self.database, job, row_id)
            step = partial(_attempt, self.database, job, row_id)
            # What nobody waits for yet is looked at again, less and less often: that moves its time.
            self.do(name, step, is_repeatable=job.table is not Message)
        return self.effects - before

    def _die(self, where: str, step: Step, point: int, before: State, after: State) -> bool:
        """Whether nothing was done by the one that died at ``point``."""
        self.store.back_to(before)
        try:
            self._run(step, dies_at=point)
        except children.Died:
            pass
        else:
            raise RuntimeError(f"{where}: the step took another way than before")
        left = self.store.dump()
        self.points += 1
        self.as_before += left == before
        if left not in (before, after):
            self.halves.append(f"{where}: {sorted(left.changed_in(before))}")
            self.store.back_to(after)
        self.store.count_again_from(before if left == before else after)
        return left == before

    def _repeat(self, where: str, step: Step, whole: Ran, after: State) -> None:
        again = self._run(step)
        if again.answer != whole.answer or self.store.dump() != after:
            self.unlike.append(where)
            self.store.back_to(after)

    def _run(self, step: Step, *, dies_at: int | None = None) -> Ran:
        watched = partial(_watched, self.database, step, dies_at=dies_at, seed=self.steps)
        ran: Ran = children.ask(self.database, watched)
        return ran


def _attempt(database: Database, job: Job, row_id: int) -> None:
    """Without its answer: whoever comes later finds nothing to do."""
    jobs.attempt(database, job, row_id)


def _watched(database: Database, step: Step, *, dies_at: int | None, seed: int) -> Ran:
    _make_repeatable(seed)
    points = _Points(dies_at)
    points.watch(database)
    return Ran(step(), points.passed)


def _make_repeatable(seed: int) -> None:
    """The same keys, nonces and lots for every child that does the same step."""
    source = random.Random(seed)
    secrets.token_bytes = lambda nbytes=None: source.randbytes(nbytes or 32)
    secrets.SystemRandom = lambda: source  # type: ignore[assignment,misc]


class _Points:
    """Counts the points that this process passes, and ends it at one of them."""

    def __init__(self, dies_at: int | None) -> None:
        self.passed = 0
        self._dies_at = dies_at

    def watch(self, database: Database) -> None:
        for name in (
            "before_cursor_execute",
            "after_cursor_execute",
            "commit",
        ):  # the last: before it is sent
            event.listen(database.engine, name, self._pass)
        event.listen(database.write, "after_commit", self._pass)

    def _pass(self, *_about: Any) -> None:
        if self.passed == self._dies_at:
            children.die()
        self.passed += 1


def measure(kind: str, *, every: int = 1, codes: tuple[str, ...] = campaigns.RACE) -> Iterator[Figure]:
    """Play a campaign in which every request and every row of a job is a step to be tried.

    ``kind``: of the database; ``every``: of so many points one is tried.
    """
    with databases.empty(kind) as address, campaigns.application(address) as (app, database):
        played = campaigns.scenario(codes)
        database.engine.dispose()
        with stores.opened(address) as store:
            blank = store.dump()
            campaigns.play(app, played)  # once before, so that each child finds its statements compiled
            database.engine.dispose()
            store.back_to(blank)
            trial = Trial(database, store, every)
            settle = partial(campaigns.settle, do=trial.do_rows)
            campaigns.play(app, played, client=_Client(app, trial), settle=settle)
    yield from figures_of(trial, kind)


def figures_of(trial: Trial, kind: str) -> Iterator[Figure]:
    for told in [*trial.halves, *trial.unlike]:
        print(f"{kind}: {told}")
    yield for_the_record(f"{kind}: kinds of steps cut short", len(trial.kinds), "kinds")
    yield for_the_record(f"{kind}: points at which the process died", trial.points, "points")
    yield for_the_record(f"{kind}: of them with nothing done", trial.as_before, "points")
    yield at_most(f"{kind}: points that left half a step", len(trial.halves), 0, "points")
    yield at_most(f"{kind}: steps that did something else when done again", len(trial.unlike), 0, "points")


class _Client:
    """Carries the requests of a campaign into children of this process."""

    def __init__(self, app: Flask, trial: Trial) -> None:
        self._client = Client(app, use_cookies=False)
        self._trial = trial

    def open(self, path: str, **request: Any) -> Response:
        sent = campaigns.Sent.of(path, **request)
        if not sent.writes:
            return campaigns.answered(*self._ask(sent))
        name = campaigns.name_of_request(self._trial.database, sent)
        return campaigns.answered(*self._trial.do(name, partial(self._ask, sent), is_repeatable=True))

    def _ask(self, sent: campaigns.Sent) -> tuple[int, bytes]:
        headers = {**sent.headers, "X-Request-ID": f"step-{self._trial.steps:08}"}  # which problems tell
        answer = self._client.open(sent.path, method=sent.method, headers=headers, data=sent.body)
        return answer.status_code, answer.get_data()
