"""The forms of 一票否决."""

from marshmallow import Schema, fields, validate

from workflows.steps.inputs import (
    TaskForm,
    files,
    identity,
    opinion,
    paragraph,
)

EITHER = "单位和项目二者选一。"


class ProposeForm(Schema):
    """提出否决事项."""

    clause = fields.String(
        required=True,
        validate=validate.Regexp(r"V\d{2}\Z", error="条款写作 V01 至 V10。"),
        metadata={"label": "条款", "widget": "clause"},
    )
    is_major = fields.Boolean(
        load_default=False, metadata={"label": "重大", "help": "只对失泄密（V07）有区别。"}
    )
    unit_id = identity("单位", "unit", required=False, help=EITHER)
    project_id = identity("项目", "project", required=False, help=EITHER)
    facts = paragraph("事实", longest=4000)
    evidence = files("证据", required=True)
    effective_on = fields.Date(required=True, metadata={"label": "事发日期"})


class ConfirmForm(TaskForm):
    """确认否决事项."""

    confirm = fields.Boolean(
        required=True,
        metadata={"label": "否决事项", "widget": "radio", "choices": [("true", "确认"), ("false", "不确认")]},
    )
    opinion = opinion("说明", help="不确认时必填。")


class SettleForm(TaskForm):
    """审定否决申诉."""

    lift = fields.Boolean(
        required=True,
        metadata={
            "label": "申诉",
            "widget": "radio",
            "choices": [("true", "成立，撤销否决"), ("false", "不成立")],
        },
    )
    opinion = opinion("答复", required=True, help="将告知申诉人。")


class CollectForm(TaskForm):
    """收回款项."""

    receipts = files("回单", required=True)


class AppealForm(Schema):
    """否决申诉."""

    veto_id = identity("否决事项", "hidden")
    reason = paragraph("申诉理由", longest=2000)


class RestoreForm(Schema):
    """恢复."""

    veto_id = identity("否决事项", "hidden")
    reason = paragraph("恢复理由", longest=300)
