"""The two applications that gunicorn serves side by side: ours, and the least that answers one row as JSON."""

import os

from flask import Flask, jsonify
from sqlalchemy import create_engine, select
from werkzeug import Response

from bench import processes
from webapp import create_app

URL = "JIEBANG_DATABASE_URL"  # as webapp.config reads it


def jiebang() -> Flask:
    """The whole application, with the measured diagrams installed."""
    app = create_app()
    processes.install(app.extensions["database"])
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
