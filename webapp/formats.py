"""How values are written for people: dates at the plant, money, numbers, sizes. Used as template filters."""

import datetime as dt
from decimal import Decimal

from flask import Flask
from flask_babel import format_date, get_locale, gettext

from webapp import i18n
from workflows import clock
from workflows.working_time import WORKDAY

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000
MINUTE, HOUR = 60, 3600
WORKED_HOURS = 1.5 * HOUR  # seconds from which on hours tell enough


def set_up(app: Flask) -> None:
    app.jinja_env.filters.update(
        day=day,
        moment=moment,
        until=until,
        money=money,
        number=number,
        clock_time=clock_time,
        file_size=file_size,
        worked=worked,
    )


def day(value: dt.date | dt.datetime) -> str:
    """2026年11月23日, or as the language has it."""
    date = clock.local(value).date() if isinstance(value, dt.datetime) else value
    return str(format_date(date, "long", rebase=False))


def moment(value: dt.datetime) -> str:
    """2026年11月23日 09:30."""
    return f"{day(value)} {clock.local(value):%H:%M}"


def clock_time(value: dt.datetime) -> str:
    """09:30, at the plant."""
    return f"{clock.local(value):%H:%M}"


def until(value: dt.datetime) -> str:
    """A deadline. One that is the first instant of a day is told as the 24:00 of the day before."""
    local = clock.local(value)
    if local.time() == dt.time():
        return f"{day(local.date() - dt.timedelta(days=1))} 24:00"
    return moment(value)


def money(fen: int) -> str:
    """Whole 分 as 万元 in Chinese, as yuan in other languages; exact."""
    if _is_chinese():
        return f"{number(Decimal(fen) / FEN_PER_WAN)} 万元"
    return f"CNY {number(Decimal(fen) / FEN_PER_YUAN)}"


def number(value: Decimal | int) -> str:
    """Thousands grouped, no trailing zeros: 1,234.5."""
    text = f"{Decimal(value):,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def file_size(size: int) -> str:
    """``size`` bytes in whole KB, or in MB from one MB on; a file of any content has 1 KB."""
    kilobytes = -(-size // 1024)
    return f"{kilobytes} KB" if kilobytes < 1024 else f"{size / 1024**2:.1f} MB"


def worked(seconds: float) -> str:
    """Seconds of working days, in the unit that tells them: 40 分钟, 5 小时, 2.3 个工作日."""
    if seconds >= WORKDAY:
        return str(gettext("%(n)s 个工作日", n=number(Decimal(f"{seconds / WORKDAY:.1f}"))))
    if seconds >= WORKED_HOURS:
        return str(gettext("%(n)s 小时", n=round(seconds / HOUR)))
    if seconds >= MINUTE:
        return str(gettext("%(n)s 分钟", n=round(seconds / MINUTE)))
    return str(gettext("不到 1 分钟"))


def _is_chinese() -> bool:
    return str(get_locale()) == i18n.SOURCE
