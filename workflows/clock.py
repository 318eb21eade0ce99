"""The one clock. Nothing else in the project asks the machine for the time."""

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

PLANT_ZONE = ZoneInfo("Asia/Shanghai")

_standing_at: dt.datetime | None = None  # set while the clock is held (rehearsals and tests)


def now() -> dt.datetime:
    """The present instant, aware UTC."""
    return _standing_at or dt.datetime.now(dt.UTC)


def today() -> dt.date:
    """The present date at the plant."""
    return now().astimezone(PLANT_ZONE).date()


def local(instant: dt.datetime) -> dt.datetime:
    """``instant`` (aware) in plant time, for people to read."""
    return instant.astimezone(PLANT_ZONE)


def end_of(day: dt.date) -> dt.datetime:
    """The first instant after ``day`` at the plant, aware UTC: a deadline "on that day" ends there."""
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), PLANT_ZONE).astimezone(dt.UTC)


def start_of(day: dt.date) -> dt.datetime:
    """The first instant of ``day`` at the plant, aware UTC."""
    return end_of(day - dt.timedelta(days=1))


def move_to(instant: dt.datetime) -> None:
    """Let a held clock jump to ``instant`` (aware)."""
    global _standing_at
    if _standing_at is None:
        raise RuntimeError("the clock runs: hold it first")
    _standing_at = instant.astimezone(dt.UTC)


@contextmanager
def held_at(instant: dt.datetime) -> Iterator[None]:
    """Hold the clock of this whole process at ``instant`` (aware); it runs again afterwards."""
    global _standing_at
    before, _standing_at = _standing_at, instant.astimezone(dt.UTC)
    try:
        yield
    finally:
        _standing_at = before
