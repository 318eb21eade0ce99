"""What OPERATORS do: bring definitions in, see that diagrams, tables and history are as they should be, retry."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session

import workflows.steps  # noqa: F401 -- registers every step with the engine
from workflows import jobs
from workflows.db import Database
from workflows.domain import permissions, rule_versions
from workflows.engine import gate, history
from workflows.engine import incidents as engine_incidents
from workflows.engine.definitions import LIBRARY, read_folder
from workflows.engine.errors import Defect, DefinitionError, StepFailed
from workflows.engine.registry import HUMAN, SERVICE
from workflows.engine.tables import Incident, Process
from workflows.errors import Conflict, NotFound
from workflows.steps.variables import VARIABLES

log = structlog.get_logger("watch")

FOLDER = Path(__file__).parents[1] / "bpmn"

__all__ = ["DefinitionError"]


def check_definitions(folder: Path = FOLDER) -> None:
    """Raise DefinitionError, with every defect of every file, unless all diagrams and tables may run."""
    human = frozenset(HUMAN)
    names = gate.Names(
        human | frozenset(SERVICE), frozenset(permissions.ROLES), variables=VARIABLES, human=human
    )
    defects = _defects(tuple(read_folder(folder).items()), names)
    if defects:
        raise DefinitionError(list(defects))


@lru_cache(maxsize=8)
def _defects(files: tuple[tuple[str, bytes], ...], names: gate.Names) -> tuple[Defect, ...]:
    """What the gate says about the same files is asked once in a process."""
    return tuple(gate.defects_of(dict(files), names))


def install(database: Database, folder: Path = FOLDER) -> int:
    """Check the diagrams and tables in ``folder``, make them current, and store what the database lacks.

    A table that differs from all its stored versions is stored as a draft, which decides nothing until it is
    adopted; that is logged. Returns how many processes were new. Raises DefinitionError.
    """
    check_definitions(folder)
    files = read_folder(folder)
    LIBRARY.install(files)
    with database.transaction() as session:
        drafts = rule_versions.store(session, files)
        new = LIBRARY.store(session)
    for file, version in drafts:
        log.warning("rules changed, stored as a draft that must be adopted", file=file, version=version)
    return new


def report(database: Database, failed: StepFailed) -> None:
    """Keep, as an incident, what failed behind a person's act, in a transaction of its own."""
    with database.transaction() as session:
        if failed.item_id is None:
            engine_incidents.record(session, f"start:{failed.node}", None, failed)
        else:
            engine_incidents.record_act(session, failed.item_id, failed)


def incidents(session: Session, *, only_open: bool = True) -> Sequence[Incident]:
    """Failures of automatic steps, the newest first."""
    query = select(Incident).order_by(Incident.id.desc())
    return session.scalars(query.where(Incident.resolved_at.is_(None)) if only_open else query).all()


def retry(session: Session, incident_id: int) -> None:
    """Try what failed again at once. Raises NotFound when there is no such open incident, Conflict for an act."""
    incident = session.get(Incident, incident_id)
    if incident is None or incident.resolved_at is not None:
        raise NotFound("没有这条未解决的故障。")
    if incident.source.partition(":")[0] in ("item", "start"):
        raise Conflict("这是一次人工办理引起的故障，没有生效；原因排除后由办理人重新提交。")
    jobs.retry(session, incident.source)


def verify_history(session: Session) -> list[str]:
    """What is wrong with the history of every process, naming the first bad row of each; empty when nothing is."""
    processes = session.scalars(select(Process).order_by(Process.id).execution_options(yield_per=200))
    return [problem for process in processes if (problem := history.first_bent(session, process))]
