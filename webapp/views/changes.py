"""One change of a project: what it alters, what was said of it, what came of it."""

from flask import Blueprint, render_template, url_for

from webapp import auth, db
from webapp.pages import tasks_on
from workflows.domain import approvals, change_shown, change_terms, changes, permissions, reasons

pages = Blueprint("changes", __name__)


@pages.get("/changes/<int(min=1,max=2147483647):change_id>")
def show(change_id: int) -> str:
    session, actor = db.session(), auth.actor()
    change = changes.get(session, change_id, actor=actor)
    path = url_for("changes.show", change_id=change_id)
    tasks = tasks_on(path)
    signed = approvals.of_subject(session, f"change:{change.id}")
    return render_template(
        "changes/show.html",
        change=change,
        lines=change_shown.lines(session, change),
        tasks=tasks,
        reason=reasons.of(session, change_terms.why_route(session, change)),
        approvals=[one for one in signed if permissions.may_see_approval(session, actor, one)],
        hidden=len(signed),
    )
