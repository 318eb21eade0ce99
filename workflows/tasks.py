"""One task as somebody sees it, with everything around it."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from marshmallow import Schema
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import access, asked, sharing, timelines, work
from workflows.domain import permissions
from workflows.domain.permissions import Grants
from workflows.engine import positions, registry
from workflows.engine.definitions import LIBRARY
from workflows.engine.registry import HUMAN
from workflows.engine.runtime import Run
from workflows.engine.tables import CANCELLED, DONE, OPEN, Round, WorkItem
from workflows.errors import NotFound
from workflows.inboxes import names_in, outcome_of, workdays_left
from workflows.models import FileLink, StoredFile, User

Criterion = registry.Criterion
POLICIES = {
    "all": "会签（全部同意）",
    "any": "或签（一人即可）",
    "ratio": "按比例会签",
    "weighted": "票签（按权重）",
    "sequential": "依次审批",
    "dual": "党政联签",
}


@dataclass(frozen=True)
class RoundView:
    policy: str
    done: int
    total: int
    agreed: int
    against: int
    is_vote: bool  # whether yes or no is asked at all
    result: str | None
    people: list[asked.Asked]


@dataclass(frozen=True)
class Following:
    """Somebody who may be asked next: what, and in which role (a code of permissions.ROLES)."""

    title: str
    role: str


@dataclass(frozen=True)
class TaskView:
    id: int
    process_id: int
    process_title: str
    step: str
    step_title: str
    subject: str
    subject_path: str
    status: str
    schema: type[Schema]
    values: dict[str, Any]
    about: Any
    due_at: dt.datetime | None
    workdays_left: int | None
    claimed_by: str | None
    may_claim: bool
    may_release: bool
    may_complete: bool
    suspended: str | None  # why nobody may do anything in the process for now
    round: RoundView | None
    now: list[asked.Asked]  # whom the process waits for
    timeline: list[timelines.Row]
    done_by: str | None
    done_by_me: bool
    done_at: dt.datetime | None
    outcome: str | None
    opinion: str | None
    attachments: list[StoredFile]  # handed in with this task
    process_attachments: list[StoredFile]  # handed in with the process so far
    files_of: dict[int, list[StoredFile]]  # those of each item
    offers: sharing.Offered
    following: list[Following]  # empty once it is done
    criteria: Mapping[str, Criterion]  # of a form that scores and is to be filled in


def task(session: Session, item_id: int, *, actor: User) -> TaskView:
    """One task as ``actor`` sees it. Raises NotFound for one that is not theirs to see."""
    item = session.get(WorkItem, item_id)
    held = permissions.grants(session, actor)
    if item is None or not access.may_see(session, item, held):
        raise NotFound("没有找到这个任务。")
    process, step = item.process, HUMAN[item.step]
    run = Run.resume(session, process)
    data = access.data_of(run, item)
    is_asked = item.status == OPEN and access.is_asked(session, item, held)
    is_shared = not item.audience.startswith("user:")
    names = names_in(session, [item])
    values = _prefill(session, item, data, actor=actor) if is_asked else {}
    suspended = access.why_suspended(session, process)
    may_act = is_asked and suspended is None
    may_complete = may_act and (item.claimed_by_id is None or item.claimed_by_id in held.people)
    told = access.may_see_reasons(session, process, actor=actor)
    links = access.attachments(session, process.id, actor=actor)
    return TaskView(
        id=item.id,
        process_id=process.id,
        process_title=LIBRARY.titles().get(process.name, process.name),
        step=item.step,
        step_title=step.title,
        subject=process.subject,
        subject_path=process.subject_path,
        status=item.status,
        schema=work.form_of(session, data, item) if is_asked else step.form,
        values=values,
        about=_about(session, item, data),
        due_at=item.due_at,
        workdays_left=workdays_left(session, item.due_at) if item.status == OPEN else None,
        claimed_by=names.get(item.claimed_by_id or 0),
        may_claim=may_act and is_shared and item.claimed_by_id is None,
        may_release=may_act and item.claimed_by_id == actor.id,
        may_complete=may_complete,
        suspended=suspended,
        round=_round(session, item, held),
        now=asked.now(session, process.id, held=held),
        timeline=timelines.of(session, process.id, held=held, with_reasons=told),
        done_by=names.get(item.done_by_id or 0),
        done_by_me=item.done_by_id == actor.id,
        done_at=item.done_at,
        outcome=outcome_of(item),
        opinion=item.opinion,
        attachments=[link.file for link in links if link.item_id == item.id],
        process_attachments=list({link.file_id: link.file for link in links}.values()),
        files_of={one: [link.file for link in links if link.item_id == one] for one in _items_of(links)},
        offers=sharing.offered(session, item, may_complete=may_complete, actor=actor),
        following=_following(run, item) if item.status == OPEN else [],
        criteria=step.criteria(session, data) if may_complete and step.criteria is not None else {},
    )


def prefilled(session: Session, item_id: int, *, actor: User) -> dict[str, Any]:
    """What the form of a task starts with, alone. Raises NotFound for a task that ``actor`` is not asked."""
    item = session.get(WorkItem, item_id)
    if item is None or not access.is_asked(session, item, permissions.grants(session, actor)):
        raise NotFound("没有找到这个任务。")
    return _prefill(session, item, access.data_of(Run.resume(session, item.process), item), actor=actor)


def sheets(session: Session, item_id: int, *, actor: User) -> list[positions.Sheet]:
    """The diagrams of the task's process. Raises NotFound for a task that is not theirs to see."""
    item = session.get(WorkItem, item_id)
    if item is None or not access.may_see(session, item, permissions.grants(session, actor)):
        raise NotFound("没有找到这个任务。")
    return positions.sheets(session, item.process)


def _following(run: Run, item: WorkItem) -> list[Following]:
    """Whom the token may reach next. What a diagram asks several roles in turn is told once."""
    reached = positions.following(run.definition, item.node)
    return list({one.bpmn_name: Following(one.bpmn_name, one.human.lane) for one in reached}.values())


def _prefill(session: Session, item: WorkItem, data: Mapping[str, Any], *, actor: User) -> dict[str, Any]:
    """The values that the form starts with; a delegate only gives an opinion."""
    prefill = HUMAN[item.step].prefill
    return prefill(session, data, actor) if prefill is not None and item.delegated_by_id is None else {}


def _about(session: Session, item: WorkItem, data: Mapping[str, Any]) -> Any:
    """What the task is about; None once it is over and the variables that told it are gone with their part."""
    try:
        return HUMAN[item.step].about(session, data)
    except KeyError:
        if item.status == OPEN:
            raise
        return None


def _items_of(links: list[FileLink]) -> set[int]:
    return {link.item_id for link in links if link.item_id is not None}


def _round(session: Session, item: WorkItem, held: Grants) -> RoundView | None:
    if item.round_id is None:
        return None
    round_ = session.get_one(Round, item.round_id)
    query = select(WorkItem.status, WorkItem.agree).where(WorkItem.round_id == round_.id)
    rows = session.execute(query.where(WorkItem.status != CANCELLED)).all()
    done = [agree for status, agree in rows if status == DONE]
    against = sum(agree is False for agree in done)
    return RoundView(
        policy=POLICIES[round_.policy],
        done=len(done),
        total=len(rows),
        agreed=len(done) - against,
        against=against,
        is_vote=any(agree is not None for agree in done),
        result=round_.result,
        people=asked.in_round(session, round_.id, held=held),
    )
