"""The forms of a change of a project (SP3) and of the finding on who answers for its end."""

from decimal import Decimal

from marshmallow import Schema, fields, validate

from workflows.domain.change_terms import KINDS
from workflows.domain.due_diligence import CAUSES, CHECKS
from workflows.domain.handovers import CHECKLIST
from workflows.domain.terms import TEAM_ROLES
from workflows.steps.inputs import (
    LARGEST_FEN,
    LARGEST_ID,
    ExactDecimal,
    TaskForm,
    identity,
    measured,
    opinion,
    row_count,
)
from workflows.steps.meeting_forms import PersonRow, text

JOINING = {code: name for code, name in TEAM_ROLES.items() if code != "leader"}


class IndicatorRow(Schema):
    indicator_id = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, LARGEST_ID),
        metadata={"label": "指标", "widget": "indicator"},
    )
    value = measured("变更后的承诺值")


class JoiningRow(PersonRow):
    role = fields.String(
        required=True,
        validate=validate.OneOf(list(JOINING), labels=list(JOINING.values())),
        metadata={"label": "角色"},
    )
    workload_pct = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 100), metadata={"label": "工作量", "unit": "%"}
    )


def _amount(label: str, *, least: int) -> fields.Integer:
    """An amount of 分 that may be left open, typed in 万元."""
    return fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(least, LARGEST_FEN),
        metadata={"label": label, "widget": "money"},
        error_messages={"invalid": "请填写金额，最多六位小数。"},
    )


class ChangeStart(Schema):
    """申请变更."""

    project_id = identity("项目", "hidden")
    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(KINDS), labels=list(KINDS.values())),
        metadata={"label": "变更类别", "help": "只填与类别有关的内容。"},
    )
    reason = text("变更理由")
    deadline = fields.Date(load_default=None, allow_none=True, metadata={"label": "变更后的完成期限"})
    budget_fen = _amount("变更后的预算", least=0)
    indicators = fields.List(
        fields.Nested(IndicatorRow),
        load_default=list,
        validate=row_count(0, 20),
        metadata={"label": "指标变更"},
    )
    joining = fields.List(
        fields.Nested(JoiningRow),
        load_default=list,
        validate=row_count(0, 50),
        metadata={"label": "加入的成员"},
    )
    leaving = fields.List(
        fields.Nested(PersonRow),
        load_default=list,
        validate=row_count(0, 50),
        metadata={"label": "退出的成员"},
    )
    leader_id = identity("新挂帅人", "person", required=False)
    impact_days = fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(-3650, 3650),
        metadata={"label": "对工期的影响", "unit": "天"},
    )
    impact_fen = _amount("对经费的影响", least=-LARGEST_FEN)
    impact_pct = ExactDecimal(
        load_default=None,
        allow_none=True,
        validate=validate.Range(Decimal(-100), Decimal(100)),
        metadata={"label": "对指标的影响", "unit": "%"},
    )


class ExpertRow(Schema):
    user_id = identity("专家", "expert")


class ExpertsForm(TaskForm):
    """指定论证专家."""

    experts = fields.List(
        fields.Nested(ExpertRow),
        required=True,
        validate=row_count(1, 20),
        metadata={"label": "论证专家", "help": "从评审专家中指定，项目团队成员回避。"},
    )


def _yes_no(label: str, yes: str, no: str) -> fields.Boolean:
    choices = [("true", yes), ("false", no)]
    return fields.Boolean(required=True, metadata={"label": label, "widget": "radio", "choices": choices})


class OpinionForm(TaskForm):
    """变更论证."""

    agree = _yes_no("论证意见", "同意变更", "不同意变更")
    opinion = opinion("理由", help="不同意时必填。")


class JoinForm(TaskForm):
    """新成员确认."""

    accept = _yes_no("是否加入", "加入", "不加入")


def _checked(label: str) -> fields.Boolean:
    return fields.Boolean(required=True, metadata={"label": label, "widget": "checkbox"})


class HandoverForm(TaskForm):
    """换帅交接."""

    documents = _checked(CHECKLIST["documents"])
    funds = _checked(CHECKLIST["funds"])
    equipment = _checked(CHECKLIST["equipment"])
    open_work = _checked(CHECKLIST["open_work"])
    open_points = fields.String(
        load_default="",
        validate=validate.Length(max=2000),
        metadata={"label": "遗留问题", "widget": "textarea"},
    )


class DiligenceForm(TaskForm):
    """尽职免责认定."""

    diligent = _yes_no(CHECKS["diligent"], "做到", "没有做到")
    compliant = _yes_no(CHECKS["compliant"], "做到", "没有做到")
    honest = _yes_no(CHECKS["honest"], "做到", "没有做到")
    reported = _yes_no(CHECKS["reported"], "做到", "没有做到")
    mitigated = _yes_no(CHECKS["mitigated"], "做到", "没有做到")
    cause = fields.String(
        required=True,
        validate=validate.OneOf(list(CAUSES), labels=list(CAUSES.values())),
        metadata={"label": "原因"},
    )
    opinion = opinion("认定说明", required=True)
