"""攻关项目: the list with its filters in the address, one project, and the paper of its pledge."""

from typing import Any

from flask import Blueprint, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug import Response

from webapp import auth, db, gantt
from webapp.pages import PAGE_SIZE, Paging, one_of, page_number, searched, tasks_on
from webapp.state_terms import PROJECT_STATES, RAG_LIGHTS
from webapp.views import project_tabs
from webapp.views.files import send
from workflows import clock
from workflows.domain import permissions, pledges, projects
from workflows.errors import NotFound
from workflows.models import Project, ProjectState, User

pages = Blueprint("projects", __name__)

PROJECT = "/projects/<int(min=1,max=2147483647):project_id>"
WALL_ROWS = 8  # that a screen of 1920×1080 holds in letters that are read from four metres
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
        now=clock.now(),
        scale=gantt.scale_of(rows, today),
        paging=paging,
        following=page + 1 if page < paging.last else 1,
    )


@pages.get(PROJECT)
def show(project_id: int) -> str:
    session, actor = db.session(), auth.actor()
    project = projects.get(session, project_id, actor=actor)
    inside = permissions.may_read_project(session, actor, project)
    tabs = project_tabs.open_to(inside=inside)
    tab = one_of("tab", tabs) or project_tabs.FIRST
    return render_template(
        "projects/show.html",
        project=project,
        tabs=tabs,
        tab=tab,
        tasks=tasks_on(url_for("projects.show", project_id=project_id)),
        inside=inside,
        may_see_bid=permissions.may_see_bid(session, actor, project.bid),
        acts=_acts(session, project, actor),
        **project_tabs.TABS[tab].shown(session, project, actor),
    )


def _acts(session: Session, project: Project, actor: User) -> list[tuple[str, str]]:
    """What ``actor`` may set off about the project: path and title, the most usual first."""
    is_at_work = project.state in projects.AT_WORK
    may_change = permissions.may_request_change(session, actor, project)
    may_stop = permissions.may_stop_work(session, actor)
    reports = permissions.may_work_on(session, actor, project) and project.state in REPORTED
    offered = [
        (reports, "starts.show_act", "report", "填报进展"),
        (may_stop and is_at_work, "starts.show_act", "stop_work", "安全停工"),
        (may_stop and project.state == ProjectState.SUSPENDED, "starts.show_act", "resume_work", "同意复工"),
        (may_change, "starts.show", "change", "申请变更"),
        (may_change, "starts.show", "meeting", "发起会议"),
        (permissions.may_order(session, actor), "starts.show", "supervision_order", "督办"),
    ]
    return [
        (url_for(endpoint, name=name, project_id=project.id, **_known(name, project)), title)
        for may, endpoint, name, title in offered
        if may
    ]


def _known(name: str, project: Project) -> dict[str, Any]:
    """What the form need not ask again."""
    return {"progress_pct": project.progress_pct} if name == "report" else {}


@pages.get(f"{PROJECT}/pledge")
def pledge(project_id: int) -> Response:
    """The sealed paper, as a download."""
    project = projects.get_inside(db.session(), project_id, actor=auth.actor())
    file = pledges.get(db.session(), project).file
    if file is None:
        raise NotFound("军令状还没有签完。")
    return send(file)
