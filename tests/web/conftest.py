"""The application on a database of each kind, and people who browse it."""

import functools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, sync_playwright

from tests.processes import cast as casting
from tests.web import mailbox
from tests.web.browsing import Enter, Visitor
from tools.gallery.camera import CHROMIUM
from webapp import auth, create_app, logs, mailing
from workflows import seal, storage, watch
from workflows.db import Database
from workflows.domain import outbox
from workflows.models import User


@pytest.fixture(scope="session")
def sqlite_template(installed_sqlite: Path) -> Path:
    """Every test here installs the shipped processes: it finds them stored."""
    return installed_sqlite


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once for all the applications of a run."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session")
def make_app(compiled_templates: FileSystemBytecodeCache) -> Callable[[str, Path], Flask]:
    """A new application on the database at an address, with its keys and files in a folder."""

    def make(url: str, folder: Path) -> Flask:
        secret = "only for tests " * 3
        made = create_app(DATA=folder, DATABASE_URL=url, SECRET_KEY=secret, JOBS_EMBEDDED=False, DEMO=False)
        made.jinja_env.bytecode_cache = compiled_templates
        return made

    return make


@pytest.fixture(scope="session")
def known_app(
    make_app: Callable[[str, Path], Flask], tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Flask]:
    """The application on the database at an address, made once: that takes longer than most tests."""
    return functools.cache(lambda url: make_app(url, tmp_path_factory.mktemp("app")))


@pytest.fixture
def app(database_url: str, tmp_path: Path, known_app: Callable[[str], Flask]) -> Iterator[Flask]:
    """An application as if it had just been started: its settings, keys, files, limits and database are new."""
    made = known_app(database_url)
    settings, opened = dict(made.config), made.extensions["database"]
    made.config.update(DATA=tmp_path, SEAL_KEY=tmp_path / "seal.key", FILES=tmp_path / "files")
    seal.use_key_file(made.config["SEAL_KEY"])
    storage.kept_in(made.config["FILES"])
    logs.configure(made)
    auth.limiter.reset()
    watch.install(opened)
    yield made
    made.config.clear()
    made.config.update(settings)
    opened.engine.dispose()


@pytest.fixture
def fresh_app(database_url: str, tmp_path: Path, make_app: Callable[[str, Path], Flask]) -> Iterator[Flask]:
    """An application of this test alone, for what changes more than settings."""
    made = make_app(database_url, tmp_path)
    opened = made.extensions["database"]
    yield made
    opened.engine.dispose()


@pytest.fixture
def database(app: Flask) -> Database:
    """The application's own connections, for preparing and for looking."""
    opened: Database = app.extensions["database"]
    return opened


@pytest.fixture
def visit(app: Flask) -> Callable[[], Visitor]:
    """A new browser each time."""
    return lambda: Visitor(app)


@pytest.fixture
def cast(database: Database, clock_at: Callable[..., None]) -> casting.Cast:
    """The people of a plant who do its work."""
    return casting.gather(database)


@pytest.fixture
def enter(visit: Callable[[], Visitor], database: Database) -> Enter:
    def entering(user_id: int) -> Visitor:
        with database.read() as session:
            login = session.get_one(User, user_id).login
        visitor = visit()
        visitor.sign_in(login)
        return visitor

    return entering


@pytest.fixture
def box(app: Flask) -> Iterator[mailbox.Mailbox]:
    """The mail server of the application."""
    with mailbox.opened() as opened:
        app.config.update(
            SMTP_URL=opened.url, MAIL_FROM="揭榜台 <jb@example.com>", PUBLIC_URL="https://jiebang.example/"
        )
        mailing.set_up(app)
        yield opened
    outbox.use_server(is_there=False)


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM)
        yield opened
        opened.close()
