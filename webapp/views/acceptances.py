"""验收 and what it leaves: one acceptance, the result cards, one card with its roll-out."""

from flask import Blueprint, render_template, url_for

from webapp import auth, db
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, searched, tasks_on
from webapp.selection_charts import of_acceptance as acceptance_charts
from workflows import access
from workflows.domain import acceptance_scores, acceptances, post_evaluations, reasons, results, verdicts
from workflows.models import Category

pages = Blueprint("acceptances", __name__)


@pages.get("/acceptances/<int(min=1,max=2147483647):acceptance_id>")
def show(acceptance_id: int) -> str:
    session, actor = db.session(), auth.actor()
    acceptance = acceptances.get(session, acceptance_id, actor=actor)
    path = url_for("acceptances.show", acceptance_id=acceptance_id)
    spread = acceptance_scores.spread(session, acceptance)
    return render_template(
        "acceptances/show.html",
        acceptance=acceptance,
        audit=acceptances.audit_of(session, acceptance),
        post=post_evaluations.find(session, acceptance.project),
        tasks=tasks_on(path),
        spread=spread,
        charts=acceptance_charts(spread),
        criteria=verdicts.CRITERIA,
        reason=reasons.of(session, acceptance_scores.why(session, acceptance)),
        dossier=access.files_of_project(session, acceptance.project_id, actor=actor),
        card=results.of_project(session, acceptance.project_id),
    )


@pages.get("/results")
def index() -> str:
    page, q, category = page_number(), searched(), one_of("category", list(Category))
    rows, total = results.listing(db.session(), q=q, category=category, page=page, size=PAGE_SIZE)
    return render_template(
        "acceptances/results.html",
        rows=rows,
        q=q,
        category=category,
        categories=list(Category),
        paging=Paging(page, total),
    )


@pages.get("/results/<int(min=1,max=2147483647):card_id>")
def card(card_id: int) -> str:
    return render_template("acceptances/card.html", card=results.get(db.session(), card_id))
