"""The forms of the selection (P4)."""

from typing import Any

from marshmallow import Schema, fields, validate

from workflows.domain import conflicts, experts, measures, scoring
from workflows.steps.inputs import (
    TaskForm,
    choice,
    files,
    identity,
    line,
    opinion,
    paragraph,
    points,
    row_count,
)

MOST_PEOPLE = 1000
MOST_BIDS = 100


def _people(label: str, *, least: int = 0) -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(least, MOST_PEOPLE),
        metadata={"label": label, "unit": "人"},
    )


def _agreement(label: str) -> fields.Boolean:
    return fields.Boolean(required=True, metadata={"label": label, "widget": "checkbox"})


def _rows(
    row: type[Schema],
    label: str,
    *,
    help: str = "",
    least: int = 1,
    most: int = MOST_BIDS,
    each: str = "",
) -> fields.List[Any]:
    """``each`` is the field that says which of the things of the task a row is about: one row for each of them."""
    more: dict[str, Any] = {"required": True} if least else {"load_default": list}
    return fields.List(
        fields.Nested(row),
        validate=row_count(least, most),
        metadata={"label": label, "help": help, "each": each},
        **more,
    )


class OpenForm(TaskForm):
    """开榜: the confirmation that the seals may be opened."""

    confirmed = _agreement("我已见证揭榜期结束，同意开榜")
    witness = line("见证人", longest=80, help="在场见证的人员姓名。")


class ConfirmDrawForm(TaskForm):
    """确认抽取."""

    confirmed = _agreement("我已核对种子和抽取结果，确认无误")


class DeclareRow(Schema):
    bid_id = identity("申报", "bid")
    conflict = fields.Boolean(load_default=False, metadata={"label": "有应当申报的关系"})
    kind = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf([None, *conflicts.RELATIONS], labels=["", *conflicts.RELATIONS.values()]),
        metadata={"label": "关系", "choices": [("", ""), *conflicts.RELATIONS.items()]},
    )
    note = fields.String(load_default="", validate=validate.Length(max=300), metadata={"label": "说明"})


class DeclareForm(TaskForm):
    """回避申报."""

    rows = _rows(
        DeclareRow,
        "逐份申报",
        help="与任何一份申报的团队或单位有应当回避、披露的关系，请如实申报。",
        each="bid_id",
    )


class ExpertRow(Schema):
    user_id = identity("人员", "person")
    fields_ = fields.List(
        fields.String(validate=validate.Length(1, 30)),
        data_key="fields",
        attribute="fields",
        load_default=list,
        validate=validate.Length(max=experts.MOST_FIELDS),
        metadata={"label": "专业"},
    )


class EnlargeForm(TaskForm):
    """补充专家库."""

    experts = _rows(ExpertRow, "新增专家", help="库中可用的专家不足，补充后重新抽取空缺的席位。")


class PreviewRow(Schema):
    label = line("材料", longest=3)
    text = paragraph("预审意见")


class PreviewForm(TaskForm):
    """书面预审."""

    rows = _rows(PreviewRow, "预审意见", help="材料已隐去团队和单位；这里只写意见，不打分。", each="label")


class ScoreRow(Schema):
    bid_id = identity("申报", "bid")
    tech = points(scoring.CRITERIA["tech"], "路线可行、有依据，有创新，风险有对策。")
    pledge = points(scoring.CRITERIA["pledge"], "承诺值相对目标的高低，以及能否做到。")
    team = points(scoring.CRITERIA["team"], "专业齐全，分工明确，有相关经历。")
    schedule = points(scoring.CRITERIA["schedule"], "节点可以核验，间隔合理，留有余量。")
    money = points(scoring.CRITERIA["money"], "预算合理，效益测算有根据。")
    safety = points(scoring.CRITERIA["safety"], "安全环保有保证，成果能在其他单位应用。")
    remark = paragraph("评语", required=False, longest=1000, help="将匿名反馈给申报团队。")


class ScoreForm(TaskForm):
    """答辩打分."""

    rows = _rows(ScoreRow, "评分表", help="每项 0–100 分；提交即签署锁定。", each="bid_id")


class ReconsiderForm(TaskForm):
    """复核打分."""

    rows = _rows(
        ScoreRow,
        "需要复核的评分",
        help="与其他专家相差较大。维持原评分则不改动；每份只能修改一次，并写明理由。",
        least=0,
        each="bid_id",
    )
    reason = paragraph("理由", required=False, longest=500)


class VoteForm(TaskForm):
    """委员会票决: counts only, the ballot is secret."""

    should = _people("应到", least=1)
    present = _people("实到", least=1)
    in_favour = _people("赞成")
    against = _people("反对")
    abstain = _people("弃权")
    minutes = files("会议纪要")


class ConfirmVoteForm(TaskForm):
    """监督确认票决."""

    agree = choice("票决记录", [("true", "属实"), ("false", "有误，退回重录")])
    opinion = opinion("说明", help="有误时必填。")


class ReturnForm(TaskForm):
    """审批退回后的处置."""

    action = choice(
        "处置", [("revote", "重新票决"), ("re_review", "重新组建评审组评审"), ("fail", "本榜流标")]
    )
    opinion = opinion("理由", required=True)


class StruckRow(Schema):
    bid_id = identity("申报", "bid")


class MeasureForm(TaskForm):
    """异议成立后的处置."""

    action = choice("处置", list(measures.ACTIONS.items()), help="办公室和纪委监督意见一致后执行。")
    struck = _rows(StruckRow, "取消资格的申报", least=0)
    opinion = opinion("理由", required=True)
