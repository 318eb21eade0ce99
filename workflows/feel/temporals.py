"""Dates, times and durations: reading, writing, adding, and their properties."""

from __future__ import annotations

import calendar
import datetime as dt
import re
import zoneinfo
from decimal import Decimal

from workflows.feel.errors import Undefined
from workflows.feel.values import ARITHMETIC, YearsMonths

DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
TIME = re.compile(
    r"(\d{2}):(\d{2}):(\d{2})(?:\.(\d{1,6}))?(?:(Z)|([+-])(\d{2}):(\d{2})|@([A-Za-z_/+-]{1,40}))?", re.ASCII
)
YEARS_MONTHS = re.compile(r"(-)?P(?:(\d{1,6})Y)?(?:(\d{1,6})M)?", re.ASCII)
DAYS_TIME = re.compile(
    r"(-)?P(?:(\d{1,8})D)?(?:T(?:(\d{1,8})H)?(?:(\d{1,8})M)?(?:(\d{1,8})(?:\.(\d{1,6}))?S)?)?", re.ASCII
)
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTH_NAMES = tuple(calendar.month_name)[1:]
MICROSECOND = dt.timedelta(microseconds=1)


def date(text: str) -> dt.date:
    """``2026-03-31``. Raises Undefined, as do all readers here."""
    match = DATE.fullmatch(text)
    if not match:
        raise Undefined(f"{text[:40]!r} is not a date")
    try:
        return dt.date(*(int(part) for part in match.groups()))
    except ValueError:
        raise Undefined(f"{text!r} is not a day of the calendar") from None


def time(text: str) -> dt.time:
    """``18:00:00``, with an optional fraction and zone (``Z``, ``+08:00``, ``@Asia/Shanghai``)."""
    match = TIME.fullmatch(text)
    if not match:
        raise Undefined(f"{text[:40]!r} is not a time")
    hour, minute, second, fraction = match.group(1, 2, 3, 4)
    try:
        micros = int((fraction or "0").ljust(6, "0"))
        return dt.time(int(hour), int(minute), int(second), micros, tzinfo=_zone(match))
    except ValueError:
        raise Undefined(f"{text!r} is not a time of the day") from None


def _zone(match: re.Match[str]) -> dt.tzinfo | None:
    zulu, sign, hours, minutes, name = match.group(5, 6, 7, 8, 9)
    if zulu:
        return dt.UTC
    if sign:
        offset = dt.timedelta(hours=int(hours), minutes=int(minutes))
        return dt.timezone(-offset if sign == "-" else offset)
    if name:
        try:
            return zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            raise Undefined(f"there is no time zone {name!r}") from None
    return None


def date_and_time(text: str) -> dt.datetime:
    """``2026-03-31T18:00:00``; a plain date is its midnight."""
    day, separator, rest = text.partition("T")
    return dt.datetime.combine(date(day), time(rest) if separator else dt.time())


def duration(text: str) -> dt.timedelta | YearsMonths:
    """``P5D``, ``PT2H30M``, ``P1Y6M``."""
    match = YEARS_MONTHS.fullmatch(text)
    if match and (match.group(2) or match.group(3)):
        months = int(match.group(2) or 0) * 12 + int(match.group(3) or 0)
        return YearsMonths(-months if match.group(1) else months)
    match = DAYS_TIME.fullmatch(text)
    if not match or not any(match.group(2, 3, 4, 5)) or text.endswith("T"):
        raise Undefined(f"{text[:40]!r} is not a duration")
    days, hours, minutes, seconds = (int(part or 0) for part in match.group(2, 3, 4, 5))
    length = dt.timedelta(
        days=days,
        hours=hours,
        minutes=minutes,
        seconds=seconds,
        microseconds=int((match.group(6) or "0").ljust(6, "0")),
    )
    return -length if match.group(1) else length


def any_literal(text: str) -> object:
    """The value of ``@"..."``: whatever kind the text has the shape of."""
    if text.lstrip("-").startswith("P"):
        return duration(text)
    if "T" in text:
        return date_and_time(text)
    return time(text) if ":" in text else date(text)


