"""攻关项目: the list with its filters in the address, one project, and the paper of its pledge."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from webapp import auth, db, gantt
from webapp.formats import (
    ACCEPTANCE_STATES,
    ACTION_ITEM_STATES,
    CHANGE_STATES,
    MEETING_STATES,
    PROJECT_STATES,
    RAG_LIGHTS,
    Chip,
)
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, searched, tasks_on
from webapp.reward_terms import REWARD_STATES
from webapp.views.files import send
from workflows import clock
from workflows.domain import (
    acceptances,
    action_items,
    change_terms,
    changes,
    funds,
    meetings,
    permissions,
    pledges,
    projects,
    reports,
    rewards,
)
from workflows.errors import NotFound
from workflows.models import Project, ProjectState, User

pages = Blueprint("projects", __name__)

PROJECT = "/projects/<int(min=1,max=2147483647):project_id>"
MOST_RELATED = 50  # of each kind
WALL_ROWS = 12  # that a large screen holds
REPORTED = (*projects.AT_WORK, ProjectState.SUSPENDED)


@pages.get("/projects")
def index() -> str:
    page = page_number()
    state, rag = one_of("state", PROJECT_STATES), one_of("rag", RAG_LIGHTS)
    q = searched()
    rows, total = projects.listing(db.session(), state=state, rag=rag, q=q, page=page, size=PAGE_SIZE)
    chosen = {"state": state, "rag": rag, "q": q}
    return render_template("projects/index.html", rows=rows, chosen=chosen, paging=Paging(page, total))


@pages.get("/wall")
def wall() -> str:
    """挂图作战: everything under way on one screen, which turns to its next page by itself."""
    page = page_number()
    rows, lights = projects.on_wall(db.session(), page=page, size=WALL_ROWS)
    today = clock.today()
    paging = Paging(page, sum(lights.values()), WALL_ROWS)
    return render_template(
        "projects/wall.html",
        rows=rows,
        lights=lights,
        today=today,
        scale=gantt.scale_of(rows, today),
        paging=paging,
        following=page + 1 if page < paging.last else 1,
    )


@pages.get(PROJECT)
def show(project_id: int) -> str:
    session, actor = db.session(), auth.actor()
    project = projects.get(session, project_id, actor=actor)
    path = url_for("projects.show", project_id=project_id)
    reads = permissions.may_read_project(session, actor, project)
    return render_template(
        "projects/show.html",
        project=project,
        today=clock.today(),
        scale=gantt.scale_of([project], clock.today()),
        tasks=tasks_on(path),
        reads=reads,
        releases=funds.of_project(session, project) if reads else [],
        prepayments=funds.prepayments(session, project) if reads else [],
        reports=reports.of_project(session, project) if reads else [],
        may_report=permissions.may_work_on(session, actor, project) and project.state in REPORTED,
        may_stop=permissions.may_stop_work(session, actor),
        may_see_bid=permissions.may_see_bid(session, actor, project.bid),
        may_change=permissions.may_request_change(session, actor, project),
        may_order=permissions.may_order(session, actor),
        related=_related(session, project, actor) if reads else [],
        is_at_work=project.state in projects.AT_WORK,
    )


def _related(session: Session, project: Project, actor: User) -> list[tuple[str, str, Chip]]:
    """What belongs to the project and ``actor`` may see: path, title and state of each, by kind, the newest first."""
    asked: dict[str, Any] = {"actor": actor, "project_id": project.id, "size": MOST_RELATED}
    kinds: list[tuple[str, Any, Callable[[Any], str], Mapping[str, Chip]]] = [
        ("acceptances", acceptances, lambda _one: "验收", ACCEPTANCE_STATES),
        ("rewards", rewards, lambda _one: "激励", REWARD_STATES),
        ("changes", changes, lambda one: change_terms.KINDS[one.kind], CHANGE_STATES),
        ("meetings", meetings, lambda one: meetings.KINDS[one.kind], MEETING_STATES),
        ("action-items", action_items, lambda one: one.what, ACTION_ITEM_STATES),
    ]
    return [
        (f"/{place}/{one.id}", title(one), states[one.state])
        for place, domain, title, states in kinds
        for one in domain.listing(session, **asked)[0]
    ]


@pages.get(f"{PROJECT}/pledge")
def pledge(project_id: int) -> Response:
    """The sealed paper, as a download."""
    project = projects.get_inside(db.session(), project_id, actor=auth.actor())
    file = pledges.get(db.session(), project).file
    if file is None:
        raise NotFound("军令状还没有签完。")
    return send(file)
