"""What OPERATORS do: bring definitions in, see that diagrams, tables and history are as they should be, retry."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog
from sqlalchemy import func, select
from sqlalchemy.orm import Session

import workflows.steps  # noqa: F401 -- registers every step with the engine
from workflows import jobs
from workflows.db import Database
from workflows.domain import permissions, rule_versions
from workflows.engine import codec, deployments, gate, history
from workflows.engine import incidents as engine_incidents
from workflows.engine.definitions import LIBRARY, Definition, Files, digest_of, read_folder
from workflows.engine.errors import Defect, DefinitionError, StepFailed, UnknownState
from workflows.engine.registry import HUMAN, SERVICE
from workflows.engine.tables import LIVE, Deployment, Incident, Process
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import User
from workflows.steps.variables import VARIABLES

log = structlog.get_logger("watch")

FOLDER = Path(__file__).parents[1] / "bpmn"

__all__ = ["Defect", "DefinitionError"]


FILE_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}\.(bpmn|dmn)")
MOST_FILES = 50  # of one deployment
MOST_SHOWN = 50  # deployments of the past


@dataclass(frozen=True)
class Deployed:
    """What came of a deployment: processes that begin on a new version, and tables (file, version) that are drafts."""

    processes: tuple[str, ...]
    drafts: tuple[tuple[str, int], ...]


def names() -> gate.Names:
    """What the campaign knows, and diagrams may name."""
    human = frozenset(HUMAN)
    return gate.Names(
        human | frozenset(SERVICE), frozenset(permissions.ROLES), variables=VARIABLES, human=human
    )


def check_definitions(folder: Path = FOLDER, *, proven: frozenset[str] = frozenset()) -> None:
    """Raise DefinitionError, with every defect of every file, unless all diagrams and tables may run.

    ``proven``: digests of versions that were found sound before.
    """
    _expect_sound(read_folder(folder), proven)


_passed: set[tuple[str, gate.Names]] = set()  # what this process has examined already


def _expect_sound(files: Files, proven: frozenset[str]) -> None:
    key = (digest_of("", files), names())
    if key in _passed:
        return
    defects = gate.defects_of(files, names(), proven=proven)
    if defects:
        raise DefinitionError(defects)
    _passed.add(key)


def install(database: Database, folder: Path = FOLDER) -> int:
    """Check the diagrams and tables in ``folder``, make them current, and store what the database lacks.

    A version that the database has was proven sound when it came in, which is not done again. A process of which
    another version was deployed keeps that, unless the folder brings a version that is new to the database. A table
    that differs from all its stored versions is stored as a draft, which decides nothing until it is adopted; that is
    logged. Returns how many processes were new. Raises DefinitionError.
    """
    files = read_folder(folder)
    with database.read() as session:
        known = deployments.digests(session)
    check_definitions(folder, proven=known)
    released = {one.process: one.digest for one in LIBRARY.install(files)}
    with database.transaction() as session:
        drafts = rule_versions.store(session, files)
        new = LIBRARY.store(session)
        deployments.follow_release(session, released, known)
        deployments.refresh(session)
    for file, version in drafts:
        log.warning("rules changed, stored as a draft that must be adopted", file=file, version=version)
    return new


def deploy(session: Session, files: Files, *, actor: User | None) -> Deployed:
    """Let ``files`` (name -> content) in: what they change begins anew on the new version, what runs keeps its own.

    They are examined together with all that is current, of which they replace what has the same name. ``actor`` None:
    an operator on the host. A table that differs from all its versions becomes a draft (see ``rule_versions``).

    Raises Forbidden unless ``actor`` administers, Invalid for names or a number of files that are not taken,
    DefinitionError with every refusal of every file.
    """
    if actor is not None:
        permissions.check_deploys(session, actor)
    wrong = [name for name in files if not FILE_NAME.fullmatch(name)]
    if wrong or not 1 <= len(files) <= MOST_FILES:
        raise Invalid({"files": [_name_fault(wrong)]})
    deployments.refresh(session)
    together = {**read_folder(FOLDER), **LIBRARY.files(), **files}
    _expect_sound(together, deployments.digests(session))
    fresh = deployments.put(session, together, by_id=actor.id if actor is not None else None)
    drafts = rule_versions.store(session, {name: files[name] for name in files if name.endswith(".dmn")})
    log.info("deployed", processes=[one.process for one in fresh], drafts=drafts)
    return Deployed(tuple(sorted(one.process for one in fresh)), tuple(drafts))


@dataclass(frozen=True)
class Line:
    """A process: its current version (the first 12 digits), what runs on it and on older ones, its last deployment."""

    process: str
    title: str
    version: str
    running: int
    running_older: int
    deployed: Deployment | None


@dataclass(frozen=True)
class Overview:
    """What is deployed: every process by its title, the last deployments, and the people behind them by id."""

    lines: list[Line]
    recent: list[Deployment]
    people: dict[int, User]


def overview(session: Session) -> Overview:
    """What stands on the page of deployments."""
    deployments.refresh(session)
    counted = select(Process.name, Process.digest, func.count()).where(Process.status.in_(LIVE))
    running = {
        (name, digest): n
        for name, digest, n in session.execute(counted.group_by(Process.name, Process.digest))
    }
    recent = deployments.recent(session, limit=MOST_SHOWN)
    last: dict[str, Deployment] = {}
    for one in recent:
        last.setdefault(one.process, one)
    lines = []
    for process, digest in LIBRARY.digests().items():
        older = sum(n for (name, on), n in running.items() if name == process and on != digest)
        now = running.get((process, digest), 0)
        title = LIBRARY.titles()[process]
        lines.append(Line(process, title, digest[:12], now, older, last.get(process)))
    ids = {one.by_id for one in recent if one.by_id is not None}
    people = {one.id: one for one in session.scalars(select(User).where(User.id.in_(ids)))} if ids else {}
    return Overview(sorted(lines, key=lambda one: one.process), recent, people)


def _name_fault(wrong: Sequence[str]) -> str:
    if wrong:
        return f"文件名 {wrong[0][:60]} 不行：只用小写字母、数字和下划线，以 .bpmn 或 .dmn 结尾。"
    return f"请选择 1 至 {MOST_FILES} 个文件。"


def report(database: Database, failed: StepFailed) -> None:
    """Keep, as an incident, what failed behind a person's act, in a transaction of its own."""
    with database.transaction() as session:
        if failed.item_id is None:
            engine_incidents.record(session, f"start:{failed.node}", None, failed)
        else:
            engine_incidents.record_act(session, failed.item_id, failed)


