"""One life of the measured process, played through the engine: start, then ten completions, each cold."""

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from bench.processes import APPROVAL, OPINION
from bench.stages import Stage
from workflows import work
from workflows.db import Database
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import User

Actors = dict[int, User]  # by id, as sign-in has loaded them; what they may do is asked anew each time

FORM = {"agree": True, "opinion": OPINION}


@dataclass(frozen=True)
class Todo:
    """The next thing to be done in a process: the item, its step, and who does it."""

    item_id: int
    step: str
    actor_id: int


def actors(database: Database, stage: Stage) -> Actors:
    """Everybody who acts, loaded once and tied to no session."""
    with database.read() as session:
        query = select(User).where(User.id.in_(stage.cast.tokens))
        return {one.id: one for one in session.scalars(query)}


def begin(database: Database, stage: Stage, name: str = APPROVAL) -> int:
    """Start one process; its id."""
    cast = stage.cast
    values = {"applicant_id": cast.applicant_id, "reviewer_ids": list(cast.reviewer_ids)}
    with database.transaction() as session:
        actor = session.get_one(User, cast.applicant_id)
        return work.start(session, name, values, actor=actor).process_id


def following(session: Session, stage: Stage, process_id: int) -> Todo | None:
    """What is to be done next in a process; None when it has ended."""
    query = (
        select(WorkItem.id, WorkItem.step, WorkItem.audience)
        .where(WorkItem.process_id == process_id, WorkItem.status == OPEN)
        .order_by(WorkItem.id)
        .limit(1)
    )
    row = session.execute(query).first()
    return None if row is None else Todo(row.id, row.step, stage.cast.of(row.audience))


def complete(database: Database, todo: Todo, actors: Actors) -> None:
    """One completion in a session of its own: everything is loaded, nothing is kept from the one before."""
    with database.transaction() as session:
        work.complete(session, todo.item_id, FORM, actor=actors[todo.actor_id])
