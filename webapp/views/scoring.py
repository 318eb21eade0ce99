"""评审打分: the queue of an expert."""

from flask import Blueprint, render_template

from webapp import auth, db
from workflows import review_queues

pages = Blueprint("scoring", __name__)


@pages.get("/scoring")
def index() -> str:
    reviews = review_queues.of(db.session(), auth.actor())
    return render_template(
        "scoring/index.html",
        waiting=[one for one in reviews if one.current is not None],
        finished=[one for one in reviews if one.current is None],
    )
