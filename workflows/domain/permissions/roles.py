"""The roles (lanes), and what one person holds of them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Date, bindparam, null, select, union_all
from sqlalchemy.orm import Session

from workflows import clock
from workflows.db import reads_only
from workflows.models import (
    Delegation,
    PostHolding,
    RoleGrant,
    User,
)

ROLES = {
    "proposer": "出题人",
    "sponsor": "发榜单位",
    "office": "揭榜挂帅办公室",
    "expert": "评审专家",
    "leader": "挂帅人",
    "member": "团队成员",
    "party_secretary": "党组织书记",
    "admin_head": "行政主要负责人",
    "vice_head": "分管领导",
    "party_committee": "党委会",
    "exec_meeting": "厂长办公会",
    "finance": "财务",
    "hr": "人力资源",
    "hse": "安全环保",
    "production": "生产运行",
    "metering": "计量",
    "verifier": "核验人",
    "party_affairs": "党群工作部",
    "assessment": "考核办",
    "supervision": "纪委监督",
    "admin": "系统管理员",
    "sys": "系统",
}
READ_ALL = ("office", "supervision")  # see every challenge and bid, never what is still sealed


@dataclass(frozen=True)
class Grants:
    """What one person is: ids, and the roles held, each with its unit (None: the whole plant).

    ``principals`` are those whose substitute the person is today: their tasks, not their other rights.
    """

    user_id: int
    roles: frozenset[tuple[str, int | None]]
    posts: frozenset[int]
    principals: tuple["Grants", ...] = ()

    @property
    def own_audiences(self) -> list[str]:
        """The audiences of work items that this person belongs to in their own right."""
        roles = [f"role:{role}" + (f"@{unit}" if unit is not None else "") for role, unit in self.roles]
        return [f"user:{self.user_id}", *sorted(roles), *(f"post:{post}" for post in sorted(self.posts))]

    @property
    def audiences(self) -> list[str]:
        """The audiences of work items that this person may do, for themselves or as a substitute."""
        return list(dict.fromkeys(one for held in (self, *self.principals) for one in held.own_audiences))

    @property
    def people(self) -> list[int]:
        """The ids of this person and of those whose substitute they are."""
        return [self.user_id, *(held.user_id for held in self.principals)]

    def is_any(self, roles: Collection[str]) -> bool:
        """Whether one of ``roles`` is held for the whole plant."""
        return any((role, None) in self.roles for role in roles)


# Rows (whose, role, unit or post): of oneself and of each principal; role null is a post, both null the person.
_PRINCIPALS: Any = select(Delegation.principal_id).where(
    Delegation.substitute_id == bindparam("user_id"),
    Delegation.revoked_at.is_(None),
    Delegation.from_day <= bindparam("today", type_=Date),
    Delegation.to_day >= bindparam("today", type_=Date),
)


def _is_whose(column: Any) -> Any:
    return (column == bindparam("user_id")) | column.in_(_PRINCIPALS)


_HELD: Any = union_all(
    select(RoleGrant.user_id, RoleGrant.role, RoleGrant.unit_id).where(_is_whose(RoleGrant.user_id)),
    select(PostHolding.user_id, null(), PostHolding.post_id).where(_is_whose(PostHolding.user_id)),
    _PRINCIPALS.add_columns(null(), null()),
)


def grants(session: Session, user: User) -> Grants:
    """What ``user`` is at this moment, and whose substitute, in one query; a session that only reads asks it once."""
    if not reads_only(session):
        return _grants(session, user)
    kept: dict[int, Grants] = session.info.setdefault("grants", {})
    if user.id not in kept:
        kept[user.id] = _grants(session, user)
    return kept[user.id]


def _grants(session: Session, user: User) -> Grants:
    rows = session.execute(_HELD, {"user_id": user.id, "today": clock.today()}).all()
    principals = sorted({whose for whose, _, _ in rows} - {user.id})
    return replace(_held(rows, user.id), principals=tuple(_held(rows, one) for one in principals))


def _held(rows: Sequence[Any], user_id: int) -> Grants:
    mine = [(role, place) for whose, role, place in rows if whose == user_id]
    return Grants(
        user_id,
        frozenset((role, unit_id) for role, unit_id in mine if role is not None),
        frozenset(post_id for role, post_id in mine if role is None and post_id is not None),
    )


# Built once: every approval and reminder asks one of them.
_HOLDERS = (
    select(User).join(RoleGrant).where(RoleGrant.role == bindparam("role"), User.is_active).order_by(User.id)
)
_OF_PLANT = _HOLDERS.where(RoleGrant.unit_id.is_(None))
_OF_UNIT = _HOLDERS.where(RoleGrant.unit_id == bindparam("unit_id"))


def holders(session: Session, role: str, unit_id: int | None) -> list[User]:
    """Everybody active who holds ``role`` in the unit (None: for the whole plant)."""
    if unit_id is None:
        return list(session.scalars(_OF_PLANT, {"role": role}))
    return list(session.scalars(_OF_UNIT, {"role": role, "unit_id": unit_id}))


def substitutes(session: Session, user_ids: Collection[int]) -> list[User]:
    """Everybody active who is today the substitute of one of ``user_ids``."""
    today = clock.today()
    in_force = (
        Delegation.revoked_at.is_(None),
        Delegation.from_day <= today,
        Delegation.to_day >= today,
        Delegation.principal_id.in_(user_ids),
    )
    query = (
        select(User).join(Delegation, Delegation.substitute_id == User.id).where(*in_force, User.is_active)
    )
    return list(session.scalars(query.order_by(User.id)))


def post_holders(session: Session, post_id: int) -> list[User]:
    """Everybody active who holds the post."""
    query = select(User).join(PostHolding, PostHolding.user_id == User.id)
    return list(
        session.scalars(query.where(PostHolding.post_id == post_id, User.is_active).order_by(User.id))
    )


def reads_all(session: Session, user: User) -> bool:
    """Whether ``user`` sees every challenge and bid, published or not."""
    return grants(session, user).is_any(READ_ALL)


def unit_heads(session: Session) -> list[int]:
    """The ids of the active heads of all units, on both sides."""
    query = select(RoleGrant.user_id).join(User).where(User.is_active, RoleGrant.unit_id.is_not(None))
    heads = query.where(RoleGrant.role.in_(("party_secretary", "admin_head")))
    return list(session.scalars(heads.distinct().order_by(RoleGrant.user_id)))


def is_head_of(session: Session, user: User, unit_id: int) -> bool:
    """Whether ``user`` is one of the unit's two heads."""
    roles = grants(session, user).roles
    return any((role, unit_id) in roles for role in ("party_secretary", "admin_head"))
