"""双挂钩考评: one appraisal with its categories."""

from flask import Blueprint, render_template, url_for

from webapp import auth, db
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, tasks_on
from webapp.reward_terms import APPRAISAL_STATES
from workflows.domain import appraisals, permissions

pages = Blueprint("appraisals", __name__)


@pages.get("/appraisals")
def index() -> str:
    session, actor = db.session(), auth.actor()
    page, state = page_number(), one_of("state", APPRAISAL_STATES)
    rows, total = appraisals.listing(session, actor=actor, state=state, page=page, size=PAGE_SIZE)
    return render_template(
        "appraisals/index.html",
        rows=rows,
        state=state,
        paging=Paging(page, total),
        may_appraise=permissions.may_appraise(session, actor),
    )


@pages.get("/appraisals/<int(min=1,max=2147483647):appraisal_id>")
def show(appraisal_id: int) -> str:
    session, actor = db.session(), auth.actor()
    appraisal = appraisals.get(session, appraisal_id, actor=actor)
    path = url_for("appraisals.show", appraisal_id=appraisal_id)
    return render_template(
        "appraisals/show.html",
        appraisal=appraisal,
        categories={row["category"]: row for row in appraisals.categories(session, appraisal)},
        tasks=tasks_on(path),
    )
