"""The forms of the reward (P9)."""

from marshmallow import Schema, fields, validate

from workflows.steps.inputs import (
    LARGEST_FEN,
    ExactDecimal,
    TaskForm,
    files,
    identity,
    opinion,
    row_count,
    yes_or_no,
)


class VetoListForm(TaskForm):
    """核对否决事项."""

    complete = yes_or_no("上列否决事项", "属实、齐全", "有遗漏或不实")
    opinion = opinion("说明", help="有遗漏或不实时必填；应当否决的另行提出否决事项。")


class CheckForm(TaskForm):
    """核实否决事项."""

    opinion = opinion("核实情况", required=True)


class SheetForm(TaskForm):
    """核对测算表."""

    confirm = yes_or_no("测算表", "确认", "申诉")
    opinion = opinion("申诉理由", help="申诉时必填，写明对哪一项有异议。")
    evidence = files("证明材料")


class HearForm(TaskForm):
    """核实申诉."""

    opinion = opinion("核实情况", required=True)


class DecideForm(TaskForm):
    """审定申诉: what is left empty stays as it was measured."""

    won = yes_or_no("申诉", "成立", "不成立", help="成立时更正下列一项或几项，按更正后的事实重新测算。")
    score = ExactDecimal(
        load_default=None,
        allow_none=True,
        validate=validate.Range(0, 100),
        metadata={"label": "更正后的验收得分"},
    )
    applied_on = fields.Date(load_default=None, allow_none=True, metadata={"label": "更正后的申请验收日"})
    net_benefit_fen = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(0, LARGEST_FEN),
        metadata={"label": "更正后的年净效益", "widget": "money"},
        error_messages={"invalid": "请填写不为负的金额，最多六位小数。"},
    )
    opinion = opinion("答复", required=True, help="将告知申诉人。")


class ShareRow(Schema):
    user_id = identity("成员", "person")
    contribution = fields.String(
        load_default="", validate=validate.Length(max=300), metadata={"label": "主要贡献"}
    )
    pct = ExactDecimal(
        required=True, validate=validate.Range(0, 100), metadata={"label": "比例", "unit": "%"}
    )


def share_rows() -> fields.List[dict[str, object]]:
    """The rows of a split; also of a trial of one, before it is proposed."""
    return fields.List(
        fields.Nested(ShareRow),
        required=True,
        validate=row_count(1, 50),
        metadata={
            "label": "分配方案",
            "help": "每位成员一行，比例合计 100%；谁是科级以上管理人员，以人力资源登记的为准。",
        },
    )


class SplitForm(TaskForm):
    """拟定分配方案."""

    rows = share_rows()


class ConfirmShareForm(TaskForm):
    """确认分配."""

    agree = yes_or_no("对分配方案", "同意", "不同意")
    opinion = opinion("理由", help="不同意时必填。")


class MediateForm(TaskForm):
    """调解."""

    opinion = opinion("调解意见", required=True, help="将告知挂帅人和全体成员。")


class UnitForm(TaskForm):
    """所在单位党政意见."""

    agree = yes_or_no("意见", "同意", "不同意，退回重新分配")
    opinion = opinion("意见说明", help="不同意时必填。")


class TaxForm(TaskForm):
    """发放(人力资源): the list and the tax are checked."""

    checked = fields.Boolean(
        required=True, metadata={"label": "已核对发放名单和个人所得税", "widget": "checkbox"}
    )


class ReceiptForm(TaskForm):
    """发放或收回(财务)."""

    receipts = files("回单", required=True)


class AppealForm(Schema):
    """激励申诉: within the period after the pay-out."""

    project_id = identity("项目", "hidden")
    reason = fields.String(
        required=True,
        validate=[validate.Length(1, 2000), validate.Regexp(r"(?s).*\S", error="请填写内容。")],
        metadata={"label": "申诉理由", "widget": "textarea"},
    )
    evidence = files("证明材料")
