"""激励: one case line by line, and a payment as a table for a spreadsheet."""

from flask import Blueprint, make_response, render_template, url_for
from werkzeug import Response

from webapp import auth, db
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, tasks_on
from webapp.reward_terms import REWARD_STATES
from workflows.domain import payouts, permissions, rewards

pages = Blueprint("rewards", __name__)


@pages.get("/rewards")
def index() -> str:
    page, state = page_number(), one_of("state", REWARD_STATES)
    rows, total = rewards.listing(db.session(), actor=auth.actor(), state=state, page=page, size=PAGE_SIZE)
    return render_template("rewards/index.html", rows=rows, state=state, paging=Paging(page, total))


@pages.get("/rewards/<int(min=1,max=2147483647):reward_id>")
def show(reward_id: int) -> str:
    session, actor = db.session(), auth.actor()
    case = rewards.get(session, reward_id, actor=actor)
    path = url_for("rewards.show", reward_id=reward_id)
    return render_template(
        "rewards/show.html",
        case=case,
        tasks=tasks_on(path),
        may_appeal=case.state in rewards.SETTLED and permissions.is_on_team(actor, case.project),
    )


@pages.get("/payouts/<int(min=1,max=2147483647):payout_id>.csv")
def payout(payout_id: int) -> Response:
    """The list of a payment, as a download."""
    batch = payouts.get(db.session(), payout_id, actor=auth.actor())
    answer = make_response(payouts.as_csv(batch))
    answer.headers["Content-Type"] = "text/csv; charset=utf-8"
    answer.headers["Content-Disposition"] = f'attachment; filename="payout-{payout_id}.csv"'
    return answer
