"""Demo data: a natural-gas plant whose challenges stand at every stage, made by playing the real processes."""

import datetime as dt
import json
import time
from collections.abc import Callable
from pathlib import Path

from workflows import calendar, clock, jobs, watch
from workflows.db import Database
from workflows.demo import acts
from workflows.demo.acts import Act
from workflows.domain import accounts
from workflows.models import RoleGrant, Unit, User

FOLDER = Path(__file__).parent
PASSWORD = "jiebang-demo"  # noqa: S105 -- of every demo account, told on the sign-in page in demo mode only


def build(database: Database, *, say: Callable[[str], None] = print) -> None:
    """Fill an empty database; every date is relative to today. Takes some seconds."""
    began = time.monotonic()
    watch.install(database)
    _people(database)
    today = clock.today()
    script = _script(database, today)
    with clock.held_at(clock.start_of(script[0][0]) + dt.timedelta(hours=9)):
        for done, (day, act) in enumerate(script, start=1):
            jobs.run_clock_to(database, max(clock.now(), clock.start_of(day) + dt.timedelta(hours=9)))
            act(database)
            say(f"演示数据 {done}/{len(script)}")
        jobs.run_clock_to(database, max(clock.now(), clock.start_of(today)))
    jobs.run_until_quiet(database)
    say(f"演示数据已就绪，用时 {time.monotonic() - began:.0f} 秒")


def _people(database: Database) -> None:
    content = json.loads((FOLDER / "people.json").read_text())
    with database.transaction() as session:
        units = {code: Unit(code=code, name=name) for code, name in content["units"]}
        session.add_all(units.values())
        session.flush()
        password_hash = accounts.hash_password(PASSWORD)
        for login, name, unit, roles in content["people"]:
            user = User(login=login, name=name, unit_id=units[unit].id, password_hash=password_hash)
            for granted in roles:
                role, _, code = granted.partition("@")
                user.grants.append(RoleGrant(role=role, unit_id=units[code].id if code else None))
            session.add(user)


def _script(database: Database, today: dt.date) -> list[tuple[dt.date, Act]]:
    """What happened on which day, oldest first."""
    with database.read() as session:

        def workday(offset: int) -> dt.date:
            return calendar.add_workdays(session, today, offset)

        days = {offset: workday(offset) for offset in range(-45, 31)}

    def post(code: str, on: int, until: int) -> tuple[dt.date, Act]:
        return days[on], acts.post(code, days[until])

    return sorted(
        [
            post("S04", -45, -30),
            post("F01", -42, -22),
            *((days[on], acts.bid("F01", team)) for on, team in ((-36, acts.CQ1), (-35, acts.CQ2))),
            (days[-21], acts.open_seals("F01")),
            (days[-20], acts.review("F01")),
            post("S01", -20, -2),
            *((days[on], acts.bid("S01", team)) for on, team in ((-12, acts.JS1), (-9, acts.CQ2))),
            post("S02", -8, 9),
            (days[-5], acts.bid("S02", acts.CQ1)),
            (days[-4], acts.bid("S02", acts.JS1, until="sign")),
            (days[-3], acts.bid("S02", acts.CQ2, until="confirm")),
            post("M01", -6, 14),
            (days[-2], acts.bid("M01", acts.SXB, until="write")),
            post("F03", -3, 17),
            post("M04", -1, 20),
        ],
        key=lambda one: one[0],
    )
