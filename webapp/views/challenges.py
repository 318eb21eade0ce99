"""榜单: the list with its filters in the address, and one challenge."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from werkzeug import Response
from werkzeug.datastructures import MultiDict

from webapp import auth, db, forms, idempotency, trial_forms
from webapp.pages import PAGE_SIZE, Paging, number_of, one_of, page_number, searched, tasks_on, year_of
from webapp.state_terms import CHALLENGE_STATES
from workflows import clock, work
from workflows.domain import (
    approvals,
    bids,
    catalogues,
    challenges,
    courses,
    listings,
    openings,
    permissions,
    projects,
    publicities,
    questions,
    trials,
)
from workflows.domain.terms import LEVELS
from workflows.errors import Invalid
from workflows.models import BEFORE_PUBLICATION, Category, Challenge, ChallengeState

pages = Blueprint("challenges", __name__)

MOST_SHOWN = 100  # projects of one challenge
FACETS = {
    "bidding": ("bidding", "揭榜"),
    "category": ("category", "类别"),
    "year": ("year", "年度"),
    "batch_id": ("batch", "批次"),
    "level": ("level", "级别"),
    "state": ("state", "状态"),
    "unit_id": ("unit", "发榜单位"),
}  # of catalogues: the name in the address, and the title
BIDDING = {catalogues.OPEN: "可以揭榜", catalogues.CLOSING: "即将截止"}
ORDERS = {
    catalogues.NEWEST: "最新发布",
    catalogues.SOONEST: "最先截止",
    catalogues.HIGHEST: "激励最高",
}
ASKED = {"q", "order", *(name for name, _ in FACETS.values())}
CHALLENGE = "/challenges/<int(min=1,max=2147483647):challenge_id>"


@pages.get("/challenges")
def index() -> str:
    session, actor, page = db.session(), auth.actor(), page_number()
    wish = _wish()
    rows, total, facets = catalogues.search(session, actor=actor, wish=wish, page=page, size=PAGE_SIZE)
    return render_template(
        "challenges/index.html",
        rows=rows,
        wish=wish,
        facets=facets,
        titles=FACETS,
        bidding_titles=BIDDING,
        orders=ORDERS,
        address=_address,
        paging=Paging(page, total),
        may_post=permissions.may_post(session, actor),
    )


def _wish() -> catalogues.Wish:
    """What the address asks for; what it does not know of is left open."""
    return catalogues.Wish(
        bidding=one_of("bidding", BIDDING),
        category=one_of("category", [str(one) for one in Category]),
        year=year_of("year"),
        batch_id=number_of("batch"),
        unit_id=number_of("unit"),
        state=one_of("state", CHALLENGE_STATES),
        level=one_of("level", LEVELS),
        q=searched(),
        order=one_of("order", ORDERS) or catalogues.NEWEST,
    )


def _address(**changes: str | int | None) -> str:
    """The address of the list with other choices; the page begins anew."""
    kept = {name: text for name, text in request.args.items() if name in ASKED}
    merged = {name: value for name, value in {**kept, **changes}.items() if value}
    return url_for("challenges.index", **merged)  # type: ignore[arg-type]  # values are text or numbers


@pages.get(CHALLENGE)
def show(challenge_id: int) -> str:
    return drawn(challenges.get(db.session(), challenge_id, actor=auth.actor()))


def drawn(challenge: Challenge, *, refused: Mapping[str, list[str]] | None = None) -> str:
    """The page of ``challenge``; ``refused`` are the messages at the fields of a question or an answer."""
    session, actor = db.session(), auth.actor()
    return render_template(
        "challenges/show.html",
        challenge=challenge,
        refused=refused or {},
        questions=questions.of_challenge(session, challenge, actor=actor),
        may_ask=permissions.may_ask(actor, challenge),
        may_answer=permissions.may_answer(session, actor, challenge),
        tasks=tasks_on(url_for("challenges.show", challenge_id=challenge.id)),
        today=clock.today(),
        steps=trials.steps(session, challenge),
        was_closed=challenge.state not in (*BEFORE_PUBLICATION, ChallengeState.PUBLISHED),
        is_open=challenge.state == ChallengeState.PUBLISHED,
        may_bid=permissions.may_bid(actor, challenge),
        may_amend=permissions.may_amend(session, actor, challenge),
        may_withdraw=challenge.state in listings.WITHDRAWABLE and permissions.may_post(session, actor),
        **_around(challenge),
    )


def _around(challenge: Challenge) -> dict[str, Any]:
    """What belongs to ``challenge``, as far as the reader may see it, and its course."""
    session, actor = db.session(), auth.actor()
    seen = bids.of_challenge(session, challenge, actor=actor)
    led = projects.listing(session, challenge_id=challenge.id, size=MOST_SHOWN)[0]
    shown = publicities.of_challenge(session, challenge)
    changes = listings.changes(session, challenge)
    opened = openings.opened_at(session, challenge)
    stops = courses.stops(challenge, shown, opened=opened)
    return {
        "bids": seen,
        "live": next((bid for bid in seen if bid.leader_id == actor.id and bid.state in bids.LIVE), None),
        "approvals": approvals.listing(session, actor=actor, subject=f"challenge:{challenge.id}")[0],
        "projects": led,
        "publicities": shown,
        "stops": stops,
        "today_place": courses.place_of_today(stops, clock.today()),
        "events": courses.events(challenge, opened=opened, changes=changes, notices=shown, projects=led),
    }


@pages.get(f"{CHALLENGE}/opening")
def opening(challenge_id: int) -> str:
    """开榜: who has confirmed it before which witness, and what was opened."""
    session, actor = db.session(), auth.actor()
    challenge = challenges.get(session, challenge_id, actor=actor)
    return render_template(
        "challenges/opening.html",
        challenge=challenge,
        opening=openings.of_challenge(session, challenge),
        bids=[one for one in bids.of_challenge(session, challenge, actor=actor) if one.sealed_at is not None],
        is_over=challenge.bid_to is not None and challenge.bid_to <= clock.now(),
        tasks=tasks_on(url_for("challenges.show", challenge_id=challenge_id)),
    )


@pages.get(f"{CHALLENGE}/trial")
def trial(challenge_id: int) -> Response:
    """试算: what the reward would be; the assumptions are in the address, so that they can be passed on."""
    session = db.session()
    challenge = challenges.get(session, challenge_id, actor=auth.actor())
    form = trial_forms.form_of(challenge)
    asked = MultiDict((name, text) for name, text in request.args.items() if name in form().fields)
    values = {**trial_forms.values_of(form, trials.usual(challenge)), **forms.parse(asked, form)}
    found, errors = None, {}
    try:
        assumed = trial_forms.assumed_by(work.validate(form, values))
        found = trials.reward(session, challenge, assumed)
    except Invalid as refused:
        errors = refused.fields
    page = render_template(
        "challenges/trial.html",
        challenge=challenge,
        controls=forms.describe(form, values=values, errors=errors),
        errors=errors,
        trial=found,
    )
    return make_response(page, 422 if errors else 200)


@pages.post(f"{CHALLENGE}/bids")
@idempotency.once
def bid(challenge_id: int) -> Response:
    """我要揭榜: start the bid's process and go to its first task."""
    started = work.start(db.session(), "bid", {"challenge_id": challenge_id}, actor=auth.actor())
    following = started.next_item_id
    return make_response(
        redirect(url_for("work.show", item_id=following) if following else started.subject_path)
    )
