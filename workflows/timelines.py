"""What has happened in a process, told to people."""

import datetime as dt
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import access
from workflows.domain import accounts
from workflows.domain.permissions import Grants
from workflows.engine.definitions import LIBRARY
from workflows.engine.tables import HistoryEntry, Process, WorkItem

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
}


@dataclass(frozen=True)
class Row:
    at: dt.datetime
    who: str | None  # None: the system
    for_whom: str | None
    verb: str
    step_title: str
    reason: str
    times: int = 1  # how often in a row the system did the same; ``at`` is the last


def of(session: Session, process_id: int, *, held: Grants) -> list[Row]:
    """What has happened in a process, the newest last, as the holder of ``held`` is told it."""
    query = select(HistoryEntry, WorkItem.step).where(HistoryEntry.process_id == process_id)
    query = query.outerjoin(WorkItem, WorkItem.id == HistoryEntry.item_id)
    rows = session.execute(query.order_by(HistoryEntry.seq)).all()
    entries = [entry for entry, _ in rows]
    hidden = {entry.seq for entry, step in rows if access.is_hidden(step, {entry.actor_id}, held)}
    names = accounts.names_of(
        session, {one for entry in entries for one in (entry.actor_id, entry.for_id) if one is not None}
    )
    labels = _labels(session, process_id)
    told = [
        Row(
            at=entry.at,
            who=HIDDEN if entry.seq in hidden else names.get(entry.actor_id or 0),
            for_whom=None if entry.seq in hidden else names.get(entry.for_id or 0),
            verb=_verb(entry),
            step_title=labels.get(entry.node, ""),
            reason="" if entry.seq in hidden else entry.reason,
        )
        for entry in entries
    ]
    return _folded(told)


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


def _labels(session: Session, process_id: int) -> dict[str, str]:
    """The name of each box of the process's diagrams."""
    definition = LIBRARY.get(session, session.get_one(Process, process_id).digest)
    return {node: label or "" for node, label in definition.labels.items()}


def _verb(entry: HistoryEntry) -> str:
    """What was done; of a vote, which way it went, where the step asks a yes or no."""
    if entry.verb == "vote" and entry.after["agree"] is not None:
        return "同意" if entry.after["agree"] else "不同意"
    return VERBS[entry.verb]
