"""年度: the campaign years, and one with its batches, its pool, its figures and its monthly packs."""

from flask import Blueprint, render_template, url_for

from webapp import auth, db, year_calendars
from webapp.pages import PAGE_SIZE, Paging, page_number, tasks_on
from workflows import clock
from workflows.domain import audit, batch_plans, campaigns, permissions, year_figures
from workflows.models import YearState

pages = Blueprint("campaigns", __name__)


@pages.get("/campaigns")
def index() -> str:
    session, actor, page = db.session(), auth.actor(), page_number()
    rows, total = campaigns.listing(session, actor=actor, page=page, size=PAGE_SIZE)
    may_plan = permissions.may_plan_year(session, actor)
    return render_template("campaigns/index.html", rows=rows, paging=Paging(page, total), may_plan=may_plan)


@pages.get("/campaigns/<int(min=1,max=2147483647):year_id>")
def show(year_id: int) -> str:
    session, actor = db.session(), auth.actor()
    year = campaigns.get(session, year_id, actor=actor)
    reads_packs = permissions.may_read_packs(session, actor)
    return render_template(
        "campaigns/show.html",
        year=year,
        calendar=year_calendars.lines(year),
        pool=year_figures.pool(session, year),
        figures=None if year.summary else year_figures.of_year(session, year),
        today=clock.today(),
        packs=campaigns.packs(session, year, actor=actor) if reads_packs else [],
        moves=year.state == YearState.OPEN and permissions.may_plan_year(session, actor),
        batch_acts=batch_plans.acts(session, year.batches),
        verbs=audit.VERBS,
        day_titles=batch_plans.TITLES,
        tasks=tasks_on(url_for("campaigns.show", year_id=year_id)),
    )
