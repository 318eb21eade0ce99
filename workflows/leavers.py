"""离岗交接: everything that hangs on one person, handed over to others in one act, and the end of their account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import exists, or_, select, update
from sqlalchemy.orm import Session, contains_eager

from workflows import access, clock
from workflows.domain import administration, audit, leaving, notices, permissions
from workflows.domain.leaving import Thing
from workflows.engine import people, signing
from workflows.engine.registry import HUMAN
from workflows.engine.runtime import Run
from workflows.engine.tables import OPEN, Message, WorkCandidate, WorkItem
from workflows.errors import Conflict, Forbidden, Invalid, Refusal
from workflows.models import User
from workflows.sharing import PERSONAL

WITH_ITS_ITEM = "action_item.report"  # moves with the action item that it reports of
IN_PERSON = "须由挂帅人或团队成员本人办理，不能交接。"
REFUSED = {
    **dict.fromkeys(PERSONAL, IN_PERSON),
    "expert": "评审专家由抽取产生，不能交接，请由本人申请回避后补抽。",
}  # by role
MOVED = "MSG_ACTION_ITEM_MOVED"


@dataclass(frozen=True)
class Leaver:
    """Somebody with all that hangs on them; ``leads`` are projects whose leader has to be changed first (换帅)."""

    user: User
    things: Sequence[Thing]
    leads: Sequence[Any]


def leaver(session: Session, user_id: int, *, actor: User) -> Leaver:
    """What there is to hand over of somebody. Raises Forbidden unless by an administrator or 人力资源, NotFound."""
    _expect_keeper(session, actor)
    user = administration.person(session, user_id)
    things = [*_items(session, user, actor), *leaving.things(session, user, actor=actor)]
    return Leaver(user, things, leaving.leads(session, user))


def hand_over(session: Session, user_id: int, to: Mapping[str, int], *, reason: str, actor: User) -> int:
    """Give each thing named by its key in ``to`` to a person; all of it or nothing. How many were handed over.

    Raises Forbidden, NotFound as ``leaver``; Invalid at ``to.<key>``, in words, for what duty or the state forbids.
    """
    found = leaver(session, user_id, actor=actor)
    known = {one.key: one for one in found.things}
    errors = {f"to.{key}": ["这一项已有变化，请刷新页面。"] for key in to if key not in known}
    errors |= {f"to.{key}": [known[key].refusal] for key in to if key in known and known[key].refusal}
    if not reason.strip():
        errors["reason"] = ["请写明理由。"]
    if errors:
        raise Invalid(errors)
    wanted = [
        (one, _recipient(session, found.user, to[one.key], one.key)) for one in found.things if one.key in to
    ]
    if not wanted:
        raise Invalid({"default": ["请为至少一项选择接收人。"]})
    _move(session, found.user, wanted, reason=reason.strip(), actor=actor)
    _write_down(session, found.user, wanted, reason=reason.strip(), actor=actor)
    return len(wanted)


def deactivate(session: Session, user_id: int, *, reason: str, actor: User) -> None:
    """停用账号, once nothing waits for them alone. Raises as ``administration.deactivate``; Conflict for what is left."""
    found = leaver(session, user_id, actor=actor)
    if found.leads:
        raise Conflict(f"{found.user.name}仍是 {len(found.leads)} 个项目的挂帅人，请先办理换帅，再停用账号。")
    left = [one for one in found.things if one.kind == "item" and not one.refusal]
    if left:
        raise Conflict(f"{found.user.name}还有 {len(left)} 项待办没有交接，请先交接，再停用账号。")
    administration.deactivate(session, found.user, actor=actor, reason=reason)
    free = update(WorkItem).where(WorkItem.claimed_by_id == found.user.id, WorkItem.status == OPEN)
    session.execute(free.values(claimed_by_id=None))


def _expect_keeper(session: Session, actor: User) -> None:
    if not permissions.may_hand_over(session, actor):
        raise Forbidden("只有系统管理员和人力资源可以办理离岗交接。")


def _items(session: Session, user: User, actor: User) -> list[Thing]:
    """Open tasks that are asked of this person by name, or that they have taken."""
    listed = exists().where(WorkCandidate.item_id == WorkItem.id, WorkCandidate.user_id == user.id)
    mine = or_(
        WorkItem.audience == f"user:{user.id}",
        WorkItem.claimed_by_id == user.id,
        (WorkItem.audience == people.LISTED) & listed,
    )
    query = select(WorkItem).join(WorkItem.process).options(contains_eager(WorkItem.process))
    open_ones = query.where(WorkItem.status == OPEN, WorkItem.step != WITH_ITS_ITEM, mine)
    held = permissions.grants(session, actor)
    ordered = open_ones.order_by(WorkItem.process_id, WorkItem.id)
    return [
        _task(item, is_hidden=access.is_hidden(item.step, [user.id], held))
        for item in session.scalars(ordered)
    ]


def _task(item: WorkItem, *, is_hidden: bool) -> Thing:
    refusal = REFUSED.get(item.role, "")
    title, about = ("保密任务", "") if is_hidden else (HUMAN[item.step].title, item.process.subject)
    return Thing("item", item.id, title, about, "", refusal)


def _recipient(session: Session, leaver: User, user_id: int, key: str) -> User:
    other = session.get(User, user_id)
    if other is None or not other.is_active:
        raise Invalid({f"to.{key}": ["没有这个人员。"]})
    if other.id == leaver.id:
        raise Invalid({f"to.{key}": ["接收人不能是本人。"]})
    return other


def _move(
    session: Session, leaver: User, wanted: Sequence[tuple[Thing, User]], *, reason: str, actor: User
) -> None:
    """Each in turn, in the order of their processes; what is refused is told at its row."""
    errors: dict[str, list[str]] = {}
    for thing, other in wanted:
        try:
            if thing.kind == "item":
                _reassign(session, thing.id, other, reason=reason, actor=actor)
            else:
                leaving.move(session, thing, leaver, other, reason=reason, actor=actor)
                _tell_process(session, thing, other)
        except Refusal as refused:
            fields = refused.fields if isinstance(refused, Invalid) else {}
            errors[f"to.{thing.key}"] = [text for texts in fields.values() for text in texts] or [
                str(refused)
            ]
    if errors:
        raise Invalid(errors)


def _reassign(session: Session, item_id: int, other: User, *, reason: str, actor: User) -> None:
    """改派: the task is now for ``other``. Raises Conflict, Forbidden where duties stay apart."""
    run, item = Run.take_item(session, item_id)
    access.check_open(session, item)
    if not permissions.may_sign(other, role=item.role, subject=access.subject_of(session, run, item)):
        raise Forbidden("按回避与职责分离的要求，所选人员不能参与本任务，请另选他人。")
    signing.transfer(run, item, to_user_id=other.id, actor_id=actor.id, reason=reason)


def _tell_process(session: Session, thing: Thing, other: User) -> None:
    """The process of an action item asks its new owner from now on, again after a return too."""
    if thing.kind != "action_item":
        return
    payload = {"action_item_id": thing.id, "owner_id": other.id}
    message = Message(name=MOVED, key="action_item_id", value=str(thing.id), payload=payload)
    message.sent_at, message.status = clock.now(), "new"
    session.add(message)


def _write_down(
    session: Session, leaver: User, wanted: Sequence[tuple[Thing, User]], *, reason: str, actor: User
) -> None:
    handed = [[one.kind, one.title, one.about, other.id, other.name] for one, other in wanted]
    audit.note(session, "handover", actor=actor, user=leaver, after={"handed": handed}, reason=reason[:200])
    for other in {one.id: one for _, one in wanted}.values():
        number = sum(one.id == other.id for _, one in wanted)
        notices.send(
            session, other.id, text=f"{leaver.name}的 {number} 项工作已交接给您。", link="/work", kind="task"
        )
    session.flush()
