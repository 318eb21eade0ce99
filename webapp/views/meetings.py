"""One meeting with its minutes, and one action item."""

from flask import Blueprint, render_template, url_for

from webapp import auth, db
from webapp.formats import ACTION_ITEM_STATES
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, tasks_on
from workflows.domain import action_items, meetings

pages = Blueprint("meetings", __name__)


@pages.get("/meetings")
def index() -> str:
    page, kind = page_number(), one_of("kind", meetings.KINDS)
    rows, total = meetings.listing(db.session(), actor=auth.actor(), kind=kind, page=page, size=PAGE_SIZE)
    return render_template("meetings/index.html", rows=rows, kind=kind, paging=Paging(page, total))


@pages.get("/action-items")
def items() -> str:
    page, state = page_number(), one_of("state", ACTION_ITEM_STATES)
    rows, total = action_items.listing(
        db.session(), actor=auth.actor(), state=state, page=page, size=PAGE_SIZE
    )
    return render_template("meetings/items.html", rows=rows, state=state, paging=Paging(page, total))


@pages.get("/meetings/<int(min=1,max=2147483647):meeting_id>")
def show(meeting_id: int) -> str:
    session, actor = db.session(), auth.actor()
    meeting = meetings.get(session, meeting_id, actor=actor)
    path = url_for("meetings.show", meeting_id=meeting_id)
    tasks = tasks_on(path)
    return render_template("meetings/show.html", meeting=meeting, tasks=tasks)


@pages.get("/action-items/<int(min=1,max=2147483647):action_item_id>")
def item(action_item_id: int) -> str:
    session, actor = db.session(), auth.actor()
    shown = action_items.get(session, action_item_id, actor=actor)
    path = url_for("meetings.item", action_item_id=action_item_id)
    tasks = tasks_on(path)
    return render_template("meetings/item.html", item=shown, tasks=tasks)
