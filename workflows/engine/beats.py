"""The processes of the machines that do jobs, as they say of themselves that they are alive."""

import datetime as dt
import os
import socket
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.tables import Worker

EVERY = dt.timedelta(seconds=10)
SILENT = 4 * EVERY  # whoever has said nothing for so long is taken for dead
FORGOTTEN = dt.timedelta(days=1)

EMBEDDED, WORKER, RELAY, CELERY = KINDS = "embedded", "worker", "relay", "celery"


@dataclass
class Beat:
    """What one of them says. ``queued``: of a relay, what lies in the queue; ``trouble``: why it does nothing."""

    kind: str
    done: int = 0
    failed: int = 0
    queued: int | None = None
    trouble: str = ""
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)
    started_at: dt.datetime = field(default_factory=clock.now)


def say(session: Session, beat: Beat) -> None:
    """Write that this process of the machine is alive."""
    row = Worker(
        name=f"{beat.host[:80]}:{beat.pid}:{beat.kind}",
        kind=beat.kind,
        host=beat.host[:80],
        pid=beat.pid,
        started_at=beat.started_at,
        seen_at=clock.now(),
        done=beat.done,
        failed=beat.failed,
        queued=beat.queued,
        trouble=beat.trouble[:300],
    )
    session.merge(row)


def end(session: Session, beat: Beat) -> None:
    """This process ends in order."""
    session.execute(delete(Worker).where(Worker.name == f"{beat.host[:80]}:{beat.pid}:{beat.kind}"))


def known(session: Session) -> Sequence[Worker]:
    """All that were heard of during the last day, by kind and host."""
    return session.scalars(select(Worker).order_by(Worker.kind, Worker.host, Worker.pid)).all()


def is_alive(worker: Worker) -> bool:
    return worker.seen_at > clock.now() - SILENT


def forget(session: Session) -> None:
    """Delete those of whom nothing was heard for a day."""
    session.execute(delete(Worker).where(Worker.seen_at < clock.now() - FORGOTTEN))
