"""Action items (督办事项): given to one person with a day, reported, and struck off by the office (销号)."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from workflows import calendar, clock
from workflows.domain import notices, paging, permissions, projects, rules
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import ActionItem, ItemState, Meeting, Project, User

LATE, OPEN, REPORTED, CLOSED = "late", "open", "reported", "closed"
COLUMNS = {LATE: "逾期", OPEN: "办理中", REPORTED: "待销号", CLOSED: "已销号"}  # of the board
REPORT = "action_item.report"  # the step whose reminders tell when to escalate


def add(
    session: Session,
    *,
    what: str,
    owner_id: int,
    due_on: dt.date,
    meeting_id: int | None = None,
    project_id: int | None = None,
    problem_id: int | None = None,
    is_draft: bool = False,
) -> ActionItem:
    """Give ``owner_id`` something to do by ``due_on``; a draft counts only once its minutes are signed.

    Its process begins with MSG_ACTION_ITEM, which the caller's diagram throws.
    """
    item = ActionItem(
        what=what, owner_id=owner_id, due_on=due_on, meeting_id=meeting_id, project_id=project_id
    )
    item.problem_id = problem_id
    item.state = ItemState.DRAFT if is_draft else ItemState.OPEN
    session.add(item)
    session.flush()
    return item


def order(session: Session, values: Mapping[str, Any], *, actor: User) -> ActionItem:
    """督办: an item that office or discipline supervision orders, of a project or not.

    ``values`` {project_id or None, what, owner_id, due_on}. Raises Forbidden, NotFound and Invalid.
    """
    if not permissions.may_order(session, actor):
        raise Forbidden("只有揭榜挂帅办公室和纪委监督可以下达督办。")
    if values["project_id"] is not None:
        projects.get(session, values["project_id"], actor=actor)
    row = {name: values[name] for name in ("what", "owner_id", "due_on")}
    check_rows(session, [row])
    item = add(session, **row, project_id=values["project_id"])
    item.ordered_by = actor
    return item


def check_rows(session: Session, rows: Sequence[Mapping[str, Any]], *, name: str = "") -> None:
    """Raises Invalid at the row ``name``.n (without a name at the field itself) for an owner unknown or a past day."""
    ids = [row["owner_id"] for row in rows]
    known = set(session.scalars(select(User.id).where(User.id.in_(ids), User.is_active)))
    fields: dict[str, list[str]] = {}
    for place, row in enumerate(rows):
        prefix = f"{name}.{place}." if name else ""
        if row["owner_id"] not in known:
            fields[f"{prefix}owner_id"] = ["没有这个人员。"]
        if row["due_on"] < clock.today():
            fields[f"{prefix}due_on"] = ["完成日期不能早于今天。"]
    if fields:
        raise Invalid(fields)


def deadlines(session: Session, item: ActionItem) -> tuple[dt.datetime, dt.datetime]:
    """When ``item`` is due, and when it is escalated: as many working days later as table ``reminder`` says."""
    late = [
        int(row["offset"])
        for row in rules.decide(session, "reminder", {"step": REPORT}).value
        if row["action"] == "escalate"
    ]
    day = calendar.add_workdays(session, item.due_on, min(late, default=0))
    return clock.end_of(item.due_on), clock.end_of(day)


def report(session: Session, item: ActionItem, *, feedback: str, evidence: Sequence[int]) -> None:
    """反馈: what the owner has done, with the ids of files that show it. Raises Conflict unless it is open."""
    _expect(item, ItemState.OPEN)
    item.feedback, item.evidence = feedback, list(evidence)
    item.state, item.reported_at = ItemState.REPORTED, clock.now()


def close(session: Session, item: ActionItem, *, agree: bool, opinion: str, actor: User) -> None:
    """销号, or 退回 to the owner. Raises Conflict unless it is reported, Forbidden for the owner's own item,
    Invalid when returned without a reason.
    """
    _expect(item, ItemState.REPORTED)
    if actor.id == item.owner_id:
        raise Forbidden("本人承办的事项应由他人销号，请转办。")
    if agree:
        item.state, item.closed_by, item.closed_at = ItemState.CLOSED, actor, clock.now()
        return
    if not opinion.strip():
        raise Invalid({"opinion": ["请写明退回的理由。"]})
    item.state, item.times_returned = ItemState.OPEN, item.times_returned + 1


def escalate(session: Session, item: ActionItem) -> None:
    """升级: count it, and tell whoever ordered it or chaired its meeting that the item is overdue."""
    item.escalations += 1
    told = [item.ordered_by_id] if item.ordered_by_id is not None else []
    if item.meeting_id is not None:
        meeting = session.get_one(Meeting, item.meeting_id)
        told += [one.user_id for one in meeting.people if one.is_chair]
    for user_id in dict.fromkeys(told):
        text = f"督办事项逾期未办结：{item.what}（{item.owner.name}）"
        notices.send(session, user_id, text=text, link=f"/action-items/{item.id}", kind="late")


def hand_to(session: Session, project_id: int, *, from_id: int, to_id: int) -> list[int]:
    """Give the items of a project that ``from_id`` still has to do to ``to_id``; their ids."""
    mine = (ActionItem.project_id == project_id, ActionItem.owner_id == from_id)
    items = session.scalars(
        select(ActionItem).where(*mine, ActionItem.state != ItemState.CLOSED).order_by(ActionItem.id)
    )
    moved = []
    for item in items.all():
        item.owner_id = to_id
        if item.state != ItemState.DRAFT:
            moved.append(item.id)
    return moved


def get(session: Session, item_id: int, *, actor: User) -> ActionItem:
    """The item. Raises NotFound for one that ``actor`` may not see."""
    query = select(ActionItem).where(ActionItem.id == item_id, _seen_by(session, actor))
    item = session.scalars(query.options(joinedload(ActionItem.owner))).one_or_none()
    if item is None:
        raise NotFound("没有找到这个督办事项。")
    return item


def listing(
    session: Session,
    *,
    actor: User,
    state: str | None = None,
    owner_id: int | None = None,
    project_id: int | None = None,
    meeting_id: int | None = None,
    overdue: bool = False,
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[ActionItem], int]:
    """The items that ``actor`` may see, those due first on top, with how many there are; pages count from 1."""
    wanted = {
        ActionItem.state: state,
        ActionItem.owner_id: owner_id,
        ActionItem.project_id: project_id,
        ActionItem.meeting_id: meeting_id,
    }
    query = select(ActionItem).where(_seen_by(session, actor))
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    if overdue:
        query = query.where(ActionItem.due_on < clock.today(), ActionItem.state != ItemState.CLOSED)
    return paging.page_of(
        session,
        query.order_by(ActionItem.due_on, ActionItem.id).options(joinedload(ActionItem.owner)),
        page=page,
        size=size,
    )


@dataclass(frozen=True)
class Column:
    """One column of the board: the first of its items, and how many there are in all."""

    items: Sequence[ActionItem]
    total: int


def board(
    session: Session,
    *,
    actor: User,
    owner_id: int | None = None,
    project_id: int | None = None,
    q: str = "",
    size: int = 20,
) -> dict[str, Column]:
    """What ``actor`` may see by COLUMNS: late and at work by their day, reported, and done with the latest first."""
    seen = select(ActionItem).where(_seen_by(session, actor))
    if owner_id is not None:
        seen = seen.where(ActionItem.owner_id == owner_id)
    if project_id is not None:
        seen = seen.where(ActionItem.project_id == project_id)
    if q:
        seen = seen.where(ActionItem.what.icontains(q, autoescape=True))
    is_late = (ActionItem.state == ItemState.OPEN) & (ActionItem.due_on < clock.today())
    by_column = {
        LATE: is_late,
        OPEN: (ActionItem.state == ItemState.OPEN) & ~is_late,
        REPORTED: ActionItem.state == ItemState.REPORTED,
        CLOSED: ActionItem.state == ItemState.CLOSED,
    }
    return {name: _column(session, seen.where(where), name, size) for name, where in by_column.items()}


def _column(session: Session, query: Any, name: str, size: int) -> Column:
    total = session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    order = (ActionItem.closed_at.desc(),) if name == CLOSED else (ActionItem.due_on, ActionItem.id)
    project = joinedload(ActionItem.project).joinedload(Project.challenge)
    owner = joinedload(ActionItem.owner).joinedload(User.unit)
    items = session.scalars(query.order_by(*order).limit(size).options(owner, project)).all()
    return Column(items, total)


def _seen_by(session: Session, actor: User) -> Any:
    """The SQL condition: the owner, who ordered it, who reads its project from inside, and those who read all;
    drafts are for those who see the minutes.
    """
    given = ActionItem.state != ItemState.DRAFT
    if permissions.reads_all(session, actor):
        return given
    of_projects = permissions.own_projects(session, actor)
    mine = or_(ActionItem.owner_id == actor.id, ActionItem.ordered_by_id == actor.id)
    return given & or_(mine, ActionItem.project_id.in_(of_projects))


def _expect(item: ActionItem, state: ItemState) -> None:
    if item.state != state:
        raise Conflict("督办事项当前的状态不允许这样做，请刷新页面。")
