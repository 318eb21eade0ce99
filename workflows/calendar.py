"""The work calendar: statutory holidays and 调休 of China, and the plant's own overrides over them."""

import datetime as dt
import time
from functools import lru_cache
from weakref import WeakKeyDictionary

import holidays
from sqlalchemy import Pool, String, event, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from workflows import clock
from workflows.db import Base

SATURDAY = 5
OVERRIDES = "calendar overrides"  # where a session keeps them
CHANGES_THEM = "calendar changed"  # set in a session that has declared days which others do not see yet
KEPT_SECONDS = 5.0  # how long a server goes without looking whether another one has declared days
LONGEST_DAYS = 3660  # a walk further than ten years is a mistake in a rule, not a deadline


class CalendarDay(Base):
    """A day that the plant itself declares a working day or a holiday, over the published calendar."""

    __tablename__ = "calendar_day"

    day: Mapped[dt.date] = mapped_column(primary_key=True)
    is_workday: Mapped[bool]
    reason: Mapped[str] = mapped_column(String(80))


# Built once: nearly every act asks it, for a due date.
_DECLARED = select(CalendarDay.__table__.c.day, CalendarDay.__table__.c.is_workday)


@lru_cache(maxsize=64)
def _published(year: int) -> tuple[frozenset[dt.date], frozenset[dt.date]]:
    """Holidays and working weekend days (调休) of ``year`` as published."""
    calendar = holidays.country_holidays("CN", years=year)
    working_weekends = {day for day in calendar.weekend_workdays if day.year == year}
    return frozenset(day for day in calendar if day.year == year), frozenset(working_weekends)


@lru_cache(maxsize=64)
def names(year: int, language: str = "zh_CN") -> dict[dt.date, str]:
    """The public holidays of ``year``, by day, with their names (zh_CN, en_US); moved days off are among them."""
    return dict(sorted(holidays.country_holidays("CN", years=year, language=language).items()))


def make_up_days(year: int) -> list[dt.date]:
    """The weekend days of ``year`` on which people work (调休)."""
    return sorted(_published(year)[1])


def is_published(year: int) -> bool:
    """Whether the 调休 of ``year`` is known: it is announced each November for the next year.

    Every published year has moved at least one working day onto a weekend since 2007.
    """
    return bool(_published(year)[1])


# The plant's own days by connection pool, each with the second (monotonic) at which they were read: nearly every act
# asks for them, and they change a few times in a year.
_kept: WeakKeyDictionary[Pool, tuple[float, dict[dt.date, bool]]] = WeakKeyDictionary()


def overrides(session: Session) -> dict[dt.date, bool]:
    """The plant's own days: those that this server has declared at once, those of another within KEPT_SECONDS."""
    if OVERRIDES not in session.info:
        session.info[OVERRIDES] = _read(session) if CHANGES_THEM in session.info else _recent(session)
    own: dict[dt.date, bool] = session.info[OVERRIDES]
    return own


def _recent(session: Session) -> dict[dt.date, bool]:
    pool = session.get_bind().engine.pool
    read_at, own = _kept.get(pool, (-KEPT_SECONDS, {}))
    if time.monotonic() - read_at >= KEPT_SECONDS:
        own = _read(session)
        _kept[pool] = time.monotonic(), own
    return own


def _read(session: Session) -> dict[dt.date, bool]:
    return dict(session.execute(_DECLARED).all())


def _changes(session: Session) -> None:
    """Let ``session`` see the days that it changes, and all others once it has committed."""
    session.info.pop(OVERRIDES, None)
    if CHANGES_THEM not in session.info:
        session.info[CHANGES_THEM] = True
        event.listen(session, "after_commit", lambda done: _kept.pop(done.get_bind().engine.pool, None))


def declare(session: Session, day: dt.date, *, is_workday: bool, reason: str) -> None:
    """Make ``day`` a working day or a holiday of the plant, whatever was published."""
    session.merge(CalendarDay(day=day, is_workday=is_workday, reason=reason))
    _changes(session)


def undeclare(session: Session, day: dt.date) -> bool:
    """Let ``day`` be as published again; False when the plant had not declared it."""
    declared = session.get(CalendarDay, day)
    if declared is None:
        return False
    session.delete(declared)
    _changes(session)
    return True


def declared(session: Session) -> list[CalendarDay]:
    """Every day that the plant has declared, in order."""
    return list(session.scalars(select(CalendarDay).order_by(CalendarDay.day)))


def is_workday(day: dt.date, own: dict[dt.date, bool]) -> bool:
    """Whether people work on ``day``; ``own`` are the overrides."""
    if day in own:
        return own[day]
    free, working_weekends = _published(day.year)
    return day in working_weekends or (day.weekday() < SATURDAY and day not in free)


def add_workdays(session: Session, start: dt.date, days: int) -> dt.date:
    """The date ``days`` working days after ``start`` (before it when negative); ``start`` itself counts as 0.

    Zero gives ``start`` unchanged, a working day or not.
    """
    step = 1 if days > 0 else -1
    own, day, left = overrides(session), start, abs(days)
    while left:
        day += dt.timedelta(days=step)
        if abs((day - start).days) > LONGEST_DAYS:
            raise ValueError(f"{days} working days reach too far")
        left -= is_workday(day, own)
    return day


def workdays_between(session: Session, start: dt.date, end: dt.date) -> int:
    """Working days after ``start`` up to and including ``end``; negative when ``end`` is earlier."""
    if end < start:
        return -workdays_between(session, end, start)
    own = overrides(session)
    span = (end - start).days
    return sum(is_workday(start + dt.timedelta(days=n), own) for n in range(1, span + 1))


def deadline_after(session: Session, days: int, *, since: dt.datetime | None = None) -> dt.datetime:
    """The instant at which ``days`` working days are over: the end of that day at the plant, aware UTC."""
    start = clock.local(since or clock.now()).date()
    return clock.end_of(add_workdays(session, start, days))
