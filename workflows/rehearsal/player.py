"""Plays a scenario: answers every task whose time has come, lets the clock jump, until nothing is left to do."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from sqlalchemy import func, select

import workflows.rehearsal.answers  # noqa: F401 -- registers what everybody answers
from workflows import clock, jobs
from workflows.db import Database
from workflows.engine import due
from workflows.engine.tables import RUNNING, Incident, Process, WorkItem
from workflows.rehearsal.door import Gone, Item, Values
from workflows.rehearsal.scene import Later, Never, Scene, Stuck

ENDLESS = ("campaign", "batch", "monthly_meeting")  # a year goes on, whatever becomes of its challenges

# Built once: asked after every act.
_FAILED = select(Incident).where(Incident.resolved_at.is_(None)).limit(1)
_NEWEST = select(func.max(WorkItem.id))


@dataclass(order=True)
class Plan:
    """Something that somebody does of their own accord, at ``at`` or when ``ready`` after that."""

    at: dt.datetime
    number: int
    act: Callable[[], None] = field(compare=False)
    ready: Callable[[], bool] = field(compare=False, default=lambda: True)


class Player:
    """Plays in ``database``, whose clock is held: ``told`` is called after each act.

    What ``hold`` says yes to nobody answers: that task, and whatever waits for it, stays as it is. ``settle`` lets
    the jobs run until nothing is left that can be done now.
    """

    def __init__(
        self,
        database: Database,
        scene: Scene,
        *,
        told: Callable[[], None] = lambda: None,
        hold: Callable[[Scene, Item], bool] = lambda _scene, _item: False,
        settle: Callable[[Database], object] = jobs.run_until_quiet,
    ) -> None:
        self._database = database
        self._scene = scene
        self._told = told
        self._hold = hold
        self._run_jobs = settle
        self._plans: list[Plan] = []
        self._later: dict[int, dt.datetime | None] = {}  # by item: not before
        self._never: set[int] = set()
        self._stopped: set[int] = set()  # processes that nobody will finish
        self._newest = -1  # the newest task seen

    def plan(
        self, at: dt.datetime, act: Callable[[], None], *, ready: Callable[[], bool] = lambda: True
    ) -> None:
        """Let somebody do ``act`` at ``at``, in the order of planning, but not before it is ``ready``."""
        self._plans.append(Plan(at, len(self._plans), act, ready))

    def play(self, *, until: dt.datetime) -> None:
        """Go on until nothing more will happen. Raises Stuck when that is not so by ``until``."""
        for instant in self._instants():
            if instant > until:
                raise Stuck(f"still unfinished on {clock.today()}: {'; '.join(self._unfinished())}")
            clock.move_to(instant)

    def play_until(self, instant: dt.datetime) -> None:
        """Go on to ``instant`` and stop the clock there, with what can be done by then done."""
        for coming in self._instants():
            if coming > instant:
                break
            clock.move_to(coming)
        clock.move_to(instant)
        self._do_all()

    def _instants(self) -> Iterator[dt.datetime]:
        """When something happens next, each time everything that can be done at the present one is done."""
        while True:
            self._do_all()
            instant = self._next_instant()
            if instant is None:
                return
            yield max(instant, clock.now())

    def _do_all(self) -> None:
        self._settle()
        while self._act():
            self._settle()

    def _act(self) -> bool:
        """Do everything that can be done now; whether anything was."""
        done = self._carry_out_plans()
        for item in self._waiting():
            done += self._answer(item)
        return done > 0

    def _carry_out_plans(self) -> int:
        ready = [one for one in sorted(self._plans) if one.at <= clock.now() and one.ready()]
        for plan in ready:
            self._plans.remove(plan)
            plan.act()
            self._told()
        return len(ready)

    def _waiting(self) -> list[Item]:
        """The tasks to look at now; nothing is asked of the service when nothing can have changed."""
        with self._database.read() as session:
            newest = session.scalar(_NEWEST) or 0
        is_time = any(at is None or at <= clock.now() for at in self._later.values())
        if newest == self._newest and not is_time:
            return []
        self._newest = newest
        self._scene.open_items = self._scene.door.open_items(by=self._scene.world.office())
        known = {item.id for item in self._scene.open_items}
        self._later = {one: at for one, at in self._later.items() if one in known}
        return [item for item in self._scene.open_items if self._is_time(item)]

    def _is_time(self, item: Item) -> bool:
        if item.id in self._never:
            return False
        at = self._later.get(item.id)
        return at is None or at <= clock.now()

    def _answer(self, item: Item) -> int:
        if self._hold(self._scene, item):
            self._never.add(item.id)
            self._stopped.add(item.process_id)
            return 0
        if not self._scene.knows(item.step):
            raise Stuck(f"nobody knows an answer to {item.step} ({item.subject_path})")
        values = self._scene.answer(item)
        if isinstance(values, Never):
            self._never.add(item.id)
            if values.stops:
                self._stopped.add(item.process_id)
        elif isinstance(values, Later):
            self._later[item.id] = values.instant
        else:
            self._later.pop(item.id, None)
            self._complete(item, values)
            return 1
        return 0

    def _complete(self, item: Item, values: Values) -> None:
        """Do ``item``, unless what was done since it was seen has taken it away, as where one of several is enough."""
        try:
            self._scene.door.complete(item.id, values, by=self._scene.person(item))
        except Gone:
            if item.id in {one.id for one in self._scene.door.open_items(by=self._scene.world.office())}:
                raise
        self._newest = -1  # somebody else's turn may have come, with no new task
        self._told()

    def _settle(self) -> None:
        """Let the jobs run, and see that none failed."""
        self._run_jobs(self._database)
        with self._database.read() as session:
            failed = session.scalars(_FAILED).first()
        if failed is not None:
            raise Stuck(f"{failed.node or failed.source} failed: {failed.error}")

    def _next_instant(self) -> dt.datetime | None:
        """When something will happen next; None when nothing more will."""
        if not self._unfinished():
            return None
        with self._database.read() as session:
            timer = due.next_due_at(session)
        waited_for = [at for at in self._later.values() if at is not None and at > clock.now()]
        planned = [one.at for one in self._plans if one.at > clock.now()]
        coming = [*([] if timer is None else [timer]), *waited_for, *planned]
        if not coming:
            raise Stuck(f"nothing more will happen on {clock.today()}: {'; '.join(self._unfinished())}")
        return min(coming)

    def _unfinished(self) -> list[str]:
        """What is still to come: the running processes that nobody has stopped, and what somebody means to do."""
        with self._database.read() as session:
            running = session.execute(
                select(Process.id, Process.name, Process.subject_path).where(Process.status == RUNNING)
            ).all()
        waiting = [
            f"{name} {path}"
            for number, name, path in running
            if number not in self._stopped and name not in ENDLESS
        ]
        return [*waiting, *(f"planned for {one.at}" for one in self._plans)]
