"""Functions on dates, times and durations.

There is no ``now`` and no ``today``: the caller passes the time in.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from workflows.feel import temporals
from workflows.feel.budgets import Budget
from workflows.feel.errors import Undefined
from workflows.feel.functions.registry import builtin, whole
from workflows.feel.values import YearsMonths


@builtin("date", "from: string|date|date and time|number", "month: number?", "day: number?")
def date(budget: Budget, source: object, month: Decimal | None = None, day: Decimal | None = None) -> dt.date:
    if isinstance(source, Decimal):
        try:
            return dt.date(whole(source), whole(month), whole(day))
        except ValueError:
            raise Undefined("that is not a day of the calendar") from None
    if month is not None or day is not None:
        raise Undefined("takes a year, a month and a day, or one value")
    if isinstance(source, dt.datetime):
        return source.date()
    return source if isinstance(source, dt.date) else temporals.date(str(source))


@builtin(
    "time", "from: string|time|date and time|number", "minute: number?", "second: number?",
    "offset: days and time duration?",
)  # fmt: skip
def time(
    budget: Budget,
    source: object,
    minute: Decimal | None = None,
    second: Decimal | None = None,
    offset: dt.timedelta | None = None,
) -> dt.time:
    if isinstance(source, Decimal):
        try:
            zone = None if offset is None else dt.timezone(offset)
            return dt.time(whole(source), whole(minute), whole(second), tzinfo=zone)
        except ValueError:
            raise Undefined("that is not a time of the day") from None
    if isinstance(source, dt.datetime):
        return source.timetz()
    return source if isinstance(source, dt.time) else temporals.time(str(source))


@builtin("date and time", "from: string|date|date and time", "time: time?")
def date_and_time(budget: Budget, source: object, clock: dt.time | None = None) -> dt.datetime:
    if isinstance(source, str):
        return temporals.date_and_time(source)
    day = source.date() if isinstance(source, dt.datetime) else source
    if clock is None or not isinstance(day, dt.date):
        raise Undefined("takes a string, or a date and a time")
    return dt.datetime.combine(day, clock)


@builtin("duration", "from: string|days and time duration|years and months duration")
def duration(budget: Budget, source: object) -> object:
    return temporals.duration(source) if isinstance(source, str) else source


@builtin("years and months duration", "from: date|date and time", "to: date|date and time")
def months_between(budget: Budget, start: dt.date, end: dt.date) -> YearsMonths:
    first, last = (day.date() if isinstance(day, dt.datetime) else day for day in (start, end))
    return YearsMonths(temporals.months_between(first, last))


@builtin("day of week", "date: date|date and time")
def day_of_week(budget: Budget, day: dt.date) -> str:
    return temporals.DAY_NAMES[day.weekday()]


@builtin("month of year", "date: date|date and time")
def month_of_year(budget: Budget, day: dt.date) -> str:
    return temporals.MONTH_NAMES[day.month - 1]


@builtin("day of year", "date: date|date and time")
def day_of_year(budget: Budget, day: dt.date) -> Decimal:
    return Decimal(day.timetuple().tm_yday)


@builtin("week of year", "date: date|date and time")
def week_of_year(budget: Budget, day: dt.date) -> Decimal:
    return Decimal(day.isocalendar().week)
