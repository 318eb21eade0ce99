"""What to picture: every room, every thing in each of its states, every kind of task, every form that begins something."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from webapp import navigation
from webapp.views import project_tabs
from workflows.engine.tables import OPEN, WorkCandidate, WorkItem
from workflows.models import (
    Acceptance,
    Appraisal,
    Bid,
    Challenge,
    ChangeRequest,
    Meeting,
    Problem,
    Project,
    Publicity,
    RewardCase,
    RoleGrant,
    User,
    VetoEvent,
)
from workflows.work import SENDERS, STARTS

READER = "office"  # who sees nearly everything
ADMINISTRATOR = "admin"
HOMES = ("office", "leader", "director", "hse", "supervision")  # each lands on something else
THINGS: dict[str, Any] = {
    "problems": Problem,
    "challenges": Challenge,
    "bids": Bid,
    "publicities": Publicity,
    "projects": Project,
    "meetings": Meeting,
    "changes": ChangeRequest,
    "acceptances": Acceptance,
    "appraisals": Appraisal,
    "rewards": RewardCase,
    "vetoes": VetoEvent,
}


@dataclass(frozen=True)
class Shot:
    """One page as somebody sees it. ``sends`` presses the button of its form first, with nothing filled in."""

    name: str  # challenges-published
    path: str
    login: str = READER  # "": nobody is signed in
    state: str = "full"  # full, empty, long, error, overdue
    sends: bool = False


def of_the_demo(session: Session, *, now: dt.datetime) -> Iterator[Shot]:
    """Pages full of data."""
    yield Shot("sign-in", "/sign-in", login="")
    yield from (Shot(f"home-{login}", "/", login=login) for login in HOMES)
    yield from rooms("full")
    yield from _boxes()
    yield from _things(session)
    yield from _tasks(session, now)
    yield from _starts()


def rooms(state: str) -> Iterator[Shot]:
    """The rooms of the side bar; within a request of the application."""
    for endpoint, room in navigation.ROOMS.items():
        name = endpoint.removesuffix(".index").removesuffix(".show").replace(".", "-")
        login = ADMINISTRATOR if room.is_for_administrators else READER
        yield Shot(f"room-{name}", url_for(endpoint), state=state, login=login)


def long_ones(session: Session) -> Iterator[Shot]:
    """Lists and one thing of each kind, where everything is called by long names."""
    yield from rooms("long")
    for kind, model in THINGS.items():
        newest = session.scalar(select(func.max(model.id)))
        if newest is not None:
            yield Shot(f"{kind}-newest", f"/{kind}/{newest}", state="long")


def _boxes() -> Iterator[Shot]:
    for box in ("done", "started", "copies", "drafts"):
        yield Shot(f"work-{box}", f"/work?box={box}")
    yield Shot("not-found", "/challenges/999999", state="error")


def _things(session: Session) -> Iterator[Shot]:
    """The newest of every kind in each of its states; of a project all tabs."""
    for kind, model in THINGS.items():
        if not hasattr(model, "state"):
            newest = session.scalar(select(func.max(model.id)))
            if newest is not None:
                yield Shot(f"{kind}-newest", f"/{kind}/{newest}")
            continue
        for state, newest in session.execute(select(model.state, func.max(model.id)).group_by(model.state)):
            yield Shot(f"{kind}-{state}", f"/{kind}/{newest}")
    running = session.scalar(select(Project.id).where(Project.rag == "red").limit(1))
    if running is not None:
        yield from (
            Shot(f"project-{tab}", f"/projects/{running}?tab={tab}", state="overdue")
            for tab in project_tabs.TABS
        )


def _tasks(session: Session, now: dt.datetime) -> Iterator[Shot]:
    """The page of one open task of each step, for somebody who is asked; overdue ones where there are."""
    late = WorkItem.due_at < now
    query = select(WorkItem).where(WorkItem.status == OPEN).order_by(late.desc(), WorkItem.id)
    seen: set[str] = set()
    for item in session.scalars(query):
        login = asked(session, item)
        if item.step in seen or login is None:
            continue
        seen.add(item.step)
        is_late = item.due_at is not None and item.due_at < now
        name, path = f"task-{item.step.replace('.', '-')}", f"/work/{item.id}"
        yield Shot(name, path, login=login, state="overdue" if is_late else "full")
        yield Shot(f"{name}-refused", path, login=login, state="error", sends=True)


def asked(session: Session, item: WorkItem) -> str | None:
    """The login of somebody who may do ``item``."""
    kind, _, name = item.audience.partition(":")
    login = select(User.login).where(User.is_active).limit(1)
    if kind == "user":
        return session.scalar(login.where(User.id == int(name)))
    if kind == "listed":
        listed = select(WorkCandidate.user_id).where(WorkCandidate.item_id == item.id)
        return session.scalar(login.where(User.id.in_(listed)))
    role, _, unit = name.partition("@")
    held = select(RoleGrant.user_id).where(
        RoleGrant.role == role, RoleGrant.unit_id == int(unit) if unit else RoleGrant.unit_id.is_(None)
    )
    return session.scalar(login.where(User.id.in_(held))) if kind == "role" else None


def _starts() -> Iterator[Shot]:
    """Forms that begin something; those that want to know about what are left out by their answer."""
    for kind, known in (("start", STARTS), ("act", SENDERS)):
        for name in known:
            yield Shot(f"{kind}-{name}", f"/{kind}/{name}")
            yield Shot(f"{kind}-{name}-refused", f"/{kind}/{name}", state="error", sends=True)
