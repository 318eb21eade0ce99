"""How values are written for people: dates at the plant, money, numbers, states. Used as template filters."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from flask import Flask
from flask_babel import format_date, get_locale

from webapp import i18n
from workflows import clock
from workflows.domain.terms import LEVELS, MODES, TEAM_ROLES

FEN_PER_YUAN = 100
FEN_PER_WAN = 1_000_000


@dataclass(frozen=True)
class Chip:
    """A state: its text, a shape that needs no colour, and the colour beside it."""

    text: str
    shape: str
    colour: str


CHALLENGE_STATES = {
    "approved": Chip("待发布", "○", "secondary"),
    "published": Chip("揭榜中", "●", "blue"),
    "bidding_closed": Chip("已截止", "◐", "yellow"),
    "failed": Chip("流标", "✕", "red"),
    "withdrawn": Chip("撤榜", "✕", "secondary"),
    "reviewing": Chip("评审中", "◐", "purple"),
}
BID_STATES = {
    "draft": Chip("编制中", "○", "secondary"),
    "sealed": Chip("已密封", "■", "blue"),
    "opened": Chip("已开榜", "◐", "purple"),
    "eligible": Chip("合格", "✓", "green"),
    "ineligible": Chip("不合格", "✕", "red"),
    "withdrawn": Chip("已撤回", "✕", "secondary"),
    "lapsed": Chip("逾期未递交", "✕", "secondary"),
}
ITEM_STATES = {
    "waiting": Chip("未到", "○", "secondary"),
    "open": Chip("待办", "●", "blue"),
    "done": Chip("已办", "✓", "green"),
    "cancelled": Chip("已取消", "✕", "secondary"),
}
SEVERITIES = {
    "refuse": Chip("不符合", "✕", "red"),
    "warn": Chip("提醒", "!", "yellow"),
    "cure": Chip("可补正", "◐", "yellow"),
    "cured": Chip("已补正", "✓", "green"),
}
PLEDGE_SHORT = {  # by whether the indicator is a hard one
    True: Chip("劣于目标，资格审查将不予通过", "✕", "red"),
    False: Chip("劣于目标", "!", "yellow"),
}


def set_up(app: Flask) -> None:
    app.jinja_env.filters.update(day=day, moment=moment, until=until, money=money, number=number)
    app.jinja_env.globals.update(
        challenge_states=CHALLENGE_STATES,
        bid_states=BID_STATES,
        item_states=ITEM_STATES,
        severities=SEVERITIES,
        pledge_short=PLEDGE_SHORT,
        levels=LEVELS,
        modes=MODES,
        team_roles=TEAM_ROLES,
    )


def day(value: dt.date | dt.datetime) -> str:
    """2026年11月23日, or as the language has it."""
    date = clock.local(value).date() if isinstance(value, dt.datetime) else value
    return str(format_date(date, "long", rebase=False))


def moment(value: dt.datetime) -> str:
    """2026年11月23日 09:30."""
    return f"{day(value)} {clock.local(value):%H:%M}"


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


def _is_chinese() -> bool:
    return str(get_locale()) == i18n.SOURCE
