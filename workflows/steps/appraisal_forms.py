"""The forms of 双挂钩考评 (P10)."""

from marshmallow import Schema, fields, validate

from workflows.domain.appraisal_schedules import CYCLES
from workflows.steps.inputs import (
    ExactDecimal,
    TaskForm,
    files,
    identity,
    line,
    opinion,
    row_count,
)


class BeginForm(Schema):
    """开始考评."""

    unit_id = identity("被考评单位", "unit")
    period = fields.String(
        required=True,
        validate=validate.Length(4, 7),
        metadata={"label": "考评期", "help": "年度 2027，半年 2027H1，季度 2027Q3，月度 2027-08。"},
    )


class ScheduleForm(Schema):
    """安排考评."""

    year = fields.Integer(
        required=True, strict=True, validate=validate.Range(2000, 2999), metadata={"label": "年度"}
    )
    cycle = fields.String(
        required=True,
        validate=validate.OneOf(list(CYCLES), labels=list(CYCLES.values())),
        metadata={"label": "考评周期", "help": "每期结束的次日，为设有党政负责人的各单位开始考评。"},
    )


def _points(label: str) -> fields.Decimal:
    return ExactDecimal(
        required=True, validate=validate.Range(0, 100), metadata={"label": label, "unit": "分"}
    )


def _category() -> fields.String:
    return fields.String(
        required=True,
        validate=validate.Regexp(r"[AB]\d{1,2}\Z", error="类别写作 A1 至 B7。"),
        metadata={"label": "类别", "widget": "category"},
    )


class DeductionRow(Schema):
    category = _category()
    clause = line("条款", longest=120)
    points = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 100), metadata={"label": "扣分"}
    )
    reason = line("事由", longest=300)
    evidence = files("证据", required=True)


class ScoreRow(Schema):
    category = _category()
    score = _points("得分")
    bonus = fields.String(load_default="", validate=validate.Length(max=300), metadata={"label": "加分事由"})


class ScoreForm(TaskForm):
    """分类评分: one row for each category that the department owns."""

    rows = fields.List(
        fields.Nested(ScoreRow),
        required=True,
        validate=row_count(1, 20),
        metadata={"label": "得分", "help": "每一归口类别一行，0 至 100 分。"},
    )
    deductions = fields.List(
        fields.Nested(DeductionRow),
        load_default=list,
        validate=row_count(0, 50),
        metadata={"label": "扣分", "help": "逐条写明条款和事由，附证据；没有则不填。"},
    )


class ConfirmForm(TaskForm):
    """单位党政确认."""

    agree = fields.Boolean(
        required=True,
        metadata={"label": "考评结果", "widget": "radio", "choices": [("true", "确认"), ("false", "申诉")]},
    )
    opinion = opinion("申诉理由", help="申诉时必填，写明对哪一类有异议。")


class CorrectionRow(Schema):
    category = _category()
    score = _points("更正后得分")
    reason = line("理由", longest=300)


class ReviewForm(TaskForm):
    """复核."""

    rows = fields.List(
        fields.Nested(CorrectionRow),
        load_default=list,
        validate=row_count(0, 20),
        metadata={"label": "更正", "help": "维持原结果时不填。"},
    )
    opinion = opinion("复核意见", required=True)
