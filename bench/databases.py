"""A database of its own for one run, with the people who act in it; dropped at the end, come what may."""

import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass

import psycopg
from psycopg import sql
from sqlalchemy import make_url

from bench import processes
from workflows import schema
from workflows.db import Database, connect
from workflows.domain import accounts
from workflows.models import RoleGrant, Unit, User

KINDS = ("SQLite", "PostgreSQL")
LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"


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


def server() -> str:
    """Address of a PostgreSQL server, as a superuser who may create databases in it."""
    return os.environ.get("JIEBANG_TEST_POSTGRES") or LOCAL_POSTGRES


@contextmanager
def stage() -> Iterator[Stage]:
    """A new, migrated database with people in it."""
    with empty() as address:
        yield _filled(address)


@contextmanager
def empty(kind: str = "PostgreSQL") -> Iterator[str]:
    """The address of a new, migrated database of a kind in KINDS."""
    with ExitStack() as stack:
        if kind == "SQLite":
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="jiebang-bench-"))
            address = f"sqlite:///{folder}/bench.db"
        else:
            blank = sql.SQL("template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'")
            address = stack.enter_context(_created(blank))
        schema.upgrade(address)
        yield address


@contextmanager
def copied(address: str) -> Iterator[str]:
    """The address of a copy of the database at ``address``, to which nobody may be connected."""
    with _created(sql.Identifier(make_url(address).database or "")) as made:
        yield made


@contextmanager
def _created(template: sql.Composable) -> Iterator[str]:
    name = f"jiebang_bench_{os.getpid()}_{secrets.token_hex(4)}"
    with closing(psycopg.connect(server(), autocommit=True)) as connection:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), template)
        connection.execute(create)
        try:
            yield make_url(server()).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


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
