"""单位: set up, renamed, moved, headed on both sides and closed by hand. Each act is written down under "unit:<id>"."""

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import administration, audit, permissions
from workflows.domain.heads import HEADS
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Post, RoleGrant, Unit, User

KINDS = {
    "plant": "厂级",
    "department": "机关部门",
    "branch": "基层单位",
    "team": "班组站队",
    "other": "其他",
}
DATA = ("name", "kind", "parent_id")


def get(session: Session, unit_id: int) -> Unit:
    """A unit, closed or not. Raises NotFound."""
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise NotFound("没有这个单位。")
    return unit


def add(session: Session, values: Mapping[str, Any], *, actor: User) -> Unit:
    """新建单位: ``values`` hold code and DATA. Raises Forbidden, Invalid at the field that does not do."""
    check_keeps(session, actor)
    wanted = {"code": values["code"].strip(), **_cleaned(values)}
    fields = _taken(session, wanted, besides=None) | _wrong_parent(session, wanted["parent_id"], below=None)
    if fields:
        raise Invalid(fields)
    unit = Unit(**wanted)
    session.add(unit)
    session.flush()
    audit.note(session, "unit_add", actor=actor, about=about(unit), after=wanted)
    return unit


def change(session: Session, unit: Unit, values: Mapping[str, Any], *, actor: User, reason: str = "") -> None:
    """改名, 改隶属: ``values`` hold DATA. Raises Forbidden, Conflict for a closed one, Invalid as ``add``.

    Two moves at once cannot make a circle: units are held while one moves.
    """
    check_keeps(session, actor)
    list(session.execute(select(Unit.id).order_by(Unit.id).with_for_update()))
    check_open(unit)
    wanted = _cleaned(values)
    before = {name: getattr(unit, name) for name in DATA if getattr(unit, name) != wanted[name]}
    fields = _taken(session, wanted, besides=unit)
    if "parent_id" in before:
        fields |= _wrong_parent(session, wanted["parent_id"], below=unit)
    if fields:
        raise Invalid(fields)
    if not before:
        return
    for name in before:
        setattr(unit, name, wanted[name])
    after = {name: wanted[name] for name in before}
    audit.note(
        session, "unit_change", actor=actor, about=about(unit), before=before, after=after, reason=reason
    )
    session.flush()


def set_heads(
    session: Session, unit: Unit, heads: Mapping[str, Collection[int]], *, actor: User, reason: str = ""
) -> None:
    """配备党政负责人: all who head ``unit`` from now on, ids by side (HEADS). A side may stay without.

    Raises Forbidden, Conflict for a closed unit, Invalid for people unknown, for oneself, or as
    ``administration.check_roles``; its fields are the sides.
    """
    check_keeps(session, actor)
    check_open(unit)
    before = {role: {one.id for one in holders(session, unit, role)} for role in HEADS}
    if any(actor.id in before[role] ^ set(heads[role]) for role in HEADS):
        raise Invalid({HEADS[0]: ["不能调整自己的角色，请由另一位系统管理员办理。"]})
    for role in HEADS:
        for user in _people(session, role, before[role] ^ set(heads[role])):
            held = {(one.role, one.unit_id) for one in user.grants}
            wanted = held | {(role, unit.id)} if user.id in heads[role] else held - {(role, unit.id)}
            administration.replace_roles(session, user, wanted, actor=actor, reason=reason)
    changed = [role for role in HEADS if before[role] != set(heads[role])]
    if changed:
        was, now = ({role: sorted(side[role]) for role in changed} for side in (before, heads))
        audit.note(
            session, "unit_heads", actor=actor, about=about(unit), before=was, after=now, reason=reason
        )
    session.flush()


def _people(session: Session, role: str, ids: Collection[int]) -> list[User]:
    found = list(session.scalars(select(User).where(User.id.in_(ids)).order_by(User.id)))
    if len(found) != len(set(ids)):
        raise Invalid({role: ["没有这个人员。"]})
    gone = [one.name for one in found if not one.is_active]
    if gone:
        raise Invalid({role: [f"{'、'.join(gone)}的账号已停用，请另选他人。"]})
    return found


def holders(session: Session, unit: Unit, role: str) -> list[User]:
    """Who heads ``unit`` on the side ``role``, active or not, by name."""
    held = select(User).join(RoleGrant).where(RoleGrant.role == role, RoleGrant.unit_id == unit.id)
    return list(session.scalars(held.order_by(User.name, User.id)))


