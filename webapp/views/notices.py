"""站内通知."""

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug import Response

from webapp import auth, db, idempotency
from workflows.domain import notices

pages = Blueprint("notices", __name__)


@pages.get("/notices")
def index() -> str:
    return render_template("notices.html", rows=notices.recent(db.session(), auth.actor()))


@pages.get("/badges")
def badges() -> str:
    """The header's counts alone, asked for again by the open page."""
    return render_template("badges.html")


@pages.post("/notices/<int(min=1,max=2147483647):notice_id>/read")
@idempotency.once
def read(notice_id: int) -> Response:
    """Mark it read and go to what it tells of."""
    notice = notices.mark_read(db.session(), auth.actor(), notice_id)
    return make_response(redirect(auth.safe_next(notice.link)))


@pages.post("/notices/read")
@idempotency.once
def read_all() -> Response:
    notices.mark_all_read(db.session(), auth.actor())
    return make_response(redirect(url_for("notices.index")))
