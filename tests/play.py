"""Drives a process as people and the clock do: every act in its own transaction, through work and jobs."""

import datetime as dt
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import access, clock, jobs, watch, work
from workflows.db import Database
from workflows.domain import permissions
from workflows.engine import definitions
from workflows.engine.runtime import Run
from workflows.engine.tables import OPEN, Due, HistoryEntry, Incident, Message, Process, WorkItem
from workflows.errors import Refusal
from workflows.models import User
from workflows.work import CompletedView, StartedView

__all__ = ["CompletedView"]


def start(database: Database, process: str, *, by: int, **values: Any) -> StartedView:
    """Start a shipped process by its form."""
    with database.transaction() as session:
        return work.start(session, process, values, actor=session.get_one(User, by))


def act(database: Database, name: str, *, by: int, **values: Any) -> str:
    """Do an act from outside the inbox; the path of what it is about."""
    with database.transaction() as session:
        return work.send(session, name, values, actor=session.get_one(User, by)).subject_path


def complete(
    database: Database, step: str, *, by: int, process: int | None = None, **values: Any
) -> CompletedView:
    """As user ``by`` complete the one open item of ``step`` (in ``process``) that is for them."""
    with database.transaction() as session:
        actor = session.get_one(User, by)
        return work.complete(session, item_of(session, step, actor, process), values, actor=actor)


def at_hand(
    database: Database, step: str, *, by: int, process: int | None = None
) -> Callable[..., CompletedView]:
    """Complete the one open item of ``step``, found now as on an open page, whatever becomes of it until then."""
    with database.read() as session:
        found = item_of(session, step, session.get_one(User, by), process)
    return partial(complete_item, database, found, by=by)


def complete_item(database: Database, item_id: int, *, by: int, **values: Any) -> CompletedView:
    with database.transaction() as session:
        return work.complete(session, item_id, values, actor=session.get_one(User, by))


def item_of(session: Session, step: str, actor: User, process: int | None = None) -> int:
    """The id of the one open item of ``step`` that ``actor`` may do."""
    query = select(WorkItem.id).where(
        WorkItem.status == OPEN, access.is_mine(permissions.grants(session, actor))
    )
    query = query.where((WorkItem.step == step) | (WorkItem.node == step))
    if process is not None:
        query = query.where(WorkItem.process_id == process)
    return session.scalars(query).one()


def write_message(database: Database, name: str, *, key: str, **payload: Any) -> None:
    """Write a message as another process would; ``key`` names the value in ``payload`` that finds receivers."""
    with database.transaction() as session:
        value, at = str(payload[key]), clock.now()
        session.add(Message(name=name, key=key, value=value, payload=payload, sent_at=at, status="new"))


def send(database: Database, name: str, *, key: str, **payload: Any) -> None:
    """Write a message, and let the jobs deliver it."""
    write_message(database, name, key=key, **payload)
    settle(database)


def settle(database: Database) -> None:
    """Let the jobs run until nothing is left to do now."""
    jobs.run_until_quiet(database)


def wait_until(database: Database, instant: dt.datetime) -> None:
    """Move the held clock to ``instant`` and let the jobs run."""
    clock.move_to(instant)
    settle(database)


def pass_time(**duration: int) -> None:
    """Move the held clock on, and let nothing run yet."""
    clock.move_to(clock.now() + dt.timedelta(**duration))


def wait(database: Database, **duration: int) -> None:
    """Let time pass (``hours=1``), and the jobs run."""
    pass_time(**duration)
    settle(database)


def items(database: Database, process: int) -> list[tuple[str, str, str]]:
    """Node, audience and status of every work item of ``process``, in order."""
    with database.read() as session:
        query = select(WorkItem.node, WorkItem.audience, WorkItem.status).where(
            WorkItem.process_id == process
        )
        rows = session.execute(query.order_by(WorkItem.id))
        return [(node, audience, status) for node, audience, status in rows]


def all_items(session: Session, process: int) -> list[WorkItem]:
    """Every work item of ``process``, in order."""
    return list(session.scalars(select(WorkItem).where(WorkItem.process_id == process).order_by(WorkItem.id)))


def processes(session: Session) -> list[Process]:
    return list(session.scalars(select(Process).order_by(Process.id)))


def open_nodes(database: Database, process: int) -> list[str]:
    """The nodes that wait for people."""
    return [node for node, _, status in items(database, process) if status == OPEN]


def status(database: Database, process: int) -> str:
    with database.read() as session:
        return session.get_one(Process, process).status


def variables(database: Database, process: int) -> dict[str, Any]:
    """The variables of ``process`` where a person is asked, or as its end left them."""
    with database.read() as session:
        run = Run.resume(session, session.get_one(Process, process))
        standing = [task.data for task in run.before.humans.values()] or [run.workflow.data]
        return dict(standing[0])


def acts(database: Database, process: int) -> list[tuple[str, str]]:
    """Verb and node of every act in the history of ``process``, in order."""
    with database.read() as session:
        query = select(HistoryEntry.verb, HistoryEntry.node).where(HistoryEntry.process_id == process)
        return [(verb, node) for verb, node in session.execute(query.order_by(HistoryEntry.seq))]


def history(database: Database, process: int) -> list[HistoryEntry]:
    with database.read() as session:
        query = select(HistoryEntry).where(HistoryEntry.process_id == process).order_by(HistoryEntry.seq)
        return list(session.scalars(query))


def timers(database: Database, process: int) -> list[tuple[str, dt.datetime]]:
    """Node and due instant of every timer of the diagram that waits."""
    with database.read() as session:
        query = select(Due.node, Due.due_at).where(Due.process_id == process, Due.token.is_not(None))
        return [(str(node), due_at) for node, due_at in session.execute(query.order_by(Due.due_at))]


def name_of(database: Database, user_id: int) -> str:
    with database.read() as session:
        return session.get_one(User, user_id).name


def forget_deployments() -> None:
    """Let this server know the shipped processes only, as it does after a start on a new database."""
    definitions.LIBRARY._current = {}
    definitions.LIBRARY.install(definitions.read_folder(watch.FOLDER))


@contextmanager
def forgetting_definitions() -> Iterator[None]:
    """Let every process go on as on a server that has just started: definitions come from the database."""
    known = definitions.LIBRARY._by_digest
    definitions.LIBRARY._by_digest = Forgetful()
    try:
        yield
    finally:
        definitions.LIBRARY._by_digest = known


class Forgetful(dict[str, definitions.Definition]):
    """Keeps nothing."""

    def __setitem__(self, digest: str, definition: definitions.Definition) -> None:
        pass


def database_files(path: str) -> list[Path]:
    """An SQLite database with its log and index."""
    return sorted(Path(path).parent.glob(f"{Path(path).name}*"))


def incidents(database: Database) -> list[Incident]:
    with database.read() as session:
        return list(session.scalars(select(Incident).order_by(Incident.id)))


def at_once(acts: Sequence[Callable[[], object]]) -> list[object]:
    """What each of ``acts`` returned, or the refusal it raised; all begin together."""
    barrier = threading.Barrier(len(acts))

    def run(act: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return act()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))
