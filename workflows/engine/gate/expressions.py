"""Expressions of a diagram: each parses, and one that reads no variable has a value of the right kind."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from lxml import etree

from workflows import feel
from workflows.engine.expressions import compiled
from workflows.engine.gate.diagrams import Diagram, around, children, id_of, tag
from workflows.engine.gate.foreign import told
from workflows.engine.gate.telling import Text
from workflows.engine.specs import CYCLE, iso_duration

ISO_LIKE = re.compile(r"-?(R\d*/)?P\d[\dTYMWDHS.]*|-?(R\d*/)?PT\d[\dHMS.]*|R\d*/.*", re.DOTALL)
ISO_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d\S*")
ZONELESS = re.compile(r'"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?"')
LONGEST = dt.timedelta(days=36525)
SHAPES: dict[str, tuple[tuple[str, str], Callable[[Any], bool]]] = {
    "condition": (("真或假", "true or false"), lambda value: isinstance(value, bool)),
    "moment": (
        ("带时区的时刻或时长", "an instant with a zone or a duration"),
        lambda value: _is_moment(value),
    ),
    "cycle": (
        ("形如 R3/PT24H 的周期", "a cycle like R3/PT24H"),
        lambda value: isinstance(value, str) and _is_cycle(value),
    ),
    "count": (
        ("不小于 0 的整数", "a whole number of 0 or more"),
        lambda value: _is_number(value) and value >= 0 and value == int(value),
    ),
    "share": (
        ("大于 0、不大于 1 的数", "a number above 0 and up to 1"),
        lambda value: _is_number(value) and 0 < value <= 1,
    ),
    "stage": (
        ("含 policy 和 signers 的上下文", "a context with policy and signers"),
        lambda value: isinstance(value, dict),
    ),
    "list": (
        ("列表或一个数", "a list or a number"),
        lambda value: isinstance(value, list) or _is_number(value),
    ),
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
            diagram.complain(timer, "timer_times")
    for cycle in diagram.all("timeCycle"):
        event = around(around(cycle))  # type: ignore[arg-type]
        if event is None or tag(event) != "boundaryEvent" or event.get("cancelActivity") != "false":
            diagram.complain(cycle, "cycle_position")


def check_property(diagram: Diagram, node: etree._Element, name: str, text: str, shape: str) -> None:
    """An expression in a property of ``node``."""
    if shape == "moment":
        check_moment(diagram, node, text, is_iso_allowed=False, place=(f"属性 {name}", f"property {name}"))
    else:
        _check(diagram, node, text, shape, place=(f"属性 {name}", f"property {name}"))


def check_moment(
    diagram: Diagram, element: etree._Element, text: str | None, *, is_iso_allowed: bool, place: Text = ""
) -> None:
    """A time: ISO as timers may be written, or an expression whose date-times all name their zone."""
    text = (text or "").strip()
    place = place or id_of(element)
    if ISO_TIME.fullmatch(text):
        if not re.search(r"(Z|[+-]\d\d:\d\d)$", text):
            diagram.complain(element, "time_zoneless", place=place, text=text)
        else:
            diagram.complain(element, "time_form", place=place, text=text)
    elif ISO_LIKE.fullmatch(text):
        if not is_iso_allowed:
            diagram.complain(element, "duration_form", place=place, text=text)
        elif not _is_duration(text):
            diagram.complain(element, "duration_unknown", place=place, text=text)
    elif found := ZONELESS.search(text):
        diagram.complain(element, "time_zoneless", place=place, text=found[0])
    else:
        _check(diagram, element, text, "moment", place=place)


def _check_cycle(diagram: Diagram, element: etree._Element) -> None:
    text = (element.text or "").strip()
    if not ISO_LIKE.fullmatch(text):
        _check(diagram, element, text, "cycle")
    elif not _is_cycle(text):
        diagram.complain(element, "cycle_unknown", text=text)


def _check(
    diagram: Diagram, element: etree._Element, text: str | None, shape: str, *, place: Text = ""
) -> None:
    place = place or id_of(element)
    try:
        expression = compiled(text or "")
    except feel.FeelSyntaxError as error:
        column = (
            f"第 {error.line} 行第 {error.column} 列" if error.line > 1 else f"第 {error.column} 列",
            f"line {error.line}, column {error.column}",
        )
        diagram.complain(element, "expression_syntax", place=place, column=column, reason=told(error.reason))
        return
    if expression.names:
        return
    wanted, has_shape = SHAPES[shape]
    try:
        value = expression.evaluate({}).value
    except feel.FeelError as error:
        diagram.complain(element, "expression_fails", place=place, reason=told(error.reason))
        return
    if not has_shape(value):
        diagram.complain(
            element, "expression_shape", place=place, wanted=wanted, text=(text or "").strip()[:80]
        )


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
