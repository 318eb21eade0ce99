"""Forms that begin something: a process (/start/…), or an act that tells running ones something (/act/…).

The address may fill the form in: /act/object?publicity_id=5.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from marshmallow import Schema
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from webapp import auth, db, drafts, form_sections, forms, i18n, idempotency, uploads
from webapp.picks import asked_project, picks_for
from workflows import work
from workflows.domain import drafts as kept_drafts
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
    is_anonymous: Callable[[str], bool]


def _start(name: str, values: Mapping[str, Any]) -> str:
    started = work.start(db.session(), name, values, actor=auth.actor())
    following = started.next_item_id
    return url_for("work.show", item_id=following) if following else started.subject_path


def _send(name: str, values: Mapping[str, Any]) -> str:
    sent = work.send(db.session(), name, values, actor=auth.actor())
    flash(i18n.text(sent.told) if sent.told else gettext("已提交。"))
    return sent.subject_path


KINDS = {
    "start": Kind(
        "starts.start", work.start_form, lambda name: work.STARTS[name].title, _start, lambda name: False
    ),
    "act": Kind(
        "starts.act",
        work.send_form,
        lambda name: work.SENDERS[name].title,
        _send,
        lambda name: work.SENDERS[name].is_anonymous,
    ),
}


@pages.get(PROCESS, defaults={"kind": "start"}, endpoint="show")
@pages.get(ACT, defaults={"kind": "act"}, endpoint="show_act")
def show(name: str, kind: str) -> Response:
    schema, picks = KINDS[kind].schema(name), picks_for(KINDS[kind].schema(name))
    known = {key: text for key, text in request.args.items() if key in schema().fields}
    place = _place(kind, name, known)
    kept = drafts.find(place, schema, picks)
    values = kept.values if kept else forms.parse(MultiDict(known), schema, picks=picks)
    return _page(kind, name, values=values, errors={}, status=200, place=place, kept=kept)


def _place(kind: str, name: str, query: Mapping[str, str]) -> str:
    endpoint = "starts.show" if kind == "start" else "starts.show_act"
    return drafts.place_of(url_for(endpoint, name=name), query)


def again(place: str, typed: Sequence[tuple[str, str]]) -> Response:
    """The form at ``place`` as it was typed, for one whose drafts are not kept."""
    path = place.partition("?")[0]
    _, kind, name = path.split("/", 2)
    schema = KINDS[kind].schema(name)
    values = forms.parse(MultiDict(typed), schema, picks=picks_for(schema), blank_rows=True)
    return _page(kind, name, values=values, errors={}, status=200, place=place)


@pages.post(PROCESS, defaults={"kind": "start"}, endpoint="start")
@pages.post(ACT, defaults={"kind": "act"}, endpoint="act")
@idempotency.once
def begin(name: str, kind: str) -> Response:
    """Do it, and go to the first task if that is the starter's, else to what it is about."""
    values = _sent(kind, name)
    try:
        uploads.check()
        path = KINDS[kind].do(name, values)
    except Invalid as refused:
        db.session().rollback()
        typed = _sent(kind, name)
        return _page(kind, name, values=typed, errors=refused.fields, status=refused.status)
    sent = drafts.ticket_sent()
    if sent is not None:
        kept_drafts.discard(db.session(), auth.actor(), place=sent.place)
    return make_response(redirect(path))


@pages.post(f"{PROCESS}/rows", defaults={"kind": "start"}, endpoint="rows")
@pages.post(f"{ACT}/rows", defaults={"kind": "act"}, endpoint="act_rows")
def rows(name: str, kind: str) -> Response:
    """Add or drop a row of a table in the form, or judge what is typed; nothing is handed in."""
    values = _sent(kind, name, blank_rows=not form_sections.is_check())
    errors = form_sections.faults(KINDS[kind].schema(name), values) if form_sections.is_check() else {}
    values = forms.rearranged(values, request.form.get("_rows", ""))
    return _page(kind, name, values=values, errors=errors, status=200)


def _sent(kind: str, name: str, *, blank_rows: bool = False) -> dict[str, Any]:
    schema = KINDS[kind].schema(name)
    return forms.parse(
        request.form, schema, picks=picks_for(schema), blank_rows=blank_rows, uploads=uploads.taken_in
    )


def _page(
    kind: str,
    name: str,
    *,
    values: Mapping[str, Any],
    errors: Mapping[str, list[str]],
    status: int,
    place: str | None = None,
    kept: drafts.Kept | None = None,
) -> Response:
    """The form; without a ``place`` the one that was sent, shown again and kept."""
    shown_again, sent = place is None, drafts.ticket_sent()
    if place is None:
        place = sent.place if sent is not None else _place(kind, name, {})
    schema = KINDS[kind].schema(name)
    controls = forms.describe(schema, values=values, errors=errors, picks=picks_for(schema))
    if not errors and any(one.widget == "hidden" and one.required and not one.value for one in controls):
        raise NotFound("没有这个流程。")  # what it is about is told by the link that leads here
    paths = {
        "path": url_for(KINDS[kind].endpoint, name=name),
        "rows_path": url_for("starts.rows" if kind == "start" else "starts.act_rows", name=name),
    }
    is_kept = not KINDS[kind].is_anonymous(name)
    draft = {"ticket": drafts.ticket(place, is_kept=is_kept), "is_kept": is_kept, "kept": kept}
    title, shown = KINDS[kind].title(name), {**paths, **_project()}
    page = render_template("start.html", title=title, controls=controls, errors=errors, draft=draft, **shown)
    if shown_again:
        drafts.keep_shown(controls)
    return make_response(page, status)


def _project() -> dict[str, str]:
    """The project that the form is about, if it names one: what it is called, and the way back to it."""
    project = asked_project()
    if project is None:
        return {}
    return {"about": project.challenge.title, "back": url_for("projects.show", project_id=project.id)}
