"""Meetings by month with their minutes, and the board of action items."""

import calendar
import datetime as dt
import re
from itertools import groupby

from flask import Blueprint, render_template, request, url_for
from werkzeug import Response

from webapp import auth, db, papers
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, searched, tasks_on
from webapp.state_terms import ACTION_ITEM_STATES
from workflows import access, clock
from workflows.domain import action_items, meeting_papers, meetings
from workflows.errors import NotFound
from workflows.models import Meeting, MeetingState

pages = Blueprint("meetings", __name__)

MEETING = "/meetings/<int(min=1,max=2147483647):meeting_id>"
MONTH = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")


@pages.get("/meetings")
def index() -> str:
    page, kind, month = page_number(), one_of("kind", meetings.KINDS), _month()
    rows, total = meetings.listing(
        db.session(),
        actor=auth.actor(),
        kind=kind,
        since=month,
        until=_last_day(month) if month else None,
        page=page,
        size=PAGE_SIZE,
    )
    months = [(first, list(of_month)) for first, of_month in groupby(rows, _first_day)]
    chosen = {"kind": kind, "month": month}
    return render_template(
        "meetings/index.html", months=months, chosen=chosen, now=clock.now(), paging=Paging(page, total)
    )


@pages.get("/action-items")
def items() -> str:
    """The board, or all items in one state when that is asked for."""
    session, actor, state = db.session(), auth.actor(), one_of("state", ACTION_ITEM_STATES)
    if state is not None:
        page = page_number()
        rows, total = action_items.listing(session, actor=actor, state=state, page=page, size=PAGE_SIZE)
        return render_template("meetings/items.html", rows=rows, state=state, paging=Paging(page, total))
    is_mine, q = request.args.get("mine") == "yes", searched()
    board = action_items.board(session, actor=actor, owner_id=actor.id if is_mine else None, q=q)
    return render_template(
        "meetings/board.html",
        board=board,
        columns=action_items.COLUMNS,
        is_mine=is_mine,
        q=q,
        today=clock.today(),
    )


@pages.get(MEETING)
def show(meeting_id: int) -> str:
    session, actor = db.session(), auth.actor()
    meeting = meetings.get(session, meeting_id, actor=actor)
    return render_template(
        "meetings/show.html",
        meeting=meeting,
        proof=meeting_papers.digest(meeting) if meeting.state == MeetingState.SIGNED else None,
        files=access.readable(session, meeting.minutes, actor=actor).values(),
        tasks=tasks_on(url_for("meetings.show", meeting_id=meeting_id)),
    )


@pages.get(f"{MEETING}/minutes")
def minutes(meeting_id: int) -> Response:
    """会议纪要 as a paper, once they are signed."""
    meeting = meetings.get(db.session(), meeting_id, actor=auth.actor())
    if meeting.state != MeetingState.SIGNED:
        raise NotFound("会议纪要还没有签发，不能打印。")
    address = url_for("meetings.show", meeting_id=meeting_id, _external=True)
    name, proof = f"会议纪要-{meeting_id}", meeting_papers.digest(meeting)
    return papers.answer("papers/minutes.html", name=name, address=address, about=meeting, proof=proof)


@pages.get("/action-items/<int(min=1,max=2147483647):action_item_id>")
def item(action_item_id: int) -> str:
    session, actor = db.session(), auth.actor()
    shown = action_items.get(session, action_item_id, actor=actor)
    path = url_for("meetings.item", action_item_id=action_item_id)
    tasks = tasks_on(path)
    return render_template("meetings/item.html", item=shown, today=clock.today(), tasks=tasks)


def _month() -> dt.date | None:
    """The first day of the month asked for, 2026-11."""
    found = MONTH.fullmatch(request.args.get("month", ""))
    return dt.date(int(found[1]), int(found[2]), 1) if found else None


def _last_day(month: dt.date) -> dt.date:
    return month.replace(day=calendar.monthrange(month.year, month.month)[1])


def _first_day(meeting: Meeting) -> dt.date:
    """Of the month in which a meeting was held, or is due."""
    return (meeting.held_on or clock.local(meeting.hold_by).date()).replace(day=1)
