"""What is tidied up each hour: answers, drafts and files that nobody will ask for any more."""

import datetime as dt
from typing import Any

from sqlalchemy import delete, exists

from workflows import clock
from workflows.db import Database
from workflows.domain import drafts, files
from workflows.engine import beats
from workflows.engine.people import NOT_ENDED
from workflows.engine.tables import WorkItem
from workflows.models import Draft, IdempotentRequest

BATCH = 200
ANSWERS_KEPT = dt.timedelta(days=30)
DRAFTS_KEPT = dt.timedelta(days=180)


def tidy_up(database: Database, *, unused_file_days: int) -> None:
    """Do all of it; two that do so at once do no harm."""
    forget_old_answers(database)
    forget_old_drafts(database)
    forget_unused_files(database, days=unused_file_days)
    with database.transaction() as session:
        beats.forget(session)


def forget_old_answers(database: Database) -> int:
    """Delete the answers kept for repeated requests that nobody will repeat any more; how many there were."""
    with database.transaction() as session:
        old = delete(IdempotentRequest).where(IdempotentRequest.created_at < clock.now() - ANSWERS_KEPT)
        gone: Any = session.execute(old.execution_options(synchronize_session=False))
        return int(gone.rowcount)


def forget_unused_files(database: Database, *, days: int) -> int:
    """Delete the files that were uploaded more than ``days`` ago and handed in with nothing; how many."""
    total = 0
    while True:
        with database.transaction() as session:
            before = clock.now() - dt.timedelta(days=days)
            gone = files.forget_unused(session, before=before, most=BATCH)
        total += gone
        if gone < BATCH:
            return total


def forget_old_drafts(database: Database) -> int:
    """Delete the drafts of work items that are done or cancelled, and those that nobody has touched for long."""
    with database.transaction() as session:
        is_open = exists().where(WorkItem.id == Draft.item_id, WorkItem.status.in_(NOT_ENDED))
        return drafts.forget_old(session, is_open=is_open, before=clock.now() - DRAFTS_KEPT)
