"""评审打分: what an expert is to declare, read and score, and what they have handed in, by panel."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from marshmallow import fields
from sqlalchemy import ColumnElement, case, exists, func, or_, select
from sqlalchemy.orm import Session, contains_eager

from workflows import access, inboxes
from workflows.domain import drafts, permissions
from workflows.engine.definitions import LIBRARY
from workflows.engine.registry import HUMAN
from workflows.engine.tables import CANCELLED, DONE, OPEN, WorkItem
from workflows.models import DefenceSlot, Panel, PanelMember, User

STEPS = (
    "intake.justify",
    "selection.declare",
    "selection.preview",
    "selection.score",
    "selection.reconsider",
    "acceptance.score",
)
BLIND = ("selection.preview",)  # read without names
MOST = 100  # of one person, the latest


@dataclass(frozen=True)
class Phase:
    """One task of one expert in a review; ``signed`` of ``asked`` experts have handed theirs in.

    ``parts`` are the things to judge in it, of which the draft has ``filled``; ``is_blind`` says whether they are read without names.
    """

    item_id: int
    title: str
    is_open: bool
    is_blind: bool
    parts: int
    filled: int
    signed: int
    asked: int
    due_at: dt.datetime | None
    workdays_left: int | None
    done_at: dt.datetime | None


@dataclass(frozen=True)
class Review:
    """What one panel, or one justification, asks of an expert, in the order in which it came."""

    process_title: str
    subject: str
    phases: Sequence[Phase]

    @property
    def current(self) -> Phase | None:
        return next((one for one in self.phases if one.is_open), None)


def of(session: Session, actor: User) -> list[Review]:
    """The reviews that ``actor`` is or was asked for: what is due first comes first, then what is done, latest first."""
    items = _items(session, actor)
    rounds = _rounds(session, {one.round_id for one in items if one.round_id is not None})
    parts = _parts(session, {one.process.subject_path for one in items}, actor)
    typed = drafts.of_items(session, actor, [one.id for one in items if one.status == OPEN])
    by_process: dict[int, list[WorkItem]] = {}
    for item in sorted(items, key=lambda one: one.id):
        by_process.setdefault(item.process_id, []).append(item)
    found = [
        Review(
            LIBRARY.titles().get(of_one[0].process.name, of_one[0].process.name),
            of_one[0].process.subject,
            [_phase(session, item, rounds, parts, typed.get(item.id, ())) for item in of_one],
        )
        for of_one in by_process.values()
    ]
    return sorted(found, key=_order)


def is_reviewer(actor: User) -> ColumnElement[bool]:
    """The SQL condition that ``actor`` has been asked to review anything."""
    asked = (WorkItem.audience == f"user:{actor.id}", WorkItem.step.in_(STEPS))
    return exists().where(PanelMember.user_id == actor.id) | exists().where(*asked)


def _items(session: Session, actor: User) -> Sequence[WorkItem]:
    mine = access.are_open_and_mine(permissions.grants(session, actor))
    query = select(WorkItem).join(WorkItem.process).where(WorkItem.step.in_(STEPS))
    asked = query.where(or_(mine, (WorkItem.status == DONE) & (WorkItem.done_by_id == actor.id)))
    latest = asked.order_by(WorkItem.id.desc()).limit(MOST)
    return session.scalars(latest.options(contains_eager(WorkItem.process))).all()


def _rounds(session: Session, ids: set[int]) -> dict[int, tuple[int, int]]:
    """(signed, asked) of each round."""
    signed = func.sum(case((WorkItem.status == DONE, 1), else_=0))
    query = select(WorkItem.round_id, signed, func.count()).where(
        WorkItem.round_id.in_(ids), WorkItem.status != CANCELLED
    )
    return {
        one: (int(done), total) for one, done, total in session.execute(query.group_by(WorkItem.round_id))
    }


def _parts(session: Session, paths: set[str], actor: User) -> dict[str, int]:
    """How many bids the panel on which ``actor`` sits judges, by the path of what the review is about."""
    subjects = {_subject(path): path for path in paths}
    query = (
        select(Panel.subject, Panel.id, func.count(DefenceSlot.bid_id))
        .join(PanelMember, PanelMember.panel_id == Panel.id)
        .outerjoin(DefenceSlot, DefenceSlot.panel_id == Panel.id)
        .where(PanelMember.user_id == actor.id, Panel.subject.in_(subjects))
        .group_by(Panel.subject, Panel.id)
        .order_by(Panel.id)
    )
    return {subjects[subject]: count for subject, _, count in session.execute(query)}


def _subject(path: str) -> str:
    """ "challenge:5" for "/challenges/5"."""
    _, kind, number = (*path.split("/"), "", "", "")[:3]
    return f"{kind.removesuffix('s')}:{number}"


def _phase(
    session: Session,
    item: WorkItem,
    rounds: Mapping[int, tuple[int, int]],
    parts: Mapping[str, int],
    typed: drafts.Typed,
) -> Phase:
    signed, asked = rounds.get(item.round_id or 0, (0, 0))
    return Phase(
        item_id=item.id,
        title=HUMAN[item.step].title,
        is_open=item.status == OPEN,
        is_blind=item.step in BLIND,
        parts=parts.get(item.process.subject_path, 0) or 1,
        filled=_filled(item.step, typed),
        signed=signed,
        asked=asked,
        due_at=item.due_at,
        workdays_left=inboxes.workdays_left(session, item.due_at) if item.status == OPEN else None,
        done_at=item.done_at,
    )


def _filled(step: str, typed: drafts.Typed) -> int:
    """Of how many rows everything that must be filled in stands in what was ``typed``, as in rows.0.tech."""
    known = HUMAN[step].form._declared_fields.get("rows")
    if not isinstance(known, fields.List) or not isinstance(known.inner, fields.Nested):
        return 0
    asked = {name for name, one in known.inner.schema.fields.items() if one.required}
    rows: dict[str, set[str]] = {}
    for name, text in typed:
        table, _, rest = name.partition(".")
        number, _, column = rest.partition(".")
        if table == "rows" and text.strip():
            rows.setdefault(number, set()).add(column)
    return sum(asked <= given for given in rows.values())


def _order(review: Review) -> tuple[Any, ...]:
    current, last = review.current, review.phases[-1]
    if current is None:
        return (1, False, -last.item_id)
    return (0, current.due_at is None, current.due_at.timestamp() if current.due_at else 0, current.item_id)