def report_unreadable(database: Database, error: UnknownState) -> None:
    """Keep, as an incident, that the state of a process cannot be read, in a transaction of its own."""
    with database.transaction() as session:
        engine_incidents.record_unreadable(session, error)


def incidents(session: Session, *, only_open: bool = True) -> Sequence[Incident]:
    """Failures of automatic steps, the newest first."""
    query = select(Incident).order_by(Incident.id.desc())
    return session.scalars(query.where(Incident.resolved_at.is_(None)) if only_open else query).all()


def retry(session: Session, incident_id: int) -> None:
    """Try what failed again at once: a state is read, anything else is left to the jobs.

    Raises NotFound when there is no such open incident, Conflict for an act, and for a state that cannot be read yet.
    """
    incident = session.get(Incident, incident_id)
    if incident is None or incident.resolved_at is not None:
        raise NotFound("没有这条未解决的故障。")
    if incident.source.partition(":")[0] in ("item", "start"):
        raise Conflict("这是一次人工办理引起的故障，没有生效；原因排除后由办理人重新提交。")
    if incident.source.startswith("state:"):
        _read_again(session, session.get_one(Process, incident.process_id))
    else:
        jobs.retry(session, incident.source)


def _read_again(session: Session, process: Process) -> None:
    if not is_readable(process, LIBRARY.get(session, process.digest)):
        raise Conflict("流程的保存状态仍然无法读取。请部署写下它的版本或更新的版本，再重试。")
    engine_incidents.readable_again(session, process)


def is_readable(process: Process, definition: Definition) -> bool:
    """Whether the stored state of ``process`` can be read."""
    try:
        codec.of(process, definition)
    except UnknownState:
        return False
    return True


def verify_history(session: Session) -> list[str]:
    """What is wrong with the history of every process, naming the first bad row of each; empty when nothing is."""
    processes = session.scalars(select(Process).order_by(Process.id).execution_options(yield_per=200))
    return [problem for process in processes if (problem := history.first_bent(session, process))]
