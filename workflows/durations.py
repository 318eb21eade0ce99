"""How long steps take, worked out by the database from what people were asked and have done.

Time is counted in seconds of working days, of 24 hours each; what passes on days off counts nothing. A task asked for on
Friday at 17:00 and done on Monday at 9:00 took 16 hours, and a date of five working days can be held against it. All
numbers are exact and the same on SQLite and PostgreSQL; a percentile between two values lies between them in
proportion, as PostgreSQL's percentile_cont has it.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Select, Subquery, case, cast, func, literal, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.people import NOT_ENDED
from workflows.engine.tables import DONE, OPEN, RUNNING, HistoryEntry, Process, Round, WorkItem
from workflows.working_time import WORKDAY, Axis

AHEAD = dt.timedelta(days=400)  # how far in the future dates are counted in working days
ENOUGH = 5  # times that a step must have been done before its percentiles say what is usual
BY_ITSELF = ("auto", "decide", "send", "timer", "receive")  # verbs of boxes without people


@dataclass(frozen=True)
class Span:
    """What is looked at: one process or all, one version or all, what was done since an instant or ever."""

    process: str | None = None
    digest: str | None = None
    since: dt.datetime | None = None


@dataclass(frozen=True)
class Spent:
    """How long something took that was done ``number`` times, in seconds of working days."""

    number: int
    median: float
    p90: float


@dataclass
class Step:
    """One user task of a process. ``spent`` is that of each answer, ``whole`` that of a round from its first question
    to its decision; None where there was none. ``due_days`` is the mean of its dates in working days."""

    process: str
    node: str
    spent: Spent | None = None
    whole: Spent | None = None
    late: int = 0  # of those done
    due_days: float | None = None
    open: int = 0
    open_late: int = 0
    oldest_at: dt.datetime | None = None  # when the oldest open one was asked for
    oldest_waits: float | None = None  # seconds of working days


@dataclass(frozen=True)
class Stuck:
    """A step of a process that waits longer than nine in ten did, and a working day at least: ``number`` open tasks, of
    which the oldest waits so long. Times in seconds of working days."""

    process_id: int
    process: str
    node: str
    subject: str
    number: int
    asked_at: dt.datetime
    due_at: dt.datetime | None
    waits: float
    p90: float


def steps(session: Session, span: Span) -> list[Step]:
    """Every user task that was done in ``span`` or is open now, by process and node."""
    axis, found = _axis(session), dict[tuple[str, str], Step]()

    def step(process: str, node: str) -> Step:
        return found.setdefault((process, node), Step(process, node))

    for row in session.execute(_percentiles(_answers(axis, span))):
        one = step(row.process, row.node)
        one.spent, one.late = _spent(row), row.late
        one.due_days = float(row.due_days) if row.due_days is not None else None
    for row in session.execute(_percentiles(_rounds(axis, span))):
        step(row.process, row.node).whole = _spent(row)
    for row in session.execute(_open(span)):
        one = step(row.process, row.node)
        one.open, one.open_late, one.oldest_at = row.number, row.late, row.oldest_at
        one.oldest_waits = axis.now - axis.before(row.oldest_at)
    return [found[key] for key in sorted(found)]


def passed(session: Session, span: Span) -> dict[str, int]:
    """How often the boxes without people were passed in ``span``, by node."""
    query = select(HistoryEntry.node, func.count()).join(Process, Process.id == HistoryEntry.process_id)
    query = query.where(HistoryEntry.verb.in_(BY_ITSELF), *_of(span))
    if span.since is not None:
        query = query.where(HistoryEntry.at >= span.since)
    return dict(session.execute(query.group_by(HistoryEntry.node)).all())


def stuck(session: Session, span: Span, usual: Sequence[Step], *, limit: int) -> list[Stuck]:
    """What of ``span`` is open and waits longer than nine in ten did, as ``usual`` tells; the most over it first."""
    axis = _axis(session)
    longest = {
        (one.process, one.node): one.spent.p90
        for one in usual
        if one.spent is not None and one.spent.number >= ENOUGH
    }
    place = (Process.id, Process.name, WorkItem.node)
    asked_at = func.min(WorkItem.created_at)
    asked = (
        select(*place, func.count(), asked_at, func.min(WorkItem.due_at))
        .join(Process, Process.id == WorkItem.process_id)
        .where(WorkItem.status == OPEN, Process.status == RUNNING, *_of(span))
        .group_by(*place)
        .order_by(asked_at, Process.id)
    )
    found = [
        Stuck(process_id, name, node, "", number, since, due_at, axis.now - axis.before(since), most)
        for process_id, name, node, number, since, due_at in session.execute(asked)
        if (most := longest.get((name, node))) is not None
    ]
    over = sorted(
        (one for one in found if one.waits > max(one.p90, WORKDAY)), key=lambda one: one.p90 - one.waits
    )[:limit]
    ids = [one.process_id for one in over]
    named = dict(session.execute(select(Process.id, Process.subject).where(Process.id.in_(ids))).all())
    return [replace(one, subject=named[one.process_id]) for one in over]


def _spent(row: Any) -> Spent:
    return Spent(row.number, float(row.median), float(row.p90))


def _axis(session: Session) -> Axis:
    """From the first process on, before which nobody was asked anything."""
    first = session.scalar(select(func.min(Process.started_at))) or clock.now()
    return Axis(session, first, clock.now() + AHEAD)


def _of(span: Span) -> list[ColumnElement[bool]]:
    found = []
    if span.process is not None:
        found.append(Process.name == span.process)
    if span.digest is not None:
        found.append(Process.digest == span.digest)
    return found


def _answers(axis: Axis, span: Span) -> Subquery:
    """(process, node, seconds, is_late, due_days) of every work item done in ``span``."""
    query = (
        select(
            Process.name.label("process"),
            WorkItem.node,
            (axis.at(WorkItem.done_at) - axis.at(WorkItem.created_at)).label("seconds"),
            case((WorkItem.done_at > WorkItem.due_at, 1), else_=0).label("is_late"),
            (axis.through(WorkItem.due_at) - axis.through(WorkItem.created_at)).label("due_days"),
        )
        .join(Process, Process.id == WorkItem.process_id)
        .where(WorkItem.status == DONE, *_of(span))
    )
    if span.since is not None:
        query = query.where(WorkItem.done_at >= span.since)
    return query.subquery("spans")


def _rounds(axis: Axis, span: Span) -> Subquery:
    """The same of whole rounds that were decided in ``span``: from the first question to the last answer."""
    ended = func.max(WorkItem.done_at)
    whole = (
        select(
            Process.name.label("process"),
            WorkItem.node,
            func.min(WorkItem.created_at).label("asked_at"),
            ended.label("done_at"),
        )
        .join(Round, Round.id == WorkItem.round_id)
        .join(Process, Process.id == WorkItem.process_id)
        .where(Round.result.is_not(None), *_of(span))
        .group_by(Round.id, Process.name, WorkItem.node)
        .having(ended.is_not(None) if span.since is None else ended >= span.since)
    ).subquery("rounds")
    return (
        select(
            whole.c.process,
            whole.c.node,
            (axis.at(whole.c.done_at) - axis.at(whole.c.asked_at)).label("seconds"),
            literal(0).label("is_late"),
            literal(0).label("due_days"),
        )
    ).subquery("spans")


def _percentiles(spans: Subquery) -> Select[Any]:
    """(process, node, number, median, p90, late, due_days) of ``spans``."""
    kind = (spans.c.process, spans.c.node)
    ranked = select(
        spans,
        (func.row_number().over(partition_by=kind, order_by=spans.c.seconds) - 1).label("place"),
        (func.count().over(partition_by=kind) - 1).label("last"),
    ).subquery("ranked")
    return select(
        ranked.c.process,
        ranked.c.node,
        func.count().label("number"),
        _percentile(ranked, 5).label("median"),
        _percentile(ranked, 9).label("p90"),
        func.sum(ranked.c.is_late).label("late"),
        func.avg(ranked.c.due_days).label("due_days"),
    ).group_by(ranked.c.process, ranked.c.node)


def _percentile(ranked: Subquery, tenths: int) -> ColumnElement[Any]:
    """The value below which so many tenths lie: between the two nearest in proportion, in whole numbers to the end."""
    reach = ranked.c.last * tenths
    lower, share = reach // 10, reach % 10
    weight = case((ranked.c.place == lower, 10 - share), (ranked.c.place == lower + 1, share), else_=0)
    return cast(func.sum(ranked.c.seconds * weight), BigInteger) / 10.0


def _open(span: Span) -> Any:
    late = func.count().filter(WorkItem.status == OPEN, WorkItem.due_at < clock.now())
    return (
        select(
            Process.name.label("process"),
            WorkItem.node,
            func.count().label("number"),
            late.label("late"),
            func.min(WorkItem.created_at).label("oldest_at"),
        )
        .join(Process, Process.id == WorkItem.process_id)
        .where(WorkItem.status.in_(NOT_ENDED), *_of(span))
        .group_by(Process.name, WorkItem.node)
    )
