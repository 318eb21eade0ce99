"""The session of one request: opened on use, rolled back unless ``idempotency.once`` commits it."""

from flask import Flask, current_app, g, request
from sqlalchemy.orm import Session

from workflows.db import Database

READING = {"GET", "HEAD", "OPTIONS"}


def database() -> Database:
    kept: Database = current_app.extensions["database"]
    return kept


def session() -> Session:
    """The session of this request: one that takes the write lock, unless the method only reads."""
    if "session" not in g:
        g.session = database().read() if request.method in READING else database().write()
    opened: Session = g.session
    return opened


def set_up(app: Flask, kept: Database) -> None:
    app.extensions["database"] = kept
    app.teardown_appcontext(_close)


def _close(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()
