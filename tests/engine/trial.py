"""The steps of the small diagrams in diagrams/, registered once, and what the tests of the engine do with them.

Every process is begun with ``user_id``, to whom its service steps write a notice of their own name: a row that
another transaction sees only if the step was committed. ``trial.check`` fails while that user is off duty, and
refuses while the user is banned: causes that are facts of the database, so that they can go away.
"""

import datetime as dt
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from marshmallow import fields
from sqlalchemy.orm import Session

import workflows.steps  # noqa: F401 -- the shipped hooks: roles, work calendar, reminders
from tests import factories
from workflows.db import Database
from workflows.engine import definitions
from workflows.engine.registry import Act, Started, Vote, human_step, message_start, round_end, service_step
from workflows.engine.runtime import Run
from workflows.errors import Conflict
from workflows.models import Notice, User
from workflows.steps.inputs import TaskForm

DIAGRAMS = Path(__file__).parent / "diagrams"
NOTES = ("done", "late", "urged", "stopped", "heard", "halted", "called", "yes", "no")


class WorkForm(TaskForm):
    """Variables to set, and an opinion."""

    set = fields.Dict(load_default=dict)


class VoteForm(TaskForm):
    agree = fields.Boolean(load_default=None, allow_none=True)


def about(session: Session, data: Mapping[str, Any]) -> User:
    return session.get_one(User, data["user_id"])


@human_step("trial.work", title="办理", form=WorkForm, about=about)
def work(act: Act) -> dict[str, Any]:
    """Sets variables; one that is called ``note`` is also written to the person."""
    if "note" in act.values["set"]:
        _write(act.session, act.data, act.values["set"]["note"])
    return dict(act.values["set"])


@human_step("trial.vote", title="会签", form=VoteForm, about=about)
def vote(act: Act) -> Vote:
    return Vote(agree=act.values["agree"])


@round_end("trial.vote")
def end_vote(_session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"told": data["round_result"]}


def _write(session: Session, data: Mapping[str, Any], text: str) -> None:
    factories.notice(session, to=about(session, data), text=text)


def _register_note(name: str) -> None:
    @service_step(f"trial.note_{name}")
    def note(session: Session, data: Mapping[str, Any]) -> None:
        _write(session, data, name)


for _name in NOTES:
    _register_note(_name)


@service_step("trial.note_thing")
def note_thing(session: Session, data: Mapping[str, Any]) -> None:
    _write(session, data, str(data["thing"]))


@service_step("trial.check")
def check(session: Session, data: Mapping[str, Any]) -> None:
    user = about(session, data)
    if user.banned_until is not None:
        raise Conflict("禁入期内不能办理，请联系办公室。")
    if not user.on_duty:
        raise ArithmeticError("现场没有电")


@message_start("started_by_message")
def begin_by_message(_session: Session, payload: Mapping[str, Any]) -> Started:
    return Started("由消息开始", "/", {"case_id": payload["case_id"], "user_id": payload["user_id"]})


@cache
def install() -> None:
    """Make the small diagrams current, beside whatever is."""
    paths = [*DIAGRAMS.glob("*.bpmn"), *DIAGRAMS.glob("*.dmn")]
    definitions.LIBRARY.install({path.name: path.read_bytes() for path in paths})


def store(database: Database) -> None:
    """Let processes begin on the small diagrams in ``database``."""
    install()
    with database.transaction() as session:
        definitions.LIBRARY.store(session)


def begin(database: Database, name: str, user_id: int, **data: Any) -> int:
    """Start one of the small processes; its id."""
    with database.transaction() as session:
        first = Started(name, "/", {"user_id": user_id, **data})
        return Run.begin(session, name, first, actor_id=user_id).process.id


def person(database: Database, **kwargs: Any) -> int:
    """The id of somebody new; arguments as for ``factories.user``."""
    with database.transaction() as session:
        return factories.user(session, **kwargs).id


def people(database: Database, count: int) -> list[int]:
    with database.transaction() as session:
        home = factories.unit(session)
        return [factories.user(session, of=home).id for _ in range(count)]


def notes(database: Database, user_id: int) -> list[str]:
    """What the service steps have written for ``user_id``, in order."""
    with database.read() as session:
        rows = session.query(Notice).filter_by(user_id=user_id).order_by(Notice.id)
        return [row.text for row in rows]


def set_person(database: Database, user_id: int, *, on_duty: bool = True, banned: bool = False) -> None:
    with database.transaction() as session:
        user = session.get_one(User, user_id)
        user.on_duty = on_duty
        user.banned_until = dt.date(2030, 1, 1) if banned else None
