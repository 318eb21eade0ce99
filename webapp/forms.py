"""A marshmallow schema as a form: ``describe`` gives the controls to draw, ``parse`` a plain dict from what was sent.

The schema is the only definition of a form. Field ``metadata`` may hold label, help, placeholder, unit and
widget (textarea, money, radio, checkbox, person, unit, hidden, readonly); choices come from ``validate.OneOf`` or the metadata key
``choices``. Names of rows are ``members.0.user_id``, as in the messages of ``errors.Invalid``.
"""

import datetime as dt
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from enum import Enum
from typing import Any

from marshmallow import Schema, fields, missing, validate
from werkzeug.datastructures import MultiDict

from workflows import clock

PICKED = {"person", "unit"}  # found by typing
LISTED = {"indicator"}  # chosen from a short list that the page knows
FEN_PER_WAN = 1_000_000
OURS = {"csrf_token", "_key", "_rows"}  # sent by every form, part of none
MOST_ROWS = 200

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Control:
    """One input, or a table of rows of inputs."""

    name: str
    widget: str  # text, textarea, number, date, datetime, checkbox, radio, select, many, person, unit, hidden, readonly, rows
    label: str
    value: str = ""
    chosen: tuple[str, ...] = ()  # of a "many"
    help: str = ""
    placeholder: str = ""
    unit: str = ""
    required: bool = False
    options: tuple[tuple[str, str], ...] = ()
    bounds: Mapping[str, str] = field(default_factory=dict)  # min, max, step, maxlength
    errors: tuple[str, ...] = ()
    columns: tuple["Control", ...] = ()
    rows: tuple[tuple["Control", ...], ...] = ()
    may_grow: bool = False

    @property
    def html_id(self) -> str:
        return "f-" + self.name.replace(".", "-")


@dataclass(frozen=True)
class Picks:
    """What can be picked, by its text, for each widget: ``{"person": {"张三 · 采气一队 · zhangsan": 7}}``."""

    ids: Mapping[str, Mapping[str, int]]

    def text(self, widget: str, picked: Any) -> str:
        return next(
            (text for text, known in self.ids.get(widget, {}).items() if known == picked), str(picked)
        )


NOTHING = Picks({})


def describe(
    schema: type[Schema],
    *,
    values: Values,
    errors: Mapping[str, list[str]] | None = None,
    picks: Picks = NOTHING,
) -> list[Control]:
    """The controls of ``schema`` filled with ``values`` (nested), each with its messages from ``errors`` (dotted)."""
    shown = _Drawing(errors or {}, picks)
    return [shown.control(name, each, values.get(name)) for name, each in _inputs(schema())]


def picked(schema: type[Schema]) -> set[str]:
    """The kinds of things (PICKED, LISTED) that the form offers, in itself or in its rows."""
    found: set[str] = set()
    for _, each in _inputs(schema()):
        rows = _widget(each) == "rows"
        found |= picked(_row_schema(each)) if rows else {each.metadata.get("widget", "")} & (PICKED | LISTED)
    return found


def parse(
    sent: MultiDict[str, str], schema: type[Schema], *, picks: Picks = NOTHING, blank_rows: bool = False
) -> dict[str, Any]:
    """What was sent as a nested dict for the schema to judge. Names that it does not know stay in, to be refused.

    With ``blank_rows`` a row stays where it was drawn though nothing is typed in it, so that its button finds it.
    """
    rest = MultiDict((name, text) for name, text in sent.items(multi=True) if name not in OURS)
    return _Reading(rest, picks, blank_rows).taken(schema(), "") | rest.to_dict()


def rearranged(values: Values, command: str) -> dict[str, Any]:
    """``values`` after one press of a row button: ``add:members`` or ``drop:members.2``."""
    verb, _, place = command.partition(":")
    name, _, index = place.partition(".")
    if not isinstance(values.get(name), list):
        return dict(values)
    rows = list(values[name])
    if verb == "add" and len(rows) < MOST_ROWS:
        rows.append({})
    elif verb == "drop" and re.fullmatch(r"\d{1,4}", index) and int(index) < len(rows):
        del rows[int(index)]
    return {**values, name: rows}


@dataclass(frozen=True)
class _Drawing:
    errors: Mapping[str, list[str]]
    picks: Picks

    def control(self, name: str, each: fields.Field[Any], value: Any) -> Control:
        about, widget = each.metadata, _widget(each)
        if value is None and each.load_default is not missing and not callable(each.load_default):
            value = each.load_default
        drawn = Control(
            name=name,
            widget=widget,
            label=str(about.get("label", name.rpartition(".")[2])),
            help=str(about.get("help", "")),
            placeholder=str(about.get("placeholder", "")),
            unit=str(about.get("unit", "万元" if about.get("widget") == "money" else "")),
            required=each.required,
            options=_options(each, self.picks),
            bounds=_bounds(each, widget),
            errors=tuple(self.errors.get(name, ())),
        )
        if widget == "rows":
            return self._with_rows(drawn, each, value)
        if widget == "many":
            return replace(drawn, chosen=tuple(_shown(one) for one in value or ()))
        return replace(drawn, value=self._text(each, widget, value))

    def _text(self, each: fields.Field[Any], widget: str, value: Any) -> str:
        if widget in PICKED and value:
            return self.picks.text(widget, value)
        if each.metadata.get("widget") == "money" and isinstance(value, int):
            return f"{Decimal(value) / FEN_PER_WAN:f}"
        return _shown(value)[:16] if widget == "datetime" else _shown(value)

    def _with_rows(self, drawn: Control, each: fields.Field[Any], value: Any) -> Control:
        inputs = _inputs(_row_schema(each)())
        given = value if isinstance(value, list) else []  # a refused form may hold any text here
        rows = [self._row(drawn.name, n, inputs, row) for n, row in enumerate(given or [{}])]
        return replace(
            drawn,
            columns=tuple(self.control(f"{drawn.name}.{name}", one, None) for name, one in inputs),
            rows=tuple(rows),
            may_grow=not each.metadata.get("fixed", False),
        )

    def _row(
        self, name: str, n: int, inputs: list[tuple[str, fields.Field[Any]]], row: Values
    ) -> tuple[Control, ...]:
        return tuple(self.control(f"{name}.{n}.{column}", one, row.get(column)) for column, one in inputs)