def close(session: Session, unit: Unit, *, actor: User, reason: str) -> None:
    """撤销: it is chosen no more; roles held in it end, and its posts close. What stands against it is not asked here.

    Raises Forbidden, Conflict when it is closed already, Invalid without a reason.
    """
    check_keeps(session, actor)
    check_open(unit)
    if not reason.strip():
        raise Invalid({"reason": ["请写明理由。"]})
    granted = select(User).join(RoleGrant).where(RoleGrant.unit_id == unit.id).distinct().order_by(User.id)
    for user in session.scalars(granted).all():
        rest = {(one.role, one.unit_id) for one in user.grants if one.unit_id != unit.id}
        administration.replace_roles(session, user, rest, actor=actor, reason=f"{unit.name}撤销")
    unit.closed_on = clock.today()
    for post in session.scalars(select(Post).where(Post.unit_id == unit.id, Post.closed_on.is_(None))):
        post.closed_on = clock.today()
    audit.note(session, "unit_close", actor=actor, about=about(unit), reason=reason.strip())
    session.flush()


def reopen(session: Session, unit: Unit, *, actor: User, reason: str) -> None:
    """恢复: a closed unit is chosen again; roles and posts are set up anew. Raises Forbidden, Conflict."""
    check_keeps(session, actor)
    if unit.closed_on is None:
        raise Conflict("这个单位没有撤销，不需要恢复。")
    above = session.get(Unit, unit.parent_id) if unit.parent_id else None
    if above is not None and above.closed_on is not None:
        raise Conflict(f"上级单位{above.name}已撤销，请先恢复上级单位。")
    unit.closed_on = None
    audit.note(session, "unit_reopen", actor=actor, about=about(unit), reason=reason.strip())
    session.flush()


def about(unit: Unit) -> str:
    """Under what its acts are written down."""
    return f"unit:{unit.id}"


def check_keeps(session: Session, actor: User) -> None:
    """Raises Forbidden unless ``actor`` keeps units and posts."""
    if not permissions.may_administer(session, actor):
        raise Forbidden("只有系统管理员可以维护单位和岗位。")


def check_open(unit: Unit) -> None:
    """Raises Conflict for a closed unit."""
    if unit.closed_on is not None:
        raise Conflict(f"{unit.name}已于 {unit.closed_on:%Y-%m-%d} 撤销，请先恢复。")


def open_ids(session: Session, ids: Collection[int] | None = None) -> set[int]:
    """Which units can be chosen: of ``ids``, or of all."""
    query = select(Unit.id).where(Unit.closed_on.is_(None))
    return set(session.scalars(query if ids is None else query.where(Unit.id.in_(ids))))


def _cleaned(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": values["name"].strip(), "kind": values["kind"], "parent_id": values["parent_id"]}


def _taken(session: Session, wanted: Mapping[str, Any], *, besides: Unit | None) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    for key in ("code", "name"):
        if key not in wanted:
            continue
        other = session.scalar(select(Unit).where(getattr(Unit, key) == wanted[key]))
        if other is None or other is besides:
            continue
        if other.closed_on is None:
            fields[key] = [f"已被单位“{other.name}”（{other.code}）使用，请换一个。"]
        else:
            fields[key] = [f"已被撤销的单位“{other.name}”（{other.code}）使用，请换一个，或者恢复那个单位。"]
    return fields


def _wrong_parent(session: Session, parent_id: int | None, *, below: Unit | None) -> dict[str, list[str]]:
    if parent_id is None:
        return {}
    parent = session.get(Unit, parent_id)
    if parent is None:
        return {"parent_id": ["没有这个单位。"]}
    if parent.closed_on is not None:
        return {"parent_id": [f"{parent.name}已撤销，不能作为上级单位。"]}
    parents = dict(iter(session.execute(select(Unit.id, Unit.parent_id))))
    above: int | None = parent_id
    while below is not None and above is not None:
        if above == below.id:
            if parent_id == below.id:
                return {"parent_id": ["上级单位不能是它自己。"]}
            return {"parent_id": [f"{parent.name}是它的下级，不能作为它的上级单位。"]}
        above = parents[above]
    return {}
