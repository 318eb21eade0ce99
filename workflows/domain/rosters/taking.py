"""Taking a workbook in: what is there is updated, what is new is added, nothing is deleted."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import audit, passwords, permissions
from workflows.domain.rosters import plans, reading
from workflows.domain.rosters.columns import HOLDINGS, NO, PEOPLE, POSTS, UNITS, YES, Book, CellError
from workflows.domain.rosters.plans import Plan
from workflows.errors import Invalid
from workflows.models import AdminEntry, Post, PostHolding, RoleGrant, Unit, User


class Refused(Invalid):
    """Nothing was taken in: ``errors`` say why, cell by cell; ``book`` is what was sent."""

    def __init__(self, book: Book, errors: Sequence[CellError]) -> None:
        super().__init__({"file": [str(one) for one in errors[:1]]}, "工作簿中有错误，没有导入任何内容。")
        self.book, self.errors = book, errors


@dataclass(frozen=True)
class Taken:
    """How many were added and how many were changed."""

    units: tuple[int, int]
    posts: tuple[int, int]
    people: tuple[int, int]
    roles: int
    holdings: int


def take_in(session: Session, content: bytes, *, actor: User | None) -> Taken:
    """Do what the workbook says, all of it or nothing. ``actor`` None is an operator on the host.

    Raises Forbidden unless by an administrator, Invalid for what is no such workbook, Refused for errors in cells.
    """
    if actor is not None:
        permissions.check_administers(session, actor)
    book, errors = reading.read(content)
    plan, found = plans.check(session, book, actor=actor)
    errors = sorted([*errors, *found], key=lambda one: (list(book.rows).index(one.sheet), one.row))
    if errors:
        raise Refused(book, errors)
    with session.no_autoflush:
        taken = Taken(
            units=_units(session, plan),
            posts=_posts(session, plan),
            people=_people(session, plan, actor),
            roles=_roles(session, plan, actor),
            holdings=_holdings(session, plan),
        )
    session.flush()
    counts: dict[str, object] = {
        name: getattr(taken, name) for name in ("units", "posts", "people", "roles", "holdings")
    }
    audit.note(session, "import", actor=actor, after=counts)
    return taken


def _units(session: Session, plan: Plan) -> tuple[int, int]:
    known, rows = plan.known.units, plan.book.rows[UNITS]
    fresh = [
        Unit(code=row.cells["code"], name=row.cells["name"]) for row in rows if row.cells["code"] not in known
    ]
    renamed = [
        row
        for row in rows
        if row.cells["code"] in known and known[row.cells["code"]].name != row.cells["name"]
    ]
    for row in renamed:  # names may be swapped: first out of the way
        known[row.cells["code"]].name = f"~{row.cells['code']}"
    session.flush()
    for row in renamed:
        known[row.cells["code"]].name = row.cells["name"]
    session.add_all(fresh)
    session.flush()
    known.update((one.code, one) for one in fresh)
    moved = {row.cells["code"] for row in rows if _move(plan, row.cells)} | {
        row.cells["code"] for row in renamed
    }
    session.flush()
    return len(fresh), len(moved - {one.code for one in fresh})


def _move(plan: Plan, cells: dict[str, str]) -> bool:
    if "parent" not in cells:
        return False
    unit, parent_id = plan.known.units[cells["code"]], plan.known.units[cells["parent"]].id
    is_moved = unit.parent_id != parent_id
    unit.parent_id = parent_id
    return is_moved


def _posts(session: Session, plan: Plan) -> tuple[int, int]:
    known, added, changed = plan.known.posts, 0, 0
    for row in plan.book.rows[POSTS]:
        values: dict[str, object] = {"unit_id": plan.known.units[row.cells["unit"]].id}
        for key in ("name", "business_duty", "party_duty"):
            if key in row.cells:
                values[key] = row.cells[key]
        post = known.get(row.cells["code"])
        if post is None:
            known[row.cells["code"]] = post = Post(code=row.cells["code"])
            session.add(post)
            added += 1
        elif any(getattr(post, key) != value for key, value in values.items()):
            changed += 1
        for key, value in values.items():
            setattr(post, key, value)
    session.flush()
    return added, changed


def _people(session: Session, plan: Plan, actor: User | None) -> tuple[int, int]:
    known = plan.known.people
    fresh: list[User] = []
    entries: list[AdminEntry] = []
    for row in plan.book.rows[PEOPLE]:
        values = _values(plan, row.cells)
        user = known.get(row.cells["login"].lower())
        if user is None:
            user = User(login=row.cells["login"], password_hash="", session_version=0, **values)
            known[row.cells["login"].lower()] = user
            fresh.append(user)
            continue
        before = {key: getattr(user, key) for key, value in values.items() if getattr(user, key) != value}
        for key in before:
            setattr(user, key, values[key])
        if before:
            entries.append(_entry(user, actor, before=before, after={key: values[key] for key in before}))
    session.add_all(fresh)
    session.flush()
    session.add_all([*entries, *(_entry(user, actor, after={"login": user.login}) for user in fresh)])
    return len(fresh), len(entries)


def _values(plan: Plan, cells: dict[str, str]) -> dict[str, object]:
    """What the row says of a person; cells left blank say nothing."""
    values: dict[str, object] = {"name": cells["name"], "unit_id": plan.known.units[cells["unit"]].id}
    values |= {key: cells[key] == YES for key in ("on_duty", "is_manager") if cells.get(key) in (YES, NO)}
    return values | ({"email": cells["email"]} if "email" in cells else {})


def _entry(
    user: User, actor: User | None, *, before: dict[str, object] | None = None, after: dict[str, object]
) -> AdminEntry:
    by = actor.id if actor else None
    entry = AdminEntry(
        at=clock.now(), actor_id=by, user_id=user.id, verb="import", before=before or {}, after=after
    )
    entry.reason = ""
    return entry


def _roles(session: Session, plan: Plan, actor: User | None) -> int:
    added = 0
    for login, wanted in plan.roles.items():
        user = plan.known.people[login]
        held = {(one.role, one.unit_id) for one in user.grants}
        ids = {(role, plan.known.units[code].id if code else None) for role, code in wanted}
        fresh = sorted(ids - held, key=str)
        if not fresh:
            continue
        session.add_all(RoleGrant(role=role, unit_id=unit_id, user_id=user.id) for role, unit_id in fresh)
        session.add(_entry(user, actor, after={"roles": [list(one) for one in fresh]}))
        added += len(fresh)
    return added


def _holdings(session: Session, plan: Plan) -> int:
    held = {(one.post_id, one.user_id) for one in session.scalars(select(PostHolding))}
    wanted = {
        (plan.known.posts[row.cells["post"]].id, plan.known.people[row.cells["login"].lower()].id)
        for row in plan.book.rows[HOLDINGS]
    }
    session.add_all(PostHolding(post_id=post, user_id=user) for post, user in sorted(wanted - held))
    return len(wanted - held)


def without_password(session: Session) -> list[User]:
    """Who was imported and has no password yet, by unit and login."""
    waiting = select(User).where(User.password_hash == "", User.is_active).join(User.unit)
    return list(session.scalars(waiting.order_by(Unit.name, User.login)))


def give_passwords(session: Session, *, actor: User | None) -> list[tuple[User, str]]:
    """A one-time password for each of them: told now and kept nowhere. Raises Forbidden unless by an administrator."""
    if actor is not None:
        permissions.check_administers(session, actor)
    given = [(user, passwords.give_one_time(user)) for user in without_password(session)]
    session.add_all(
        AdminEntry(
            at=clock.now(), actor_id=actor.id if actor else None, user_id=user.id, verb="password", reason=""
        )
        for user, _ in given
    )
    session.flush()
    return given
