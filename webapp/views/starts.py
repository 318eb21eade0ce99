"""Starting a process by its form."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from webapp import auth, db, forms, idempotency
from webapp.pages import picks_for
from workflows import work
from workflows.errors import Invalid, NotFound

pages = Blueprint("starts", __name__)

PROCESS = "/start/<string(maxlength=40):process>"


@pages.get(PROCESS)
def show(process: str) -> Response:
    return _page(process, values={}, errors={}, status=200)


@pages.post(PROCESS)
@idempotency.once
def start(process: str) -> Response:
    """Start it and go to the first task if that is the starter's, else to what was started."""
    values = _sent(process)
    try:
        started = work.start(db.session(), process, values, actor=auth.actor())
    except Invalid as refused:
        db.session().rollback()
        return _page(process, values=values, errors=refused.fields, status=refused.status)
    following = started.next_item_id
    return make_response(
        redirect(url_for("work.show", item_id=following) if following else started.subject_path)
    )


@pages.post(f"{PROCESS}/rows")
def rows(process: str) -> Response:
    """Add or drop a row of a table in the form."""
    values = forms.rearranged(_sent(process, blank_rows=True), request.form.get("_rows", ""))
    return _page(process, values=values, errors={}, status=200)


def _sent(process: str, *, blank_rows: bool = False) -> dict[str, Any]:
    schema = work.start_form(process)
    return forms.parse(request.form, schema, picks=picks_for(schema), blank_rows=blank_rows)


def _page(
    process: str, *, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int
) -> Response:
    schema = work.start_form(process)
    controls = forms.describe(schema, values=values, errors=errors, picks=picks_for(schema))
    if all(control.widget == "hidden" for control in controls):  # begun by a button elsewhere: 我要揭榜
        raise NotFound("没有这个流程。")
    page = render_template(
        "start.html", process=process, title=work.STARTS[process].title, controls=controls, errors=errors
    )
    return make_response(page, status)
