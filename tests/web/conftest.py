"""The application on a database of each kind, and people who browse it."""

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
from webapp import create_app, mailing
from workflows.db import Database
from workflows.domain import outbox
from workflows.models import User


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates compiled once for all the applications of a run."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture
def app(database_url: str, tmp_path: Path, compiled_templates: FileSystemBytecodeCache) -> Iterator[Flask]:
    made = create_app(
        DATA=tmp_path,
        DATABASE_URL=database_url,
        SECRET_KEY="only for tests " * 3,
        JOBS_EMBEDDED=False,
        DEMO=False,
    )
    made.jinja_env.bytecode_cache = compiled_templates
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
