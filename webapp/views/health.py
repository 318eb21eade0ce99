"""For load balancers and monitors: alive, ready to serve, and what was counted."""

from flask import Blueprint, current_app, jsonify
from sqlalchemy import text
from werkzeug import Response

from webapp import db, metrics
from workflows.errors import Forbidden, NotFound

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


@pages.get("/metrics")
def measured() -> Response:
    """For Prometheus, which bears the token; without a token set there is no such page."""
    if not current_app.config["METRICS_TOKEN"]:
        raise NotFound("没有这个页面，或者您无权查看。")
    if not metrics.may_read():
        raise Forbidden("读取指标须在 Authorization 请求头中给出所设的令牌。")
    return metrics.answer()
