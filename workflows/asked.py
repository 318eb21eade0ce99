"""Who is asked in a process or a round, and who has answered, as somebody may know it."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import access
from workflows.domain import accounts
from workflows.domain.permissions import Grants
from workflows.engine.people import LISTED
from workflows.engine.registry import HUMAN
from workflows.engine.tables import CANCELLED, OPEN, WorkCandidate, WorkItem
from workflows.models import Post, Unit


@dataclass(frozen=True)
class Asked:
    """A work item by who is asked: ``people`` by name, else whoever holds ``role`` (in ``unit``) or ``post``."""

    step_title: str
    people: tuple[str, ...]
    role: str  # a code of permissions.ROLES
    unit: str | None
    post: str | None
    status: str
    agree: bool | None
    done_at: dt.datetime | None


def in_round(session: Session, round_id: int, *, held: Grants) -> list[Asked]:
    """Everybody of a round in its order, as the holder of ``held`` is told it."""
    query = select(WorkItem).where(WorkItem.round_id == round_id, WorkItem.status != CANCELLED)
    return _told(session, session.scalars(query.order_by(WorkItem.seq, WorkItem.id)).all(), held)


def now(session: Session, process_id: int, *, held: Grants) -> list[Asked]:
    """Whom a process waits for."""
    query = select(WorkItem).where(WorkItem.process_id == process_id, WorkItem.status == OPEN)
    return _told(session, session.scalars(query.order_by(WorkItem.id)).all(), held)


def _told(session: Session, items: Sequence[WorkItem], held: Grants) -> list[Asked]:
    ids = {item.id: _people_of(item) for item in items}
    listed = {item.id for item in items if item.audience == LISTED and not ids[item.id]}
    if listed:
        candidates = select(WorkCandidate).where(WorkCandidate.item_id.in_(listed))
        for one in session.scalars(candidates.order_by(WorkCandidate.user_id)):
            ids[one.item_id].append(one.user_id)
    names = accounts.names_of(session, {one for people in ids.values() for one in people})
    units, posts = _units(session, items), _posts(session, items)
    return [_one(item, ids[item.id], names, units, posts, held) for item in items]


def _one(
    item: WorkItem,
    people: list[int],
    names: Mapping[int, str],
    units: Mapping[int, str],
    posts: Mapping[int, str],
    held: Grants,
) -> Asked:
    is_hidden = access.is_hidden(item.step, set(people), held)
    return Asked(
        step_title=HUMAN[item.step].title,
        people=() if is_hidden else tuple(names[one] for one in people if one in names),
        role=item.role,
        unit=units.get(_number(item.audience, "@")),
        post=posts.get(_number(item.audience, "post:")),
        status=item.status,
        agree=None if is_hidden else item.agree,
        done_at=item.done_at,
    )


def _people_of(item: WorkItem) -> list[int]:
    """Who has done it or taken it, else who alone is asked."""
    known = item.done_by_id or item.claimed_by_id or _number(item.audience, "user:")
    return [known] if known else []


def _number(audience: str, mark: str) -> int:
    """The number behind ``mark``; 0 if it is not there."""
    _, found, rest = audience.partition(mark)
    return int(rest) if found else 0


def _units(session: Session, items: Sequence[WorkItem]) -> dict[int, str]:
    ids = {_number(item.audience, "@") for item in items} - {0}
    query = select(Unit.id, Unit.name).where(Unit.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)} if ids else {}


def _posts(session: Session, items: Sequence[WorkItem]) -> dict[int, str]:
    ids = {_number(item.audience, "post:") for item in items} - {0}
    query = select(Post.id, Post.name).where(Post.id.in_(ids))
    return {row.id: row.name for row in session.execute(query)} if ids else {}
