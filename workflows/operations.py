"""运维: what operators see of running processes, and what they try again. Names of people are in none of it:
who reviews or objects stays as hidden from an administrator as it is on every other page."""

import datetime as dt
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from workflows import access, interventions, jobs, pulses, timelines, watch, workers
from workflows.domain import paging, permissions
from workflows.engine import positions
from workflows.engine.definitions import LIBRARY
from workflows.engine.people import NOT_ENDED
from workflows.engine.registry import HUMAN
from workflows.engine.tables import Due, HistoryEntry, Incident, Process, WorkItem
from workflows.errors import Conflict
from workflows.models import User

MOST_MOVES = 100  # of the history of one process
TOLD = (  # acts of operators, whose reasons name nobody
    "suspend",
    "resume",
    "terminate",
    "move_token",
    "skip_step",
    "repeat_step",
    "move_timer",
    "migrate",
    "undo_migration",
)
BY_HAND = ("item", "start")  # sources of incidents that nothing but their people can repeat


@dataclass(frozen=True)
class Wish:
    """What an operator looks for; None or "" leaves it open."""

    process: str | None = None
    status: str | None = None
    troubled: bool = False
    q: str = ""


@dataclass(frozen=True)
class Task:
    """An open work item, by its step and role."""

    id: int
    title: str
    role: str
    status: str
    due_at: dt.datetime | None


@dataclass(frozen=True)
class Timer:
    """A timer of a diagram: when it is due, and when it is tried (later after a failure, ``is_given_up`` after three)."""

    process: Process
    node: str
    due_at: dt.datetime
    next_try_at: dt.datetime
    tries: int
    is_given_up: bool


@dataclass(frozen=True)
class Shown:
    """One process with what it waits for, what failed, and its last moves, the newest first."""

    process: Process
    title: str
    is_current: bool
    tasks: list[Task]
    timers: list[Timer]
    incidents: Sequence[Incident]
    moves: Sequence[HistoryEntry]
    names: dict[str, str]  # of boxes, by their ids
    tokens: list[interventions.Standing]  # those that can be moved by hand
    suspended: str | None  # why it stands still
    is_readable: bool  # whether its stored state can be read


def pulse(session: Session, *, actor: User) -> pulses.Pulse:
    """Raises Forbidden unless ``actor`` administers; so do all of these."""
    permissions.check_operates(session, actor)
    return pulses.take(session)


def workers_known(session: Session, *, actor: User) -> list[workers.Known]:
    """The processes that do jobs or hand them out, of whom anything was heard during the last day."""
    permissions.check_operates(session, actor)
    return workers.known(session)


def titles() -> dict[str, str]:
    """What current processes are called, by their id."""
    return dict(sorted(LIBRARY.titles().items(), key=lambda one: one[1]))


def processes(
    session: Session, *, actor: User, wish: Wish, page: int = 1, size: int = 20
) -> tuple[Sequence[Process], int]:
    """Processes, the newest first, with how many there are; pages count from 1."""
    permissions.check_operates(session, actor)
    found: list[ColumnElement[bool]] = []
    if wish.process:
        found.append(Process.name == wish.process)
    if wish.status:
        found.append(Process.status == wish.status)
    if wish.troubled:
        found.append(Process.is_troubled.is_(True))
    if wish.q:
        found.append(Process.subject.contains(wish.q, autoescape=True))
    query = select(Process).where(*found).order_by(Process.id.desc())
    return paging.page_of(session, query, page=page, size=size)


def incidents(session: Session, *, actor: User) -> Sequence[Incident]:
    """What has failed and is not done yet, the newest first."""
    permissions.check_operates(session, actor)
    return watch.incidents(session)


def incident_page(
    session: Session, *, actor: User, only_open: bool = True, page: int = 1, size: int = 20
) -> tuple[Sequence[Incident], int]:
    """The same, or all that ever failed, page by page with how many there are."""
    permissions.check_operates(session, actor)
    query = select(Incident).order_by(Incident.id.desc())
    wanted = query.where(Incident.resolved_at.is_(None)) if only_open else query
    return paging.page_of(session, wanted, page=page, size=size)


