"""Row 8, clocks that jump: servers with clocks and zones of their own do the jobs of one database in turn.

Each turn is a child of this process in a zone of its own, whose clock is held where its jump has put it. Everything
that fired is in the histories; it is compared with what waited before the turn.
"""

import datetime as dt
import os
import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

from sqlalchemy import select

from bench import databases
from bench.figures import Figure, at_most, exactly, for_the_record
from bench.reliability import campaigns, children, stores
from bench.reliability.stores import Store
from tests.engine import trial
from workflows import clock, db, jobs, seal, storage, watch
from workflows.db import Database
from workflows.engine import gate
from workflows.engine.tables import Due, HistoryEntry, WorkItem
from workflows.rehearsal import campaign
from workflows.rehearsal.direct_door import DirectDoor

BEGINS = dt.datetime(2026, 11, 23, 9, tzinfo=clock.PLANT_ZONE)
PLANT, NEW_YORK, KOLKATA = "Asia/Shanghai", "America/New_York", "Asia/Kolkata"
JUMPS = (
    *(dt.timedelta(minutes=one) for one in (1, 20, 60, 61)),
    dt.timedelta(hours=-1),
    dt.timedelta(days=1),
)
ZONELESS = (
    "2026-12-01T18:00:00",
    "2026-12-01T18:00",
    'date and time("2026-12-01T18:00:00")',
    'if until = null then date and time("2026-12-01T00:00:00") else until',
    '@"2026-12-01T18:00:00"',
)
BACK_SOON = 0.5  # how often a server stands where its jump has put it for one turn only
TURNS = 16

Act = tuple[int, int, str, str]  # process, place in its history, verb, box
Fired = tuple[int, str, str, dt.datetime]  # process, verb, box, and for when it was due
Waiting = dict[tuple[int, str, str], dt.datetime]  # for when each timer and reminder is due
Instant = tuple[Any, ...]  # of what kind and box, and when
Round = tuple[Waiting, list[Act]]  # what waited, and what was done then


@dataclass
class Course:
    """What fired while the clocks jumped."""

    fired: list[Fired] = field(default_factory=list)
    twice: list[Fired] = field(default_factory=list)
    early: list[Fired] = field(default_factory=list)
    missed: list[Fired] = field(default_factory=list)  # still due after a turn

    def add(self, waited: Waiting, acts: Sequence[Act], *, at: dt.datetime) -> None:
        """Judge what was done in one round of a server whose clock stands at ``at``."""
        for process, _, verb, node in acts:
            due_at = waited.get((process, verb, node))
            one = (process, verb, node, due_at or at)
            if due_at is None or one in self.fired:
                self.twice.append(one)
            elif due_at > at:
                self.early.append(one)
            self.fired.append(one)


def course(database: Database, begin: Callable[[], object], *, seed: int, zones: Sequence[str]) -> Course:
    """Let ``begin`` begin processes, and servers in ``zones`` do the jobs in turn while their clocks jump."""
    source, found, now = random.Random(seed), Course(), BEGINS
    with clock.held_at(BEGINS):
        begin()
        for turn in range(TURNS):
            stands_at = now + source.choice(JUMPS)
            now = now if source.random() < BACK_SOON else stands_at
            clock.move_to(stands_at)
            for waited, acts in children.ask(database, partial(_do_jobs, database, zones[turn % len(zones)])):
                found.add(waited, acts, at=stands_at)
            waiting = _waiting(database)
            found.missed += [(*key, due_at) for key, due_at in waiting.items() if due_at <= stands_at]
    return found


def _do_jobs(database: Database, zone: str) -> list[Round]:
    """Do everything that waits, as a server in ``zone``."""
    _live_in(zone)
    rounds: list[Round] = []
    done = 1
    while done:
        waited, before = _waiting(database), set(_acts(database))
        done = jobs.run_once(database)
        rounds.append((waited, [one for one in _acts(database) if one not in before]))
    return rounds


def _live_in(zone: str) -> None:
    os.environ["TZ"] = zone
    time.tzset()


def _waiting(database: Database) -> Waiting:
    with database.read() as session:
        timers = session.execute(select(Due.process_id, Due.node, Due.due_at)).all()
        columns = (WorkItem.process_id, WorkItem.node, WorkItem.next_try_at)
        items = session.execute(select(*columns).where(WorkItem.next_try_at.is_not(None))).all()
    found = {(process, "timer", node): due_at for process, node, due_at in timers}
    return found | {(process, "remind", node): at for process, node, at in items if at is not None}


def _acts(database: Database) -> list[Act]:
    """What the clock has set off, in order."""
    columns = (HistoryEntry.process_id, HistoryEntry.seq, HistoryEntry.verb, HistoryEntry.node)
    query = select(*columns).where(HistoryEntry.verb.in_(("timer", "remind"))).order_by(*columns[:2])
    with database.read() as session:
        return [(process, seq, verb, node) for process, seq, verb, node in session.execute(query)]


