"""A plant many times over: a few real challenges of the demo with all that belongs to them, copied row by row."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, String, Table, cast, func, select, true
from sqlalchemy.orm import Session

from workflows import schema
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import Challenge

FAR = 1_000_000  # ids of the first copy begin here, of the second at twice that
CHALLENGES = 10  # that are copied, the newest of the demo
ITEMS = 100  # work items that are copied, open ones first
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
)


def add(session: Session, *, first: int, last: int) -> None:
    """Copies number ``first`` to ``last`` of ten challenges and a hundred work items."""
    chosen = _chosen(session)
    numbers = select(func.generate_series(first, last).label("copy")).subquery()
    for name in COPIED:
        source = schema.metadata().tables[name]
        values = {one.name: _copied(source, one.name, numbers.c.copy) for one in source.columns}
        rows = (
            select(*values.values()).select_from(source.join(numbers, true())).where(_belongs(source, chosen))
        )
        session.execute(source.insert().from_select(list(values), rows))


def _chosen(session: Session) -> Mapping[str, list[int]]:
    """Ids of what is copied: challenges, and the processes of the work items."""
    challenges = session.scalars(
        select(Challenge.id).where(Challenge.id < FAR).order_by(Challenge.id.desc()).limit(CHALLENGES)
    ).all()
    waiting = (
        select(WorkItem.id)
        .where(WorkItem.id < FAR)
        .order_by((WorkItem.status == OPEN).desc(), WorkItem.id.desc())
        .limit(ITEMS)
    )
    items = session.scalars(waiting).all()
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
    if each.unique and isinstance(each.type, String):
        return func.concat(each, "-", cast(copy, String)).label(name)
    return each.label(name)
