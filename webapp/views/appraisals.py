"""双挂钩考评: the list by year and period, and one appraisal with its categories and how its factor comes about."""

from flask import Blueprint, render_template, request, url_for

from webapp import appraisal_grids, auth, db
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, tasks_on
from webapp.reward_terms import APPRAISAL_STATES
from workflows.domain import appraisal_lists, appraisals, permissions

pages = Blueprint("appraisals", __name__)


@pages.get("/appraisals")
def index() -> str:
    session, actor = db.session(), auth.actor()
    page, state = page_number(), one_of("state", APPRAISAL_STATES)
    periods = appraisal_lists.periods(session, actor=actor)
    year, period = request.args.get("year", type=int), one_of("period", periods)
    rows, total = appraisal_lists.listing(
        session, actor=actor, state=state, year=year, period=period, page=page, size=PAGE_SIZE
    )
    return render_template(
        "appraisals/index.html",
        rows=rows,
        state=state,
        year=year,
        period=period,
        periods=periods,
        years=sorted({int(one[:4]) for one in periods}, reverse=True),
        paging=Paging(page, total),
        may_appraise=permissions.may_appraise(session, actor),
    )


@pages.get("/appraisals/<int(min=1,max=2147483647):appraisal_id>")
def show(appraisal_id: int) -> str:
    session, actor = db.session(), auth.actor()
    appraisal = appraisals.get(session, appraisal_id, actor=actor)
    path = url_for("appraisals.show", appraisal_id=appraisal_id)
    periods = appraisal_lists.beside(session, appraisal, actor=actor)
    reads_rewards = permissions.reads_rewards(session, actor)
    return render_template(
        "appraisals/show.html",
        appraisal=appraisal,
        periods=periods,
        sides=appraisal_grids.sides(session, appraisal, periods, path),
        matrix=appraisal_grids.matrix(session, appraisal),
        rewards=appraisal_lists.rewards_of(session, appraisal) if reads_rewards else [],
        tasks=tasks_on(path),
    )
