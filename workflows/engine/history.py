"""The append-only history of each process, and the check that nobody has bent it."""

import datetime as dt
import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from sqlalchemy import bindparam, insert, inspect, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from workflows import clock
from workflows.engine.tables import HistoryEntry, Process

# Built once: every act ends with them.
_INSERT: Any = insert(HistoryEntry.__table__)  # type: ignore[arg-type]
_PROCESS: Any = inspect(Process).local_table
_OF_VERSION = update(_PROCESS).where(
    _PROCESS.c.id == bindparam("of"), _PROCESS.c.version == bindparam("read")
)
_END = ("version", "history_seq", "history_head")
_MOVE = ("state", "status", "ended_at")
_UPDATE_END, _UPDATE_ALL = (
    _OF_VERSION.values({name: bindparam(name) for name in names}) for names in (_END, _END + _MOVE)
)


class Chain:
    """The acts that one transaction adds to the history of a process."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self.seq, self.head = process.history_seq, process.history_head
        self.rows: list[dict[str, Any]] = []

    def add(
        self,
        verb: str,
        node: str,
        *,
        actor_id: int | None = None,
        for_id: int | None = None,
        item_id: int | None = None,
        reason: str = "",
        before: dict[str, Any] | None = None,
        after: dict[str, Any] | None = None,
    ) -> None:
        """Append one act; ``before`` and ``after`` hold what it changed, as JSON can."""
        self.seq += 1
        row = {
            "process_id": self.process.id,
            "seq": self.seq,
            "at": clock.now(),
            "actor_id": actor_id,
            "for_id": for_id,
            "verb": verb,
            "node": node,
            "item_id": item_id,
            "reason": reason,
            "before": _plain(before or {}),
            "after": _plain(after or {}),
        }
        row["hash"] = self.head = _digest(self.head, row)
        self.rows.append(row)

    def write(self, session: Session, moved: Mapping[str, Any] | None = None) -> None:
        """Write the acts, and the process row with their end and, if it has ``moved``, its state, status and end.

        Everything else is flushed before. Raises StaleDataError when another transaction has changed the process.
        """
        session.flush()
        read = self.process.version
        values = {"version": read + 1, "history_seq": self.seq, "history_head": self.head, **(moved or {})}
        query = _UPDATE_END if moved is None else _UPDATE_ALL
        done: Any = session.execute(query, {"of": self.process.id, "read": read, **values})
        if done.rowcount != 1:
            raise StaleDataError(f"process {self.process.id} is no longer of version {read}")
        for name, value in values.items():
            set_committed_value(self.process, name, value)
        if self.rows:
            session.execute(_INSERT, self.rows)
        self.rows = []


def last_reason(session: Session, process_id: int, verb: str) -> str:
    """Why ``verb`` was last done to a process; empty when it never was."""
    done = select(HistoryEntry.reason).where(HistoryEntry.process_id == process_id, HistoryEntry.verb == verb)
    return session.scalar(done.order_by(HistoryEntry.seq.desc()).limit(1)) or ""


def first_bent(session: Session, process: Process) -> str | None:
    """What is wrong with the history of ``process``, naming the first bad row; None when nothing is."""
    head, seq = "", 0
    query = select(HistoryEntry).where(HistoryEntry.process_id == process.id).order_by(HistoryEntry.seq)
    with session.scalars(query.execution_options(yield_per=500)) as entries:
        for entry in entries:
            seq += 1
            if entry.seq != seq:
                return f"流程 {process.id} 的履历缺少第 {seq} 行"
            row = {column.key: getattr(entry, column.key) for column in HistoryEntry.__table__.columns}
            if entry.hash != _digest(head, row):
                return f"流程 {process.id} 的履历第 {seq} 行与其校验值不符"
            head = entry.hash
    if (seq, head) != (process.history_seq, process.history_head):
        return f"流程 {process.id} 的履历末尾与流程记录不符（应有 {process.history_seq} 行，实有 {seq} 行）"
    return None


def _digest(head: str, row: dict[str, Any]) -> str:
    """SHA-256 over the hash before and every column but the hash, in a canonical form."""
    covered = {key: value for key, value in row.items() if key != "hash"}
    covered["at"] = covered["at"].astimezone(dt.UTC).isoformat(timespec="microseconds")
    return hashlib.sha256(head.encode() + orjson.dumps(covered, option=orjson.OPT_SORT_KEYS)).hexdigest()


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """``values`` with decimals, dates and durations as text."""
    plain: dict[str, Any] = orjson.loads(orjson.dumps(values, default=str))
    return plain
