"""Fields that several forms share, each within what the database can hold."""

from decimal import Decimal

from marshmallow import fields, validate

LARGEST_ID = 2**31 - 1
LARGEST_FEN = 10**14  # a trillion 元
LARGEST_MEASURE = Decimal(10) ** 12


def identity(label: str, widget: str) -> fields.Integer:
    """The id of something chosen with ``widget`` (person, unit, indicator, hidden)."""
    within = validate.Range(1, LARGEST_ID)
    return fields.Integer(
        required=True,
        strict=True,
        validate=within,
        metadata={"label": label, "widget": widget},
        error_messages={"invalid": "请从列表中选择。"},
    )


def money(label: str) -> fields.Integer:
    """An amount of 分, typed in 万元."""
    within = validate.Range(0, LARGEST_FEN)
    return fields.Integer(
        required=True,
        strict=True,
        validate=within,
        metadata={"label": label, "widget": "money"},
        error_messages={"invalid": "请填写不为负的金额，最多六位小数。"},
    )


def measured(label: str) -> fields.Decimal:
    """A measured or promised value with at most four decimals."""
    within = validate.Range(-LARGEST_MEASURE, LARGEST_MEASURE)
    return fields.Decimal(required=True, places=4, validate=within, metadata={"label": label})