def written(value: object) -> str:
    """The standard's notation of a temporal value."""
    if isinstance(value, YearsMonths):
        years, months = divmod(abs(value.months), 12)
        parts = (f"{years}Y" if years else "") + (f"{months}M" if months else "")
        return ("-" if value.months < 0 else "") + "P" + (parts or "0M")
    if isinstance(value, dt.timedelta):
        return _written_duration(value)
    if isinstance(value, dt.datetime | dt.time) and isinstance(value.tzinfo, zoneinfo.ZoneInfo):
        return f"{value.replace(tzinfo=None).isoformat()}@{value.tzinfo.key}"
    if isinstance(value, dt.datetime | dt.date | dt.time):
        return value.isoformat().replace("+00:00", "Z")
    raise TypeError(type(value).__name__)


def _written_duration(value: dt.timedelta) -> str:
    micros = abs(value) // MICROSECOND
    minutes, micros = divmod(micros, 60_000_000)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    seconds = f"{micros // 1_000_000}" + (
        f".{micros % 1_000_000:06}".rstrip("0") if micros % 1_000_000 else ""
    )
    clock = "".join(
        f"{n}{unit}" for n, unit in ((hours, "H"), (minutes, "M"), (seconds, "S")) if n not in (0, "0")
    )
    text = (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
    return ("-" if value < dt.timedelta() else "") + "P" + (text or "T0S")


def add_months(day: dt.date, months: int) -> dt.date:
    """The same day ``months`` later, or the month's last day. Keeps a time of day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    if not 1 <= year <= 9999:
        raise Undefined("the date leaves the calendar")
    last = calendar.monthrange(year, month + 1)[1]
    return day.replace(year=year, month=month + 1, day=min(day.day, last))


def add_to_time(time: dt.time, length: dt.timedelta) -> dt.time:
    """Around the clock, keeping the zone."""
    moved = dt.datetime.combine(dt.date(2000, 1, 1), time.replace(tzinfo=None)) + length % dt.timedelta(
        days=1
    )
    return moved.time().replace(tzinfo=time.tzinfo)


def months_between(start: dt.date, end: dt.date) -> int:
    """Whole months from ``start`` to ``end``, negative when it lies before."""
    months = (end.year - start.year) * 12 + end.month - start.month
    if months > 0 and end.day < start.day:
        return months - 1
    if months < 0 and end.day > start.day:
        return months + 1
    return months


def seconds(length: dt.timedelta) -> Decimal:
    """The exact number of seconds."""
    return ARITHMETIC.divide(Decimal(length // MICROSECOND), Decimal(1_000_000))


def member(value: object, name: str) -> object:
    """A named property of a date, time or duration. Raises Undefined if it has none of that name."""
    found = _members(value).get(name, Undefined)
    if found is Undefined:
        raise Undefined(f"there is no property {name!r} here")
    return Decimal(found) if isinstance(found, int) else found


def _members(value: object) -> dict[str, object]:
    names: dict[str, object] = {}
    if isinstance(value, dt.date):
        names |= {"year": value.year, "month": value.month, "day": value.day, "weekday": value.isoweekday()}
    if isinstance(value, dt.datetime | dt.time):
        key = value.tzinfo.key if isinstance(value.tzinfo, zoneinfo.ZoneInfo) else None
        names |= {
            "hour": value.hour,
            "minute": value.minute,
            "second": value.second,
            "time offset": value.utcoffset(),
            "timezone": key,
        }
    if isinstance(value, dt.timedelta):
        sign = -1 if value < dt.timedelta() else 1
        whole = abs(value) // dt.timedelta(seconds=1)
        names |= {
            "days": sign * (whole // 86400),
            "hours": sign * (whole // 3600 % 24),
            "minutes": sign * (whole // 60 % 60),
            "seconds": sign * (whole % 60),
        }
    if isinstance(value, YearsMonths):
        sign = -1 if value.months < 0 else 1
        names |= {"years": sign * (abs(value.months) // 12), "months": sign * (abs(value.months) % 12)}
    return names
