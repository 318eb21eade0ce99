"""评审专家: the pool from which panels and justifications are drawn."""

import datetime as dt
import json
from collections.abc import Sequence

from sqlalchemy import String, cast, or_, select
from sqlalchemy.orm import Session

from workflows import clock, db
from workflows.domain import accounts, paging, permissions
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Expert, User

MOST_FIELDS = 10
LONGEST_FIELD = 30


def add(session: Session, *, user_id: int, fields: Sequence[str], actor: User) -> Expert:
    """Let somebody be drawn, for those ``fields`` of expertise; none of them: for no specialist's seat.

    Raises Forbidden unless ``actor`` is the office, Invalid if there is no such person or a field is blank, too
    long or there twice, Conflict if the person is an expert already.
    """
    _expect_keeper(session, actor)
    if accounts.get(session, user_id) is None:
        raise Invalid({"user_id": ["没有这个人员。"]})
    if not db.insert_if_missing(session, Expert, {"user_id": user_id, "fields": _cleaned(fields)}):
        raise Conflict("这个人员已经是评审专家，可以修改其专业领域。")
    return get(session, user_id)


def change(
    session: Session, user_id: int, *, fields: Sequence[str], barred_until: dt.date | None, actor: User
) -> Expert:
    """Other fields of expertise, and the day through which the expert is not drawn (黑名单; None: no bar).

    Raises NotFound, Forbidden and Invalid as ``add`` does.
    """
    _expect_keeper(session, actor)
    expert = get(session, user_id)
    expert.fields, expert.barred_until = _cleaned(fields), barred_until
    session.flush()
    return expert


def get(session: Session, user_id: int) -> Expert:
    """Raises NotFound."""
    expert = session.get(Expert, user_id)
    if expert is None:
        raise NotFound("没有这位专家。")
    return expert


def listing(
    session: Session,
    *,
    field: str = "",
    unit_id: int | None = None,
    available: bool = False,
    q: str = "",
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Expert], int]:
    """Experts by name, with how many there are in all; ``available``: only those who may be drawn today."""
    query = select(Expert).join(Expert.user)
    if field:  # among the texts of a JSON list, as it is stored
        stored = cast(Expert.fields, String)
        query = query.where(stored.contains(json.dumps(field), autoescape=True))
    if unit_id is not None:
        query = query.where(User.unit_id == unit_id)
    if available:
        is_free = or_(Expert.barred_until.is_(None), Expert.barred_until < clock.today())
        query = query.where(User.is_active, is_free)
    if q:
        query = query.where(User.name.contains(q, autoescape=True))
    return paging.page_of(session, query.order_by(User.name, User.id), page=page, size=size)


def _cleaned(fields: Sequence[str]) -> list[str]:
    kept = [one.strip() for one in fields]
    if len(kept) > MOST_FIELDS or any(not 1 <= len(one) <= LONGEST_FIELD for one in kept):
        raise Invalid({"fields": [f"专业领域最多 {MOST_FIELDS} 个，每个 1 至 {LONGEST_FIELD} 个字。"]})
    if len(set(kept)) < len(kept):
        raise Invalid({"fields": ["专业领域不能重复。"]})
    return kept


def _expect_keeper(session: Session, actor: User) -> None:
    if not permissions.may_keep_experts(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以维护专家库。")
