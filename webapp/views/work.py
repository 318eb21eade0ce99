"""任务中心 and the one page on which every task of every process is done."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from werkzeug import Response

from webapp import auth, db, forms, i18n, idempotency
from webapp.pages import Paging, page_number, picks_for
from workflows import inboxes, work
from workflows.domain import permissions
from workflows.errors import Invalid
from workflows.models import Bid

pages = Blueprint("work", __name__)

BOXES = {"todo": "待办", "done": "已办", "started": "我发起"}
ITEM = "/work/<int(min=1,max=2147483647):item_id>"


@pages.get("/work")
def boxes() -> str:
    box = request.args.get("box", "todo")
    box = box if box in BOXES else "todo"
    page = page_number()
    inbox = inboxes.inbox(db.session(), auth.actor(), box=box, page=page)
    return render_template(
        "work/boxes.html", inbox=inbox, box=box, boxes=BOXES, paging=Paging(page, inbox.total)
    )


@pages.get(ITEM)
def show(item_id: int) -> Response:
    task = inboxes.task(db.session(), item_id, actor=auth.actor())
    return _page(task, values=task.values, errors={}, status=200)


@pages.post(ITEM)
@idempotency.once
def complete(item_id: int) -> Response:
    """Complete the task; on to the next of the same process, to what it is about, or back to the list."""
    task = inboxes.task(db.session(), item_id, actor=auth.actor())
    values = _sent(task)
    try:
        completed = work.complete(db.session(), item_id, values, actor=auth.actor())
    except Invalid as refused:
        db.session().rollback()
        again = inboxes.task(db.session(), item_id, actor=auth.actor())
        return _page(again, values=values, errors=refused.fields, status=refused.status, message=str(refused))
    flash(i18n.text(completed.message))
    if completed.next_item_id:
        return make_response(redirect(url_for("work.show", item_id=completed.next_item_id)))
    return make_response(redirect(completed.subject_path or url_for("work.boxes")))


@pages.post(f"{ITEM}/rows")
def rows(item_id: int) -> Response:
    """Add or drop a row of a table in the form, without judging or keeping anything."""
    task = inboxes.task(db.session(), item_id, actor=auth.actor())
    values = forms.rearranged(_sent(task, blank_rows=True), request.form.get("_rows", ""))
    return _page(task, values=values, errors={}, status=200)


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


def _sent(task: inboxes.TaskView, *, blank_rows: bool = False) -> dict[str, Any]:
    picks = picks_for(task.schema, task.about)
    return forms.parse(request.form, task.schema, picks=picks, blank_rows=blank_rows)


def _page(
    task: inboxes.TaskView,
    *,
    values: Mapping[str, Any],
    errors: Mapping[str, list[str]],
    status: int,
    message: str = "",
) -> Response:
    controls = []
    if task.may_complete:
        offered = picks_for(task.schema, task.about)
        controls = forms.describe(task.schema, values=values, errors=errors, picks=offered)
    page = render_template(
        "work/task.html",
        task=task,
        controls=controls,
        errors=errors,
        message=message,
        about_template=_about(task.about),
    )
    return make_response(page, status)


def _about(subject: Any) -> str:
    """The template that shows what a task is about; whoever reads all tasks does not see a draft bid by that."""
    if isinstance(subject, Bid) and not permissions.may_see_bid(db.session(), auth.actor(), subject):
        return "about/unknown.html"
    return f"about/{type(subject).__name__.lower()}.html"
