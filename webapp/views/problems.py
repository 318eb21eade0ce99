"""难题: one problem, what became of it, and how the challenge that came of it was justified."""

from flask import Blueprint, render_template, request, url_for

from webapp import auth, db
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, searched, tasks_on
from webapp.state_terms import PROBLEM_STATES
from workflows.domain import justifications, permissions, problems

pages = Blueprint("problems", __name__)


@pages.get("/problems")
def index() -> str:
    page = page_number()
    state, q, mine = one_of("state", PROBLEM_STATES), searched(), "mine" in request.args
    rows, total = problems.listing(
        db.session(), actor=auth.actor(), state=state, q=q, mine=mine, page=page, size=PAGE_SIZE
    )
    chosen = {"state": state, "q": q, "mine": mine}
    return render_template("problems/index.html", rows=rows, chosen=chosen, paging=Paging(page, total))


@pages.get("/problems/<int(min=1,max=2147483647):problem_id>")
def show(problem_id: int) -> str:
    session, actor = db.session(), auth.actor()
    problem = problems.get(session, problem_id, actor=actor)
    seen = [one for one in problem.challenges if permissions.may_see_challenge(session, actor, one)]
    return render_template(
        "problems/show.html",
        problem=problem,
        tasks=tasks_on(url_for("problems.show", problem_id=problem_id)),
        challenges=seen,
        held=[held for one in seen for held in justifications.of_challenge(session, one)],
    )
