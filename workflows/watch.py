"""What OPERATORS do: bring definitions in, see that diagrams, tables and history are as they should be, retry."""

from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

import workflows.steps  # noqa: F401 -- registers every step with the engine
from workflows import jobs
from workflows.db import Database
from workflows.domain import permissions
from workflows.engine import gate, history
from workflows.engine.definitions import LIBRARY, read_folder
from workflows.engine.errors import DefinitionError
from workflows.engine.registry import HUMAN, SERVICE
from workflows.engine.tables import Incident, Process
from workflows.errors import NotFound

FOLDER = Path(__file__).parents[1] / "bpmn"

__all__ = ["DefinitionError"]


def check_definitions(folder: Path = FOLDER) -> None:
    """Raise DefinitionError, with every defect of every file, unless all diagrams and tables may run."""
    names = gate.Names(frozenset(HUMAN), frozenset(SERVICE), frozenset(permissions.ROLES))
    defects = gate.examine(read_folder(folder), names)
    if defects:
        raise DefinitionError(defects)


def install(database: Database, folder: Path = FOLDER) -> int:
    """Check the diagrams and tables in ``folder``, make them current, and store what the database lacks.

    Returns how many were new. Raises DefinitionError.
    """
    check_definitions(folder)
    LIBRARY.install(read_folder(folder))
    with database.transaction() as session:
        return LIBRARY.store(session)


def incidents(session: Session, *, only_open: bool = True) -> Sequence[Incident]:
    """Failures of automatic steps, the newest first."""
    query = select(Incident).order_by(Incident.id.desc())
    return session.scalars(query.where(Incident.resolved_at.is_(None)) if only_open else query).all()


def retry(session: Session, incident_id: int) -> None:
    """Try what failed again at once. Raises NotFound when there is no such open incident."""
    incident = session.get(Incident, incident_id)
    if incident is None or incident.resolved_at is not None:
        raise NotFound("没有这条未解决的故障。")
    jobs.retry(session, incident.source)


def verify_history(session: Session) -> list[str]:
    """What is wrong with the history of every process, naming the first bad row of each; empty when nothing is."""
    processes = session.scalars(select(Process).order_by(Process.id).execution_options(yield_per=200))
    return [problem for process in processes if (problem := history.first_bent(session, process))]