@dataclass(frozen=True)
class _Reading:
    rest: MultiDict[str, str]  # what was sent and is not taken yet
    picks: Picks
    blank_rows: bool

    def taken(self, schema: Schema, prefix: str) -> dict[str, Any]:
        """Take the fields of ``schema`` under ``prefix`` out of the rest; blank ones are left away."""
        found: dict[str, Any] = {}
        for key, each in _inputs(schema):
            name, widget = prefix + key, _widget(each)
            if widget == "rows":
                found[key] = self._rows(_row_schema(each), name)
            elif widget == "many":
                inner = each.inner  # type: ignore[attr-defined]
                found[key] = [_read(inner, text, self.picks) for text in self.rest.poplist(name)]
            elif widget == "checkbox":
                found[key] = self.rest.pop(name, None) is not None
            elif text := self.rest.pop(name, "").strip():
                found[key] = _read(each, text, self.picks)
        return found

    def _rows(self, row: type[Schema], name: str) -> list[dict[str, Any]]:
        """Rows by their number; those left blank by the person are dropped, unless wanted."""
        numbered = re.compile(re.escape(name) + r"\.(\d{1,4})\.")
        numbers = sorted({int(match[1]) for sent in self.rest if (match := numbered.match(sent))})[:MOST_ROWS]
        rows = []
        for number in numbers:
            prefix = f"{name}.{number}."
            found = self.taken(row(), prefix)
            foreign = {
                sent[len(prefix) :]: self.rest.pop(sent) for sent in list(self.rest) if sent.startswith(prefix)
            }
            filled = any(value not in (False, []) for value in found.values())
            if self.blank_rows or filled or foreign:
                rows.append(found | foreign)
        return rows


def _read(each: fields.Field[Any], text: str, picks: Picks) -> Any:
    """``text`` as the JSON API would send it, where that is not text."""
    known = picks.ids.get(_widget(each), {})
    if text in known:
        return known[text]
    if each.metadata.get("widget") == "money":
        return _fen(text)
    if isinstance(each, fields.Integer) and re.fullmatch(r"[+-]?\d{1,18}", text):
        return int(text)
    if isinstance(each, fields.Boolean) and text in ("true", "false"):
        return text == "true"
    if isinstance(each, fields.AwareDateTime | fields.DateTime) and "T" in text:
        return _at_the_plant(text)
    return text.replace("\r\n", "\n")


def _at_the_plant(text: str) -> str:
    """A moment as a browser sends it, with the plant's zone; what is none stays text, to be refused."""
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        return text
    return moment.replace(tzinfo=moment.tzinfo or clock.PLANT_ZONE).isoformat()


def _fen(text: str) -> int | str:
    """An amount in 万元 as whole 分; what is none stays text, to be refused."""
    if not re.fullmatch(r"\d{1,12}(\.\d{1,6})?", text):
        return text
    return int(Decimal(text) * FEN_PER_WAN)


def _inputs(schema: Schema) -> list[tuple[str, fields.Field[Any]]]:
    return [(name, each) for name, each in schema.fields.items() if not each.dump_only]


def _row_schema(each: fields.Field[Any]) -> type[Schema]:
    return type(each.inner.schema)  # type: ignore[attr-defined]


def _widget(each: fields.Field[Any]) -> str:
    """How to draw a field; fields of several kinds inherit from one another, so the order matters."""
    if isinstance(each, fields.List):
        return "rows" if isinstance(each.inner, fields.Nested) else "many"
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
        return [(_shown(value), str(label)) for value, label in dict(given).items()]
    if isinstance(each, fields.Enum):
        return [(_shown(one), str(one.value)) for one in each.enum]
    for one in each.validators:
        if isinstance(one, validate.OneOf):
            labels = list(one.labels) + list(one.choices)[len(list(one.labels)) :]
            return [(_shown(value), str(label)) for value, label in zip(one.choices, labels, strict=True)]
    return []


def _options(each: fields.Field[Any], picks: Picks) -> tuple[tuple[str, str], ...]:
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


def _bounds(each: fields.Field[Any], widget: str) -> dict[str, str]:
    bounds = {}
    is_money = each.metadata.get("widget") == "money"
    if widget == "number":
        bounds["step"] = "1" if isinstance(each, fields.Integer) and not is_money else "any"
    for one in each.validators:
        if isinstance(one, validate.Range) and widget == "number":
            edges = (("min", one.min), ("max", one.max))
            bounds |= {
                name: _shown(edge // FEN_PER_WAN if is_money else edge)
                for name, edge in edges
                if edge is not None
            }
        if isinstance(one, validate.Length) and one.max and widget in ("text", "textarea"):
            bounds["maxlength"] = str(one.max)
    return bounds


def _shown(value: Any) -> str:
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
