"""Accounts: passwords, API tokens and who may sign in. Knows no HTTP."""

import datetime as dt
import hashlib
import re
import secrets
from collections.abc import Collection, Sequence

from sqlalchemy import bindparam, func, or_, select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.domain import audit, paging, passwords, permissions
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import ApiToken, Post, RoleGrant, Unit, User

MAIL = re.compile(r"[A-Za-z0-9._%+'-]{1,60}@[A-Za-z0-9.-]{1,58}\.[A-Za-z0-9]{1,20}")
TOKEN_DAYS = range(1, 366)
TOKEN_NAME_LENGTH = 60

# Built once: every request begins with one of them.
_BY_ID = select(User).where(User.id == bindparam("user_id"), User.is_active)
_BY_TOKEN = (
    select(User)
    .join(ApiToken, ApiToken.user_id == User.id)
    .where(ApiToken.digest == bindparam("digest"), User.is_active)
    .where(ApiToken.expires_at.is_(None) | (ApiToken.expires_at > bindparam("now")))
)
NOBODY = "没有找到此人，或有几人同名。请填写登录名，或从列表中选择。"  # of a form


def get(session: Session, user_id: int) -> User | None:
    """The active user of that id, or None."""
    return session.scalar(_BY_ID, {"user_id": user_id})


def by_login(session: Session, login: str) -> User | None:
    """The user of that login in any case, or None."""
    return session.scalar(select(User).where(func.lower(User.login) == login.strip().lower()))


def check_password(user: User | None, password: str) -> bool:
    """Whether ``user`` exists, is active and has this password; the same work is done in each case."""
    return passwords.matches(user, password) and user is not None and user.is_active


def hash_password(password: str) -> str:
    """What is stored of ``password``."""
    return passwords.hashed(password)


def set_password(user: User, *, password: str) -> None:
    """Give ``user`` a password of their own and end all sessions. Raises Invalid for a weak one."""
    passwords.check(password, login=user.login)
    user.password_hash = hash_password(password)
    user.must_change_password = False
    user.session_version += 1


def change_password(actor: User, *, current: str, password: str) -> None:
    """Replace one's own password. Raises Invalid if ``current`` is wrong or ``password`` unsuitable."""
    if not check_password(actor, current):
        raise Invalid({"current": ["原密码不正确。"]})
    if password == current:
        raise Invalid({"password": ["新密码不能与原密码相同。"]})
    set_password(actor, password=password)


def change_email(actor: User, *, current: str, email: str) -> None:
    """Replace one's own address, empty for none. Raises Invalid if ``current`` is wrong, or it is no address."""
    if not check_password(actor, current):
        raise Invalid({"current_for_email": ["原密码不正确。"]})
    actor.email = checked_email(email)


def checked_email(email: str) -> str:
    """``email`` without spaces around it. Raises Invalid unless it is empty or an address."""
    if email.strip() and not MAIL.fullmatch(email.strip()):
        raise Invalid({"email": ["请填写正确的邮箱地址。"]})
    return email.strip()


def set_by_link(session: Session, token: str, *, password: str) -> None:
    """Set the password of whoever the mailed link belongs to; it is used up. Raises NotFound, Invalid for a weak one."""
    user = passwords.by_link(session, token)
    set_password(user, password=password)
    passwords.forget_links(session, user.id)


def to_mail(session: Session, asked: str) -> User | None:
    """The one active person of that login or address who can be mailed, or None."""
    found = by_login(session, asked)
    if found is None:
        named = select(User).where(func.lower(User.email) == asked.strip().lower(), User.is_active)
        people = session.scalars(named.limit(2)).all() if asked.strip() else []
        found = people[0] if len(people) == 1 else None
    return found if found is not None and found.is_active and found.email else None


def create(
    session: Session, *, login: str, name: str, unit: Unit, password: str | None, actor: User | None = None
) -> User:
    """Add an active user without roles, and without a password when it is None. Raises Conflict if the login is taken."""
    if by_login(session, login):
        raise Conflict("登录名已被使用，请换一个。")
    user = User(login=login, name=name, unit_id=unit.id, password_hash="", session_version=0)
    if password is not None:
        set_password(user, password=password)
    session.add(user)
    session.flush()
    audit.note(session, "create", actor=actor, user=user, after={"login": login, "unit": unit.code})
    return user


def grant(session: Session, user: User, *, role: str, unit: Unit | None) -> RoleGrant:
    """Let ``user`` act as ``role`` for ``unit``, or for the whole plant without one."""
    added = RoleGrant(user_id=user.id, role=role, unit_id=unit.id if unit else None)
    session.add(added)
    session.flush()
    return added


def mark_manager(session: Session, user_id: int, *, is_manager: bool, actor: User) -> User:
    """登记科级以上管理人员. Raises Forbidden unless ``actor`` is HR or the office, NotFound for nobody."""
    if not permissions.may_keep_people(session, actor):
        raise Forbidden("只有人力资源和揭榜挂帅办公室可以登记人员信息。")
    user = get(session, user_id)
    if user is None:
        raise NotFound("没有这个人员。")
    user.is_manager = is_manager
    session.flush()
    return user


