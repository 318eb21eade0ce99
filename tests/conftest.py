"""Fixtures: a migrated database of each kind for every test that asks for one, a held clock, a Chromium."""

import datetime as dt
import functools
import os
import secrets
import shutil
import zlib
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NoReturn

import hypothesis
import psycopg
import pytest
from psycopg import sql
from sqlalchemy import make_url
from sqlalchemy.orm import Session

from tools import steps
from workflows import clock, db, schema, watch

hypothesis.settings.register_profile(
    "untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("untimed")  # how long examples take is the machine's matter

LOCAL_POSTGRES = "postgresql://postgres@127.0.0.1:5432/postgres"
MONDAY_NINE = dt.datetime(2026, 11, 23, 9, tzinfo=clock.PLANT_ZONE)


def _missing(what: str) -> NoReturn:
    reason = f"this machine has no {what}: python3 dev.py test brings one where it can"
    if steps.is_ci():
        pytest.fail(f"{reason}; with CI set this is a failure, not a skip")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def postgres_server() -> str:
    """Address of a PostgreSQL server, as a superuser who may create databases in it."""
    given = os.environ.get("JIEBANG_TEST_POSTGRES", "")
    address = given or LOCAL_POSTGRES
    if given == "none":
        _missing("PostgreSQL")
    try:
        psycopg.connect(address, connect_timeout=5).close()
    except psycopg.OperationalError:
        if given:
            raise
        _missing("PostgreSQL")
    return address


@contextmanager
def _postgres_database(server: str) -> Iterator[str]:
    """A new database of a name that no other run or worker has; dropped at the end, come what may."""
    name = f"jiebang_test_{os.getpid()}_{secrets.token_hex(4)}"
    with closing(psycopg.connect(server, autocommit=True)) as connection:
        create = "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C.UTF-8'"
        connection.execute(sql.SQL(create).format(sql.Identifier(name)))
        try:
            # The server is not cut off from its power here: the disk need not be waited for.
            quick = "ALTER DATABASE {} SET synchronous_commit TO off"
            connection.execute(sql.SQL(quick).format(sql.Identifier(name)))
            yield make_url(server).set(database=name).render_as_string(hide_password=False)
        finally:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def migrated_postgres(postgres_server: str) -> Iterator[str]:
    with _postgres_database(postgres_server) as url:
        schema.upgrade(url)
        yield url


@pytest.fixture(scope="session")
def migrated_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("migrated") / "template.db"
    schema.upgrade(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def installed_sqlite(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same with the shipped diagrams and tables stored in it."""
    file = tmp_path_factory.mktemp("installed") / "template.db"
    shutil.copyfile(migrated_sqlite, file)
    opened = db.connect(f"sqlite:///{file}")
    watch.install(opened)
    opened.engine.dispose()
    return file


@pytest.fixture(scope="session")
def sqlite_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the SQLite database of the running test is: one place, so that statements compiled before serve again."""
    return tmp_path_factory.mktemp("database") / "test.db"


@pytest.fixture(scope="session")
def sqlite_template(migrated_sqlite: Path) -> Path:
    """What the SQLite database of a test is a copy of."""
    return migrated_sqlite


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """Address of a migrated database without rows; the test runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        file: Path = request.getfixturevalue("sqlite_file")
        for left in file.parent.iterdir():
            left.unlink()  # not written over: whoever still holds it must not meet the next test
        shutil.copyfile(request.getfixturevalue("sqlite_template"), file)
        yield f"sqlite:///{file}"
    else:
        url = request.getfixturevalue("migrated_postgres")
        yield url
        _empty(url)


def _empty(url: str) -> None:
    """Take all rows out and let the ids begin at 1 again: 2 ms, where TRUNCATE takes 70."""
    with closing(psycopg.connect(url)) as connection, connection.transaction():
        tables = [sql.Identifier(name) for name in schema.metadata().tables]
        connection.execute("SET LOCAL session_replication_role = replica")  # no foreign keys, no triggers
        for table in tables:
            connection.execute(sql.SQL("DELETE FROM {}").format(table))
        moved = "SELECT sequencename FROM pg_sequences WHERE last_value IS NOT NULL"
        for (name,) in connection.execute(moved).fetchall():
            connection.execute(sql.SQL("ALTER SEQUENCE {} RESTART").format(sql.Identifier(name)))


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Address of a database in which nothing has been created yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        with _postgres_database(request.getfixturevalue("postgres_server")) as url:
            yield url


@pytest.fixture(scope="session")
def opened() -> Callable[[str], db.Database]:
    """Opens the database at an address, each once: statements are compiled once for all tests."""
    return functools.cache(db.connect)


@pytest.fixture
def database(database_url: str, opened: Callable[[str], db.Database]) -> Iterator[db.Database]:
    """A migrated database without rows, on SQLite and on PostgreSQL, for tests that commit."""
    found = opened(database_url)
    yield found
    found.engine.dispose()


@pytest.fixture
def session(database: db.Database) -> Iterator[Session]:
    """A writing session whose transaction is rolled back at the end."""
    with database.write() as session:
        yield session


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, object, object]:
    """Hold the clock at Monday 2026-11-23, 09:00 at the plant in every test: none depends on the day it runs on."""
    with clock.held_at(MONDAY_NINE):
        return (yield)


@pytest.fixture
def clock_at() -> Callable[[dt.datetime], None]:
    """Moves the held clock."""
    return clock.move_to


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium to drive."""
    found = os.environ.get("JIEBANG_CHROMIUM") or shutil.which("chromium")
    if not found or found == "none":
        _missing("Chromium")
    return found


@pytest.fixture(scope="session")
def pango() -> None:
    """Pango, with which papers become PDF."""
    if os.environ.get("JIEBANG_PANGO") == "none":
        _missing("Pango with Chinese fonts")
    try:
        import weasyprint  # noqa: F401 -- it loads Pango
    except OSError:
        _missing("Pango")


ONE_IN = 6  # of these that run on PostgreSQL too, unless JIEBANG_BOTH is set
ON_SQLITE_FIRST = ("tests/domain/", "tests/processes/", "tests/web/")


def _is_quick(config: pytest.Config) -> bool:
    return not os.environ.get("JIEBANG_BOTH") and not any("::" in given for given in config.args)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Most tests of rules, processes and pages run on SQLite only: twice each takes too long for every run.

    The engine, the migrations and the rehearsal always run on both databases. What takes a minute begins first, for
    whoever comes to it last would be waited for.
    """
    items.sort(key=lambda one: one.get_closest_marker("long") is None)
    if _is_quick(config):
        config.hook.pytest_deselected(items=[one for one in items if _is_second_playing(one)])
        items[:] = [one for one in items if not _is_second_playing(one)]


def _is_second_playing(item: pytest.Item) -> bool:
    on_postgresql = getattr(item, "callspec", None) and "postgresql" in item.callspec.params.values()  # type: ignore[attr-defined]
    name = item.nodeid.encode()
    return bool(on_postgresql and item.nodeid.startswith(ON_SQLITE_FIRST) and zlib.crc32(name) % ONE_IN)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say last, and loudly, what was not tested and why."""
    reports = terminalreporter.stats.get("skipped", [])
    reasons = Counter(str(report.longrepr[2]) for report in reports if report.longrepr)
    if reasons:
        terminalreporter.write_sep("!", "NOT TESTED", red=True, bold=True)
        for reason, count in reasons.most_common():
            terminalreporter.write_line(f"{count} tests: {reason.removeprefix('Skipped: ')}", red=True)
    if _is_quick(terminalreporter.config):
        terminalreporter.write_line(
            f"Of the tests of {', '.join(ON_SQLITE_FIRST)} one in {ONE_IN} ran on PostgreSQL too; all of them: "
            "JIEBANG_BOTH=1 python3 dev.py test",
            yellow=True,
        )
