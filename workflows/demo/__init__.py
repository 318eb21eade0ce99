"""Demo data: a natural-gas plant whose challenges stand at every stage, made by playing the real processes."""

import datetime as dt
import time
from collections.abc import Callable
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock, jobs, watch
from workflows.db import Database
from workflows.demo import events, plant
from workflows.demo.plant import PASSWORD
from workflows.demo.scene import DemoScene
from workflows.demo.years import Years
from workflows.models import Unit, User
from workflows.rehearsal.direct_door import DirectDoor
from workflows.rehearsal.player import Player
from workflows.rehearsal.records import Records

__all__ = ["PASSWORD", "build", "is_demo"]

TOLD_EVERY = 200  # acts between two lines of progress


def build(database: Database, *, say: Callable[[str], None] = print) -> None:
    """Fill an empty, migrated database; every date is relative to today. Takes some twenty seconds."""
    began = time.monotonic()
    watch.install(database)
    now, years, people = clock.now(), Years.read(clock.today()), plant.read()
    with clock.held_at(events.begins_at(years)):
        with database.transaction() as session:
            world = plant.build(session, people)
        scene = DemoScene(years.scenario(people), world, DirectDoor(database), Records(database), years=years)
        told = partial(_tell, say, [0])
        player = Player(database, scene, told=told, hold=lambda _scene, item: scene.holds(item))
        events.plan(player, scene)
        player.play_until(clock.start_of(years.today) + dt.timedelta(minutes=1))
        clock.move_to(max(now, clock.now()))
        jobs.run_until_quiet(database)
    say(f"演示数据已就绪，用时 {time.monotonic() - began:.0f} 秒")


def is_demo(session: Session) -> bool:
    """Whether the database was filled by ``build``: every unit and every login of the demo's plant is there."""
    people = plant.read()
    codes = {code for code, _ in [*people.units, *people.departments]}
    logins = {login for login, *_ in people.people}
    return codes <= set(session.scalars(select(Unit.code))) and logins <= set(
        session.scalars(select(User.login))
    )


def _tell(say: Callable[[str], None], acts: list[int]) -> None:
    acts[0] += 1
    if acts[0] % TOLD_EVERY == 0:
        say(f"演示数据：已办理 {acts[0]} 件，演到 {clock.today():%Y-%m-%d}")
