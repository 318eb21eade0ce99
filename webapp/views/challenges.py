"""榜单: the list with its filters in the address, and one challenge."""

from flask import Blueprint, make_response, redirect, render_template, url_for
from werkzeug import Response

from webapp import auth, db, idempotency
from webapp.formats import CHALLENGE_STATES
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, searched, tasks_on
from workflows import calendar, clock, work
from workflows.domain import (
    approvals,
    bids,
    challenges,
    listings,
    permissions,
    projects,
    publicities,
)
from workflows.models import BEFORE_PUBLICATION, Category, ChallengeState

pages = Blueprint("challenges", __name__)

MOST_SHOWN = 100  # projects of one challenge
CHALLENGE = "/challenges/<int(min=1,max=2147483647):challenge_id>"


@pages.get("/challenges")
def index() -> str:
    page = page_number()
    state = one_of("state", CHALLENGE_STATES)
    category = one_of("category", [str(one) for one in Category])
    q = searched()
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
def show(challenge_id: int) -> str:
    session, actor = db.session(), auth.actor()
    challenge = challenges.get(session, challenge_id, actor=actor)
    seen = bids.of_challenge(session, challenge, actor=actor)
    return render_template(
        "challenges/show.html",
        challenge=challenge,
        tasks=tasks_on(url_for("challenges.show", challenge_id=challenge_id)),
        bids=seen,
        changes=listings.changes(session, challenge),
        approvals=approvals.listing(session, actor=actor, subject=f"challenge:{challenge_id}")[0],
        projects=projects.listing(session, challenge_id=challenge_id, size=MOST_SHOWN)[0],
        publicities=publicities.of_challenge(session, challenge),
        was_closed=challenge.state not in (*BEFORE_PUBLICATION, ChallengeState.PUBLISHED),
        live=next((bid for bid in seen if bid.leader_id == actor.id and bid.state in bids.LIVE), None),
        workdays_left=calendar.workdays_between(session, clock.today(), challenges.last_day(challenge)),
        is_open=challenge.state == ChallengeState.PUBLISHED,
        may_bid=permissions.may_bid(actor, challenge),
        may_amend=permissions.may_amend(session, actor, challenge),
        may_withdraw=challenge.state in listings.WITHDRAWABLE and permissions.may_post(session, actor),
    )


@pages.post(f"{CHALLENGE}/bids")
@idempotency.once
def bid(challenge_id: int) -> Response:
    """我要揭榜: start the bid's process and go to its first task."""
    started = work.start(db.session(), "bid", {"challenge_id": challenge_id}, actor=auth.actor())
    following = started.next_item_id
    return make_response(
        redirect(url_for("work.show", item_id=following) if following else started.subject_path)
    )
