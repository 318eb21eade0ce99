"""管理记录: what administrators and the office did with people, units and batches."""

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
    "batch_open": "提前开始征集",
    "batch_close": "提前截止征集",
    "batch_move": "批次改期",
    "unit_add": "新建单位",
    "unit_change": "修改单位",
    "unit_heads": "配备党政负责人",
    "unit_close": "撤销单位",
    "unit_reopen": "恢复单位",
    "post_add": "设岗",
    "post_change": "修改岗位",
    "post_close": "撤岗",
    "post_reopen": "恢复岗位",
    "post_hold": "任岗",
    "post_leave": "卸任",
}
SHOWN = 50  # newest acts on a page


def note(
    session: Session,
    verb: str,
    *,
    actor: User | None,
    user: User | None = None,
    about: str = "",
    before: Mapping[str, Any] | None = None,
    after: Mapping[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write down an act of ``actor`` (None: an operator on the host), with JSON of what it changed.

    It is on ``user``, on what ``about`` names ("unit:3"), on both or on neither.
    """
    session.add(
        AdminEntry(
            at=clock.now(),
            actor_id=actor.id if actor else None,
            user_id=user.id if user else None,
            about=about,
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


def of_thing(session: Session, about: str) -> Sequence[AdminEntry]:
    """The newest acts on what ``about`` names, with who did them and to whom."""
    newest = select(AdminEntry).where(AdminEntry.about == about).order_by(AdminEntry.id.desc())
    people = (joinedload(AdminEntry.actor), joinedload(AdminEntry.user))
    return session.scalars(newest.limit(SHOWN).options(*people)).all()
