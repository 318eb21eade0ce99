"""A database of its own for one run, with the measured diagrams and the people who act in it."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from bench import databases, processes
from workflows.db import Database, connect
from workflows.domain import accounts
from workflows.models import RoleGrant, Unit, User


@dataclass(frozen=True)
class Cast:
    """Who acts: ids of people, and the API token of each."""

    applicant_id: int
    office_id: int
    reviewer_ids: tuple[int, ...]
    tokens: dict[int, str]

    def of(self, audience: str) -> int:
        """Who does a work item addressed to ``audience``."""
        return self.office_id if audience == "role:office" else int(audience.removeprefix("user:"))


@dataclass(frozen=True)
class Stage:
    """A filled database: its address and its people."""

    address: str
    cast: Cast

    def open(self) -> Database:
        """The database with the diagrams installed in this process of the machine."""
        database = connect(self.address)
        processes.install(database)
        return database


@contextmanager
def stage() -> Iterator[Stage]:
    """A new, migrated database with people in it."""
    with databases.empty() as address:
        yield _filled(address)


def _filled(address: str) -> Stage:
    database = connect(address)
    processes.BenchRequest.__table__.create(database.engine)  # type: ignore[attr-defined]
    try:
        with database.transaction() as session:
            unit = Unit(code="BENCH", name="采气一厂")
            session.add(unit)
            session.flush()
            logins = ["applicant", "office", *(f"reviewer{n}" for n in range(processes.REVIEWERS))]
            people = [User(login=one, name=one, unit_id=unit.id, password_hash="") for one in logins]
            people[1].grants = [RoleGrant(role="office")]
            session.add_all(people)
            session.flush()
            tokens = {one.id: accounts.issue_token(session, one, name="bench", days=1) for one in people}
            applicant, office, *reviewers = [one.id for one in people]
            cast = Cast(applicant, office, tuple(reviewers), tokens)
    finally:
        database.engine.dispose()
    return Stage(address, cast)
