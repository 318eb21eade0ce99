"""The two applications that gunicorn serves side by side: ours, and the least that answers one row as JSON."""

import datetime as dt
import os
from collections.abc import Iterable
from typing import Any

from flask import Flask, jsonify
from sqlalchemy import create_engine, select
from werkzeug import Response

from bench import processes
from webapp import create_app
from workflows import clock

INSTANT = "HTTP_X_BENCH_INSTANT"
URL = "JIEBANG_DATABASE_URL"  # as webapp.config reads it


def jiebang() -> Flask:
    """The whole application, with the measured diagrams installed."""
    app = create_app()
    processes.install(app.extensions["database"])
    return app


def timed() -> Flask:
    """The whole application under a held clock; each request moves it to the instant that it names."""
    held = clock.held_at(clock.now())
    held.__enter__()
    app = create_app()
    app.extensions["held clock"] = held  # as long as this server lives
    inner = app.wsgi_app

    def at_its_instant(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        if INSTANT in environ:
            clock.move_to(dt.datetime.fromisoformat(environ[INSTANT]))
        return inner(environ, start_response)

    app.wsgi_app = at_its_instant  # type: ignore[method-assign]
    return app


def bare() -> Flask:
    """One row as JSON through SQLAlchemy Core."""
    app = Flask(__name__)
    engine = create_engine(os.environ[URL], pool_size=20)
    query = select(processes.BenchRequest.__table__).where(processes.BenchRequest.id == 1)

    @app.get("/row")
    def row() -> Response:
        with engine.connect() as connection:
            return jsonify(dict(connection.execute(query).one()._mapping))

    return app
