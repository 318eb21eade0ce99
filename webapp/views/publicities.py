"""公示: the list, and one notice with what was answered to objections."""

from flask import Blueprint, render_template, request, url_for
from werkzeug import Response

from webapp import auth, db, papers
from webapp.pages import PAGE_SIZE, Paging, page_number, tasks_on
from workflows.domain import courses, objections, publicities

pages = Blueprint("publicities", __name__)

MOST_OBJECTIONS = 100
STATES = {"open": True, "closed": False}


@pages.get("/publicities")
def index() -> str:
    page, state = page_number(), request.args.get("state", "")
    rows, total = publicities.listing(db.session(), is_open=STATES.get(state), page=page, size=PAGE_SIZE)
    return render_template("publicities/index.html", rows=rows, state=state, paging=Paging(page, total))


@pages.get("/publicities/<int(min=1,max=2147483647):publicity_id>")
def show(publicity_id: int) -> str:
    session, actor = db.session(), auth.actor()
    publicity = publicities.get(session, publicity_id)
    path = url_for("challenges.show", challenge_id=publicity.challenge_id)
    seen = objections.listing(session, actor=actor, publicity_id=publicity_id, size=MOST_OBJECTIONS)[0]
    return render_template(
        "publicities/show.html",
        publicity=publicity,
        tasks=tasks_on(path),
        days_left=publicities.days_left(session, publicity),
        last_day=publicities.last_day(publicity),
        seen={one.id for one in seen},
        mine=[one for one in seen if one.filer_id == actor.id],
        may_object=publicity.closed_at is None and not publicities.has_run_out(publicity),
    )


@pages.get("/objections/<int(min=1,max=2147483647):objection_id>")
def objection(objection_id: int) -> str:
    """异议: how it stands and what was answered, for its filer and for whoever handles it."""
    found = objections.get(db.session(), objection_id, actor=auth.actor())
    return render_template(
        "publicities/objection.html",
        objection=found,
        stops=courses.of_objection(found),
        tasks=tasks_on(url_for("publicities.objection", objection_id=objection_id)),
    )


@pages.get("/publicities/<int(min=1,max=2147483647):publicity_id>/poster")
def poster(publicity_id: int) -> Response:
    """公示海报: the notice for the board on the wall."""
    publicity = publicities.get(db.session(), publicity_id)
    address = url_for("publicities.show", publicity_id=publicity_id, _external=True)
    name, proof = f"公示-{publicity_id}", publicity.hash
    return papers.answer("papers/poster.html", name=name, address=address, about=publicity, proof=proof)
