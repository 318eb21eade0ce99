"""What is still to be done about a thing, by whom and by when: for the page of the thing."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.tables import OPEN, Process, WorkItem


@dataclass(frozen=True)
class OpenItem:
    """One open task: its step and the role that is asked."""

    step: str
    role: str
    due_at: dt.datetime | None

    @property
    def is_late(self) -> bool:
        return self.due_at is not None and self.due_at < clock.now()


def about(session: Session, path: str) -> list[OpenItem]:
    """The open tasks of the processes about what is shown at ``path``, those due first first."""
    query = (
        select(WorkItem.step, WorkItem.role, WorkItem.due_at)
        .join(Process, WorkItem.process_id == Process.id)
        .where(Process.subject_path == path, WorkItem.status == OPEN)
        .order_by(WorkItem.due_at, WorkItem.id)
    )
    return [OpenItem(step, role, due_at) for step, role, due_at in session.execute(query)]
