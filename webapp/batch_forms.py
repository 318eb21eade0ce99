"""The forms with which the office moves a batch."""

from marshmallow import Schema, fields, validate

from webapp.people_forms import FILLED


def _reason() -> fields.String:
    checks = [validate.Length(1, 200), FILLED]
    about = {"label": "理由", "widget": "textarea", "help": "理由随记录公开，并告知有关人员。"}
    return fields.String(required=True, validate=checks, metadata=about)


def _day(label: str, *, required: bool) -> fields.Date:
    if required:
        return fields.Date(required=True, metadata={"label": label})
    return fields.Date(load_default=None, allow_none=True, metadata={"label": label})


class Confirm(Schema):
    """提前开始, 提前截止."""

    reason = _reason()


class Days(Schema):
    """改期."""

    intake_from = _day("征集开始日", required=True)
    intake_to = _day("征集截止日", required=True)
    bid_from = _day("揭榜开始日", required=False)
    bid_to = _day("揭榜截止日", required=False)
    reason = _reason()
