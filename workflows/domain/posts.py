"""岗位: set up, changed and closed by hand, and who holds each from when to when."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import audit, holdings, paging, units
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import PastHolding, Post, PostHolding, Unit, User

DATA = ("name", "unit_id", "business_duty", "party_duty")
FIRST_DAY = dt.date(1950, 1, 1)


@dataclass
class Held:
    """A post with who holds it, the longest first, and who did, the latest first."""

    post: Post
    now: list[PostHolding] = field(default_factory=list)
    before: list[PastHolding] = field(default_factory=list)


def get(session: Session, post_id: int) -> Post:
    """A post, closed or not. Raises NotFound."""
    post = session.get(Post, post_id)
    if post is None:
        raise NotFound("没有这个岗位。")
    return post


def listing(
    session: Session, *, unit_id: int | None = None, page: int = 1, size: int = 20
) -> tuple[list[Held], int]:
    """Posts by code with their holders, and how many there are; pages count from 1."""
    query = select(Post) if unit_id is None else select(Post).where(Post.unit_id == unit_id)
    rows, total = paging.page_of(session, query.order_by(Post.code), page=page, size=size)
    return with_holders(session, rows), total


def of_unit(session: Session, unit: Unit) -> list[Held]:
    """The posts of ``unit``, those in use first."""
    mine = select(Post).where(Post.unit_id == unit.id)
    return with_holders(session, session.scalars(mine.order_by(Post.closed_on.is_not(None), Post.code)).all())


def with_holders(session: Session, posts: Sequence[Post]) -> list[Held]:
    """``posts`` with who holds and held them, in two queries."""
    found = {post.id: Held(post) for post in posts}
    now = select(PostHolding).where(PostHolding.post_id.in_(found))
    for one in session.scalars(now.order_by(PostHolding.from_day, PostHolding.user_id)):
        found[one.post_id].now.append(one)
    past = select(PastHolding).where(PastHolding.post_id.in_(found))
    for gone in session.scalars(past.order_by(PastHolding.to_day.desc(), PastHolding.id.desc())):
        found[gone.post_id].before.append(gone)
    return list(found.values())


def add(session: Session, values: Mapping[str, Any], *, actor: User) -> Post:
    """设岗: ``values`` hold code and DATA. Raises Forbidden, Invalid at the field that does not do."""
    units.check_keeps(session, actor)
    wanted = {"code": values["code"].strip(), **_cleaned(values)}
    fields = _wrong(session, wanted, besides=None)
    if session.scalar(select(Post.id).where(Post.code == wanted["code"])) is not None:
        fields["code"] = ["这个编码已被使用，请换一个。"]
    if fields:
        raise Invalid(fields)
    post = Post(**wanted)
    session.add(post)
    session.flush()
    told = {"code": post.code, "post": post.name}
    audit.note(session, "post_add", actor=actor, about=f"unit:{post.unit_id}", after=told)
    return post


def change(session: Session, post: Post, values: Mapping[str, Any], *, actor: User) -> None:
    """改名, 改职责, 改隶属: ``values`` hold DATA. Raises Forbidden, Conflict for a closed one, Invalid as ``add``."""
    units.check_keeps(session, actor)
    _check_open(post)
    wanted = _cleaned(values)
    fields = _wrong(session, wanted, besides=post)
    if fields:
        raise Invalid(fields)
    before = {name: getattr(post, name) for name in DATA if getattr(post, name) != wanted[name]}
    if not before:
        return
    for name in before:
        setattr(post, name, wanted[name])
    after = {"post": post.name, **{name: wanted[name] for name in before}}
    for unit_id in sorted({before.get("unit_id", post.unit_id), post.unit_id}):
        audit.note(session, "post_change", actor=actor, about=f"unit:{unit_id}", before=before, after=after)
    session.flush()


def close(session: Session, post: Post, *, actor: User, reason: str) -> None:
    """撤岗. Raises Forbidden, Conflict when it is closed already or somebody holds it."""
    units.check_keeps(session, actor)
    _check_open(post)
    (held,) = with_holders(session, [post])
    if held.now:
        names = "、".join(one.user.name for one in held.now)
        raise Conflict(f"{names}还在任这个岗位，请先办理卸任。")
    post.closed_on = clock.today()
    _note(session, "post_close", post, actor=actor, reason=reason)


def reopen(session: Session, post: Post, *, actor: User, reason: str) -> None:
    """恢复. Raises Forbidden, Conflict when it is open, or its unit is closed."""
    units.check_keeps(session, actor)
    if post.closed_on is None:
        raise Conflict("这个岗位没有撤销，不需要恢复。")
    units.check_open(session.get_one(Unit, post.unit_id))
    post.closed_on = None
    _note(session, "post_reopen", post, actor=actor, reason=reason)


def appoint(
    session: Session, post: Post, *, user_id: int, from_day: dt.date, actor: User, reason: str = ""
) -> PostHolding:
    """任岗: the person holds ``post`` from ``from_day`` on, which is past or today.

    Raises Forbidden, Conflict for a closed post, Invalid for somebody unknown or who holds it, or for the day.
    """
    units.check_keeps(session, actor)
    _check_open(post)
    user = session.get(User, user_id)
    if user is None or not user.is_active:
        raise Invalid({"user_id": ["没有这个人员，或其账号已停用。"]})
    if session.get(PostHolding, (post.id, user_id)) is not None:
        raise Invalid({"user_id": [f"{user.name}已在任这个岗位。"]})
    if not FIRST_DAY <= from_day <= clock.today():
        raise Invalid({"from_day": ["任职从今天或以前算起；将来任职的，请到任当天再登记。"]})
    holding = holdings.begin(session, post.id, user_id, from_day=from_day)
    after = {"from_day": from_day.isoformat()}
    _note(session, "post_hold", post, actor=actor, user=user, after=after, reason=reason)
    return holding


def dismiss(
    session: Session, post: Post, *, user_id: int, to_day: dt.date, actor: User, reason: str = ""
) -> PastHolding:
    """卸任: ``to_day``, past or today, was the last day. The rights of the post end at once.

    Raises Forbidden, NotFound for who does not hold it, Invalid for the day.
    """
    units.check_keeps(session, actor)
    holding = session.get(PostHolding, (post.id, user_id))
    if holding is None:
        raise NotFound("此人没有在任这个岗位。")
    if not (holding.from_day or FIRST_DAY) <= to_day <= clock.today():
        raise Invalid({"to_day": ["最后一天应在任职之后、今天或以前。"]})
    user = holding.user
    past = holdings.end(session, holding, to_day=to_day)
    _note(
        session,
        "post_leave",
        post,
        actor=actor,
        user=user,
        after={"to_day": to_day.isoformat()},
        reason=reason,
    )
    return past


def _note(
    session: Session, verb: str, post: Post, *, after: Mapping[str, Any] | None = None, **rest: Any
) -> None:
    told = {"post": post.name, **(after or {})}
    audit.note(session, verb, about=f"unit:{post.unit_id}", after=told, **rest)
    session.flush()


def _check_open(post: Post) -> None:
    if post.closed_on is not None:
        raise Conflict(f"岗位{post.name}已于 {post.closed_on:%Y-%m-%d} 撤销，请先恢复。")


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    texts = {name: values[name].strip() for name in ("name", "business_duty", "party_duty")}
    return {**texts, "unit_id": values["unit_id"]}


def _wrong(session: Session, wanted: Mapping[str, Any], *, besides: Post | None) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    unit = session.get(Unit, wanted["unit_id"])
    if unit is None:
        return {"unit_id": ["没有这个单位。"]}
    if unit.closed_on is not None:
        fields["unit_id"] = [f"{unit.name}已撤销，请另选单位。"]
    same = session.scalar(select(Post).where(Post.unit_id == unit.id, Post.name == wanted["name"]))
    if same is not None and same is not besides:
        fields["name"] = [
            f"{unit.name}已有同名的岗位。"
            if same.closed_on is None
            else f"{unit.name}已撤销的岗位中有同名的，可以恢复它。"
        ]
    return fields
