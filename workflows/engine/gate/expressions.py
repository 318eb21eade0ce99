"""Expressions of a diagram: each parses, and one that reads no variable has a value of the right kind."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal

from lxml import etree

from workflows import feel
from workflows.engine.expressions import compiled
from workflows.engine.gate.diagrams import Diagram, around, children, id_of, tag
from workflows.engine.specs import CYCLE, iso_duration

ISO_LIKE = re.compile(r"-?(R\d*/)?P\d[\dTYMWDHS.]*|-?(R\d*/)?PT\d[\dHMS.]*|R\d*/.*", re.DOTALL)
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S*")
ZONELESS = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?"')
LONGEST = dt.timedelta(days=36525)
SHAPES: dict[str, tuple[str, Callable[[object], bool]]] = {
    "condition": ("真或假", lambda value: isinstance(value, bool)),
    "moment": ("带时区的时刻或时长", lambda value: _is_moment(value)),
    "cycle": ("形如 R3/PT24H 的周期", lambda value: isinstance(value, str) and _is_cycle(value)),
    "count": ("不小于 0 的整数", lambda value: _is_number(value) and value >= 0 and value == int(value)),  # type: ignore[operator,call-overload]
    "share": ("大于 0、不大于 1 的数", lambda value: _is_number(value) and 0 < value <= 1),  # type: ignore[operator]
    "stage": ("含 policy 和 signers 的上下文", lambda value: isinstance(value, dict)),
    "list": ("列表或一个数", lambda value: isinstance(value, list) or _is_number(value)),
}


def check(diagram: Diagram) -> None:
    """The expressions that stand in elements; those in properties are asked for by tasks."""
    for element in diagram.all("conditionExpression", "loopCondition", "loopCardinality"):
        _check(diagram, element, element.text, "count" if tag(element) == "loopCardinality" else "condition")
    for timer in diagram.all("timerEventDefinition"):
        for time in children(timer, "timeDate", "timeDuration"):
            check_moment(diagram, time, time.text, is_iso_allowed=True)
        for time in children(timer, "timeCycle"):
            _check_cycle(diagram, time)
        if len(children(timer, "timeDate", "timeDuration", "timeCycle")) != 1:
            diagram.complain(timer, "定时需要且只能有一个 timeDate、timeDuration 或 timeCycle")
    for cycle in diagram.all("timeCycle"):
        event = around(around(cycle))  # type: ignore[arg-type]
        if event is None or tag(event) != "boundaryEvent" or event.get("cancelActivity") != "false":
            diagram.complain(cycle, "周期定时只能用在不中断的边界事件上")


def check_property(diagram: Diagram, node: etree._Element, name: str, text: str, shape: str) -> None:
    """An expression in a property of ``node``."""
    if shape == "moment":
        check_moment(diagram, node, text, is_iso_allowed=False, place=f"属性 {name}")
    else:
        _check(diagram, node, text, shape, place=f"属性 {name}")


def check_moment(
    diagram: Diagram, element: etree._Element, text: str | None, *, is_iso_allowed: bool, place: str = ""
) -> None:
    """A time: ISO as timers may be written, or an expression whose date-times all name their zone."""
    text = (text or "").strip()
    place = place or id_of(element)
    if ISO_TIME.fullmatch(text):
        if not re.search(r"(Z|[+-]\d\d:\d\d)$", text):
            diagram.complain(element, f"{place}:时刻 {text} 没有时区")
        else:
            diagram.complain(element, f'{place}:时刻请写成 date and time("{text}")')
    elif ISO_LIKE.fullmatch(text):
        if not is_iso_allowed:
            diagram.complain(element, f'{place}:时长请写成 duration("{text}")')
        elif not _is_duration(text):
            diagram.complain(
                element, f"{place}:时长 {text} 无法识别，只能由周、日、时、分、秒组成，且不超过 100 年"
            )
    elif found := ZONELESS.search(text):
        diagram.complain(element, f"{place}:时刻 {found[0]} 没有时区")
    else:
        _check(diagram, element, text, "moment", place=place)


def _check_cycle(diagram: Diagram, element: etree._Element) -> None:
    text = (element.text or "").strip()
    if not ISO_LIKE.fullmatch(text):
        _check(diagram, element, text, "cycle")
    elif not _is_cycle(text):
        diagram.complain(element, f"周期 {text} 无法识别，请写成 R3/PT24H 的样子")


def _check(
    diagram: Diagram, element: etree._Element, text: str | None, shape: str, *, place: str = ""
) -> None:
    place = place or id_of(element)
    try:
        expression = compiled(text or "")
    except feel.FeelSyntaxError as error:
        column = f"第 {error.line} 行第 {error.column} 列" if error.line > 1 else f"第 {error.column} 列"
        diagram.complain(element, f"{place}:表达式有误，{column}:{error.reason}")
        return
    if expression.names:
        return
    wanted, has_shape = SHAPES[shape]
    try:
        value = expression.evaluate({}).value
    except feel.FeelError as error:
        diagram.complain(element, f"{place}:表达式无法计算：{error.reason}")
        return
    if not has_shape(value):
        diagram.complain(element, f"{place}:表达式的值应为{wanted}:{(text or '').strip()[:80]}")


def _is_number(value: object) -> bool:
    return isinstance(value, int | Decimal) and not isinstance(value, bool)


def _is_moment(value: object) -> bool:
    if isinstance(value, dt.datetime):
        return value.tzinfo is not None
    return isinstance(value, dt.timedelta) and abs(value) <= LONGEST


def _is_cycle(text: str) -> bool:
    match = CYCLE.fullmatch(text.strip())
    if match is None or (match[1] and not int(match[1])):
        return False
    return _is_duration(match[2]) and bool(iso_duration(match[2]))


def _is_duration(text: str) -> bool:
    try:
        duration = iso_duration(text)
    except (OverflowError, ValueError):  # ValueError: more digits than Python turns into a number
        return False
    return duration is not None and duration <= LONGEST
