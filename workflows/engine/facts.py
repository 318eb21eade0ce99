"""What an act changes in the domain's rows, seen from outside: the before and after of its history entry."""

import hashlib
from collections.abc import Iterator
from typing import Any

from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from workflows.engine import tables

LONGEST = 200  # characters kept of a text
SECRET = ("password_hash",)


class Facts:
    """Collects the changes of one session; its own tables, which the history describes otherwise, left out."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before: dict[str, Any] = {}
        self._after: dict[str, Any] = {}
        self._held: set[Any] = (
            set()
        )  # a session lets go of rows that nobody holds, and the next step reads them again
        event.listen(session, "after_flush", self._collect)
        event.listen(session, "after_rollback", self._forget)

    @classmethod
    def of(cls, session: Session) -> "Facts":
        """The collector of ``session``, attached on first use."""
        if "facts" not in session.info:
            session.info["facts"] = cls(session)
        facts: Facts = session.info["facts"]
        return facts

    def take(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """The changes since the last call, by "bid:3.state": the old values, and the new ones."""
        self._session.flush()
        taken = self._before, self._after
        self._before, self._after = {}, {}
        return taken

    def _forget(self, _session: Session) -> None:
        """What was rolled back has not happened: the next act of the session must not tell it."""
        self._before, self._after = {}, {}

    def _collect(self, session: Session, _context: object) -> None:
        self._held.update(session.new, session.dirty)
        for row in session.new:
            self._after |= dict(_values(row))
        for row in session.deleted:
            self._before |= dict(_values(row))
        for row in sorted(
            session.dirty, key=_name
        ):  # a set: else two entries of one act would read otherwise
            for name, old, new in _changes(row):
                self._before.setdefault(name, old)
                self._after[name] = new


def _is_domain(row: Any) -> bool:
    return type(row).__module__ != tables.__name__


def _name(row: Any) -> str:
    state = inspect(row)
    key = "-".join(str(part) for part in state.mapper.primary_key_from_instance(row))
    return f"{state.mapper.local_table.name}:{key}"


def _values(row: Any) -> Iterator[tuple[str, Any]]:
    if _is_domain(row):
        for column in inspect(row).mapper.column_attrs:
            value = getattr(row, column.key)
            if value is not None and column.key not in SECRET:
                yield f"{_name(row)}.{column.key}", _shown(value)


def _changes(row: Any) -> Iterator[tuple[str, Any, Any]]:
    if _is_domain(row):
        state = inspect(row)
        for column in state.mapper.column_attrs:
            change = state.attrs[column.key].history
            if change.has_changes() and column.key not in SECRET:
                old = change.deleted[0] if change.deleted else None
                yield (
                    f"{_name(row)}.{column.key}",
                    _shown(old),
                    _shown(change.added[0] if change.added else None),
                )


def _shown(value: Any) -> Any:
    """``value`` as history keeps it: sealed or other bytes only by their SHA-256, long text by its beginning."""
    if isinstance(value, bytes):
        return f"sha256:{hashlib.sha256(value).hexdigest()}"
    if isinstance(value, str) and len(value) > LONGEST:
        return value[:LONGEST] + "…"
    return value
