"""管理记录: what administrators did with people and their roles."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from workflows import clock
from workflows.models import AdminEntry, User

VERBS = {
    "create": "建立账号",
    "import": "批量导入",
    "change": "修改资料",
    "roles": "调整角色",
    "posts": "调整岗位",
    "password": "重置密码",
    "handover": "工作交接",
    "deactivate": "停用账号",
    "activate": "恢复账号",
    "calendar": "调整工作日历",
}
SHOWN = 50  # newest acts on a page


def note(
    session: Session,
    verb: str,
    *,
    actor: User | None,
    user: User | None = None,
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write down an act of ``actor`` (None: an operator on the host), with JSON of what it changed."""
    session.add(
        AdminEntry(
            at=clock.now(),
            actor_id=actor.id if actor else None,
            user_id=user.id if user else None,
            verb=verb,
            before=dict(before or {}),
            after=dict(after or {}),
            reason=reason,
        )
    )


def of_person(session: Session, user: User) -> Sequence[AdminEntry]:
    """The newest acts on ``user``."""
    newest = select(AdminEntry).where(AdminEntry.user_id == user.id).order_by(AdminEntry.id.desc())
    return session.scalars(newest.limit(SHOWN).options(joinedload(AdminEntry.actor))).all()
