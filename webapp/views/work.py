"""The one page on which every task of every process is done."""

from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from webapp import auth, db, diagrams, drafts, form_sections, forms, i18n, idempotency, sheets, uploads
from webapp.picks import picks_for
from webapp.views import sharing
from workflows import access, tasks, work
from workflows.domain import drafts as kept_drafts
from workflows.domain import permissions, phrases
from workflows.errors import Conflict, Invalid
from workflows.models import Bid, Objection, Panel

pages = Blueprint("work", __name__)

ITEM = "/work/<int(min=1,max=2147483647):item_id>"


@pages.get(ITEM)
def show(item_id: int) -> Response:
    task = tasks.task(db.session(), item_id, actor=auth.actor())
    kept = None
    if task.may_complete:
        kept = drafts.find(_place(item_id), task.schema, picks_for(task.schema, task.about))
    return _page(task, values=kept.values if kept else task.values, errors={}, status=200, kept=kept)


@pages.get(f"{ITEM}/diagram")
def diagram(item_id: int) -> Response:
    """The diagrams of its process and where it stands in them, for the page to draw."""
    return diagrams.answer(tasks.sheets(db.session(), item_id, actor=auth.actor()))


@pages.post(ITEM)
@idempotency.once
def complete(item_id: int) -> Response:
    """Complete the task; on to the next of the same process, to what it is about, or back to the list."""
    task = tasks.task(db.session(), item_id, actor=auth.actor())
    if not task.may_complete:
        return _too_late(task)
    values = _sent(task)
    try:
        uploads.check()
        completed = work.complete(db.session(), item_id, values, actor=auth.actor())
    except Invalid as refused:
        db.session().rollback()
        again = tasks.task(db.session(), item_id, actor=auth.actor())
        typed, fields = _sent(again), refused.fields
        return _page(again, values=typed, errors=fields, status=refused.status, message=str(refused))
    except Conflict as refused:
        db.session().rollback()
        again = tasks.task(db.session(), item_id, actor=auth.actor())
        if not again.may_complete:
            return _too_late(again, str(refused))
        return _page(again, values=_sent(again), errors={}, status=refused.status, message=str(refused))
    kept_drafts.forget(db.session(), item_id)
    flash(i18n.text(completed.message))
    if completed.next_item_id:
        return make_response(redirect(url_for("work.show", item_id=completed.next_item_id)))
    return make_response(redirect(completed.subject_path or url_for("work.boxes")))


@pages.post(f"{ITEM}/rows")
def rows(item_id: int) -> Response:
    """Add or drop a row of a table in the form, or judge what is typed; nothing is handed in, files are kept."""
    task = tasks.task(db.session(), item_id, actor=auth.actor())
    values = _sent(task, blank_rows=not form_sections.is_check())
    errors = form_sections.faults(task.schema, values) if form_sections.is_check() else {}
    values = forms.rearranged(values, request.form.get("_rows", ""))
    return _page(task, values=values, errors=errors, status=200)


@pages.post(f"{ITEM}/claim")
@idempotency.once
def claim(item_id: int) -> Response:
    work.claim(db.session(), item_id, actor=auth.actor())
    return make_response(redirect(url_for("work.show", item_id=item_id)))


@pages.post(f"{ITEM}/release")
@idempotency.once
def release(item_id: int) -> Response:
    work.release(db.session(), item_id, actor=auth.actor())
    return make_response(redirect(url_for("work.show", item_id=item_id)))


def _sent(task: tasks.TaskView, *, blank_rows: bool = False) -> dict[str, Any]:
    picks = picks_for(task.schema, task.about)
    return forms.parse(
        request.form, task.schema, picks=picks, blank_rows=blank_rows, uploads=uploads.taken_in
    )


def _too_late(task: tasks.TaskView, message: str = "") -> Response:
    """The page of a task that is not the sender's to do any more, with what they had typed for them to copy."""
    try:
        access.check_asked(db.session(), task.id, actor=auth.actor())
    except Conflict as refused:
        message = str(refused)
    typed = forms.as_told(drafts.typed(), task.schema)
    return _page(task, values={}, errors={}, status=Conflict.status, message=message, typed=typed)


def _page(
    task: tasks.TaskView,
    *,
    values: Mapping[str, Any],
    errors: Mapping[str, list[str]],
    status: int,
    message: str = "",
    kept: drafts.Kept | None = None,
    typed: Sequence[tuple[str, str]] = (),
) -> Response:
    controls = []
    if task.may_complete:
        offered = picks_for(task.schema, task.about)
        controls = forms.describe(task.schema, values=values, errors=errors, picks=offered)
    page = render_template(
        "work/task.html",
        task=task,
        controls=controls,
        sheet=sheets.of(controls, criteria=task.criteria, about=task.about),
        errors=errors,
        message=message,
        typed=typed,
        phrases=phrases.offered(db.session(), auth.actor()) if task.may_complete else [],
        about_template=_about(task.about),
        shared=sharing.offered(task.offers),
        draft={"ticket": drafts.ticket(_place(task.id)), "is_kept": True, "kept": kept},
    )
    if request.method == "POST" and task.may_complete:  # shown again
        drafts.keep_shown(controls)
    return make_response(page, status)


def _place(item_id: int) -> str:
    return url_for("work.show", item_id=item_id)


def _about(subject: Any) -> str:
    """The template that shows what a task is about; who may only see the task does not see all of its subject."""
    session, actor = db.session(), auth.actor()
    is_known = True
    if isinstance(subject, Bid):
        is_known = permissions.may_see_bid(session, actor, subject)
    elif isinstance(subject, Panel):
        is_known = permissions.may_see_panel(session, actor, subject)
    elif isinstance(subject, Objection):
        is_known = permissions.may_see_objection(session, actor, subject)
    return f"about/{type(subject).__name__.lower()}.html" if is_known else "about/unknown.html"
