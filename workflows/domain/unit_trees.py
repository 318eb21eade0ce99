"""单位: the tree with both sides of each (党政), and who is missing: 一体两面."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows.domain.heads import HEADS
from workflows.models import RoleGrant, Unit, User


@dataclass(frozen=True)
class Node:
    """A unit at its depth (from 0), with its heads by side and how many active people it has."""

    unit: Unit
    depth: int
    party_secretary: Sequence[User]
    admin_head: Sequence[User]
    people: int

    @property
    def is_whole(self) -> bool:
        return bool(self.party_secretary and self.admin_head)

    @property
    def is_one_person(self) -> bool:
        """Whether nobody but one person heads both sides."""
        return len({one.id for one in (*self.party_secretary, *self.admin_head)}) == 1 and self.is_whole


def tree(session: Session) -> list[Node]:
    """Every unit that is not closed below its parent, by name, in four queries."""
    units = session.scalars(select(Unit).where(Unit.closed_on.is_(None)).order_by(Unit.name)).all()
    below: dict[int | None, list[Unit]] = defaultdict(list)
    for unit in units:
        below[unit.parent_id].append(unit)
    heads = _heads(session)
    counted = select(User.unit_id, func.count()).where(User.is_active).group_by(User.unit_id)
    people = dict(session.execute(counted).all())

    def walk(parent_id: int | None, depth: int) -> Iterator[Node]:
        for unit in below[parent_id]:
            party, administration = (heads[role, unit.id] for role in HEADS)
            yield Node(unit, depth, party, administration, people.get(unit.id, 0))
            yield from walk(unit.id, depth + 1)

    return list(walk(None, 0))


def closed(session: Session) -> Sequence[Unit]:
    """The closed units, the latest first."""
    gone = select(Unit).where(Unit.closed_on.is_not(None))
    return session.scalars(gone.order_by(Unit.closed_on.desc(), Unit.name)).all()


def node(session: Session, unit: Unit) -> Node:
    """One unit with its heads, as if it stood at the top."""
    heads = _heads(session, unit_id=unit.id)
    counted = select(func.count()).where(User.is_active, User.unit_id == unit.id)
    party, administration = (heads[role, unit.id] for role in HEADS)
    return Node(unit, 0, party, administration, session.scalar(counted) or 0)


def below(session: Session, unit: Unit) -> Sequence[Unit]:
    """The units right below ``unit``, closed ones last."""
    mine = select(Unit).where(Unit.parent_id == unit.id)
    return session.scalars(mine.order_by(Unit.closed_on.is_not(None), Unit.name)).all()


def plant_heads(session: Session) -> dict[str, list[User]]:
    """The heads of the whole plant, by side."""
    heads = _heads(session)
    return {role: heads[role, None] for role in HEADS}


def _heads(session: Session, *, unit_id: int | None = None) -> dict[tuple[str, int | None], list[User]]:
    """Active heads by role and unit, of all units or of one."""
    query = select(RoleGrant, User).join(User, User.id == RoleGrant.user_id)
    if unit_id is not None:
        query = query.where(RoleGrant.unit_id == unit_id)
    held = query.where(RoleGrant.role.in_(HEADS), User.is_active).order_by(User.name)
    found: dict[tuple[str, int | None], list[User]] = defaultdict(list)
    for grant, user in session.execute(held):
        found[grant.role, grant.unit_id].append(user)
    return found
