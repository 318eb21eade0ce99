"""For load balancers: alive, and ready to serve."""

from flask import Blueprint, jsonify
from sqlalchemy import text
from werkzeug import Response

from webapp import db

pages = Blueprint("health", __name__)


@pages.get("/healthz")
def alive() -> Response:
    """The process answers; the database is not asked."""
    return jsonify(status="ok")


@pages.get("/readyz")
def ready() -> Response:
    """The database answers too."""
    db.session().execute(text("select 1"))
    return jsonify(status="ok")
