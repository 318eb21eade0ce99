"""榜单: the list with its filters in the address, and one challenge."""

import datetime as dt
from collections.abc import Collection, Mapping

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, idempotency
from webapp.formats import CHALLENGE_STATES
from webapp.pages import PAGE_SIZE, Paging, page_number
from workflows import calendar, clock, work
from workflows.domain import bids, challenges, permissions
from workflows.errors import Invalid
from workflows.models import Category, ChallengeState

pages = Blueprint("challenges", __name__)

CHALLENGE = "/challenges/<int(min=1,max=2147483647):challenge_id>"
QUERY_LENGTH = 60


@pages.get("/challenges")
def index() -> str:
    page = page_number()
    state = _known("state", CHALLENGE_STATES)
    category = _known("category", [str(one) for one in Category])
    q = request.args.get("q", "").strip()[:QUERY_LENGTH]
    rows, total = challenges.listing(
        db.session(), actor=auth.actor(), state=state, category=category, q=q, page=page, size=PAGE_SIZE
    )
    chosen = {"state": state, "category": category, "q": q}
    return render_template(
        "challenges/index.html",
        rows=rows,
        chosen=chosen,
        categories=list(Category),
        paging=Paging(page, total),
        may_post=permissions.may_post(db.session(), auth.actor()),
    )


@pages.get(CHALLENGE)
def show(challenge_id: int) -> Response:
    return _page(challenge_id, status=200, typed={}, errors={})


def _page(
    challenge_id: int, *, status: int, typed: Mapping[str, str], errors: Mapping[str, list[str]]
) -> Response:
    session, actor = db.session(), auth.actor()
    challenge = challenges.get(session, challenge_id, actor=actor)
    seen = bids.of_challenge(session, challenge, actor=actor)
    page = render_template(
        "challenges/show.html",
        challenge=challenge,
        bids=seen,
        live=next((bid for bid in seen if bid.leader_id == actor.id and bid.state in bids.LIVE), None),
        workdays_left=calendar.workdays_between(session, clock.today(), challenges.last_day(challenge)),
        is_open=challenge.state == ChallengeState.PUBLISHED
        and challenge.bid_to
        and clock.now() < challenge.bid_to,
        may_extend=permissions.may_extend_bidding(session, actor, challenge),
        typed=typed,
        errors=errors,
    )
    return make_response(page, status)


@pages.post(f"{CHALLENGE}/extension")
@idempotency.once
def extend(challenge_id: int) -> Response:
    """延期: a later last day of the bidding, with its reason."""
    typed = {name: request.form.get(name, "").strip() for name in ("last_day", "reason")}
    try:
        last_day = _date("last_day", typed["last_day"])
        work.extend_bidding(db.session(), challenge_id, last_day, actor=auth.actor(), reason=typed["reason"])
    except Invalid as refused:
        db.session().rollback()
        return _page(challenge_id, status=refused.status, typed=typed, errors=refused.fields)
    flash(gettext("揭榜已延期。"))
    return make_response(redirect(url_for("challenges.show", challenge_id=challenge_id)))


@pages.post(f"{CHALLENGE}/bids")
@idempotency.once
def bid(challenge_id: int) -> Response:
    """我要揭榜: start the bid's process and go to its first task."""
    started = work.start(db.session(), "bid", {"challenge_id": challenge_id}, actor=auth.actor())
    following = started.next_item_id
    return make_response(
        redirect(url_for("work.show", item_id=following) if following else started.subject_path)
    )


def _date(name: str, text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise Invalid({name: ["Not a valid date."]}) from error


def _known(name: str, values: Collection[str]) -> str | None:
    """The filter ``name`` of the address if it is one of ``values``."""
    given = request.args.get(name, "")
    return given if given in values else None
