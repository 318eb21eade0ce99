"""What has happened in a process, told to people."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import access, dmn
from workflows.domain import accounts, reasons
from workflows.domain.permissions import Grants
from workflows.domain.reasons import Reason
from workflows.engine.definitions import LIBRARY, Definition
from workflows.engine.tables import HistoryEntry, Process, WorkItem
from workflows.models import User

HIDDEN = "（保密）"  # who did a confidential step
VERBS = {
    "start": "发起",
    "complete": "办理",
    "vote": "表态",
    "round": "会签结束",
    "skip": "无需会签，自动通过",
    "auto": "自动办理",
    "decide": "决策表判定",
    "send": "发出通知",
    "receive": "收到通知",
    "timer": "到期",
    "remind": "催办",
    "claim": "签收",
    "release": "退回待签",
    "transfer": "转办",
    "delegate": "委派",
    "answer": "答复委派",
    "add_signer": "加签",
    "remove_signer": "减签",
    "urge": "催办",
    "copy": "抄送",
    "move_due": "调整期限",
    "move_timer": "调整期限",
    "end": "办结",
    "suspend": "暂停",
    "resume": "恢复办理",
    "terminate": "终止",
    "move_token": "移动令牌",
    "skip_step": "跳过",
    "repeat_step": "重办",
    "migrate": "迁移到新版本",
    "undo_migration": "撤回迁移",
}


MOVES = ("migrate", "undo_migration")  # after which a process runs on another version
ANSWERS = ("complete", "vote")


@dataclass(frozen=True)
class Row:
    at: dt.datetime
    who: str | None  # None: the system
    for_whom: str | None
    verb: str
    step_title: str
    reason: str
    item_id: int | None = None
    spent: dt.timedelta | None = None  # from when somebody was asked until they answered
    why: tuple[Reason, ...] = ()
    times: int = 1  # how often in a row the system did the same; ``at`` is the last


def of(session: Session, process_id: int, *, held: Grants, with_reasons: bool = False) -> list[Row]:
    """What has happened in a process, the newest last, as the holder of ``held`` is told it.

    ``with_reasons``: also what its tables were asked (access.may_see_reasons).
    """
    query = select(HistoryEntry, WorkItem, Process).join(Process, Process.id == HistoryEntry.process_id)
    query = query.outerjoin(WorkItem, WorkItem.id == HistoryEntry.item_id)
    rows = session.execute(query.where(Process.id == process_id).order_by(HistoryEntry.seq)).all()
    return _folded(_told(session, rows, held, with_reasons=with_reasons))


def of_project(session: Session, project_id: int, *, held: Grants, most: int) -> list[Row]:
    """What people have done in the processes of a project, the newest first, as the holder of ``held`` is told it."""
    query = select(HistoryEntry, WorkItem, Process).join(Process, Process.id == HistoryEntry.process_id)
    query = query.outerjoin(WorkItem, WorkItem.id == HistoryEntry.item_id)
    done = query.where(
        Process.id.in_(access.processes_of_project(project_id)), HistoryEntry.actor_id.is_not(None)
    )
    newest = done.order_by(HistoryEntry.at.desc(), HistoryEntry.process_id, HistoryEntry.seq.desc())
    return _told(session, session.execute(newest.limit(most)).all(), held)


def decisions(session: Session, subject_path: str, *, actor: User) -> list[tuple[str, Reason]]:
    """What the tables decided of the thing that is shown at that path, step and reason, as far as ``actor`` may know."""
    query = select(HistoryEntry, Process).join(Process, Process.id == HistoryEntry.process_id)
    query = query.where(Process.subject_path == subject_path, HistoryEntry.verb.in_(("decide", *MOVES)))
    rows = session.execute(query.order_by(HistoryEntry.at, HistoryEntry.process_id, HistoryEntry.seq)).all()
    processes = {process.id: process for _, process in rows}
    seen = {key for key, one in processes.items() if access.may_see_reasons(session, one, actor=actor)}
    found = []
    versions = _Versions(session, rows)
    for entry, process in rows:
        if process.id in seen and entry.verb == "decide":
            definition = versions.of(entry, process)
            title = definition.labels.get(entry.node) or ""
            found += [(title, one) for one in _reasons(entry, definition)]
    return found


def _told(session: Session, rows: Sequence[Any], held: Grants, *, with_reasons: bool = False) -> list[Row]:
    """``rows`` of an entry, its work item and its process, in words."""
    people = {one for entry, _, _ in rows for one in (entry.actor_id, entry.for_id) if one is not None}
    names = accounts.names_of(session, people)
    told = []
    versions = _Versions(session, [(entry, process) for entry, _, process in rows])
    for entry, item, process in rows:
        step = item.step if item is not None else None
        definition = versions.of(entry, process)
        is_hidden = access.is_hidden(step, {entry.actor_id}, held)
        told.append(
            Row(
                at=entry.at,
                who=HIDDEN if is_hidden else names.get(entry.actor_id or 0),
                for_whom=None if is_hidden else names.get(entry.for_id or 0),
                verb=_verb(entry),
                step_title=definition.labels.get(entry.node) or "",
                reason="" if is_hidden else entry.reason,
                why=_reasons(entry, definition) if with_reasons else (),
                item_id=entry.item_id if entry.actor_id is not None else None,
                spent=entry.at - item.created_at if item is not None and entry.verb in ANSWERS else None,
            )
        )
    return told


class _Versions:
    """On which version a process ran when an entry was written; ``rows`` hold all that were written since."""

    def __init__(self, session: Session, rows: Sequence[Any]) -> None:
        self.session = session
        self.moves = [entry for entry, _ in rows if entry.verb in MOVES]

    def of(self, entry: HistoryEntry, process: Process) -> Definition:
        since = [one for one in self.moves if one.process_id == entry.process_id and one.seq > entry.seq]
        first = min(since, key=lambda one: one.seq, default=None)
        digest = process.digest if first is None else first.before["digest"]
        return LIBRARY.get(self.session, digest)


def _reasons(entry: HistoryEntry, definition: Definition) -> tuple[Reason, ...]:
    """What an entry keeps of the tables that it asked; none unless it is a decision."""
    if entry.verb != "decide":
        return ()
    texts = [
        table
        for name, content in definition.files.items()
        if name.endswith(".dmn")
        for table in _tables(content, name)
    ]
    return tuple(reasons.of_step(step, texts) for step in entry.after["trace"])


@lru_cache(maxsize=256)
def _tables(content: bytes, file: str) -> tuple[dmn.TableText, ...]:
    return tuple(dmn.tables(content, file=file))


def _folded(rows: list[Row]) -> list[Row]:
    """What the system did several times in a row, as reminders are sent, in one row."""
    folded: list[Row] = []
    for row in rows:
        last = folded[-1] if folded else None
        if last is not None and row.who is None and replace(row, at=last.at, times=last.times) == last:
            folded[-1] = replace(row, times=last.times + 1)
        else:
            folded.append(row)
    return folded


def _verb(entry: HistoryEntry) -> str:
    """What was done; of a vote, which way it went, where the step asks a yes or no."""
    if entry.verb == "vote" and entry.after["agree"] is not None:
        return "同意" if entry.after["agree"] else "不同意"
    return VERBS[entry.verb]
