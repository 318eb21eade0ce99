"""常用语: what one often writes as an opinion."""

from collections.abc import Mapping

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from webapp import auth, db, idempotency
from workflows.domain import phrases
from workflows.errors import Invalid

pages = Blueprint("phrases", __name__)


@pages.get("/phrases")
def index() -> Response:
    return _page(status=200, errors={})


@pages.post("/phrases")
@idempotency.once
def add() -> Response:
    try:
        phrases.add(db.session(), auth.actor(), text=request.form.get("text", ""))
    except Invalid as refused:
        return _page(status=refused.status, errors=refused.fields)
    return make_response(redirect(url_for("phrases.index")))


@pages.post("/phrases/<int(min=1,max=2147483647):phrase_id>/removal")
@idempotency.once
def remove(phrase_id: int) -> Response:
    phrases.remove(db.session(), auth.actor(), phrase_id)
    return make_response(redirect(url_for("phrases.index")))


def _page(*, status: int, errors: Mapping[str, list[str]]) -> Response:
    mine = phrases.own(db.session(), auth.actor())
    typed = request.form.get("text", "")
    page = render_template("phrases.html", mine=mine, common=phrases.COMMON, errors=errors, typed=typed)
    return make_response(page, status)
