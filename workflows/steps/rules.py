"""Which rules a process is decided by: those of the instant ``rules_at`` that it keeps, or else those of now."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows import calendar, dmn
from workflows.domain import rules
from workflows.engine.registry import HOOKS


def at(data: Mapping[str, Any]) -> dt.datetime | None:
    """The instant whose rules a process with the variables ``data`` keeps; None for those in force now."""
    instant: dt.datetime | None = data.get("rules_at")
    return instant


def deadline(session: Session, name: str, data: Mapping[str, Any]) -> dt.datetime:
    """The end of the working days that setting ``name`` gives this process from today."""
    return calendar.deadline_after(session, rules.days(session, name, at=at(data)))


def table(session: Session, decision: str, data: Mapping[str, Any]) -> dmn.Model | None:
    """The tables that hold ``decision`` for this process."""
    return rules.model(session, decision, at=at(data))


def due_workdays(session: Session, step: str, data: Mapping[str, Any]) -> int | None:
    """The working days that table ``deadline`` gives for a human step of this process."""
    return rules.workdays(session, step, at=at(data))


HOOKS.table = table
HOOKS.due_workdays = due_workdays
