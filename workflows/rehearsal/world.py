"""The scratch plant of a rehearsal: its units, people and roles, as the file names them or as they are needed."""

from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from sqlalchemy.orm import Session

from workflows.models import Expert, RoleGrant, Unit, User
from workflows.rehearsal.scenario import Scenario

NO_PASSWORD = "!"  # noqa: S105 -- nobody signs in: every act bears a token
PLANT = "厂机关"
SPARE_EXPERTS = 9  # a whole panel of level A
PLANT_ROLES = {
    "office": "揭榜挂帅办公室",
    "supervision": "纪委监督",
    "party_secretary": "厂党委书记",
    "admin_head": "厂长",
    "vice_head": "分管副厂长",
    "party_committee": "党委会秘书",
    "exec_meeting": "厂长办公会秘书",
    "finance": "财务",
    "hr": "人力资源",
    "hse": "安全环保",
    "production": "生产运行",
    "metering": "计量",
    "party_affairs": "党群工作部",
    "assessment": "考核办",
}


@dataclass
class World:
    """Ids in the scratch database: of people and units by code, of units by name, of who holds an audience."""

    people: dict[str, int] = field(default_factory=dict)
    units: dict[str, int] = field(default_factory=dict)
    departments: dict[str, int] = field(default_factory=dict)
    holders: dict[str, int] = field(default_factory=dict)  # "role:hse", "role:verifier@4"
    spare_experts: list[int] = field(default_factory=list)  # of no unit of the file, not yet in the pool

    def office(self) -> int:
        return self.holders["role:office"]


def build(session: Session, scenario: Scenario) -> World:
    """Put the plant of ``scenario`` into an empty database. Codes made here differ from those of the file."""
    world = World()
    plant_id = _units(session, scenario, world)
    _people(session, scenario, world)
    _heads(session, scenario, world)
    _functions(session, scenario, world, plant_id)
    for person, fields in scenario.experts.items():
        session.add(Expert(user_id=world.people[person], fields=list(fields)))
    session.flush()
    return world


def _units(session: Session, scenario: Scenario, world: World) -> int:
    """The units of the file, and a department for each verifier that is none of them; the id of the plant's own."""
    units = {code: Unit(code=code, name=one.name) for code, one in scenario.units.items()}
    names = {one.name for one in scenario.units.values()}
    verifiers = dict.fromkeys(
        one.verifier for challenge in scenario.challenges.values() for one in challenge.indicators
    )
    for number, name in enumerate((one for one in verifiers if one not in names), start=1):
        code = _free(f"D{number:02}", units)
        units[code] = Unit(code=code, name=name)
    plant = _free("CJG", units)
    units[plant] = Unit(code=plant, name=_free(PLANT, {one.name for one in units.values()}))
    session.add_all(units.values())
    session.flush()
    world.units = {code: one.id for code, one in units.items()}
    world.departments = {one.name: one.id for one in units.values()}
    return units[plant].id


def _people(session: Session, scenario: Scenario, world: World) -> None:
    people = {
        code: User(
            login=code,
            name=one.name,
            unit_id=world.units[one.unit],
            password_hash=NO_PASSWORD,
            on_duty=one.on_duty,
            banned_until=one.banned_until,
        )
        for code, one in scenario.people.items()
    }
    session.add_all(people.values())
    session.flush()
    world.people = {code: one.id for code, one in people.items()}


def _heads(session: Session, scenario: Scenario, world: World) -> None:
    for code, unit in scenario.units.items():
        for role, person in (("party_secretary", unit.party_secretary), ("admin_head", unit.admin_head)):
            _grant(session, world, world.people[person], role, world.units[code])


def _functions(session: Session, scenario: Scenario, world: World, plant_id: int) -> None:
    """Whoever must act and is not named in the file: one holder for each role, and experts in reserve."""
    wanted: list[tuple[str, str, int, int | None]] = [
        (role, name, plant_id, None) for role, name in PLANT_ROLES.items()
    ]
    challenges = scenario.challenges.values()
    sponsors = _in_order(world.units[one.sponsor] for one in challenges)
    wanted += [("sponsor", "发榜单位经办人", unit_id, unit_id) for unit_id in sponsors]
    verifying = _in_order(world.departments[one.verifier] for each in challenges for one in each.indicators)
    wanted += [("verifier", "核验人", unit_id, unit_id) for unit_id in verifying]
    logins = {code.lower() for code in scenario.people}
    for role, name, home, unit_id in wanted:
        login = _free(role if unit_id is None else f"{role}.{unit_id}", logins)
        logins.add(login)
        user = User(login=login, name=name, unit_id=home, password_hash=NO_PASSWORD)
        session.add(user)
        session.flush()
        _grant(session, world, user.id, role, unit_id)
    spare = [
        User(
            login=_free(f"expert.{place}", logins),
            name=f"专家{place}",
            unit_id=plant_id,
            password_hash=NO_PASSWORD,
        )
        for place in range(1, SPARE_EXPERTS + 1)
    ]
    session.add_all(spare)
    session.flush()
    world.spare_experts = [one.id for one in spare]


def _grant(session: Session, world: World, user_id: int, role: str, unit_id: int | None) -> None:
    session.add(RoleGrant(user_id=user_id, role=role, unit_id=unit_id))
    audience = f"role:{role}" + (f"@{unit_id}" if unit_id is not None else "")
    world.holders[audience] = user_id


def _in_order(ids: Iterable[int]) -> list[int]:
    return list(dict.fromkeys(ids))


def _free(wanted: str, taken: Container[str]) -> str:
    """``wanted``, or the first name after it that is not taken."""
    return wanted if wanted not in taken else _free(f"{wanted}+", taken)
