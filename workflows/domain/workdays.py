"""工作日历: a year as it is worked, and the days that the plant declares otherwise than published."""

import calendar as months
import datetime as dt
from dataclasses import dataclass

from sqlalchemy.orm import Session

from workflows import calendar
from workflows.calendar import CalendarDay
from workflows.domain import audit, permissions
from workflows.errors import Forbidden, Invalid, NotFound
from workflows.models import User

YEARS = range(2008, 2101)  # that the calendar is asked for
LONGEST_REASON = 80


@dataclass(frozen=True)
class Day:
    """``kind``: work, weekend, holiday 法定, make_up 调休上班, own_work and own_holiday by the plant; ``name`` says why."""

    date: dt.date
    kind: str
    name: str


def year(session: Session, number: int, *, language: str = "zh_CN") -> list[list[list[Day | None]]]:
    """The twelve months of a year as weeks from Monday; None outside of the month."""
    own = {one.day: one for one in calendar.declared(session)}
    names, make_up = calendar.names(number, language), set(calendar.make_up_days(number))

    def shown(day: dt.date) -> Day:
        if day in own:
            return Day(day, "own_work" if own[day].is_workday else "own_holiday", own[day].reason)
        if day in make_up:
            return Day(day, "make_up", "调休上班")
        if day in names:
            return Day(day, "holiday", names[day])
        return Day(day, "weekend" if day.weekday() >= calendar.SATURDAY else "work", "")

    return [
        [
            [shown(dt.date(number, month, day)) if day else None for day in week]
            for week in months.monthcalendar(number, month)
        ]
        for month in range(1, 13)
    ]


def of_year(session: Session, number: int) -> list[CalendarDay]:
    """The days that the plant has declared in a year."""
    return [one for one in calendar.declared(session) if one.day.year == number]


def declare(session: Session, day: dt.date, *, is_workday: bool, reason: str, actor: User) -> None:
    """Make ``day`` a working day or a holiday of the plant; dates that were worked out before stay.

    Raises Forbidden unless by the office or an administrator, Invalid without a reason.
    """
    _expect_keeper(session, actor)
    if day.year not in YEARS:
        raise Invalid({"day": ["请填写正确的日期。"]})
    if not 1 <= len(reason.strip()) <= LONGEST_REASON:
        raise Invalid({"reason": [f"请写明理由，不超过 {LONGEST_REASON} 个字。"]})
    calendar.declare(session, day, is_workday=is_workday, reason=reason.strip())
    after = {"day": day.isoformat(), "is_workday": is_workday}
    audit.note(session, "calendar", actor=actor, after=after, reason=reason.strip())
    session.flush()


def undeclare(session: Session, day: dt.date, *, actor: User) -> None:
    """Let ``day`` be as published. Raises Forbidden, NotFound when it was not declared."""
    _expect_keeper(session, actor)
    if not calendar.undeclare(session, day):
        raise NotFound("这一天没有单独设置过。")
    audit.note(session, "calendar", actor=actor, before={"day": day.isoformat()})
    session.flush()


def _expect_keeper(session: Session, actor: User) -> None:
    if not permissions.may_keep_calendar(session, actor):
        raise Forbidden("只有揭榜挂帅办公室和系统管理员可以调整工作日历。")
