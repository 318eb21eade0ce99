"""The forms of what people do with a task other than doing it; the same for pages and the API."""

from marshmallow import Schema, fields, validate

from webapp.api.fields import BIGGEST_ID, JsonInt
from workflows.domain import accounts, conflicts

REASON = {"label": "理由", "widget": "textarea"}
USER_ID = validate.Range(1, BIGGEST_ID)


def _person() -> JsonInt:
    return JsonInt(
        required=True,
        validate=USER_ID,
        metadata={"label": "人员", "widget": "person"},
        error_messages={"invalid": accounts.NOBODY},
    )


def _reason(*, required: bool = True) -> fields.String:
    if required:
        return fields.String(required=True, validate=validate.Length(1, 500), metadata=REASON)
    return fields.String(load_default="", validate=validate.Length(max=500), metadata=REASON)


class ToPerson(Schema):
    """转办, 委派."""

    user_id = _person()
    reason = _reason()


class Signer(ToPerson):
    """加签."""

    before = fields.Boolean(
        load_default=False, metadata={"label": "先由其办理", "help": "不勾选则与您同时或在您之后办理。"}
    )


class Why(Schema):
    """减签."""

    reason = _reason()


class Recusal(Why):
    """回避."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(conflicts.RELATIONS), labels=list(conflicts.RELATIONS.values())),
        metadata={
            "label": "关系",
            "help": "提交后您退出评审组，不再评这一批材料；理由由办公室和纪委监督查看。",
        },
    )


class Urging(Schema):
    """催办."""

    reason = _reason(required=False)


class Copies(Schema):
    """抄送."""

    user_ids = fields.List(JsonInt(validate=USER_ID), required=True, validate=validate.Length(1, 50))
    note = fields.String(load_default="", validate=validate.Length(max=500))


class CopyToOne(Schema):
    """抄送 from a page, to one person at a time."""

    user_id = _person()
    note = fields.String(
        load_default="", validate=validate.Length(max=500), metadata={"label": "说明", "widget": "textarea"}
    )
