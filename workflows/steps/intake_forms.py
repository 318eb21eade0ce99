"""The forms of the intake (P1): the problem, its triage, the challenge that comes of it, its justification."""

from marshmallow import Schema, fields, validate

from workflows.domain.justifications import CRITERIA, MOST_EXPERTS
from workflows.domain.terms import TRIAGE_ACTIONS, VERDICTS
from workflows.models import Category
from workflows.steps.inputs import (
    LARGEST_FEN,
    TaskForm,
    files,
    identity,
    line,
    opens,
    opinion,
    paragraph,
)
from workflows.steps.publish_forms import PostForm

MARKS = ("全局性", "普遍性", "行业性", "系统性", "应用性", "推广性")  # s1..s6


def _mark(label: str) -> fields.Integer:
    return fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(0, 5),
        metadata={"label": label, "unit": "分"},
    )


def _points(name: str) -> fields.Integer:
    label, most = CRITERIA[name]
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(0, most, error=f"{label}最高 {most} 分。"),
        metadata={"label": f"{label}（{most}）", "unit": "分"},
    )


class ProblemForm(Schema):
    """填报难题: sending it is the submission."""

    title = opens("难题", line("难题名称", least=2, longest=120))
    category = fields.String(
        required=True, validate=validate.OneOf([one.value for one in Category]), metadata={"label": "类别"}
    )
    scene = paragraph("现场情况", least=2, help="在哪里、什么时候、发生了什么。")
    root_cause = opens("原因与损失", paragraph("原因分析", required=False))
    loss_year_fen = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(0, LARGEST_FEN),
        metadata={"label": "年损失", "widget": "money", "help": "估计即可；说不清的不填。"},
        error_messages={"invalid": "请填写不为负的金额，最多六位小数。"},
    )
    freq = fields.String(load_default="", validate=validate.Length(max=60), metadata={"label": "发生频次"})
    wanted = opens("期望与参与", paragraph("期望目标", required=False))
    level_hint = fields.String(
        load_default=None,
        allow_none=True,
        validate=validate.OneOf(["基层", "厂级", "油田级"]),
        metadata={"label": "建议层级"},
    )
    willing_join = fields.Boolean(load_default=False, metadata={"label": "愿意参加攻关"})
    anonymous = fields.Boolean(
        load_default=False,
        metadata={"label": "匿名", "help": "别人看不到是谁提出的；答复仍会通知您。匿名填报不能附文件。"},
    )
    batch_id = identity("批次", "hidden", required=False)
    attachments = files("附件", help="照片、记录等。")


class TriageForm(TaskForm):
    """点题."""

    action = fields.String(
        required=True,
        validate=validate.OneOf(list(TRIAGE_ACTIONS), labels=list(TRIAGE_ACTIONS.values())),
        metadata={"label": "处理方式"},
    )
    merge_into = identity("并入的难题", "problem", required=False, help="只用于合并。")
    owner_id = identity("整改责任人", "person", required=False, help="只用于立即整改。")
    due_on = fields.Date(
        load_default=None, allow_none=True, metadata={"label": "整改期限", "help": "只用于立即整改。"}
    )
    s1, s2, s3, s4, s5, s6 = (_mark(label) for label in MARKS)
    opinion = opinion("理由", required=True)


class ReplyForm(TaskForm):
    """答复出题人."""

    opinion = opinion("答复内容", required=True, help="将通知出题人。")


class RefineForm(PostForm, TaskForm):
    """凝练命题: the challenge as it would be posted, and who justifies it."""

    expert_ids = opens(
        "论证专家",
        fields.List(
            identity("评审专家", "expert"),
            load_default=list,
            validate=validate.Length(max=MOST_EXPERTS),
            metadata={"label": "论证专家", "help": "不选则由系统随机抽取，本专业的优先。"},
        ),
    )


class JustifyForm(TaskForm):
    """专家论证."""

    necessity = _points("necessity")
    feasibility = _points("feasibility")
    indicators = _points("indicators")
    benefit = _points("benefit")
    spread = _points("spread")
    verdict = fields.String(
        required=True,
        validate=validate.OneOf(list(VERDICTS), labels=list(VERDICTS.values())),
        metadata={"label": "结论"},
    )
    opinion = opinion("论证意见", help="建议修改或不立榜时必填。")
