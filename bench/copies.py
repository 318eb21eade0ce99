"""A plant many times over: a few real challenges of the demo with all that belongs to them, copied row by row."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, String, Table, case, cast, func, literal, null, select, true
from sqlalchemy.orm import Session

from workflows import schema
from workflows.engine.tables import DONE, OPEN, WorkItem
from workflows.models import Challenge

FAR = 1_000_000  # ids of the first copy begin here, of the second at twice that
CHALLENGES = 10  # that are copied, the newest of the demo
ITEMS = 100  # work items that are copied as they ended, and once more as open ones
READER, OTHERS = "role:office", "role:hr"  # who reads, and who has the tasks that were the reader's
READERS, READERS_COPIES = (
    5,
    10,
)  # so many open ones of the first copies are the reader's, in a plant of any size
OPEN_FROM = FAR // 2  # where their ids begin among those of a copy
COPIED = (
    "challenge",
    "indicator",
    "bid",
    "team_member",
    "pledged_value",
    "project",
    "project_member",
    "milestone",
    "process",
    "work_item",
    "work_candidate",
)


def add(session: Session, *, first: int, last: int) -> None:
    """Copies number ``first`` to ``last`` of ten challenges, a hundred ended work items and a hundred open ones."""
    chosen = _chosen(session)
    numbers = select(func.generate_series(first, last).label("copy")).subquery()
    for name in COPIED:
        source = schema.metadata().tables[name]
        values = {one.name: _copied(source, one.name, numbers.c.copy) for one in source.columns}
        rows = (
            select(*values.values()).select_from(source.join(numbers, true())).where(_belongs(source, chosen))
        )
        session.execute(source.insert().from_select(list(values), rows))
        if name == "work_item":
            is_readers = source.c.id.in_(chosen[name][:READERS]) & (numbers.c.copy <= READERS_COPIES)
            values |= _as_open(source, values["id"], is_readers)
        elif name == "work_candidate":  # other people, as the copied ids of people say
            values["item_id"] = values["item_id"] + OPEN_FROM
        if name in ("work_item", "work_candidate"):
            again = select(*values.values()).select_from(source.join(numbers, true()))
            session.execute(source.insert().from_select(list(values), again.where(_belongs(source, chosen))))


def _as_open(
    source: Table, copied_id: ColumnElement[int], is_readers: ColumnElement[bool]
) -> dict[str, ColumnElement[Any]]:
    """The columns of a work item that are others while it is open and nobody has taken it."""
    nothing = (
        "round_id",
        "claimed_by_id",
        "next_try_at",
        "remind_days",
        "done_at",
        "done_by_id",
        "done_for_id",
    )
    others = case((source.c.audience == READER, OTHERS), else_=source.c.audience)
    audience = case((is_readers, READER), else_=others)
    return {
        **{
            name: null().label(name)
            for name in (*nothing, "agree", "opinion", "delegated_by_id", "waits_for_id")
        },
        "id": copied_id + OPEN_FROM,
        "status": literal(OPEN).label("status"),
        "audience": audience.label("audience"),
    }


def _chosen(session: Session) -> Mapping[str, list[int]]:
    """Ids of what is copied: challenges, and the processes of the work items."""
    challenges = session.scalars(
        select(Challenge.id).where(Challenge.id < FAR).order_by(Challenge.id.desc()).limit(CHALLENGES)
    ).all()
    ended = select(WorkItem.id).where(WorkItem.id < OPEN_FROM, WorkItem.status == DONE)
    items = session.scalars(ended.order_by(WorkItem.id.desc()).limit(ITEMS)).all()
    processes = session.scalars(select(WorkItem.process_id).where(WorkItem.id.in_(items)).distinct()).all()
    return {"challenge": list(challenges), "work_item": list(items), "process": list(processes)}


def _belongs(source: Table, chosen: Mapping[str, list[int]]) -> ColumnElement[bool]:
    """Which rows of ``source`` belong to what is copied, by id or through their parent."""
    if source.name in chosen:
        return source.c.id.in_(chosen[source.name])
    parent = next(
        one for one in source.foreign_keys if one.column.table.name in COPIED[: COPIED.index(source.name)]
    )
    above = parent.column.table
    return parent.parent.in_(select(above.c.id).where(_belongs(above, chosen)))


def _copied(source: Table, name: str, copy: ColumnElement[int]) -> ColumnElement[Any]:
    """The value of a column in a copy: ids and what points to copied rows move, names that must differ get a number."""
    each = source.columns[name]
    points_to = {one.column.table.name for one in each.foreign_keys}
    if (each.primary_key and not points_to) or points_to & set(COPIED):
        return (each + copy * FAR).label(name)
    if name == "subject_path":
        path, number = func.regexp_replace(each, "[0-9]+$", ""), func.substring(each, "[0-9]+$")
        return func.concat(path, cast(number, BigInteger) + copy * FAR).label(name)
    if each.unique and isinstance(each.type, String):
        return func.concat(each, "-", cast(copy, String)).label(name)
    return each.label(name)
