"""运维: how often the boxes of a process are passed and how long its steps take; which steps are slow. Names no people."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock, durations
from workflows.domain import permissions
from workflows.durations import Span, Step, Stuck
from workflows.engine import positions
from workflows.engine.definitions import LIBRARY
from workflows.engine.tables import Process
from workflows.errors import NotFound
from workflows.models import User

DAYS = (30, 90, 365)
SORTS: Mapping[str, Callable[[Step], Any]] = {
    "median": lambda one: (one.spent.median, one.spent.p90, one.spent.number) if one.spent else (-1, 0, 0),
    "p90": lambda one: (one.spent.p90, one.spent.median, one.spent.number) if one.spent else (-1, 0, 0),
    "number": lambda one: one.spent.number if one.spent else 0,
    "open": lambda one: (one.open, one.oldest_waits or 0),
    "late": lambda one: one.late + one.open_late,
}
MOST_SLOW, MOST_STUCK = 50, 50


@dataclass(frozen=True)
class Version:
    """A version of a process, by the first 12 digits of its digest, with how many processes ran on it."""

    digest: str
    processes: int
    is_current: bool

    @property
    def short(self) -> str:
        return self.digest[:12]


@dataclass(frozen=True)
class Heat:
    """What a process has been doing. ``passed``: how often each box was, with and without people, by node."""

    process: str
    title: str
    versions: list[Version]
    steps: list[Step]
    passed: dict[str, int]
    names: dict[str, str]  # of boxes, by their ids
    sheets: list[positions.Blank]  # its own, and those it calls in which anything was passed


@dataclass(frozen=True)
class Slow:
    """The slowest steps of all processes, and tasks that wait longer than is usual for them."""

    steps: list[Step]
    stuck: list[Stuck]
    titles: dict[str, str]
    names: dict[str, dict[str, str]]  # of boxes, by process and id


def heat(
    session: Session,
    process: str,
    *,
    actor: User,
    version: str | None = None,
    days: int | None = None,
    sort: str = "median",
) -> Heat:
    """What was done in the last ``days`` (None: ever), on one ``version`` (12 digits) or all.

    The diagrams are those of that version, else of the current one. Raises Forbidden unless ``actor`` administers,
    NotFound for a process or version that there is not.
    """
    permissions.check_operates(session, actor)
    if process not in LIBRARY.titles():
        raise NotFound("没有这个流程。")
    versions = _versions(session, process)
    chosen = next((one for one in versions if one.short == version), None)
    if version is not None and chosen is None:
        raise NotFound("这个流程没有这个版本。")
    span = Span(process, chosen.digest if chosen is not None else None, _since(days))
    definition = LIBRARY.get(session, chosen.digest if chosen is not None else LIBRARY.digests()[process])
    steps = ordered(durations.steps(session, span), sort)
    passed = durations.passed(session, span) | {one.node: one.spent.number for one in steps if one.spent}
    sheets = [one for one in positions.blank(definition) if one.boxes & passed.keys() or one.is_own]
    return Heat(
        process,
        LIBRARY.titles()[process],
        versions,
        steps,
        passed,
        positions.names(definition),
        sheets,
    )


def slow(session: Session, *, actor: User, days: int | None = None, sort: str = "median") -> Slow:
    """The slowest steps of what was done in the last ``days``. Raises Forbidden unless ``actor`` administers."""
    permissions.check_operates(session, actor)
    span = Span(since=_since(days))
    steps = durations.steps(session, span)
    shown = ordered(steps, sort)[:MOST_SLOW]
    stuck = durations.stuck(session, span, steps, limit=MOST_STUCK)
    current = LIBRARY.digests()
    named = {one.process for one in shown} | {one.process for one in stuck}
    names = {one: positions.names(LIBRARY.get(session, current[one])) for one in named & current.keys()}
    return Slow(shown, stuck, LIBRARY.titles(), names)


def ordered(steps: list[Step], sort: str) -> list[Step]:
    """``steps`` with the largest first by one of SORTS."""
    return sorted(steps, key=SORTS[sort], reverse=True)


def _versions(session: Session, process: str) -> list[Version]:
    """The versions that any process ever ran on, the latest used first."""
    last = func.max(Process.id)
    query = select(Process.digest, func.count()).where(Process.name == process).group_by(Process.digest)
    current = LIBRARY.digests().get(process)
    return [
        Version(digest, number, digest == current)
        for digest, number in session.execute(query.order_by(last.desc()))
    ]


def _since(days: int | None) -> dt.datetime | None:
    return clock.now() - dt.timedelta(days=days) if days is not None else None
