"""One bid: its state, team, findings, and its content once it has been opened."""

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug import Response

from webapp import auth, db, eligibility_checks, idempotency, papers
from webapp.pages import tasks_on
from workflows import clock, work
from workflows.domain import bids, courses, eligibility, permissions, reviews, scoring
from workflows.errors import NotFound

pages = Blueprint("bids", __name__)


@pages.app_context_processor
def _checks() -> dict[str, Any]:
    return {"foreseen": eligibility_checks.of_control, "may_foresee": eligibility_checks.may_foresee}


BID = "/bids/<int(min=1,max=2147483647):bid_id>"


@pages.get(BID)
def show(bid_id: int) -> str:
    session, actor = db.session(), auth.actor()
    bid = bids.get(session, bid_id, actor=actor)
    closes = bid.challenge.bid_to
    return render_template(
        "bids/show.html",
        bid=bid,
        tasks=tasks_on(url_for("bids.show", bid_id=bid_id)),
        document=bids.document(session, bid, actor=actor),
        is_as_good=eligibility.is_as_good,
        stops=courses.of_bid(bid),
        today=clock.today(),
        feedback=reviews.told_to(session, bid, actor=actor),
        criteria=scoring.CRITERIA,
        ranked=reviews.how_many_ranked(session, bid),
        may_withdraw=permissions.may_withdraw(actor, bid) and closes is not None and clock.now() < closes,
    )


@pages.post(f"{BID}/eligibility", endpoint="eligibility")
def eligibility_now(bid_id: int) -> str:
    """资格自检 of what is typed, as a part of a page; nothing is kept."""
    bid = bids.get(db.session(), bid_id, actor=auth.actor())
    return render_template("bids/foreseen.html", seen=eligibility_checks.of_request(bid))


@pages.get(f"{BID}/receipt")
def receipt(bid_id: int) -> Response:
    """密封回执: that a bid was handed in, and when; nothing of what it says."""
    bid = bids.get(db.session(), bid_id, actor=auth.actor())
    if bid.sealed_at is None:
        raise NotFound("这份申报还没有密封递交，没有回执。")
    address = url_for("bids.show", bid_id=bid_id, _external=True)
    name, proof = f"密封回执-{bid_id}", bid.sealed_hash or ""
    return papers.answer("papers/receipt.html", name=name, address=address, about=bid, proof=proof)


@pages.post(f"{BID}/withdrawal")
@idempotency.once
def withdraw(bid_id: int) -> Response:
    work.withdraw_bid(db.session(), bid_id, actor=auth.actor())
    flash(gettext("申报已撤回，截止前可以重新揭榜。"))
    return make_response(redirect(url_for("bids.show", bid_id=bid_id)))
