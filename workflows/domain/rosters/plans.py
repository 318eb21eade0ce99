"""What a workbook would do, checked against itself and what there is: a plan, or an error per cell."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows.domain import accounts, administration
from workflows.domain.rosters.columns import (
    HOLDINGS,
    NO,
    PEOPLE,
    POSTS,
    ROLES,
    SHEETS,
    UNITS,
    YES,
    Book,
    CellError,
    Row,
)
from workflows.errors import Invalid
from workflows.models import Post, Unit, User

LOGIN = re.compile(r"[A-Za-z0-9._@-]{2,60}")
ROLE_CODES = {
    **{title: code for code, title in administration.GIVEN.items()},
    **{one: one for one in administration.GIVEN},
}


@dataclass
class Known:
    """What the database has, and with it what the workbook adds: by code, or by login in small letters."""

    units: dict[str, Unit]
    posts: dict[str, Post]
    people: dict[str, User]
    closed: dict[
        str, set[str]
    ]  # by sheet: the codes of closed units and posts, the names of closed units as well
    closed_posts: set[tuple[str, str]]  # the code of the unit, and the name


@dataclass(frozen=True)
class Plan:
    """A workbook without errors, ready to be applied."""

    book: Book
    known: Known
    roles: dict[str, set[tuple[str, str]]] = field(
        default_factory=dict
    )  # login: (role, code of the unit or "")


def known(session: Session) -> Known:
    """Everything that is in use, in four queries, and the codes of what was closed."""
    people = session.scalars(select(User).options(selectinload(User.grants)))
    return Known(
        units={one.code: one for one in session.scalars(select(Unit).where(Unit.closed_on.is_(None)))},
        posts={one.code: one for one in session.scalars(select(Post).where(Post.closed_on.is_(None)))},
        closed=_closed(session),
        closed_posts=_closed_posts(session),
        people={one.login.lower(): one for one in people},
    )


def _closed(session: Session) -> dict[str, set[str]]:
    units = session.execute(select(Unit.code, Unit.name).where(Unit.closed_on.is_not(None))).all()
    posts = session.scalars(select(Post.code).where(Post.closed_on.is_not(None)))
    return {UNITS: {text for row in units for text in row}, POSTS: set(posts)}


def _closed_posts(session: Session) -> set[tuple[str, str]]:
    query = select(Unit.code, Post.name).join(Post, Post.unit_id == Unit.id)
    return {(code, name) for code, name in session.execute(query.where(Post.closed_on.is_not(None)))}


def check(session: Session, book: Book, *, actor: User | None) -> tuple[Plan, list[CellError]]:
    """The plan of ``book`` and everything that is wrong with it, in the order of its sheets and rows."""
    plan = Plan(book, known(session))
    errors = [*_missing(book), *_of_closed(plan)]
    errors += _units(plan)
    errors += _posts(plan)
    errors += _people(plan)
    errors += _roles(plan, actor)
    errors += _holdings(plan)
    return plan, errors


def _missing(book: Book) -> Iterator[CellError]:
    for sheet, columns in SHEETS.items():
        for row in book.rows[sheet]:
            for column in columns:
                if column.required and column.key not in row.cells:
                    yield book.error(sheet, row, column.key, f"请填写{column.title}。")


def _twice(book: Book, sheet: str, *keys: str) -> Iterator[CellError]:
    """Rows that repeat the key of an earlier one, whatever its case."""
    seen: dict[tuple[str, ...], int] = {}
    for row in book.rows[sheet]:
        key = tuple(row.cells.get(one, "").lower() for one in keys)
        if not key[0]:
            continue
        if key in seen:
            yield book.error(sheet, row, keys[-1], f"与第 {seen[key]} 行重复。")
        seen.setdefault(key, row.number)


def _reference(book: Book, sheet: str, key: str, codes: Collection[str], what: str) -> Iterator[CellError]:
    for row in book.rows[sheet]:
        code = row.cells.get(key, "")
        if code and code not in codes:
            yield book.error(sheet, row, key, f"没有编码为 {code} 的{what}。")


def _unit_codes(plan: Plan) -> set[str]:
    return {
        row.cells["code"] for row in plan.book.rows[UNITS] if "code" in row.cells
    } | plan.known.units.keys()


def _logins(plan: Plan) -> set[str]:
    sent = {row.cells["login"].lower() for row in plan.book.rows[PEOPLE] if "login" in row.cells}
    return sent | plan.known.people.keys()


def _of_closed(plan: Plan) -> Iterator[CellError]:
    """Rows that would bring back what was closed, by its code or its name."""
    for sheet, keys in ((UNITS, ("code", "name")), (POSTS, ("code",))):
        for row in plan.book.rows[sheet]:
            for key in keys:
                if row.cells.get(key) in plan.known.closed[sheet]:
                    text = f"{row.cells[key]}已撤销，请先在单位页面恢复。"
                    yield plan.book.error(sheet, row, key, text)


def _units(plan: Plan) -> Iterator[CellError]:
    book, known_units = plan.book, plan.known.units
    yield from _twice(book, UNITS, "code")
    yield from _twice(book, UNITS, "name")
    yield from _reference(book, UNITS, "parent", _unit_codes(plan), UNITS)
    sent = {
        row.cells.get("code", ""): row for row in reversed(book.rows[UNITS])
    }  # of repeated ones the first
    names = {one.name: code for code, one in known_units.items() if code not in sent}
    by_id = {one.id: one.code for one in known_units.values()}
    parents = {code: by_id.get(one.parent_id or 0, "") for code, one in known_units.items()}
    parents |= {code: row.cells["parent"] for code, row in sent.items() if "parent" in row.cells}
    for code, row in sent.items():
        if row.cells.get("name") in names:
            yield book.error(
                UNITS, row, "name", f"这个名称已被编码为 {names[row.cells['name']]} 的单位使用。"
            )
        if "parent" in row.cells and _is_circular(code, parents):
            yield book.error(UNITS, row, "parent", "上级单位形成了循环。")


def _is_circular(code: str, parents: dict[str, str]) -> bool:
    seen, above = {code}, parents.get(code, "")
    while above:
        if above in seen:
            return True
        seen.add(above)
        above = parents.get(above, "")
    return False


def _posts(plan: Plan) -> Iterator[CellError]:
    book = plan.book
    yield from _twice(book, POSTS, "code")
    yield from _reference(book, POSTS, "unit", _unit_codes(plan), UNITS)
    code_of = {one.id: code for code, one in plan.known.units.items()}
    sent = {row.cells.get("code", "") for row in book.rows[POSTS]}
    named = {(code_of[one.unit_id], one.name) for code, one in plan.known.posts.items() if code not in sent}
    for row in book.rows[POSTS]:
        key = (row.cells.get("unit", ""), row.cells.get("name", ""))
        if key in named:
            yield book.error(POSTS, row, "name", "这个单位已有同名的岗位。")
        elif key in plan.known.closed_posts:
            yield book.error(POSTS, row, "name", "这个单位已撤销的岗位中有同名的，请先在单位页面恢复。")
        named.add(key)


def _people(plan: Plan) -> Iterator[CellError]:
    book = plan.book
    yield from _twice(book, PEOPLE, "login")
    yield from _reference(book, PEOPLE, "unit", _unit_codes(plan), UNITS)
    for row in book.rows[PEOPLE]:
        login, email = row.cells.get("login", ""), row.cells.get("email", "")
        if login and not LOGIN.fullmatch(login):
            yield book.error(PEOPLE, row, "login", "登录名只可包含字母、数字和 . _ @ -，2 至 60 个字符。")
        if email and not accounts.MAIL.fullmatch(email):
            yield book.error(PEOPLE, row, "email", "请填写正确的邮箱地址。")
        for key in ("on_duty", "is_manager"):
            if row.cells.get(key, YES) not in (YES, NO):
                yield book.error(PEOPLE, row, key, "请填写“是”或“否”。")


def _roles(plan: Plan, actor: User | None) -> Iterator[CellError]:
    """Roles are added to those held; duties that are separated are not combined, and nobody gives roles to themselves."""
    book = plan.book
    yield from _twice(book, ROLES, "login", "unit", "role")
    yield from _reference(book, ROLES, "unit", _unit_codes(plan), UNITS)
    yield from _people_named(plan, ROLES)
    code_of = {one.id: code for code, one in plan.known.units.items()}
    for row in book.rows[ROLES]:
        login, role = row.cells.get("login", "").lower(), ROLE_CODES.get(row.cells.get("role", ""))
        if role is None:
            if "role" in row.cells:
                yield book.error(
                    ROLES, row, "role", f"没有名为 {row.cells['role']} 的角色，请从下拉列表中选择。"
                )
            continue
        user = plan.known.people.get(login)
        before = {(one.role, code_of.get(one.unit_id or 0, "")) for one in user.grants} if user else set()
        held = plan.roles.setdefault(login, before)
        wanted = (role, row.cells.get("unit", ""))
        if wanted in held:
            continue
        if actor is not None and user is not None and user.id == actor.id:
            yield book.error(ROLES, row, "role", "不能为自己增加角色，请由另一位系统管理员办理。")
            continue
        held.add(wanted)
        yield from _separated(book, row, held)


def _separated(book: Book, row: Row, held: set[tuple[str, str]]) -> Iterator[CellError]:
    try:
        administration.check_roles({(role, None) for role, code in held if not code}, ())
    except Invalid as refused:
        yield book.error(ROLES, row, "role", refused.fields["roles"][0])


def _people_named(plan: Plan, sheet: str) -> Iterator[CellError]:
    logins = _logins(plan)
    for row in plan.book.rows[sheet]:
        login = row.cells.get("login", "")
        if login and login.lower() not in logins:
            yield plan.book.error(sheet, row, "login", f"没有登录名为 {login} 的人员。")


def _holdings(plan: Plan) -> Iterator[CellError]:
    book = plan.book
    sent = {row.cells["code"] for row in book.rows[POSTS] if "code" in row.cells}
    yield from _twice(book, HOLDINGS, "login", "post")
    yield from _people_named(plan, HOLDINGS)
    yield from _reference(book, HOLDINGS, "post", sent | plan.known.posts.keys(), POSTS)
