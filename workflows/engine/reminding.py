"""When somebody is reminded of a work item: the next time is kept with it, the ones after that follow from it."""

import datetime as dt
from typing import Any

from sqlalchemy.orm import Session

from workflows import clock
from workflows.engine.registry import HOOKS
from workflows.engine.tables import WorkItem


def columns(
    session: Session, step: str, due_at: dt.datetime | None, *, after: int | None = None
) -> dict[str, Any]:
    """The columns of a work item that tell its next reminder (D15): the first one ``after`` so many working days
    from its due date, or without that the first one that is not yet past.
    """
    none = {"next_try_at": None, "remind_days": None, "tries": 0, "leased_until": None}
    if due_at is None or HOOKS.reminders is None or HOOKS.remind_at is None:
        return none
    for days in sorted({days for days, _ in HOOKS.reminders(session, step)}):
        if after is None or days > after:
            at = HOOKS.remind_at(session, due_at, days)
            if after is not None or at > clock.now():
                return {**none, "next_try_at": at, "remind_days": days}
    return none


def plan(session: Session, item: WorkItem, *, after: int | None = None) -> None:
    """Write into ``item`` when it is reminded of next."""
    for name, value in columns(session, item.step, item.due_at, after=after).items():
        setattr(item, name, value)


def actions(session: Session, item: WorkItem) -> list[str]:
    """What the reminder does that is due for ``item`` now."""
    planned = HOOKS.reminders(session, item.step) if HOOKS.reminders is not None else []
    return [action for days, action in planned if days == item.remind_days]
