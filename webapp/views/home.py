"""Home: what is mine to do, what is open for bids, what I have under way."""

from flask import Blueprint, render_template

from webapp import auth, db
from workflows import inboxes
from workflows.domain import bids, challenges
from workflows.models import ChallengeState

pages = Blueprint("home", __name__)

SHOWN = 5


@pages.get("/")
def show() -> str:
    session, actor = db.session(), auth.actor()
    listed, total = challenges.listing(
        session, actor=actor, state=ChallengeState.PUBLISHED, page=1, size=SHOWN
    )
    return render_template(
        "home.html",
        todo=inboxes.inbox(session, actor, box="todo", size=SHOWN),
        bids=bids.of_person(session, actor)[:SHOWN],
        challenges=listed,
        challenge_total=total,
    )
