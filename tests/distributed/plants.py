"""A rehearsal on several machines: played over HTTP, while the jobs are done elsewhere."""

import datetime as dt
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import ColumnElement, exists, select
from werkzeug.test import Client

from tests.distributed import clocks, machines
from webapp import create_app
from webapp.http_door import HttpDoor
from workflows import clock, watch
from workflows.db import Database
from workflows.engine.leases import LEASE, RECENTLY
from workflows.engine.tables import Delivery, Due, Incident, Message, ProcessKey, WorkItem
from workflows.rehearsal import campaign, result
from workflows.rehearsal.player import Player
from workflows.rehearsal.scenario import Scenario
from workflows.rehearsal.scene import Stuck

LOST_SECONDS = 4  # after which a held clock is moved on, as the clock of a plant moves by itself
PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Fate:
    """``name`` is killed after so many acts, and started again after so many more."""

    name: str
    after: int
    back_after: int


class Remote(HttpDoor):
    """The API, at whichever web process answers."""

    def __init__(self, app: Flask, plant: machines.Machines) -> None:
        super().__init__(app)
        self._client = Client(plant, use_cookies=False)


class Waiting(Player):
    """Waits for the workers where a rehearsal otherwise lets the jobs run."""

    def _settle(self) -> None:
        ends, moves = time.monotonic() + PATIENCE_SECONDS, time.monotonic() + LOST_SECONDS
        while left := _left(self._database):
            if time.monotonic() > ends:
                raise Stuck(f"the workers do not come to an end: {left}")
            if time.monotonic() > moves:  # whoever had the row may be dead: its lease ends
                clock.move_to(clock.now() + LEASE)
                moves = time.monotonic() + LOST_SECONDS
            time.sleep(0.01)
        super()._settle()


_IS_HEARD = exists().where(ProcessKey.key == Message.key, ProcessKey.value == Message.value)


def _is_time(now: dt.datetime) -> ColumnElement[bool]:
    return Message.next_try_at.is_(None) | (Message.next_try_at <= now)


def _left(database: Database) -> list[str]:
    """What is left to do now, by its kind; nothing when a person has to look at what has failed first."""
    now = clock.now()
    waiting = {
        "message": exists().where(Message.status == "new"),
        "crossed": exists().where(
            Message.status == "kept", Message.sent_at > now - RECENTLY, _IS_HEARD, _is_time(now)
        ),
        "delivery": exists().where(Delivery.status == "due", Delivery.next_try_at <= now),
        "due": exists().where(Due.next_try_at <= now),
        "reminder": exists().where(WorkItem.next_try_at <= now),
    }
    with database.read() as session:
        if session.scalar(select(exists().where(Incident.resolved_at.is_(None)))):
            return []
        return [kind for kind, one in waiting.items() if session.scalar(select(one))]


def rehearse(
    folder: Path, database_url: str, broker_url: str, scenario: Scenario, fates: Sequence[Fate] = ()
) -> dict[str, Any]:
    """The result of ``scenario``, played in the empty, migrated database by two web processes and two workers."""
    app = create_app(DATA=folder, DATABASE_URL=database_url, JOBS_EMBEDDED=False, LOG_LEVEL="ERROR")
    database: Database = app.extensions["database"]
    watch.install(database)
    file = folder / "clock"
    with (
        clock.held_at(campaign.begins_at(scenario)),
        clocks.told_in(file),
        machines.running(folder, database_url, broker_url, file) as plant,
    ):
        scene = campaign.set_up(database, scenario, Remote(app, plant))
        player = Waiting(database, scene, told=Destiny(plant, fates).pass_by)
        campaign.plan(player, scene)
        player.play(until=campaign.ends_at(scenario))
    with database.read() as session:
        found = result.of(session, scene)
    database.engine.dispose()
    return found


class Destiny:
    """Carries out fates; whoever is killed is killed a moment after an act, in the middle of the next."""

    def __init__(self, plant: machines.Machines, fates: Sequence[Fate]) -> None:
        self._plant, self._fates, self._acts = plant, fates, 0

    def pass_by(self) -> None:
        self._acts += 1
        for one in self._fates:
            if self._acts == one.after:
                threading.Timer(0.03, self._plant.kill, [one.name]).start()
            if self._acts == one.back_after:
                self._plant.start(one.name)
