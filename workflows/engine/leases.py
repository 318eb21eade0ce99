"""Who has a row: of many workers one, for a time; whoever dies with it loses it.

A lease is known by the instant until which it was given. Whoever comes with another has lost the row since, or
comes twice: nothing is done then. Rows do not need one: what a job does is right without, only wasted.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, inspect, or_, select, update
from sqlalchemy.orm import Session

from workflows import clock

LEASE = dt.timedelta(seconds=60)  # much longer than a row takes, as short as a dead worker may delay it
RECENTLY = dt.timedelta(hours=1)


@dataclass(frozen=True)
class Lease:
    """A row that a worker has. ``is_suspect``: whoever had it before did not come back."""

    row_id: int
    until: dt.datetime
    is_suspect: bool


def is_free(columns: Any) -> ColumnElement[bool]:
    """The SQL condition, with the parameter ``now``, that nobody has a row of these columns."""
    return or_(columns.leased_until.is_(None), columns.leased_until <= bindparam("now"))


def asked(limit: int) -> dict[str, Any]:
    """The parameters of statements that select what waits."""
    return {"now": clock.now(), "recently": clock.now() - RECENTLY, "limit": limit}


def take(session: Session, table: Any, waiting: Select[Any], limit: int) -> list[Lease]:
    """Lease up to ``limit`` of the rows of ``table`` whose ids ``waiting`` selects; others that take too get others."""
    columns = inspect(table).local_table.c
    query = waiting.with_only_columns(columns.id, columns.leased_until)
    held = query.with_for_update(skip_locked=True, of=inspect(table).local_table)
    rows = session.execute(held, asked(limit)).all()
    until = clock.now() + LEASE
    if rows:
        mine = update(table).where(table.id.in_([id_ for id_, _ in rows]))
        session.execute(mine.values(leased_until=until).execution_options(synchronize_session=False))
    return [Lease(id_, until, was is not None) for id_, was in rows]


def is_held(session: Session, table: Any, lease: Lease) -> bool:
    """Whether the row is still this lease's."""
    return session.scalar(select(table.leased_until).where(table.id == lease.row_id)) == lease.until


def give_back(session: Session, table: Any, lease: Lease) -> None:
    """Let others have the row, if it is still this lease's."""
    mine = update(table).where(table.id == lease.row_id, table.leased_until == lease.until)
    session.execute(mine.values(leased_until=None).execution_options(synchronize_session=False))
