"""Drafts (草稿): what somebody has typed into a form and not sent, kept sealed until it is sent or put away."""

import datetime as dt
import json
from collections.abc import Collection, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import delete, func, inspect, select, update
from sqlalchemy.orm import Session

from workflows import clock, seal
from workflows.db import insert_if_missing
from workflows.errors import Conflict, Invalid
from workflows.models import Draft, User

LARGEST_BYTES = 1024 * 1024
MOST = 200  # of one person
LONGEST_PLACE = 300

Typed = Sequence[tuple[str, str]]  # names and texts, in the order of the form

# Statements instead of objects: what an act changes in objects goes into the history, and a draft must not.
_DRAFTS: Any = inspect(Draft).local_table


def save(session: Session, actor: User, *, place: str, item_id: int | None, typed: Typed) -> dt.datetime:
    """Keep what ``actor`` has typed into the form at ``place``, instead of what was kept before; when that was.

    Raises Invalid for more than LARGEST_BYTES, Conflict once ``actor`` has MOST drafts.
    """
    content = json.dumps(list(typed), ensure_ascii=False).encode()
    if len(content) > LARGEST_BYTES:
        raise Invalid({}, "内容过长，无法存为草稿，请精简后再存。")
    wrapped, now = seal.new_key(), clock.now()
    sealed = seal.seal(wrapped, content, about=_about(actor, place))
    fresh: dict[str, Any] = {"wrapped": wrapped, "sealed": sealed, "saved_at": now, "item_id": item_id}
    mine = (_DRAFTS.c.user_id == actor.id, _DRAFTS.c.place == place)
    kept: Any = session.execute(update(_DRAFTS).where(*mine).values(fresh))
    if kept.rowcount == 0:
        if _count(session, actor) >= MOST:
            raise Conflict(f"您已有 {MOST} 份草稿，请先提交或丢弃一些。")
        insert_if_missing(session, Draft, {"user_id": actor.id, "place": place, **fresh})
    return now


def find(session: Session, actor: User, *, place: str) -> tuple[Typed, dt.datetime] | None:
    """What ``actor`` has typed at ``place`` and when it was kept; None if nothing is, or the key file is another."""
    mine = select(Draft).where(Draft.user_id == actor.id, Draft.place == place)
    draft = session.scalars(mine).one_or_none()
    if draft is None:
        return None
    try:
        content = seal.unseal(draft.wrapped, draft.sealed, about=_about(actor, place))
    except seal.SealBroken:
        return None
    return [(name, text) for name, text in json.loads(content)], draft.saved_at


def of_items(session: Session, actor: User, item_ids: Collection[int]) -> dict[int, Typed]:
    """What ``actor`` has typed into the forms of these work items, by item; what cannot be read is left out."""
    mine = select(Draft).where(Draft.user_id == actor.id, Draft.item_id.in_(item_ids))
    found: dict[int, Typed] = {}
    for draft in session.scalars(mine):
        with suppress(seal.SealBroken):
            content = seal.unseal(draft.wrapped, draft.sealed, about=_about(actor, draft.place))
            found[draft.item_id or 0] = [(name, text) for name, text in json.loads(content)]
    return found


def discard(session: Session, actor: User, *, place: str) -> None:
    """Put away what ``actor`` has typed at ``place``; again does nothing."""
    session.execute(delete(_DRAFTS).where(_DRAFTS.c.user_id == actor.id, _DRAFTS.c.place == place))


def forget(session: Session, item_id: int) -> None:
    """Delete everybody's drafts of a work item that is done, or now somebody else's."""
    session.execute(delete(_DRAFTS).where(_DRAFTS.c.item_id == item_id))


def forget_old(session: Session, *, is_open: Any, before: dt.datetime) -> int:
    """Delete the drafts of work items for which ``is_open`` (SQL over ``Draft.item_id``) no longer holds, and those
    saved before that instant; how many.
    """
    gone = (_DRAFTS.c.item_id.is_not(None) & ~is_open) | (_DRAFTS.c.saved_at < before)
    deleted: Any = session.execute(delete(_DRAFTS).where(gone))
    return int(deleted.rowcount)


def _count(session: Session, actor: User) -> int:
    return session.scalar(select(func.count()).where(_DRAFTS.c.user_id == actor.id)) or 0


def _about(actor: User, place: str) -> str:
    return f"draft:{actor.id}:{place}"
