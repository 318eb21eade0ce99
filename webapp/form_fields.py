"""What a marshmallow field is as an input: its widget, its options, its bounds, and how its value is written."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, Protocol

from marshmallow import Schema, fields, missing, validate

from workflows import clock
from workflows.domain.file_types import ACCEPT, PHOTOS

PICKED = {"person", "unit", "post"}  # found by typing
LISTED = {
    "indicator",
    "milestone",
    "problem",
    "expert",
    "bid",
    "category",
    "project",
    "clause",
}  # chosen from a short list that the page knows
LAST = ("opinion", "attachments")  # of every task, below what it asks itself
FEN_PER_WAN = 1_000_000


class People(Protocol):
    """People of whom a form knows only some before it is asked for one (person_picks)."""

    def ahead(self, texts: Iterable[str], ids: Iterable[int]) -> None: ...
    def text_of(self, user_id: int) -> str | None: ...


@dataclass(frozen=True)
class Picks:
    """What can be picked, by its text, for each widget: ``{"person": {"张三 · 采气一队 · zhangsan": 7}}``."""

    ids: Mapping[str, Mapping[str, int | str]]
    file_names: Callable[[list[int]], Mapping[int, str]] = (
        lambda _ids: {}
    )  # of those that the person may read

    people: People | None = None  # by whom ``ids["person"]`` is looked up, if the form has such a field

    def ahead(self, texts: Iterable[str], values: Any) -> None:
        """Look up at once whom a form names, in ``texts`` as typed or in ``values`` (nested) by id."""
        if self.people is not None:
            self.people.ahead(texts, set(_numbers(values)))

    def text(self, widget: str, picked: Any) -> str:
        if widget == "person" and self.people is not None and isinstance(picked, int):
            return self.people.text_of(picked) or str(picked)
        return next(
            (text for text, known in self.ids.get(widget, {}).items() if known == picked), str(picked)
        )


NOTHING = Picks({})
LARGEST_ID = 2**31 - 1


def _numbers(values: Any) -> Iterator[int]:
    """Every number in ``values`` that may be an id."""
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, list):
        for one in values:
            yield from _numbers(one)
    elif isinstance(values, int) and not isinstance(values, bool) and 0 < values <= LARGEST_ID:
        yield values


def inputs(schema: Schema) -> list[tuple[str, fields.Field[Any]]]:
    """The fields that a person fills in, in the order in which they are asked."""
    shown = [(name, each) for name, each in schema.fields.items() if not each.dump_only]
    return sorted(shown, key=lambda one: one[0] in LAST)


def row_schema(each: fields.Field[Any]) -> type[Schema]:
    return type(each.inner.schema)  # type: ignore[attr-defined]


def widget_of(each: fields.Field[Any]) -> str:
    """How to draw a field; fields of several kinds inherit from one another, so the order matters."""
    if isinstance(each, fields.List):
        if each.metadata.get("widget") == "file":
            return "file"
        if isinstance(each.inner, fields.Nested):
            return "rows"
        is_chosen = each.inner.metadata.get("widget") in LISTED or _choices(each.inner)
        return "many" if is_chosen else "lines"
    wanted = each.metadata.get("widget")
    if wanted and wanted != "money":
        return "select" if wanted in LISTED else str(wanted)
    if _choices(each):
        return "select"
    if isinstance(each, fields.Boolean):
        return "radio" if each.required else "checkbox"
    by_kind = ((fields.DateTime, "datetime"), (fields.Date, "date"), (fields.Number, "number"))
    return next((widget for kind, widget in by_kind if isinstance(each, kind)), "text")


def _choices(each: fields.Field[Any]) -> list[tuple[str, str]]:
    given = each.metadata.get("choices")
    if given:
        return [(shown(value), str(label)) for value, label in dict(given).items()]
    if isinstance(each, fields.Enum):
        return [(shown(one), str(one.value)) for one in each.enum]
    for one in each.validators:
        if isinstance(one, validate.OneOf):
            labels = list(one.labels) + list(one.choices)[len(list(one.labels)) :]
            return [(shown(value), str(label)) for value, label in zip(one.choices, labels, strict=True)]
    return []


def options_of(each: fields.Field[Any], picks: Picks) -> tuple[tuple[str, str], ...]:
    inner = each.inner if isinstance(each, fields.List) else each
    if isinstance(each, fields.List) and isinstance(inner, fields.Nested):
        return ()
    if inner.metadata.get("widget") in PICKED:
        return tuple((text, "") for text in picks.ids.get(inner.metadata["widget"], {}))
    if inner.metadata.get("widget") in LISTED:
        return tuple(
            (str(known), text) for text, known in picks.ids.get(inner.metadata["widget"], {}).items()
        )
    if isinstance(inner, fields.Boolean) and not _choices(inner):
        return (("true", "是"), ("false", "否"))
    return tuple(_choices(inner))


def bounds_of(each: fields.Field[Any], widget: str) -> dict[str, str]:
    bounds = {}
    if widget == "file":
        bounds["accept"] = PHOTOS if each.metadata.get("of") == "photos" else ACCEPT
    is_money = each.metadata.get("widget") == "money"
    if widget == "number":
        bounds["step"] = "1" if isinstance(each, fields.Integer) and not is_money else "any"
    for one in each.validators:
        if isinstance(one, validate.Range) and widget == "number":
            edges = (("min", one.min), ("max", one.max))
            bounds |= {
                name: shown(edge // FEN_PER_WAN if is_money else edge)
                for name, edge in edges
                if edge is not None
            }
        if isinstance(one, validate.Length) and one.max and widget in ("text", "textarea"):
            bounds["maxlength"] = str(one.max)
    return bounds


def shown(value: Any) -> str:
    """``value`` as the text of an input."""
    if value is None or value is missing:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, dt.datetime):
        return clock.local(value).strftime("%Y-%m-%dT%H:%M")
    return str(value)
