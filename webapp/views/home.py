"""Home: what is mine to do, what is open for bids, what I have under way."""

from collections.abc import Callable

from flask import Blueprint, current_app, render_template, url_for
from sqlalchemy.orm import Session

from webapp import auth, charts, db, demo_guides
from workflows import inboxes
from workflows.domain import bids, challenges, cockpits, notices, permissions
from workflows.models import ChallengeState, User

pages = Blueprint("home", __name__)

SHOWN = 5
STARTS: dict[str, tuple[str, str, Callable[[Session, User], bool]]] = {
    "intake": ("starts.show", "填报难题", lambda _session, _user: True),
    "post_challenge": ("starts.show_act", "发榜", permissions.may_post),
    "campaign": ("starts.show", "编制年度计划", permissions.may_plan_year),
    "appraisal": ("starts.show", "开始双挂钩考评", permissions.may_appraise),
    "veto": ("starts.show", "提出否决事项", permissions.may_propose_veto),
    "supervision_order": ("starts.show", "督办", permissions.may_order),
}  # what does not begin on the page of something else: its page, its title, and who may


@pages.get("/")
def show() -> str:
    session, actor = db.session(), auth.actor()
    listed, total = challenges.listing(
        session, actor=actor, state=ChallengeState.PUBLISHED, page=1, size=SHOWN
    )
    todo = inboxes.inbox(session, actor, box="todo", size=SHOWN)
    cockpit = cockpits.of(session, actor=actor) if permissions.may_read_packs(session, actor) else None
    return render_template(
        "home.html",
        cockpit=cockpit,
        hints=demo_guides.of(session, actor, has_tasks=todo.total > 0) if current_app.config["DEMO"] else [],
        charts=charts.of_cockpit(cockpit) if cockpit is not None else [],
        late=inboxes.late_count(session, actor),
        moved=notices.recent(session, actor)[:SHOWN],
        starts=[
            (url_for(endpoint, name=name), title)
            for name, (endpoint, title, may) in STARTS.items()
            if may(session, actor)
        ],
        todo=todo,
        bids=bids.of_person(session, actor)[:SHOWN],
        challenges=listed,
        challenge_total=total,
    )
