"""Forms that begin something: a process (/start/…), or an act that tells running ones something (/act/…).

The address may fill the form in: /act/object?publicity_id=5.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug import Response

from webapp import auth, db, forms, idempotency, uploads
from webapp.pages import picks_for
from workflows import work
from workflows.errors import Invalid, NotFound

pages = Blueprint("starts", __name__)

PROCESS = "/start/<string(maxlength=40):name>"
ACT = "/act/<string(maxlength=40):name>"


@dataclass(frozen=True)
class Kind:
    """Where a form comes from, what it is called, and what sending it does: the path to go to next."""

    endpoint: str
    schema: Callable[[str], type[Schema]]
    title: Callable[[str], str]
    do: Callable[[str, Mapping[str, Any]], str]


def _start(name: str, values: Mapping[str, Any]) -> str:
    started = work.start(db.session(), name, values, actor=auth.actor())
    following = started.next_item_id
    return url_for("work.show", item_id=following) if following else started.subject_path


def _send(name: str, values: Mapping[str, Any]) -> str:
    sent = work.send(db.session(), name, values, actor=auth.actor())
    flash(gettext("已提交。"))
    return sent.subject_path


KINDS = {
    "start": Kind("starts.start", work.start_form, lambda name: work.STARTS[name].title, _start),
    "act": Kind("starts.act", work.send_form, lambda name: work.SENDERS[name].title, _send),
}


@pages.get(PROCESS, defaults={"kind": "start"}, endpoint="show")
@pages.get(ACT, defaults={"kind": "act"}, endpoint="show_act")
def show(name: str, kind: str) -> Response:
    schema = KINDS[kind].schema(name)
    known = {key: text for key, text in request.args.items() if key in schema().fields}
    values = forms.parse(request.args.__class__(known), schema, picks=picks_for(schema))
    return _page(kind, name, values=values, errors={}, status=200)


@pages.post(PROCESS, defaults={"kind": "start"}, endpoint="start")
@pages.post(ACT, defaults={"kind": "act"}, endpoint="act")
@idempotency.once
def begin(name: str, kind: str) -> Response:
    """Do it, and go to the first task if that is the starter's, else to what it is about."""
    values = _sent(kind, name)
    try:
        uploads.check()
        return make_response(redirect(KINDS[kind].do(name, values)))
    except Invalid as refused:
        db.session().rollback()
        typed = _sent(kind, name)
        page = _page(kind, name, values=typed, errors=refused.fields, status=refused.status)
        uploads.keep()
        return page


@pages.post(f"{PROCESS}/rows", defaults={"kind": "start"}, endpoint="rows")
@pages.post(f"{ACT}/rows", defaults={"kind": "act"}, endpoint="act_rows")
def rows(name: str, kind: str) -> Response:
    """Add or drop a row of a table in the form."""
    values = forms.rearranged(_sent(kind, name, blank_rows=True), request.form.get("_rows", ""))
    page = _page(kind, name, values=values, errors={}, status=200)
    uploads.keep()
    return page


def _sent(kind: str, name: str, *, blank_rows: bool = False) -> dict[str, Any]:
    schema = KINDS[kind].schema(name)
    return forms.parse(
        request.form, schema, picks=picks_for(schema), blank_rows=blank_rows, uploads=uploads.taken_in
    )


def _page(
    kind: str, name: str, *, values: Mapping[str, Any], errors: Mapping[str, list[str]], status: int
) -> Response:
    schema = KINDS[kind].schema(name)
    controls = forms.describe(schema, values=values, errors=errors, picks=picks_for(schema))
    if not errors and any(one.widget == "hidden" and one.required and not one.value for one in controls):
        raise NotFound("没有这个流程。")  # what it is about is told by the link that leads here
    paths = {
        "path": url_for(KINDS[kind].endpoint, name=name),
        "rows_path": url_for("starts.rows" if kind == "start" else "starts.act_rows", name=name),
    }
    page = render_template(
        "start.html", title=KINDS[kind].title(name), controls=controls, errors=errors, **paths
    )
    return make_response(page, status)
