"""What the API's schemas share: strict integers, the problem document, paging, the idempotency header."""

import datetime as dt
from typing import Any

from marshmallow import Schema, fields, validate

BIGGEST_ID = 2**31 - 1
ID = f"<int(min=1,max={BIGGEST_ID}):"

IDEMPOTENCY_KEY = {
    "in": "header",
    "name": "Idempotency-Key",
    "required": True,
    "description": "8 至 80 个字符的唯一键；重发同一请求时用同一个键。",
    "schema": {"type": "string", "pattern": "^[A-Za-z0-9._~-]{8,80}$"},
}

PAPER = ("application/pdf", "text/html")  # the second where the server cannot make the first


def as_file(*media_types: str) -> dict[str, Any]:
    """The ``responses`` of an endpoint that gives out a file of one of these types."""
    content = {one: {"schema": {"type": "string", "format": "binary"}} for one in media_types}
    return {"200": {"description": "文件内容", "content": content}}


class JsonInt(fields.Integer):
    """An integer as JSON Schema has it: 3 and 3.0, but neither "3" nor true nor 2.6e-42."""

    default_error_messages = {"invalid": "应为整数。"}

    def _deserialize(self, value: Any, attr: str | None, data: Any, **rest: Any) -> int:
        if isinstance(value, bool) or not (
            isinstance(value, int) or (isinstance(value, float) and value.is_integer())
        ):
            raise self.make_error("invalid", input=value)
        return int(value)


class DecimalText(fields.Decimal):
    """An exact number, written as text: JSON's numbers are floats to most readers."""

    def __init__(self, **rest: Any) -> None:
        super().__init__(as_string=True, **rest)


class FormContent(fields.Raw):
    """What a form starts with, as it can be sent back: dates and instants as ISO text, which Flask writes otherwise."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **rest: Any) -> Any:
        return _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if isinstance(value, dt.date) else value


class Problem(Schema):
    """RFC 9457."""

    type = fields.String(required=True)
    title = fields.String(required=True)
    status = fields.Integer(required=True)
    detail = fields.String(required=True)
    request_id = fields.String(required=True)
    errors = fields.Dict(keys=fields.String(), values=fields.List(fields.String()))


class Paged(Schema):
    """Query of a list."""

    page = fields.Integer(load_default=1, validate=validate.Range(1, 100_000))
    size = fields.Integer(load_default=20, validate=validate.Range(1, 100))


class Person(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    unit = fields.String(attribute="unit.name", required=True)


class Values(Schema):
    """The form of a step or start; its own schema judges it."""

    values = fields.Dict(keys=fields.String(), required=True, metadata={"description": "表单内容"})
