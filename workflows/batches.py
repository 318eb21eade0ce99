"""Agreeing to several tasks of one kind at once (批量同意): to each in a transaction of its own, as if it were alone."""

from marshmallow import Schema
from sqlalchemy.orm import Session

from workflows import access, work
from workflows.domain import permissions
from workflows.engine.registry import HUMAN
from workflows.engine.runtime import Run
from workflows.engine.tables import DONE, WorkItem
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import User

MOST = 100  # at once


def agree(session: Session, item_id: int, *, process_name: str, step: str, opinion: str, actor: User) -> None:
    """Say yes to an item of ``step`` in a process of that name; again does nothing.

    Raises Forbidden for a step of which each has to be decided alone, NotFound for an item of another kind, Conflict
    naming what else its form asks, and what ``work.complete`` raises.
    """
    known = HUMAN.get(step)
    if known is None or known.agree_with is None:
        raise Forbidden("这个环节不能批量办理，请逐项打开办理。")
    item = session.get(WorkItem, item_id)
    if item is None or (item.process.name, item.step) != (process_name, step):
        raise NotFound("没有找到这个任务，或者它不属于这个环节。")
    if item.status == DONE and item.done_by_id == actor.id:
        return
    if item.delegated_by_id is not None:
        raise Conflict("本任务是委派给您的，请打开后写明意见。")
    try:
        work.complete(session, item_id, {**known.agree_with, "opinion": opinion}, actor=actor)
    except Invalid as refused:
        form = work.form_of(session, access.data_of(Run.resume(session, item.process), item), item)
        raise Conflict(_what_is_asked(form, refused)) from refused


def _what_is_asked(form: type[Schema], refused: Invalid) -> str:
    """What an act that said no more than yes was refused for, by the labels of its form."""
    names = dict.fromkeys(name.partition(".")[0] for name in refused.fields)
    labels = [str(form._declared_fields[one].metadata.get("label", one)) for one in names]
    return f"还须填写或更正：{'、'.join(labels)}。请打开逐项办理。" if labels else str(refused)


def subject_of(session: Session, item_id: int, *, actor: User) -> str:
    """What an item is about, for people; its number alone where ``actor`` may not see it."""
    item = session.get(WorkItem, item_id)
    if item is None or not access.may_see(session, item, permissions.grants(session, actor)):
        return f"№ {item_id}"
    return item.process.subject
