"""Lists that are shown page by page."""

from collections.abc import Sequence
from typing import Any, TypeVar

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

Thing = TypeVar("Thing")


def page_of(session: Session, ordered: Select[Thing], *, page: int, size: int) -> tuple[Sequence[Thing], int]:
    """The rows of ``page`` (from 1) of what ``ordered`` selects, with how many there are in all."""
    before = (page - 1) * size
    rows = session.scalars(ordered.offset(before).limit(size)).all()
    if len(rows) < size and (rows or page == 1):
        return rows, before + len(rows)  # the last page tells how many there are
    everything: Any = ordered.order_by(None).subquery()
    return rows, session.execute(select(func.count()).select_from(everything)).scalar_one()
