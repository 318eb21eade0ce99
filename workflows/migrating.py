"""What OPERATORS do to running processes on older versions: try a migration, start it, follow it, undo it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, insert, select, update
from sqlalchemy.orm import Session

from workflows import clock, jobs
from workflows.domain import paging, permissions
from workflows.engine import codec, deployments, migrating, positions
from workflows.engine.carrying import Carried, Note
from workflows.engine.definitions import LIBRARY, Definition
from workflows.engine.migrating import Unmapped
from workflows.engine.migrations import kept_of
from workflows.engine.tables import (
    DONE,
    LIVE,
    PLANNED,
    UNDOING,
    Migration,
    MigrationItem,
    Process,
)
from workflows.errors import Conflict, Invalid, NotFound
from workflows.interventions import check_reason, process_of
from workflows.models import User

MOST_TRIED = 500  # at once, in about a second
MOST_IDS = 1_000  # named one by one
MOST_MAPPED = 100  # boxes named in a mapping
PAIR = re.compile(r"([A-Za-z_][\w.-]{0,79})\s*(?:=|->|→)\s*([A-Za-z_][\w.-]{0,79})")


@dataclass(frozen=True)
class Wish:
    """Which running processes on older versions are meant: all of ``process``, or those to which all of this applies."""

    process: str
    version: str = ""  # the first digits of the version on which they run
    q: str = ""  # looked for in what they are about
    ids: tuple[int, ...] = ()


@dataclass(frozen=True)
class Older:
    """A version that is no longer current, and how many processes run on it."""

    version: str
    running: int


@dataclass(frozen=True)
class Told:
    """A problem or note of a process, with the name of its box."""

    node: str
    title: str
    text: str


@dataclass(frozen=True)
class Tried:
    """What a migration would do with one process: where its tokens would stand, what stands against it."""

    process: Process
    problems: list[Told]
    notes: list[Told]
    nodes: dict[str, str]

    @property
    def maps(self) -> bool:
        return not self.problems


@dataclass(frozen=True)
class Trial:
    """A page of the processes that are meant, how many there are, and how many of all cannot be moved.

    Those that cannot come first. Of very many only the page is tried, and ``stuck`` is not known.
    """

    rows: list[Tried]
    total: int
    stuck: int | None


@dataclass(frozen=True)
class Item:
    """One process of a migration: its row, whether it waits for an operator, and whether it can still be undone."""

    row: MigrationItem
    process: Process
    problems: list[Told]
    is_given_up: bool
    may_undo: bool


@dataclass(frozen=True)
class Shown:
    """A migration with its counts by status, and a page of its processes."""

    migration: Migration
    title: str
    counts: dict[str, int]
    given_up: int
    items: list[Item]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def left(self) -> int:
        return self.counts.get(PLANNED, 0) + self.counts.get(UNDOING, 0)


def title_of(process: str) -> str:
    """Raises NotFound for a process that there is not."""
    titles = LIBRARY.titles()
    if process not in titles:
        raise NotFound("没有这个流程。")
    return titles[process]


def older(session: Session, process: str, *, actor: User) -> list[Older]:
    """The versions on which processes of this name run that is not the current one, the most used first."""
    current = _current(session, process, actor).digest
    running = select(Process.digest, func.count()).where(
        Process.name == process, Process.status.in_(LIVE), Process.digest != current
    )
    rows = session.execute(running.group_by(Process.digest)).all()
    return [Older(digest[:12], n) for digest, n in sorted(rows, key=lambda one: -one[1])]


def read_mapping(text: str) -> dict[str, str]:
    """Pairs of ids, ``old = new`` one to a line. Raises Invalid."""
    pairs: dict[str, str] = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        found = PAIR.fullmatch(line)
        if found is None:
            raise Invalid({"mapping": [f"每行写“原环节 = 新环节”，看不懂：{line[:60]}"]})
        pairs[found[1]] = found[2]
    return pairs


def read_ids(text: str) -> tuple[int, ...]:
    """Ids of processes, with anything between them. Raises Invalid for too many."""
    ids = tuple(dict.fromkeys(int(one) for one in re.findall(r"\d{1,9}", text)))
    if len(ids) > MOST_IDS:
        raise Invalid({"ids": [f"一次最多列出 {MOST_IDS} 个编号。"]})
    return ids


def try_out(
    session: Session, wish: Wish, mapping: Mapping[str, str], *, actor: User, page: int = 1, size: int = 20
) -> Trial:
    """What a migration to the current version would do with a page of the processes.

    Nothing is written. Raises Forbidden, NotFound, Invalid for a mapping to boxes that there are not.
    """
    current = _current(session, wish.process, actor)
    _check_mapping(current, mapping)
    meant = _meant(wish, current)
    rows, total = paging.page_of(session, meant, page=1, size=MOST_TRIED)
    if total > MOST_TRIED:
        rows, total = paging.page_of(session, meant, page=page, size=size)
        return Trial([_tried(session, one, current, mapping) for one in rows], total, None)
    tried = sorted((_tried(session, one, current, mapping) for one in rows), key=lambda one: one.maps)
    stuck = sum(not one.maps for one in tried)
    return Trial(tried[(page - 1) * size : page * size], total, stuck)


def one(session: Session, process_id: int, mapping: Mapping[str, str], *, actor: User) -> Tried:
    """What a migration to the current version would do with one process. Raises as ``try_out``."""
    process = process_of(session, process_id, actor=actor)
    current = _current(session, process.name, actor)
    _check_mapping(current, mapping)
    return _tried(session, process, current, mapping)


def sheets(
    session: Session, process_id: int, mapping: Mapping[str, str], *, actor: User
) -> tuple[list[positions.Sheet], list[positions.Sheet]]:
    """The diagrams of a process as it stands, and as it would stand on the current version."""
    process = process_of(session, process_id, actor=actor)
    current = _current(session, process.name, actor)
    try:
        carried = migrating.tried(session, process, current.digest, mapping)
    except Unmapped:
        return positions.sheets(session, process), []
    then = positions.drawn(current, carried.workflow, carried.workflow.passed)
    return positions.sheets(session, process), then


def start(session: Session, wish: Wish, mapping: Mapping[str, str], *, reason: str, actor: User) -> Migration:
    """Let all that are meant be moved to the current version, by a job, each in a transaction of its own.

    Raises as ``try_out``, Invalid without a reason, Conflict when nothing is meant.
    """
    current = _current(session, wish.process, actor)
    check_reason(reason)
    _check_mapping(current, mapping)
    migration = Migration(
        process=wish.process,
        digest=current.digest,
        mapping=dict(mapping),
        reason=reason.strip(),
        at=clock.now(),
        by_id=actor.id,
    )
    ids = list(session.scalars(_meant(wish, current).with_only_columns(Process.id)))
    if not ids:
        raise Conflict("没有符合条件的在办流程，都在现行版本上。")
    LIBRARY.write(session, [current])
    session.add(migration)
    session.flush()
    planned = {"migration_id": migration.id, "status": PLANNED, "problems": [], "tries": 0}
    session.execute(
        insert(MigrationItem), [{**planned, "process_id": id_, "next_try_at": clock.now()} for id_ in ids]
    )
    return migration


def recent(session: Session, process: str, *, actor: User, limit: int = 20) -> Sequence[Migration]:
    """The last migrations of a process, the newest first."""
    permissions.check_operates(session, actor)
    mine = select(Migration).where(Migration.process == process)
    return session.scalars(mine.order_by(Migration.id.desc()).limit(limit)).all()


def shown(
    session: Session,
    migration_id: int,
    *,
    actor: User,
    status: str | None = None,
    page: int = 1,
    size: int = 50,
) -> tuple[Shown, int]:
    """A migration with a page of its processes (of one ``status``), and how many those are. Raises NotFound."""
    migration = _get(session, migration_id, actor)
    mine = select(MigrationItem).where(MigrationItem.migration_id == migration.id)
    counted = select(MigrationItem.status, func.count()).where(MigrationItem.migration_id == migration.id)
    counts = {str(kind): int(n) for kind, n in session.execute(counted.group_by(MigrationItem.status))}
    given_up = select(func.count()).select_from(
        mine.where(MigrationItem.next_try_at >= jobs.NEVER).subquery()
    )
    if status is not None:
        mine = mine.where(MigrationItem.status == status)
    rows, total = paging.page_of(session, mine.order_by(MigrationItem.id), page=page, size=size)
    ids = [one.process_id for one in rows]
    of = {one.id: one for one in session.scalars(select(Process).where(Process.id.in_(ids)))}
    title = LIBRARY.titles().get(migration.process, migration.process)
    items = [_item(session, one, of[one.process_id]) for one in rows]
    return Shown(migration, title, counts, session.scalar(given_up) or 0, items), total


def undo(
    session: Session, migration_id: int, *, reason: str, actor: User, process_id: int | None = None
) -> int:
    """Let all that were moved, or one of them, be put back where they were, by a job; how many.

    Of those that have gone on since nothing is changed. Raises Forbidden, NotFound, Invalid without a reason, Conflict
    when none was moved.
    """
    migration = _get(session, migration_id, actor)
    check_reason(reason)
    moved = update(MigrationItem).where(
        MigrationItem.migration_id == migration.id, MigrationItem.status == DONE
    )
    if process_id is not None:
        moved = moved.where(MigrationItem.process_id == process_id)
    values = {"status": UNDOING, "undo_reason": reason.strip(), "undo_by_id": actor.id, "tries": 0}
    done: Any = session.execute(
        moved.values(**values, next_try_at=clock.now()).execution_options(synchronize_session=False)
    )
    if not done.rowcount:
        raise Conflict("没有可以撤回的流程。")
    return int(done.rowcount)


def _current(session: Session, process: str, actor: User) -> Definition:
    permissions.check_operates(session, actor)
    deployments.refresh(session)
    return LIBRARY.current(process)


def _meant(wish: Wish, current: Definition) -> Select[Any]:
    found: list[ColumnElement[bool]] = [
        Process.name == wish.process,
        Process.status.in_(LIVE),
        Process.digest != current.digest,
    ]
    if wish.version:
        found.append(Process.digest.startswith(wish.version, autoescape=True))
    if wish.q:
        found.append(Process.subject.contains(wish.q, autoescape=True))
    if wish.ids:
        found.append(Process.id.in_(wish.ids))
    return select(Process).where(*found).order_by(Process.id)


def _check_mapping(current: Definition, mapping: Mapping[str, str]) -> None:
    if len(mapping) > MOST_MAPPED:
        raise Invalid({"mapping": [f"一次最多对应 {MOST_MAPPED} 个环节。"]})
    unknown = sorted(set(mapping.values()) - current.labels.keys())
    if unknown:
        raise Invalid({"mapping": [f"现行版本没有环节 {unknown[0]}。"]})
    if len(set(mapping.values())) < len(mapping):
        raise Invalid({"mapping": ["两个原环节不能对应同一个新环节。"]})


def _tried(session: Session, process: Process, current: Definition, mapping: Mapping[str, str]) -> Tried:
    try:
        carried = migrating.tried(session, process, current.digest, mapping)
    except Unmapped as refused:
        carried = Carried(codec.Instance(current.spec, current.parts), problems=refused.problems)
    was = LIBRARY.get(session, process.digest)
    labels = {**current.labels, **was.labels}
    return Tried(
        process,
        [_told(one, labels) for one in carried.problems],
        [_told(one, labels) for one in carried.notes],
        {labels.get(old) or old: current.labels.get(new) or new for old, new in carried.nodes.items()},
    )


def _told(note: Note, labels: Mapping[str, str]) -> Told:
    return Told(note.node, labels.get(note.node) or note.node, note.text)


def _item(session: Session, row: MigrationItem, process: Process) -> Item:
    labels = LIBRARY.get(session, process.digest).labels
    return Item(
        row,
        process,
        [_told(Note(node, text), labels) for node, text in row.problems],
        is_given_up=row.next_try_at is not None and row.next_try_at >= jobs.NEVER,
        may_undo=row.status == DONE and migrating.may_undo(process, kept_of(row)),
    )


def _get(session: Session, migration_id: int, actor: User) -> Migration:
    permissions.check_operates(session, actor)
    migration = session.get(Migration, migration_id)
    if migration is None:
        raise NotFound("没有找到这次迁移。")
    return migration
