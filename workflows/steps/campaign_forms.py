"""The forms of a campaign year (P0)."""

from marshmallow import Schema, fields, validate

from workflows.models.campaigns import THEMES
from workflows.steps.inputs import (
    TaskForm,
    line,
    money,
    paragraph,
    row_count,
)


def _day(label: str, *, required: bool = True) -> fields.Date:
    metadata = {"label": label}
    if required:
        return fields.Date(required=True, metadata=metadata)
    return fields.Date(load_default=None, allow_none=True, metadata=metadata)


class EmphasisRow(Schema):
    aim = line("重点事项", longest=40)
    weight = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 100), metadata={"label": "权重"}
    )


class BatchRow(Schema):
    intake_from = _day("征集开始日")
    intake_to = _day("征集截止日", required=False)
    bid_from = _day("揭榜开始日", required=False)
    bid_to = _day("揭榜截止日", required=False)


class YearForm(Schema):
    """编制年度计划."""

    year = fields.Integer(
        required=True, strict=True, validate=validate.Range(2000, 2200), metadata={"label": "年度"}
    )
    theme = fields.String(required=True, validate=validate.OneOf(THEMES), metadata={"label": "主题"})
    emphasis = fields.List(
        fields.Nested(EmphasisRow),
        required=True,
        validate=row_count(1, 10),
        metadata={"label": "年度重点", "help": "各项权重合计为 100。"},
    )
    pool_fen = money("激励资金池")
    batches = fields.List(
        fields.Nested(BatchRow),
        load_default=list,
        validate=row_count(0, 12),
        metadata={
            "label": "批次",
            "help": "按先后填写，征集期不重叠，不填截止日按默认的征集期；揭榜在征集截止之后。可以不分批次。",
        },
    )


class ReviseYearForm(YearForm, TaskForm):
    """修改年度计划: after the approval returned it."""


class ReviewForm(TaskForm):
    """年度总结."""

    summary = paragraph("年度总结", least=2, longest=10000, help="各类别、各单位的数字随总结一并存档。")
