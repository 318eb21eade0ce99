"""What a form asks, for programs: the fields of a task, a start or an act, as its page asks them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from webapp import form_fields, i18n
from webapp.form_fields import LISTED, PICKED, Picks
from webapp.picks import picks_for

KINDS = (
    (fields.Boolean, "boolean"),
    (fields.Integer, "integer"),
    (fields.Decimal, "decimal"),
    (fields.AwareDateTime, "datetime"),
    (fields.Date, "date"),
)


class Option(Schema):
    value = fields.String(required=True)
    label = fields.String(required=True)


class FormColumn(Schema):
    name = fields.String(required=True)
    kind = fields.String(
        required=True,
        metadata={
            "description": "string, boolean, integer, decimal, date, datetime 或 rows；金额为整数，单位分"
        },
    )
    is_list = fields.Boolean(required=True)
    refers_to = fields.String(
        required=True,
        allow_none=True,
        metadata={"description": "填写其编号的对象：person, unit, file, indicator 等"},
    )
    label = fields.String(required=True)
    help = fields.String(required=True)
    required = fields.Boolean(required=True)
    bounds = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    options = fields.List(fields.Nested(Option), required=True)


class FormField(FormColumn):
    columns = fields.List(fields.Nested(FormColumn), required=True)


class FormShown(Schema):
    fields_ = fields.List(fields.Nested(FormField), attribute="fields", data_key="fields", required=True)


def shape(schema: type[Schema], about: Any = None) -> dict[str, Any]:
    """The fields of ``schema``; ``about`` is what its task is about, of which some can be chosen."""
    picks = picks_for(schema, about, without=PICKED)
    return {"fields": [_field(name, each, picks) for name, each in form_fields.inputs(schema())]}


def _field(name: str, each: fields.Field[Any], picks: Picks) -> dict[str, Any]:
    shown = _column(name, each, picks)
    rows = form_fields.inputs(form_fields.row_schema(each)()) if shown["kind"] == "rows" else []
    return {**shown, "columns": [_column(inner, one, picks) for inner, one in rows]}


def _column(name: str, each: fields.Field[Any], picks: Picks) -> dict[str, Any]:
    one = each.inner if isinstance(each, fields.List) else each
    about: Mapping[str, Any] = {**each.metadata, **one.metadata}
    is_rows = isinstance(one, fields.Nested)
    refers_to = about.get("widget")
    return {
        "name": name,
        "kind": "rows" if is_rows else _kind(one),
        "is_list": isinstance(each, fields.List),
        "refers_to": refers_to if refers_to in PICKED | LISTED | {"file"} else None,
        "label": i18n.text(str(about.get("label", name))),
        "help": i18n.text(str(about.get("help", ""))),
        "required": each.required,
        "bounds": _bounds(each) | _bounds(one),
        "options": _options(each, picks),
    }


def _kind(one: fields.Field[Any]) -> str:
    return next((kind for known, kind in KINDS if isinstance(one, known)), "string")


def _options(each: fields.Field[Any], picks: Picks) -> list[dict[str, str]]:
    given = form_fields.options_of(each, picks)
    return [{"value": value, "label": i18n.text(label)} for value, label in given]


def _bounds(each: fields.Field[Any]) -> dict[str, str]:
    found: dict[str, Any] = {}
    for one in each.validators:
        if isinstance(one, validate.Range):
            found |= {"min": one.min, "max": one.max}
        if isinstance(one, validate.Length):
            found |= {"shortest": one.min, "longest": one.max}
    return {name: str(edge) for name, edge in found.items() if edge is not None}
