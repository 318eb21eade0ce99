"""A marshmallow schema as a form: ``describe`` gives the controls to draw, ``parse`` a plain dict from what was sent.

The schema is the only definition of a form. Field ``metadata`` may hold label, help, placeholder, unit,
section (form_sections.py), panel (a template of panels/) and widget (textarea, money, radio, checkbox, person, unit, file, hidden, readonly); choices come from ``validate.OneOf`` or the metadata key
``choices``. Names of rows are ``members.0.user_id``, as in the messages of ``errors.Invalid``.
"""

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any

from marshmallow import Schema, fields, missing
from werkzeug.datastructures import MultiDict

from webapp import form_fields
from webapp.form_fields import FEN_PER_WAN, LISTED, NOTHING, PICKED, Picks
from workflows import clock

OURS = {"csrf_token", "_key", "_rows", "_place"}  # sent by every form, part of none
MOST_ROWS = 200

Values = Mapping[str, Any]


@dataclass(frozen=True)
class Control:
    """One input, or a table of rows of inputs."""

    name: str
    widget: str  # text, textarea, lines, number, date, datetime, checkbox, radio, select, many, person, unit, file, hidden, readonly, rows
    label: str
    value: str = ""
    chosen: tuple[str, ...] = ()  # of a "many"; the options of a "file" are those sent before, all chosen
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
    panel: str = ""  # a template of panels/ that stands below it
    section: str = ""  # the title of the section that it begins or goes on with
    each: str = ""  # of "rows": the column that names the thing a row is about, one row for each of them

    @property
    def html_id(self) -> str:
        return "f-" + self.name.replace(".", "-")


def describe(
    schema: type[Schema],
    *,
    values: Values,
    errors: Mapping[str, list[str]] | None = None,
    picks: Picks = NOTHING,
) -> list[Control]:
    """The controls of ``schema`` filled with ``values`` (nested), each with its messages from ``errors`` (dotted)."""
    picks.ahead((), values)
    shown = _Drawing(errors or {}, picks)
    return [shown.control(name, each, values.get(name)) for name, each in form_fields.inputs(schema())]


def picked(schema: type[Schema]) -> set[str]:
    """The kinds of things (PICKED, LISTED) that the form offers, in itself or in its rows."""
    found: set[str] = set()
    for _, each in form_fields.inputs(schema()):
        if form_fields.widget_of(each) == "rows":
            found |= picked(form_fields.row_schema(each))
        else:
            one = each.inner if isinstance(each, fields.List) else each
            found |= {one.metadata.get("widget", "")} & (PICKED | LISTED)
    return found


def parse(
    sent: MultiDict[str, str],
    schema: type[Schema],
    *,
    picks: Picks = NOTHING,
    blank_rows: bool = False,
    uploads: Callable[[str], list[int]] = lambda _name: [],
) -> dict[str, Any]:
    """What was sent as a nested dict for the schema to judge. Names that it does not know stay in, to be refused.

    ``uploads`` gives the ids of the files that were sent under a name.
    With ``blank_rows`` a row stays where it was drawn though nothing is typed in it, so that its button finds it.
    """
    rest = MultiDict((name, text) for name, text in sent.items(multi=True) if name not in OURS)
    picks.ahead((text for _, text in rest.items(multi=True)), None)
    return _Reading(rest, picks, blank_rows, uploads).taken(schema(), "") | rest.to_dict()


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


def as_sent(controls: list[Control]) -> list[tuple[str, str]]:
    """Names and texts that the drawn ``controls`` would send if nothing more were typed."""
    pairs: list[tuple[str, str]] = []
    for one in controls:
        if one.widget == "rows":
            pairs += [pair for row in one.rows for pair in as_sent(list(row))]
        elif one.widget in ("many", "file"):
            given = one.chosen if one.widget == "many" else [value for value, _ in one.options]
            pairs += [(one.name, text) for text in given]
        elif one.widget != "checkbox" or one.value == "true":
            pairs.append((one.name, one.value))
    return pairs


