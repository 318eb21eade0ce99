"""The box of drafts (草稿): forms that somebody has begun and not sent."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, contains_eager, defer

from workflows import inboxes
from workflows.engine.registry import HUMAN, SENDERS, STARTS, Sender, Start
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import Draft, User


@dataclass(frozen=True)
class DraftRow:
    """A form that somebody began and did not send; ``place`` shows it again."""

    place: str
    step_title: str
    subject: str  # empty of the form of a start
    saved_at: dt.datetime
    due_at: dt.datetime | None
    workdays_left: int | None


def rows(session: Session, actor: User) -> list[DraftRow]:
    """草稿: the forms that ``actor`` has begun and not sent, the newest first."""
    kept = session.execute(_kept(actor).order_by(Draft.saved_at.desc(), Draft.id))
    return [_draft_row(session, draft, item) for draft, item in kept]


def count(session: Session, actor: User) -> int:
    """How many those are."""
    columns = _kept(actor).with_only_columns(func.count(Draft.id))
    return int(session.execute(columns).scalar_one())


def _kept(actor: User) -> Any:
    """The query of somebody's drafts, each with its work item; none of what is open no longer."""
    both = select(Draft, WorkItem).outerjoin(WorkItem, WorkItem.id == Draft.item_id)
    mine = both.outerjoin(WorkItem.process).where(Draft.user_id == actor.id)
    return mine.where(Draft.item_id.is_(None) | (WorkItem.status == OPEN)).options(
        contains_eager(WorkItem.process), defer(Draft.sealed)
    )


def _draft_row(session: Session, kept: Draft, item: WorkItem | None) -> DraftRow:
    if item is not None:
        left = inboxes.workdays_left(session, item.due_at)
        title, subject = HUMAN[item.step].title, item.process.subject
        return DraftRow(kept.place, title, subject, kept.saved_at, item.due_at, left)
    kind, name = kept.place.partition("?")[0].split("/")[1:3]
    known: Mapping[str, Start | Sender] = STARTS if kind == "start" else SENDERS
    title = known[name].title if name in known else name
    return DraftRow(kept.place, title, "", kept.saved_at, None, None)
