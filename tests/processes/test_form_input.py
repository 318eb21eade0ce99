"""Every form refuses, at the field, what cannot be: spaces for words, words for numbers, less than none, no rows."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from marshmallow import Schema, fields, validate

import workflows.steps  # noqa: F401 -- registers every step
from workflows.engine.registry import HUMAN, SENDERS, STARTS
from workflows.steps import approval_forms

APPROVAL: tuple[Mapping[str, type[Schema]], ...] = (
    approval_forms.OF_ROLE,
    approval_forms.OF_SIDE,
    approval_forms.OF_STAGE,
)
LONG = "九" * 100_000


def _rows(form: type[Schema]) -> Iterator[type[Schema]]:
    """``form`` and the rows of its tables."""
    yield form
    for field in form().fields.values():
        if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
            yield from _rows(type(field.inner.schema))


def _forms() -> list[type[Schema]]:
    registered = [one.form for one in HUMAN.values()]
    registered += [one.form for one in STARTS.values()] + [one.form for one in SENDERS.values()]
    chosen = [form for table in APPROVAL for form in table.values()]
    found = {row for form in (*registered, *chosen) for row in _rows(form)}
    return sorted(found, key=lambda one: (one.__module__, one.__name__))


def _least(field: fields.Field[Any]) -> Any:
    """The least number that a field takes."""
    ranges = [one for one in field.validators if isinstance(one, validate.Range)]
    return max((one.min for one in ranges if one.min is not None), default=None)


def _nonsense(field: fields.Field[Any]) -> Iterator[Any]:
    if isinstance(field, fields.Boolean):
        yield from ("也许", 7, [])
    elif isinstance(field, fields.Integer | fields.Decimal):
        yield from ("三", "", "1e400", [], {}, True, float("nan"))
        least = _least(field)
        if least is not None:
            yield least - 1
        if isinstance(field, fields.Integer):
            yield from (1.5, 10**30)
    elif isinstance(field, fields.Date):
        yield from ("明天", "2026-02-30", "", 7, [])
    elif isinstance(field, fields.String):
        yield from (LONG, 7, [])
        if field.required:
            yield from ("", "   ", "\n")
    elif isinstance(field, fields.List):
        yield from ("一项", {}, 7, ["不是行"] * 1001)
        if field.required:
            yield []
    if field.required or not field.allow_none:
        yield None


@pytest.mark.parametrize(
    "form", _forms(), ids=lambda one: f"{one.__module__.rpartition('.')[2]}.{one.__name__}"
)
def test_nonsense_is_refused_at_its_field(form: type[Schema]) -> None:
    taken: list[tuple[str, str]] = []
    for name, field in form().fields.items():
        sent = field.data_key or name
        taken += [
            (sent, str(one)[:20]) for one in _nonsense(field) if sent not in form().validate({sent: one})
        ]
    assert taken == []
