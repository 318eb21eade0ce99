"""No form of any step, start or act lets hostile input out as anything but its own refusal."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields

from workflows import work
from workflows.engine.registry import HUMAN

HOSTILE: list[Any] = [
    *(None, True, 0, -1, 1.5, 10**30, 10**400, float("nan"), float("inf")),
    *("", "x", "\u0000", "\ud800", "NaN", "sNaN", "1e400", "1E+1000000", "1E-1000000", "٣", "1_000"),
    *("0000-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *([], {}, [[]], [None], [{}], [1], ["x"], {"a": 1}),
]
PLACES = (HUMAN, work.STARTS, work.SENDERS)
FORMS = {
    form.__name__ + form.__module__: form for place in PLACES for form in (one.form for one in place.values())
}


def _attacks(schema: Schema) -> Iterator[dict[str, Any]]:
    for name, field in schema.fields.items():
        for value in HOSTILE:
            yield {name: value}
            if isinstance(field, fields.List) and isinstance(field.inner, fields.Nested):
                yield from ({name: [{inner: value}]} for inner in field.inner.schema.fields)


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_hostile_values_are_refused_in_words(form: type[Schema]) -> None:
    schema = form()
    for values in itertools.chain([{}], _attacks(schema)):
        try:
            schema.load(values)
        except ValidationError as refused:
            assert refused.messages
