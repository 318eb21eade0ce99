"""What administrators do with accounts: data, roles, posts, one-time passwords, activity. Each act is written down."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import accounts, audit, holdings, passwords, permissions
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import ApiToken, Delegation, Post, PostHolding, RoleGrant, Unit, User

Held = tuple[str, int | None]  # a role and its unit, None for the whole plant

GIVEN = {code: title for code, title in permissions.ROLES.items() if code != "sys"}
# 纪委监督 watches over these: whoever holds one of them for the plant is not its supervisor.
WATCHED = ("office", "finance", "hr", "assessment", "admin")
DATA = ("name", "unit_id", "email", "on_duty", "is_manager")


def person(session: Session, user_id: int) -> User:
    """Somebody, active or not. Raises NotFound."""
    user = session.get(User, user_id)
    if user is None:
        raise NotFound("没有这个人员。")
    return user


def reset_password(session: Session, user: User, *, actor: User | None) -> str:
    """重置密码: a one-time password for ``user``, told this once, to be changed at the next sign-in.

    ``actor`` is None for an operator on the host. Raises Forbidden unless they administer, or for oneself.
    """
    if actor is not None:
        permissions.check_administers(session, actor)
        if actor.id == user.id:
            raise Forbidden("自己的密码请在“我的账号”中修改。")
    password = passwords.give_one_time(user)
    passwords.forget_links(session, user.id)
    audit.note(session, "password", actor=actor, user=user)
    return password


def add(session: Session, values: Mapping[str, Any], *, actor: User) -> tuple[User, str]:
    """建立账号: ``values`` hold login and DATA. The person and their one-time password. Raises Forbidden, Conflict, Invalid."""
    permissions.check_administers(session, actor)
    unit = _home(session, values["unit_id"])
    email = accounts.checked_email(values["email"])
    user = accounts.create(
        session,
        login=values["login"].strip(),
        name=values["name"].strip(),
        unit=unit,
        password=None,
        actor=actor,
    )
    user.email, user.on_duty, user.is_manager = email, values["on_duty"], values["is_manager"]
    return user, passwords.give_one_time(user)


def change(session: Session, user: User, values: Mapping[str, Any], *, actor: User) -> None:
    """修改资料: ``values`` hold DATA. Raises Forbidden, Invalid."""
    permissions.check_administers(session, actor)
    if values["unit_id"] != user.unit_id:
        _home(session, values["unit_id"])
    wanted = {**values, "name": values["name"].strip(), "email": accounts.checked_email(values["email"])}
    before = {name: getattr(user, name) for name in DATA if getattr(user, name) != wanted[name]}
    if not before:
        return
    for name in before:
        setattr(user, name, wanted[name])
    audit.note(
        session, "change", actor=actor, user=user, before=before, after={one: wanted[one] for one in before}
    )
    session.flush()


def _home(session: Session, unit_id: int) -> Unit:
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise Invalid({"unit_id": ["没有这个单位。"]})
    if unit.closed_on is not None:
        raise Invalid({"unit_id": [f"{unit.name}已撤销，请另选单位。"]})
    return unit


def check_roles(roles: Collection[Held], unit_ids: Collection[int]) -> None:
    """Raises Invalid for a role or unit that there is not, and where separation of duties forbids the combination."""
    unknown = any(role not in GIVEN or (unit is not None and unit not in unit_ids) for role, unit in roles)
    if unknown:
        raise Invalid({"roles": ["没有这个角色或单位。"]})
    plant = {role for role, unit in roles if unit is None}
    watched = [GIVEN[role] for role in WATCHED if role in plant]
    if "supervision" in plant and watched:
        raise Invalid({"roles": [f"按职责分离的要求，纪委监督不能同时担任{'、'.join(watched)}。"]})


def set_roles(session: Session, user: User, roles: Iterable[Held], *, actor: User, reason: str = "") -> None:
    """调整角色: ``roles`` are all that ``user`` holds from now on.

    Raises Forbidden unless ``actor`` administers, or for oneself; Invalid as ``check_roles``.
    """
    permissions.check_administers(session, actor)
    if actor.id == user.id:
        raise Forbidden("不能调整自己的角色，请由另一位系统管理员办理。")
    wanted = set(roles)
    check_roles(wanted, set(session.scalars(select(Unit.id).where(Unit.closed_on.is_(None)))))
    replace_roles(session, user, wanted, actor=actor, reason=reason)


def replace_roles(
    session: Session,
    user: User,
    wanted: set[Held],
    *,
    actor: User | None,
    reason: str = "",
    verb: str = "roles",
) -> bool:
    """Let ``user`` hold just ``wanted``, which is checked already; whether that changed anything."""
    held = {(one.role, one.unit_id): one for one in user.grants}
    if wanted == held.keys():
        return False
    for key in held.keys() - wanted:
        user.grants.remove(held[key])
    for role, unit_id in sorted(wanted - held.keys(), key=str):
        user.grants.append(RoleGrant(role=role, unit_id=unit_id))
    before, after = _listed(held.keys() - wanted), _listed(wanted - held.keys())
    audit.note(session, verb, actor=actor, user=user, before=before, after=after, reason=reason)
    session.flush()
    return True


def _listed(roles: Iterable[Held]) -> dict[str, Any]:
    return {"roles": [[role, unit] for role, unit in sorted(roles, key=str)]}


def posts_of(session: Session, user: User) -> list[Post]:
    """The posts that ``user`` holds, by name."""
    held = (
        select(Post).join(PostHolding, PostHolding.post_id == Post.id).where(PostHolding.user_id == user.id)
    )
    return list(session.scalars(held.order_by(Post.name)))


def set_posts(
    session: Session, user: User, post_ids: Iterable[int], *, actor: User, reason: str = ""
) -> None:
    """调整岗位: ``post_ids`` are all that ``user`` holds from today on. Raises Forbidden, Invalid."""
    permissions.check_administers(session, actor)
    wanted = set(post_ids)
    held = {one.id for one in posts_of(session, user)}
    fresh = select(Post.id).where(Post.id.in_(wanted - held), Post.closed_on.is_(None))
    if set(session.scalars(fresh)) != wanted - held:
        raise Invalid({"posts": ["没有这个岗位，或者它已撤销。"]})
    if wanted == held:
        return
    for post_id in sorted(held - wanted):
        holdings.end(session, session.get_one(PostHolding, (post_id, user.id)), to_day=clock.today())
    for post_id in sorted(wanted - held):
        holdings.begin(session, post_id, user.id, from_day=clock.today())
    before, after = {"posts": sorted(held - wanted)}, {"posts": sorted(wanted - held)}
    audit.note(session, "posts", actor=actor, user=user, before=before, after=after, reason=reason)
    session.flush()


def activate(session: Session, user: User, *, actor: User) -> None:
    """恢复账号. Raises Forbidden unless ``actor`` administers, Conflict while the unit is closed."""
    permissions.check_administers(session, actor)
    if not user.is_active:
        if user.unit.closed_on is not None:
            raise Conflict(f"{user.unit.name}已撤销，请先在“修改资料”中改到别的单位。")
        user.is_active = True
        audit.note(session, "activate", actor=actor, user=user)


def deactivate(session: Session, user: User, *, actor: User, reason: str) -> None:
    """停用账号: sessions, tokens, links and substitutions end; what was handed over before is another's.

    Raises Forbidden unless ``actor`` keeps people or administers, or for oneself; Conflict when it is done already.
    """
    if not permissions.may_hand_over(session, actor):
        raise Forbidden("只有系统管理员和人力资源可以停用账号。")
    if actor.id == user.id:
        raise Forbidden("不能停用自己的账号，请由另一位管理员办理。")
    if not user.is_active:
        raise Conflict("这个账号已经停用。")
    user.is_active, user.on_duty = False, False
    user.session_version += 1
    session.execute(delete(ApiToken).where(ApiToken.user_id == user.id))
    passwords.forget_links(session, user.id)
    for one in session.scalars(_still_in_force(user)):
        one.revoked_at = clock.now()
    audit.note(session, "deactivate", actor=actor, user=user, reason=reason)
    session.flush()


def _still_in_force(user: User) -> Any:
    part = (Delegation.principal_id == user.id) | (Delegation.substitute_id == user.id)
    return select(Delegation).where(part, Delegation.revoked_at.is_(None), Delegation.to_day >= clock.today())