def is_by_hand(incident: Incident) -> bool:
    """Whether it failed behind a person's act, which is theirs to send again."""
    return incident.source.partition(":")[0] in BY_HAND


def retryable(session: Session, *, actor: User) -> int:
    """How many of what has failed no person has to send again."""
    permissions.check_operates(session, actor)
    of_people = or_(*(Incident.source.startswith(f"{kind}:") for kind in BY_HAND))
    open_ones = select(func.count()).where(Incident.resolved_at.is_(None), ~of_people)
    return session.scalar(open_ones) or 0


def retry(session: Session, incident_id: int, *, actor: User) -> None:
    """Try what failed again at once. Raises Forbidden, NotFound, Conflict for an act of a person."""
    permissions.check_operates(session, actor)
    watch.retry(session, incident_id)


def retry_all(session: Session, *, actor: User) -> int:
    """Try all again that no person has to send; how many could be."""
    again = 0
    for one in incidents(session, actor=actor):
        if not is_by_hand(one):
            with suppress(Conflict):  # of a state that still cannot be read
                watch.retry(session, one.id)
                again += 1
    return again


def timers(session: Session, *, actor: User, page: int = 1, size: int = 20) -> tuple[list[Timer], int]:
    """The timers of running processes, the next first."""
    permissions.check_operates(session, actor)
    query = select(Due).order_by(Due.next_try_at, Due.id)
    rows, total = paging.page_of(session, query, page=page, size=size)
    ids = {one.process_id for one in rows}
    of = {one.id: one for one in session.scalars(select(Process).where(Process.id.in_(ids)))}
    return [_timer(one, of[one.process_id]) for one in rows], total


def shown(session: Session, process_id: int, *, actor: User) -> Shown:
    """Raises Forbidden, NotFound."""
    process = interventions.process_of(session, process_id, actor=actor)
    definition = LIBRARY.get(session, process.digest)
    title = LIBRARY.titles().get(process.name, process.name)
    items = select(WorkItem).where(WorkItem.process_id == process.id, WorkItem.status.in_(NOT_ENDED))
    failed = select(Incident).where(Incident.process_id == process.id).order_by(Incident.id.desc())
    moves = select(HistoryEntry).where(HistoryEntry.process_id == process.id)
    due = select(Due).where(Due.process_id == process.id).order_by(Due.due_at)
    is_readable = watch.is_readable(process, definition)
    return Shown(
        process=process,
        title=title,
        is_current=LIBRARY.digests().get(process.name) == process.digest,
        tasks=[_task(one) for one in session.scalars(items.order_by(WorkItem.id))],
        timers=[_timer(one, process) for one in session.scalars(due)],
        incidents=session.scalars(failed).all(),
        moves=session.scalars(moves.order_by(HistoryEntry.seq.desc()).limit(MOST_MOVES)).all(),
        names={process.name: title, **_earlier_names(session, process), **positions.names(definition)},
        tokens=interventions.standing(session, process) if is_readable else [],
        is_readable=is_readable,
        suspended=access.why_suspended(session, process),
    )


def _earlier_names(session: Session, process: Process) -> dict[str, str]:
    """What boxes were called on the versions from which a process has been moved."""
    moves = select(HistoryEntry.before).where(
        HistoryEntry.process_id == process.id, HistoryEntry.verb.in_(timelines.MOVES)
    )
    names: dict[str, str] = {}
    for before in session.scalars(moves):
        names |= positions.names(LIBRARY.get(session, before["digest"]))
    return names


def sheets(session: Session, process_id: int, *, actor: User) -> list[positions.Sheet]:
    """The diagrams of the process and where it stands in them. Raises Forbidden, NotFound."""
    return positions.sheets(session, interventions.process_of(session, process_id, actor=actor))


def _task(item: WorkItem) -> Task:
    step = HUMAN.get(item.step)
    return Task(item.id, step.title if step is not None else item.step, item.role, item.status, item.due_at)


def _timer(due: Due, process: Process) -> Timer:
    given_up = due.next_try_at >= jobs.NEVER
    return Timer(process, due.node, due.due_at, due.next_try_at, due.tries, given_up)
