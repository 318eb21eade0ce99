"""The plant of the demo: nine units with both sides, the departments, and everybody who works there."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import accounts
from workflows.models import Expert, RoleGrant, Unit, User
from workflows.rehearsal.world import World

FILE = Path(__file__).parent / "plant.json"
PASSWORD = "jiebang-demo"  # noqa: S105 -- of every demo account, told on the sign-in page in demo mode only

HEADS = ("party_secretary", "admin_head", "vice_head")


@dataclass(frozen=True)
class Plant:
    """``people`` are [login, name, unit, roles ("hse", "sponsor@CQ1"), fields of an expert if they are one]."""

    units: list[list[str]]  # code, name
    departments: list[list[str]]
    people: list[list[Any]]

    def head(self, unit: str, role: str) -> str:
        """The login of whoever is ``role`` in the unit."""
        found: str = next(login for login, _, _, roles, *_ in self.people if f"{role}@{unit}" in roles)
        return found


def read() -> Plant:
    return Plant(**json.loads(FILE.read_text()))


def build(session: Session, plant: Plant) -> World:
    """Put everybody into an empty database."""
    world = World()
    units = {code: Unit(code=code, name=name) for code, name in [*plant.units, *plant.departments]}
    session.add_all(units.values())
    session.flush()
    world.units = {code: unit.id for code, unit in units.items()}
    world.departments = {unit.name: unit.id for unit in units.values()}
    password_hash = accounts.hash_password(PASSWORD)
    for login, name, home, roles, *fields in plant.people:
        user = User(login=login, name=name, unit_id=world.units[home], password_hash=password_hash)
        user.grants = [_grant(world, role) for role in roles]
        user.is_manager = any(one.role in HEADS for one in user.grants)
        session.add(user)
        session.flush()
        world.people[login] = user.id
        world.holders |= {_audience(grant): user.id for grant in user.grants}
        session.add_all(Expert(user_id=user.id, fields=known) for known in fields)
    return world


def _grant(world: World, text: str) -> RoleGrant:
    role, _, code = text.partition("@")
    return RoleGrant(role=role, unit_id=world.units[code] if code else None)


def _audience(grant: RoleGrant) -> str:
    return f"role:{grant.role}" + (f"@{grant.unit_id}" if grant.unit_id is not None else "")