def begin(database: Database, user_id: int) -> None:
    """Processes with every kind of timer, and with reminders."""
    until = BEGINS + dt.timedelta(hours=3)
    timed = ("timer_duration", "boundary_beside", "boundary_interrupting", "cycle_three", "cycle_endless")
    for name in (*timed, "timer_date", "ask_by"):
        trial.begin(database, name, user_id, until=until + dt.timedelta(days=name == "ask_by"))


def hourly_after_a_day(database: Database, user_id: int) -> int:
    """How often an hourly cycle fires when the service comes back after a day."""
    with clock.held_at(BEGINS):
        process = trial.begin(database, "cycle_endless", user_id)
        clock.move_to(BEGINS + dt.timedelta(days=1, minutes=10))
        jobs.run_until_quiet(database)
        return sum(one[0] == process for one in _acts(database))


def let_in(zoneless: Sequence[str] = ZONELESS) -> list[str]:
    """Which of ``zoneless``, put into a diagram as the time of a timer, the gate does not refuse for its zone."""
    diagram = (trial.DIAGRAMS / "timer_date.bpmn").read_text()
    found = []
    for text in zoneless:
        spoilt = re.sub(r"(?<=<bpmn:timeDate>)[^<]*", escape(text), diagram)
        defects = gate.defects_of({"timer_date.bpmn": spoilt.encode()}, watch.names())
        if "time_zoneless" not in {one.code for one in defects}:
            found.append(text)
    return found


@dataclass
class Seen:
    courses: list[Course] = field(default_factory=list)
    unlike: int = 0  # courses that went otherwise with servers in other zones
    hourly: int = 0  # firings of an hourly cycle after a day of silence


def measure(kind: str, *, courses: int = 20, codes: tuple[str, ...] = campaigns.RACE) -> Iterator[Figure]:
    """``courses``: how many times clocks jump at random, each in two sets of zones; ``kind``: of the database."""
    seen = _jump(kind, courses)
    fired = sum(len(one.fired) for one in seen.courses)
    yield for_the_record(f"{kind}: timers and reminders that went off while clocks jumped", fired, "")
    for name in ("twice", "early", "missed"):
        told = [one for each in seen.courses for one in getattr(each, name)]
        for line in told[:10]:
            print(f"{kind}: {name}: {line}")
        yield at_most(f"{kind}: of them {name}", len(told), 0, "")
    yield at_most(f"{kind}: courses that went otherwise in other zones", seen.unlike, 0, f"of {courses}")
    yield exactly(f"{kind}: firings of an hourly cycle after a day of silence", seen.hourly, 1)
    yield at_most("times without a zone that the gate lets in", len(let_in()), 0, f"of {len(ZONELESS)}")
    here, abroad = (_campaign(kind, zone, codes) for zone in (PLANT, NEW_YORK))
    yield for_the_record(f"{kind}: tasks and acts of a campaign with their instants", here.total(), "")
    yield at_most(f"{kind}: of them others with a server in New York", (here - abroad).total(), 0, "")


def _jump(kind: str, courses: int) -> Seen:
    seen = Seen()
    with _trials(kind) as (database, store):
        user_id = trial.person(database)
        database.engine.dispose()
        blank = store.dump()

        def play(seed: int, *zones: str) -> Course:
            database.engine.dispose()
            store.back_to(blank)
            return course(database, partial(begin, database, user_id), seed=seed, zones=zones)

        for seed in range(courses):
            pair = [play(seed, PLANT), play(seed, NEW_YORK, KOLKATA, PLANT)]
            seen.courses += pair
            seen.unlike += pair[0].fired != pair[1].fired
        seen.hourly = hourly_after_a_day(database, user_id)
    return seen


@contextmanager
def _trials(kind: str) -> Iterator[tuple[Database, Store]]:
    """A new database with the small diagrams of the tests."""
    with databases.empty(kind) as address, stores.opened(address) as store:
        database = db.connect(address)
        trial.store(database)
        try:
            yield database, store
        finally:
            database.engine.dispose()


def _campaign(kind: str, zone: str, codes: tuple[str, ...]) -> Counter[Instant]:
    """Every instant that the tasks and histories of a campaign hold, played by a server in ``zone``."""
    with databases.empty(kind) as address:
        database = db.connect(address)
        instants: Counter[Instant] = children.ask(database, partial(_play, database, zone, codes))
        return instants


def _play(database: Database, zone: str, codes: tuple[str, ...]) -> Counter[Instant]:
    _live_in(zone)
    watch.install(database)
    with tempfile.TemporaryDirectory(prefix="jiebang-bench-") as folder:
        seal.use_key_file(Path(folder) / "seal.key")
        storage.kept_in(Path(folder) / "files")
        campaign.play(database, campaigns.scenario(codes), DirectDoor(database))
    items = select(WorkItem.step, WorkItem.created_at, WorkItem.due_at, WorkItem.done_at)
    acts = select(HistoryEntry.verb, HistoryEntry.node, HistoryEntry.at)
    with database.read() as session:
        return Counter(tuple(row) for query in (items, acts) for row in session.execute(query))
