"""The forms of the pledge (P6)."""

from marshmallow import Schema, fields, validate

from workflows.steps.inputs import (
    TaskForm,
    identity,
    money,
    paragraph,
    row_count,
    yes_or_no,
)


class TermsForm(TaskForm):
    """条款确认."""

    tech_power = paragraph("技术路线决定权及限度")
    funds_power = paragraph("经费支配权及限度")
    people_power = paragraph("人员调配权及限度")
    penalties = paragraph("责任条款")
    deposit_fen = money("风险抵押金")
    support_list = paragraph("支持与保障清单", required=False, help="所需的人员、设备、场地和配合单位。")


class AnswerTermsForm(TaskForm):
    """发榜单位确认条款."""

    agree = yes_or_no("意见", "同意", "退回修改", help="退回时请写明理由。")


class CheckForm(TaskForm):
    """法务财务审核."""

    passed = yes_or_no("审核意见", "通过", "退回修改", help="退回时请写明理由。")


class SignForm(TaskForm):
    """签署."""

    sign = yes_or_no("签署", "签署军令状", "不签署", help="挂帅人不签署视为放弃；其他人不签署退回修改条款。")


class PlanRow(Schema):
    milestone_id = identity("节点", "milestone")
    plan_start = fields.Date(required=True, metadata={"label": "开始日"})
    plan_due = fields.Date(required=True, metadata={"label": "完成日"})


class PlanForm(TaskForm):
    """倒排工期."""

    rows = fields.List(
        fields.Nested(PlanRow),
        required=True,
        validate=row_count(1, 20),
        metadata={"label": "节点计划", "help": "已按工作日历由完成期限倒排，可以调整；不能晚于完成期限。"},
    )


class ConfirmPlanForm(TaskForm):
    """确认工期."""

    agree = yes_or_no("意见", "同意，作为基线", "退回调整", help="同意后工期冻结，再调整须办理变更。")


class PaymentForm(TaskForm):
    """拨付."""

    paid_on = fields.Date(required=True, metadata={"label": "拨付日期"})
    voucher = fields.String(load_default="", validate=validate.Length(max=60), metadata={"label": "凭证号"})
