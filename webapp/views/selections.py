"""评审与定帅 of one challenge: its panel, its vote and its ranks, as far as they may be known."""

from flask import Blueprint, render_template, url_for

from webapp import auth, db, selection_charts
from webapp.pages import tasks_on
from workflows.domain import challenges, reviews, scoring

pages = Blueprint("selections", __name__)


@pages.get("/challenges/<int(min=1,max=2147483647):challenge_id>/selection")
def show(challenge_id: int) -> str:
    session, actor = db.session(), auth.actor()
    challenge = challenges.get(session, challenge_id, actor=actor)
    path = url_for("challenges.show", challenge_id=challenge_id)
    selection = reviews.seen(session, challenge, actor=actor)
    return render_template(
        "selections/show.html",
        selection=selection,
        charts=selection_charts.of(selection.spread),
        criteria=scoring.CRITERIA,
        tasks=tasks_on(path),
    )
