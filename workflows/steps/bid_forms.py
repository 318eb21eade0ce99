"""The forms of the bid (P3)."""

from marshmallow import Schema, fields, validate

from workflows.domain.terms import TEAM_ROLES
from workflows.steps.inputs import (
    ExactDecimal,
    TaskForm,
    identity,
    line,
    measured,
    money,
    opens,
    opinion,
    paragraph,
    row_count,
)


class BidStart(Schema):
    challenge_id = identity("榜单", "hidden")
    unit_id = identity(
        "申报单位", "unit", required=False, help="不填即挂帅人所在单位；由该单位党政负责人签署。"
    )


class MemberRow(Schema):
    user_id = identity("人员", "person")
    role = fields.String(
        required=True,
        validate=validate.OneOf(list(TEAM_ROLES), labels=list(TEAM_ROLES.values())),
        metadata={"label": "角色"},
    )
    pioneer = fields.Boolean(load_default=False, metadata={"label": "党员先锋"})
    workload_pct = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 100), metadata={"label": "工作量", "unit": "%"}
    )


class TeamForm(TaskForm):
    """组队."""

    members = fields.List(
        fields.Nested(MemberRow),
        required=True,
        validate=row_count(1, 50),
        metadata={
            "label": "团队成员",
            "panel": "eligibility",
            "help": "建议“1+N+1”:1 名挂帅人、至少 3 名骨干、1 名导师或党员先锋;A 级榜单应有两个以上单位的人员。",
        },
    )


class ConfirmForm(TaskForm):
    """成员确认."""

    accept = fields.Boolean(
        required=True,
        metadata={"label": "是否参加", "widget": "radio", "choices": [("true", "参加"), ("false", "不参加")]},
    )


class MilestoneRow(Schema):
    name = line("节点", longest=80)
    offset_days = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, 3650),
        metadata={"label": "启动后", "unit": "天"},
    )
    deliverable = line("交付物", longest=200)
    indicator_id = identity("对应指标", "indicator", required=False)
    pay_pct = ExactDecimal(
        required=True,
        places=2,
        validate=validate.Range(0, 100),
        metadata={"label": "拨付比例", "unit": "%"},
    )


class BudgetRow(Schema):
    item = line("科目", longest=80)
    amount_fen = money("金额")


class PledgeRow(Schema):
    indicator_id = identity("指标", "indicator")
    value = measured("承诺值")


class WriteForm(TaskForm):
    """编制揭榜书."""

    tech_route = opens("技术路线", paragraph("技术路线", longest=20000))
    innovation = paragraph("创新点", required=False)
    milestones = opens(
        "节点计划",
        fields.List(
            fields.Nested(MilestoneRow),
            required=True,
            validate=row_count(1, 20),
            metadata={"label": "节点计划", "help": "各节点的拨付比例合计为 100%。"},
        ),
    )
    budget_lines = opens(
        "经费预算",
        fields.List(
            fields.Nested(BudgetRow),
            required=True,
            validate=row_count(1, 50),
            metadata={"label": "经费预算"},
        ),
    )
    pledge = opens(
        "指标承诺",
        fields.List(
            fields.Nested(PledgeRow),
            required=True,
            validate=row_count(1, 20),
            metadata={
                "panel": "eligibility",
                "label": "指标承诺",
                "help": "承诺值应不低于榜单目标；否决性指标低于目标的，资格审查不予通过。",
            },
        ),
    )
    risks = opens("风险与保障", paragraph("风险与对策", required=False))
    resources_needed = paragraph("所需资源", required=False)
    deposit_ok = fields.Boolean(load_default=False, metadata={"label": "同意缴纳风险抵押金"})
    coi_self = paragraph(
        "利益冲突声明",
        required=False,
        longest=1000,
        help="团队成员与发榜单位、评审专家之间应当回避的关系；没有则不填。",
    )


class SendForm(TaskForm):
    """自检与送签."""

    proceed = fields.Boolean(
        required=True,
        metadata={
            "label": "下一步",
            "widget": "radio",
            "choices": [("true", "送所在单位党政负责人签署"), ("false", "返回修改揭榜书")],
            "help": "自检结果只作提醒，不影响递交；资格由开榜后的审查决定。",
        },
    )


class SignForm(TaskForm):
    """所在单位党政意见."""

    agree = fields.Boolean(
        required=True,
        metadata={"label": "意见", "widget": "radio", "choices": [("true", "同意"), ("false", "不同意")]},
    )
    opinion = opinion("意见说明", longest=500, help="对人员保障的承诺；不同意时必填。")


class ReviewForm(TaskForm):
    """资格复核."""

    passed = fields.Boolean(
        required=True,
        metadata={
            "label": "本部门意见",
            "widget": "radio",
            "choices": [("true", "合格"), ("false", "不合格")],
        },
    )
    opinion = opinion("理由", longest=280, help="不合格时必填，将告知申报团队。")
    cure_allowed = fields.Boolean(
        load_default=False, metadata={"label": "允许补正", "help": "不合格但可限期补正一次。"}
    )


class CureForm(TeamForm):
    """补正."""

    opinion = opinion("补正说明", required=True, longest=500)


class QueryForm(TaskForm):
    """询问资格结果: after the bid was found ineligible."""

    asks = fields.Boolean(
        required=True,
        metadata={
            "label": "是否询问",
            "widget": "radio",
            "choices": [("true", "询问"), ("false", "接受结果")],
            "help": "询问不改变审查结果，由揭榜挂帅办公室书面答复。",
        },
    )
    opinion = opinion("询问内容", help="询问时必填。")


class AnswerForm(TaskForm):
    """答复询问."""

    opinion = opinion("答复内容", required=True, help="将通知挂帅人。")
