"""The working time of the plant as a number that grows on working days alone, in Python and inside the database."""

import datetime as dt
from functools import cached_property
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Integer, LargeBinary, String, bindparam, cast, func
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import Grouping

from workflows import calendar, clock

WORKDAY = 86_400  # seconds: a working day from midnight to midnight
WIDTH = 6  # digits of one day in the parameter


class Axis:
    """Every instant from the day of ``begins`` on, and until the day of ``ends``, as a number of working seconds."""

    def __init__(self, session: Session, begins: dt.datetime, ends: dt.datetime) -> None:
        self.begins, last = clock.local(begins).date(), clock.local(ends).date()
        own, before = calendar.overrides(session), 0
        self.days: list[int] = []  # twice the working days before this one, and one more if it is one itself
        for place in range((last - self.begins).days + 1):
            is_working = calendar.is_workday(self.begins + dt.timedelta(days=place), own)
            self.days.append(2 * before + is_working)
            before += is_working
        self.is_sqlite = session.get_bind().dialect.name == "sqlite"
        self.now = self.before(clock.now())

    def before(self, instant: dt.datetime) -> float:
        """The working seconds before ``instant``, which is one of those."""
        local = clock.local(instant)
        day = self.days[(local.date() - self.begins).days]
        second = (local - dt.datetime.combine(local.date(), dt.time(), clock.PLANT_ZONE)).total_seconds()
        return day // 2 * WORKDAY + day % 2 * second

    def at(self, instant: Any) -> Any:
        """The working seconds before a column of instants."""
        day = self._day(self._seconds(instant) // WORKDAY)
        return day // 2 * WORKDAY + day % 2 * (self._seconds(instant) % WORKDAY)

    def through(self, instant: Any) -> Any:
        """The working days up to the end of the day of a column of instants; midnight ends the day before."""
        day = self._day((self._seconds(instant) - 1) // WORKDAY)
        return day // 2 + day % 2

    def _day(self, since_1970: Any) -> Any:
        """The member of ``days`` for a column of days; null past their end. Looked up by its place, without a join."""
        place = since_1970 - (self.begins - dt.date(1970, 1, 1)).days
        if self.is_sqlite:
            written = func.substr(self._given, place * WIDTH + 1, WIDTH)
            return cast(func.nullif(cast(written, String), ""), BigInteger)
        return Grouping(cast(self._given, ARRAY(Integer)))[place + 1]

    @cached_property
    def _given(self) -> Any:
        """``days`` as a parameter: on SQLite bytes of WIDTH digits each, as it has no arrays."""
        if self.is_sqlite:
            written = b"".join(b"%0*d" % (WIDTH, day) for day in self.days)
            return bindparam("days", written, type_=LargeBinary)
        return bindparam("days", self.days, type_=ARRAY(Integer))

    def _seconds(self, instant: Any) -> ColumnElement[int]:
        """Whole seconds since 1970 by the clocks of the plant, which know no summer time."""
        offset = int((clock.PLANT_ZONE.utcoffset(dt.datetime(2000, 1, 1)) or dt.timedelta()).total_seconds())  # noqa: DTZ001 -- the offset asked for
        epoch = func.strftime("%s", instant) if self.is_sqlite else func.floor(func.extract("epoch", instant))
        return cast(epoch, BigInteger) + offset
