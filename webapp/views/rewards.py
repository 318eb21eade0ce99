"""激励: one case line by line, and the list of a payment as a workbook."""

from flask import Blueprint, render_template, url_for
from werkzeug import Response

from webapp import auth, db, downloads
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


@pages.get("/payouts/<int(min=1,max=2147483647):payout_id>.xlsx")
def payout(payout_id: int) -> Response:
    """发放表: the list of a payment, as a download."""
    from workflows.domain import payout_lists  # openpyxl takes a while to import

    batch = payouts.get(db.session(), payout_id, actor=auth.actor())
    return downloads.send(
        payout_lists.write(batch), media_type=payout_lists.MEDIA_TYPE, name=f"发放表-{payout_id}.xlsx"
    )
