"""The forms of the delivery (P7)."""

from marshmallow import Schema, fields, validate

from workflows.steps.inputs import (
    TaskForm,
    files,
    identity,
    measured,
    money,
    opinion,
    paragraph,
    row_count,
    yes_or_no,
)
from workflows.steps.pledge_forms import PaymentForm


class ValueRow(Schema):
    indicator_id = identity("指标", "indicator")
    value = measured("当前值")


def _values(help: str, *, least: int) -> fields.List[object]:
    more = {"required": True} if least else {"load_default": list}
    return fields.List(
        fields.Nested(ValueRow),
        validate=row_count(least, 20),
        metadata={"label": "指标值", "help": help},
        **more,
    )


class SubmitForm(TaskForm):
    """节点攻坚并提交."""

    summary = paragraph("完成情况与交付物")
    values = _values("每项指标填写一行。", least=1)
    evidence = files("证明材料", required=True)


class MeasuredRow(Schema):
    indicator_id = identity("指标", "indicator")
    measured = measured("核验值")
    agree = yes_or_no("是否认可", "认可", "不认可")


class VerifyForm(TaskForm):
    """节点核验, by who verifies indicators."""

    rows = fields.List(
        fields.Nested(MeasuredRow),
        required=True,
        validate=row_count(1, 20),
        metadata={"label": "指标核验", "help": "每项由您核验的指标一行；不认可的请在意见中写明理由。"},
    )


class AgreeForm(TaskForm):
    """节点核验, by the sponsor."""

    agree = yes_or_no("节点成果", "认可", "不认可", help="不认可时请在意见中写明理由。")


class ReleaseForm(PaymentForm):
    """节点拨付."""


class RectifyForm(TaskForm):
    """节点整改."""

    summary = paragraph("整改情况")
    evidence = files("整改材料", required=True)


class ReviewForm(TaskForm):
    """终止或换帅评估."""

    decision = fields.String(
        required=True,
        validate=validate.OneOf(
            ["go_on", "waive", "change"], labels=["再给一次机会", "豁免这个节点", "提请终止或换帅"]
        ),
        metadata={"label": "评估结论"},
    )
    new_due = fields.Date(
        load_default=None, allow_none=True, metadata={"label": "新的完成日", "help": "豁免时不填。"}
    )
    opinion = opinion("理由", required=True)


class ConfirmReviewForm(TaskForm):
    """确认评估结论."""

    agree = yes_or_no("评估结论", "同意", "退回重新评估", help="退回时请写明理由。")


class ReturnForm(TaskForm):
    """经费清算."""

    spent_fen = money("已使用的经费")
    paid_on = fields.Date(required=True, metadata={"label": "清算日期"})


class ReportForm(Schema):
    """填报进展."""

    project_id = identity("项目", "hidden")
    progress_pct = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 100), metadata={"label": "进度", "unit": "%"}
    )
    values = _values("有新数据的指标填写，没有则不填。", least=0)
    issues = paragraph("存在的问题", required=False)
    help_needed = paragraph("需要的支持", required=False)
    is_blocked = fields.Boolean(load_default=False, metadata={"label": "工作受阻，无法推进"})
    photos = files("现场照片", of="photos")


class StopForm(Schema):
    """安全停工."""

    project_id = identity("项目", "hidden")
    reason = paragraph("停工原因", longest=1000)
    evidence = files("证明材料")


class ResumeForm(Schema):
    """同意复工."""

    project_id = identity("项目", "hidden")
    confirmed = fields.Boolean(
        required=True,
        validate=validate.Equal(True, error="请确认安全条件已恢复。"),
        metadata={"label": "我确认安全条件已恢复", "widget": "checkbox"},
    )
