"""How the service stands at this moment: what runs, what waits and how late, what has failed; for pages and monitors."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from workflows import clock, jobs
from workflows.engine import beats
from workflows.engine.people import NOT_ENDED
from workflows.engine.records import is_halted
from workflows.engine.tables import (
    OPEN,
    RUNNING,
    SUSPENDED,
    Delivery,
    Due,
    Incident,
    Message,
    Process,
    WorkItem,
)
from workflows.models import Mail

_tried_at = func.coalesce(Message.next_try_at, Message.sent_at)


@dataclass(frozen=True)
class Queue:
    """Rows of one kind of work. ``late`` of those that wait are past their time, the oldest since ``late_since``;
    those ``given_up`` wait for a person, ``next_at`` is when the first of the others comes."""

    waiting: int = 0
    late: int = 0
    given_up: int = 0
    late_since: dt.datetime | None = None
    next_at: dt.datetime | None = None


@dataclass(frozen=True)
class Pulse:
    """``running`` by (process, digest), beside those ``suspended``, of which nothing waits; ``incidents`` are the open
    ones by what failed (due, delivery, item, …); ``queues`` by job, and "mail"; ``workers`` alive, by kind."""

    at: dt.datetime
    running: Mapping[tuple[str, str], int]
    suspended: int
    troubled: int
    incidents: Mapping[str, int]
    queues: Mapping[str, Queue]
    open_items: int
    late_items: int
    workers: Mapping[str, int]

    @property
    def behind(self) -> dt.timedelta | None:
        """How long the oldest timer waits past its time; None when none does."""
        since = self.queues["due"].late_since
        return self.at - since if since is not None else None

    @property
    def undelivered(self) -> int:
        return self.queues["message"].waiting + self.queues["delivery"].waiting


def take(session: Session) -> Pulse:
    """The pulse now: a handful of counts."""
    now = clock.now()
    by_version = select(Process.name, Process.digest, func.count(), func.count().filter(Process.is_troubled))
    running = session.execute(
        by_version.where(Process.status == RUNNING).group_by(Process.name, Process.digest)
    ).all()
    suspended = select(func.count()).select_from(Process).where(Process.status == SUSPENDED)
    failed = session.scalars(select(Incident.source).where(Incident.resolved_at.is_(None)))
    items = select(func.count(), func.count().filter(WorkItem.status == OPEN, WorkItem.due_at < now))
    open_items, late_items = session.execute(items.where(WorkItem.status.in_(NOT_ENDED))).one()
    alive = Counter(one.kind for one in beats.known(session) if beats.is_alive(one))
    return Pulse(
        at=now,
        running={(name, digest): n for name, digest, n, _ in running},
        suspended=session.scalar(suspended) or 0,
        troubled=sum(n for *_, n in running),
        incidents=Counter(source.partition(":")[0] for source in failed),
        queues={
            "message": _queue(session, _tried_at, Message.status == "new", now),
            "delivery": _queue(
                session, Delivery.next_try_at, (Delivery.status == "due") & ~is_halted(Delivery), now
            ),
            "due": _queue(session, Due.next_try_at, ~is_halted(Due), now),
            "reminder": _queue(
                session,
                WorkItem.next_try_at,
                WorkItem.next_try_at.is_not(None) & ~is_halted(WorkItem),
                now,
            ),
            "mail": _mail(session, now),
        },
        open_items=open_items,
        late_items=late_items,
        workers={kind: alive[kind] for kind in beats.KINDS},
    )


def _queue(session: Session, time: Any, is_left: ColumnElement[bool], now: dt.datetime) -> Queue:
    """The queue of the rows that are left to do, each at its ``time``; at NEVER it was given up."""
    is_late, is_wanted = time <= now, time < jobs.NEVER
    counts = select(
        func.count().filter(is_wanted),
        func.count().filter(is_late),
        func.count().filter(~is_wanted),
        func.min(time).filter(is_late),
        func.min(time).filter(is_wanted),
    )
    return Queue(*session.execute(counts.where(is_left)).one())


def _mail(session: Session, now: dt.datetime) -> Queue:
    """Of mails nothing is kept at NEVER: a row without a next try was sent or given up."""
    found = _queue(session, Mail.next_try_at, Mail.next_try_at.is_not(None), now)
    over = select(func.count()).where(Mail.next_try_at.is_(None), Mail.sent_at.is_(None))
    return Queue(found.waiting, found.late, session.scalar(over) or 0, found.late_since, found.next_at)
