"""Row 3, all or nothing: a process dies before and after each statement of a step, and before and after its commit.

Each step is done by a child of this process, from the same rows at the same held instant with the same random numbers.
First one does it undisturbed: that gives the rows after it. Then one child after the other dies at the next point,
without a word to anybody (``os._exit``); the rows must be all as before or all as after. Then the step is done again,
as whoever got no answer does it, and must leave exactly the rows and give the answer of the undisturbed one.
"""

import gc
import os
import pickle
import random
import secrets
import sys
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from flask import Flask
from sqlalchemy import event
from werkzeug.test import Client
from werkzeug.wrappers import Response

from bench import databases
from bench.figures import Figure, at_most, for_the_record
from bench.reliability import campaigns, stores
from bench.reliability.stores import State, Store
from workflows import jobs
from workflows.db import Database
from workflows.jobs import Job

DIED, FAILED = 77, 1  # exit codes of a child

Step = Callable[[], Any]  # whose answer can be pickled


@dataclass(frozen=True)
class Ran:
    """What a child did that was not to die: the answer of its step, and how many points it passed."""

    answer: Any
    points: int


@dataclass
class Trial:
    """Tries the steps that it is given, each kind once: a name, and the tables whose rows it changes."""

    database: Database
    store: Store
    points: int = 0
    as_before: int = 0
    kinds: set[tuple[str, frozenset[str]]] = field(default_factory=set)
    halves: list[str] = field(default_factory=list)  # where neither all nor nothing was left
    unlike: list[str] = field(default_factory=list)  # where the step done again did something else
    steps: int = 0

    def do(self, name: str, step: Step) -> Any:
        """The answer of ``step``, which has been done afterwards, and tried if it was the first of its kind."""
        self.steps += 1
        self.database.engine.dispose()  # a connection, and what SQLite knows of its locks, is not for two processes
        before = self.store.dump()
        whole = self._run(step)
        after = self.store.dump()
        kind = (name, after.changed_in(before))
        if kind[1] and kind not in self.kinds:
            self.kinds.add(kind)
            for point in range(whole.points):
                self._die(f"{name}, point {point}", step, point, whole, before, after)
        return whole.answer

    def _die(self, where: str, step: Step, point: int, whole: Ran, before: State, after: State) -> None:
        self.store.back_to(before)
        if self._run(step, dies_at=point) is not None:
            raise RuntimeError(f"{where}: the step took another way than before")
        left = self.store.dump()
        self.points += 1
        self.as_before += left == before
        if left not in (before, after):
            self.halves.append(f"{where}: {sorted(left.changed_in(before))}")
        self.store.count_again_from(before if left == before else after)
        again = self._run(step)
        if again.answer != whole.answer or self.store.dump() != after:
            self.unlike.append(where)
            self.store.back_to(after)

    def _run(self, step: Step, *, dies_at: int | None = None) -> Any:
        """Let a child do ``step``: what it did, or None when it died at its point. Raises RuntimeError when it failed."""
        gc.freeze()  # what is shared with the child is not copied for being looked at
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _be_child(self.database, step, writing, dies_at=dies_at, seed=self.steps)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            told = pipe.read()
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        if code not in (0, DIED):
            raise RuntimeError(f"the child ended with {code}: see above")
        return None if code == DIED else pickle.loads(told)


def _be_child(database: Database, step: Step, writing: int, *, dies_at: int | None, seed: int) -> None:
    """Do ``step`` and tell of it, or die on the way. Never returns."""
    code = FAILED
    gc.disable()
    try:
        _make_repeatable(seed)
        points = _Points(dies_at)
        points.watch(database)
        answer = step()
        with os.fdopen(writing, "wb") as pipe:
            pickle.dump(Ran(answer, points.passed), pipe)
        code = 0
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        os._exit(code)


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
        for name in ("before_cursor_execute", "after_cursor_execute", "commit"):  # the last: before it is sent
            event.listen(database.engine, name, self._pass)
        event.listen(database.write, "after_commit", self._pass)

    def _pass(self, *_about: Any) -> None:
        if self.passed == self._dies_at:
            os._exit(DIED)
        self.passed += 1


def measure(kind: str, codes: tuple[str, ...] = campaigns.RACE) -> Iterator[Figure]:
    """Play a campaign in which every request and every row of a job is a step to be tried; ``kind``: of the database."""
    with databases.empty(kind) as address, campaigns.application(address) as (app, database):
        played = campaigns.scenario(codes)
        database.engine.dispose()
        with stores.opened(address) as store:
            blank = store.dump()
            campaigns.play(app, played)  # once before, so that each child finds its statements compiled
            database.engine.dispose()
            store.back_to(blank)
            trial = Trial(database, store)

            def do_row(job: Job, row_id: int) -> None:
                name = campaigns.name_of_row(database, job, row_id)
                trial.do(name, partial(jobs._attempt, database, job, row_id))

            campaigns.play(app, played, client=_Client(app, trial), do_row=do_row)
    yield from figures_of(trial, kind)


def figures_of(trial: Trial, kind: str) -> Iterator[Figure]:
    for told in [*trial.halves, *trial.unlike]:
        print(f"{kind}: {told}")
    yield for_the_record(f"{kind}: kinds of steps, each at every point", len(trial.kinds), "kinds")
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
            return _response(self._ask(sent))
        name = campaigns.name_of_request(self._trial.database, sent)
        return _response(self._trial.do(name, partial(self._ask, sent)))

    def _ask(self, sent: campaigns.Sent) -> tuple[int, bytes]:
        headers = {**sent.headers, "X-Request-ID": f"step-{self._trial.steps:08}"}  # which problems tell
        answer = self._client.open(sent.path, method=sent.method, headers=headers, data=sent.body)
        return answer.status_code, answer.get_data()


def _response(answer: tuple[int, bytes]) -> Response:
    status, body = answer
    return Response(body, status, content_type="application/json")
