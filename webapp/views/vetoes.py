"""一票否决: one event."""

from flask import Blueprint, render_template, url_for

from webapp import auth, db
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, tasks_on
from webapp.reward_terms import VETO_STATES
from workflows import clock
from workflows.domain import permissions, reasons, vetoes
from workflows.models import VetoState

pages = Blueprint("vetoes", __name__)


@pages.get("/vetoes")
def index() -> str:
    session, actor = db.session(), auth.actor()
    page, state, clauses = page_number(), one_of("state", VETO_STATES), vetoes.clauses(session)
    clause = one_of("clause", clauses)
    rows, total = vetoes.listing(session, actor=actor, state=state, clause=clause, page=page, size=PAGE_SIZE)
    return render_template(
        "vetoes/index.html",
        rows=rows,
        state=state,
        clause=clause,
        clauses=clauses,
        paging=Paging(page, total),
        may_propose=permissions.may_propose_veto(session, actor),
    )


@pages.get("/vetoes/<int(min=1,max=2147483647):veto_id>")
def show(veto_id: int) -> str:
    session, actor = db.session(), auth.actor()
    veto = vetoes.get(session, veto_id, actor=actor)
    path = url_for("vetoes.show", veto_id=veto_id)
    decided = vetoes.why(session, veto)
    is_open = veto.state == VetoState.NOTIFIED and veto.appeal_to is not None and clock.now() < veto.appeal_to
    return render_template(
        "vetoes/show.html",
        veto=veto,
        clause=vetoes.clause(session, veto.clause),
        factor=decided.value,
        reason=reasons.of(session, decided),
        people=vetoes.people_of(session, veto),
        tasks=tasks_on(path),
        may_appeal=is_open and actor.id in vetoes.concerned(session, veto),
        may_restore=veto.state == VetoState.CONFIRMED and permissions.may_restore_veto(session, actor),
    )