def as_told(pairs: Iterable[tuple[str, str]], schema: type[Schema]) -> list[tuple[str, str]]:
    """Labels and texts of what was typed into the form of ``schema``, for people to read and copy."""
    told: list[tuple[str, str]] = []
    for name, text in pairs:
        known: dict[str, fields.Field[Any]] = dict(form_fields.inputs(schema()))
        first, _, rest = name.partition(".")
        each, label, number = known.get(first), "", rest.partition(".")[0]
        if each is not None and form_fields.widget_of(each) == "rows" and number.isdecimal():
            label = f"{each.metadata.get('label', first)} {int(number) + 1} · "
            each = dict(form_fields.inputs(form_fields.row_schema(each)())).get(name.rpartition(".")[2])
        if each is None or not text.strip() or form_fields.widget_of(each) in ("hidden", "file", "readonly"):
            continue
        shown = dict(form_fields.options_of(each, NOTHING)).get(text, text)
        told.append((f"{label}{each.metadata.get('label', name)}", shown))
    return told


@dataclass(frozen=True)
class _Drawing:
    errors: Mapping[str, list[str]]
    picks: Picks

    def control(self, name: str, each: fields.Field[Any], value: Any) -> Control:
        about, widget = each.metadata, form_fields.widget_of(each)
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
            panel=str(about.get("panel", "")),
            section=str(about.get("section", "")),
            options=form_fields.options_of(each, self.picks),
            bounds=form_fields.bounds_of(each, widget),
            errors=tuple(self.errors.get(name, ())),
        )
        if widget == "rows":
            return self._with_rows(drawn, each, value)
        if widget == "file":
            given = [one for one in value or () if isinstance(one, int)]
            names = self.picks.file_names(given) if given else {}
            return replace(drawn, options=tuple((str(one), names[one]) for one in given if one in names))
        if widget == "many":
            return replace(drawn, chosen=tuple(form_fields.shown(one) for one in value or ()))
        if widget == "lines":
            given = value if isinstance(value, list) else []
            inner = each.inner  # type: ignore[attr-defined]
            kind = form_fields.widget_of(inner)
            return replace(drawn, value="\n".join(self._text(inner, kind, one) for one in given))
        return replace(drawn, value=self._text(each, widget, value))

    def _text(self, each: fields.Field[Any], widget: str, value: Any) -> str:
        if widget in PICKED and value:
            return self.picks.text(widget, value)
        if each.metadata.get("widget") == "money" and isinstance(value, int):
            return f"{Decimal(value) / FEN_PER_WAN:f}"
        return form_fields.shown(value)[:16] if widget == "datetime" else form_fields.shown(value)

    def _with_rows(self, drawn: Control, each: fields.Field[Any], value: Any) -> Control:
        inputs = form_fields.inputs(form_fields.row_schema(each)())
        given = value if isinstance(value, list) else []  # a refused form may hold any text here
        rows = [self._row(drawn.name, n, inputs, row) for n, row in enumerate(given or [{}])]
        return replace(
            drawn,
            columns=tuple(self.control(f"{drawn.name}.{name}", one, None) for name, one in inputs),
            rows=tuple(rows),
            may_grow=not each.metadata.get("fixed", False),
            each=str(each.metadata.get("each", "")),
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
    uploads: Callable[[str], list[int]]

    def taken(self, schema: Schema, prefix: str) -> dict[str, Any]:
        """Take the fields of ``schema`` under ``prefix`` out of the rest; blank ones are left away."""
        found: dict[str, Any] = {}
        for key, each in form_fields.inputs(schema):
            name, widget = prefix + key, form_fields.widget_of(each)
            if widget == "rows":
                found[key] = self._rows(form_fields.row_schema(each), name)
            elif widget == "many":
                inner = each.inner  # type: ignore[attr-defined]
                found[key] = [_read(inner, text, self.picks) for text in self.rest.poplist(name)]
            elif widget == "lines":
                inner, lines = each.inner, self.rest.pop(name, "").splitlines()  # type: ignore[attr-defined]
                found[key] = [_read(inner, line.strip(), self.picks) for line in lines if line.strip()]
            elif widget == "file":
                kept = [int(text) for text in self.rest.poplist(name) if re.fullmatch(r"\d{1,9}", text)]
                found[key] = kept + self.uploads(name)
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
                sent[len(prefix) :]: self.rest.pop(sent)
                for sent in list(self.rest)
                if sent.startswith(prefix)
            }
            filled = any(value not in (False, []) for value in found.values())
            if self.blank_rows or filled or foreign:
                rows.append(found | foreign)
        return rows


def _read(each: fields.Field[Any], text: str, picks: Picks) -> Any:
    """``text`` as the JSON API would send it, where that is not text."""
    known = picks.ids.get(form_fields.widget_of(each), {})
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