def add_unit(session: Session, *, code: str, name: str, parent: Unit | None) -> Unit:
    """Add a unit below ``parent``. Raises Conflict if its code or name is taken."""
    if session.scalar(select(Unit.id).where(or_(Unit.code == code, Unit.name == name))) is not None:
        raise Conflict("单位代码或名称已被使用，请换一个。")
    unit = Unit(code=code, name=name, parent_id=parent.id if parent else None)
    session.add(unit)
    session.flush()
    return unit


def unit_by_code(session: Session, code: str) -> Unit:
    """The unit of that code. Raises NotFound."""
    unit = session.scalar(select(Unit).where(Unit.code == code, Unit.closed_on.is_(None)))
    if unit is None:
        raise NotFound("没有这个单位代码。")
    return unit


def names_of(session: Session, ids: set[int]) -> dict[int, str]:
    """The names of people by id."""
    if not ids:
        return {}
    return dict(session.execute(select(User.id, User.name).where(User.id.in_(ids))).all())


def people(session: Session, *, unit_first: int | None = None, most: int | None = None) -> list[User]:
    """Who can be chosen in a form: active users by unit and name, at most ``most``, those of ``unit_first`` before others."""
    everybody = select(User).where(User.is_active).join(User.unit)
    ordered = everybody.order_by(User.unit_id != unit_first, Unit.name, User.name, User.id)
    return list(session.scalars(ordered.limit(most)))


def called(session: Session, words: Collection[str]) -> list[User]:
    """The active users whose login or name is one of ``words``."""
    named = or_(User.login.in_(words), User.name.in_(words))
    return list(session.scalars(select(User).where(User.is_active, named)))


def with_ids(session: Session, ids: Collection[int]) -> list[User]:
    """Users by their ids, active or not."""
    return list(session.scalars(select(User).where(User.id.in_(ids))))


def find(
    session: Session,
    *,
    q: str = "",
    unit_id: int | None = None,
    role: str | None = None,
    active: bool | None = True,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[User], int]:
    """People by name, with how many there are in all; ``q`` is looked for in name and login.

    ``active`` None is everybody, whether they may sign in or not.
    """
    query = select(User)
    if active is not None:
        query = query.where(User.is_active.is_(active))
    if q:
        named = (User.name, User.login)
        query = query.where(or_(*(column.contains(q, autoescape=True) for column in named)))
    if unit_id is not None:
        query = query.where(User.unit_id == unit_id)
    if role is not None:
        query = query.where(User.grants.any(role=role))
    return paging.page_of(
        session, query.order_by(User.name, User.id).options(selectinload(User.grants)), page=page, size=size
    )


def units(session: Session) -> list[Unit]:
    """Every unit, closed ones too, by name."""
    return list(session.scalars(select(Unit).order_by(Unit.name)))


def open_units(session: Session) -> list[Unit]:
    """The units that can be chosen, by name."""
    return list(session.scalars(select(Unit).where(Unit.closed_on.is_(None)).order_by(Unit.name)))


def posts(session: Session) -> list[Post]:
    """The posts that can be held, by code."""
    return list(session.scalars(select(Post).where(Post.closed_on.is_(None)).order_by(Post.code)))


def issue_token(session: Session, user: User, *, name: str, days: int) -> str:
    """A new bearer token of ``user`` valid for ``days``; only its digest is kept, so show it now."""
    if days not in TOKEN_DAYS:
        raise Invalid({"days": ["有效期应为 1 至 365 天。"]})
    if not 1 <= len(name.strip()) <= TOKEN_NAME_LENGTH:
        raise Invalid({"name": ["请填写令牌名称，不超过 60 个字。"]})
    token = "jb_" + secrets.token_urlsafe(32)
    session.add(
        ApiToken(
            user_id=user.id,
            name=name.strip(),
            digest=_digest(token),
            created_at=clock.now(),
            expires_at=clock.now() + dt.timedelta(days=days),
        )
    )
    session.flush()
    return token


def by_token(session: Session, token: str) -> User | None:
    """The active user whose unexpired token this is, or None."""
    return session.scalar(_BY_TOKEN, {"digest": _digest(token), "now": clock.now()})


def tokens(session: Session, user: User) -> list[ApiToken]:
    """The tokens of ``user``, newest first."""
    return list(
        session.scalars(select(ApiToken).where(ApiToken.user_id == user.id).order_by(ApiToken.id.desc()))
    )


def revoke_token(session: Session, token_id: int, *, actor: User) -> None:
    """End one of ``actor``'s own tokens. Raises NotFound for any other."""
    token = session.get(ApiToken, token_id)
    if token is None or token.user_id != actor.id:
        raise NotFound("没有这个令牌。")
    session.delete(token)


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
