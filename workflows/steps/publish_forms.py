"""The forms of publication (P2): the posting, its amendment, what becomes of a failed list."""

from marshmallow import Schema, fields, validate

from workflows.domain.terms import LISTING_ACTIONS, MODES
from workflows.models import Category, Mode
from workflows.steps.inputs import (
    LARGEST_FEN,
    LARGEST_ID,
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


def _money_or_none(label: str, *, help: str) -> fields.Integer:
    return fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(0, LARGEST_FEN),
        metadata={"label": label, "widget": "money", "help": help},
        error_messages={"invalid": "请填写不为负的金额，最多六位小数。"},
    )


class IndicatorRow(Schema):
    name = line("指标", longest=60)
    measure = line("计量单位", longest=20)
    baseline = measured("基线")
    op = fields.String(required=True, validate=validate.OneOf(["≥", "≤", "="]), metadata={"label": "方向"})
    target = measured("目标")
    weight = ExactDecimal(validate=validate.Range(0, 1000, min_inclusive=False), metadata={"label": "权重"})
    data_source = fields.String(
        load_default="", validate=validate.Length(max=120), metadata={"label": "数据来源"}
    )
    verifier_unit_id = identity("核验部门", "unit")
    hard = fields.Boolean(load_default=False, metadata={"label": "否决性指标"})


class PostForm(Schema):
    """A challenge as the office posts it; its level follows from table challenge_level."""

    category = opens(
        "基本情况",
        fields.String(
            required=True,
            validate=validate.OneOf([one.value for one in Category]),
            metadata={"label": "类别"},
        ),
    )
    title = line("榜单名称", least=2, longest=120)
    background = paragraph("背景", least=2, help="现场情况、要解决的问题。")
    boundary = paragraph("边界", required=False, help="不做什么。")
    conditions = paragraph("提供的条件", required=False, help="发榜单位提供的数据、设备、人员等。")
    indicators = opens(
        "指标",
        fields.List(
            fields.Nested(IndicatorRow),
            required=True,
            validate=row_count(1, 20),
            metadata={"label": "指标表", "help": "每项指标写明从多少到多少、由谁核验。"},
        ),
    )
    sponsor_unit_id = opens("责任单位与责任人", identity("发榜单位", "unit"))
    party_lead_id = identity("党组织责任人", "person")
    admin_lead_id = identity("行政责任人", "person")
    bid_to = opens(
        "时间与经费",
        fields.Date(
            load_default=None,
            allow_none=True,
            metadata={
                "label": "揭榜截止日",
                "help": "当日 24:00 截止，以服务器时间为准；不填则自发布之日起算默认的揭榜期。",
            },
        ),
    )
    deadline = fields.Date(required=True, metadata={"label": "完成期限"})
    budget_fen = money("经费预算")
    est_benefit_fen = _money_or_none("预期年净效益", help="没有可计量效益的不填。")
    cross_units = opens(
        "定级与揭榜方式",
        fields.Integer(
            load_default=1,
            strict=True,
            validate=validate.Range(1, 1000),
            metadata={"label": "涉及单位数"},
        ),
    )
    strategic = fields.Boolean(load_default=False, metadata={"label": "战略性"})
    safety_critical = fields.Boolean(load_default=False, metadata={"label": "涉及安全关键"})
    mode = fields.String(
        load_default=Mode.SINGLE.value,
        validate=validate.OneOf(list(MODES), labels=list(MODES.values())),
        metadata={"label": "揭榜方式"},
    )
    max_winners = fields.Integer(
        load_default=1,
        strict=True,
        validate=validate.Range(1, 20),
        metadata={"label": "中榜团队数", "help": "只用于一榜多揭。"},
    )
    # The last one: from here on the name means the field in this class.
    fields = opens(
        "基本情况",
        fields.List(  # type: ignore[assignment]  # marshmallow keeps declared fields elsewhere
            fields.String(validate=validate.Length(1, 30)),
            load_default=list,
            validate=validate.Length(max=10),
            metadata={"label": "专业领域", "help": "不填则所有评审专家都算本专业。"},
        ),
    )


class ReviseForm(PostForm, TaskForm):
    """修改榜单: after the approval returned it."""


class AmendForm(Schema):
    """变更公告."""

    challenge_id = identity("榜单", "hidden")
    notice = paragraph("变更内容", least=2, longest=1000, help="通知已在编制或递交申报的团队。")
    reason = paragraph("理由", least=2, longest=500)
    bid_to = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": "新的截止日", "help": "不填则不变；离截止太近时自动顺延。"},
    )


class WithdrawForm(Schema):
    """撤榜."""

    challenge_id = identity("榜单", "hidden")
    reason = paragraph("理由", least=2, longest=500)


class ConsultForm(TaskForm):
    """流标：发榜单位意见."""

    opinion = opinion("发榜单位意见", required=True, help="为什么没有团队揭榜，建议怎样处置。")


class TargetRow(Schema):
    indicator_id = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(1, LARGEST_ID),
        metadata={"label": "指标", "widget": "indicator"},
    )
    target = measured("新的目标")


class NoBidForm(TaskForm):
    """流标处置."""

    action = fields.String(
        required=True,
        validate=validate.OneOf(list(LISTING_ACTIONS), labels=list(LISTING_ACTIONS.values())),
        metadata={"label": "处置"},
    )
    bid_to = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": "新的截止日", "help": "重新发榜时用；不填则按默认的揭榜期。"},
    )
    deadline = fields.Date(
        load_default=None,
        allow_none=True,
        metadata={"label": "新的完成期限", "help": "重新发榜时用；不填则不变。"},
    )
    fixed_award_fen = _money_or_none("加赏后的固定奖", help="只用于加赏。")
    targets = fields.List(
        fields.Nested(TargetRow),
        load_default=list,
        validate=row_count(0, 20),
        metadata={"label": "降低后的目标", "help": "只用于降门槛。"},
    )
    invited_ids = fields.List(
        identity("人员", "person"),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={
            "label": "受邀的挂帅人",
            "help": "只用于定向邀榜。",
            "placeholder": "每行一人，填写登录名或姓名",
        },
    )
    leader_id = identity("指派的挂帅人", "person", required=False, help="只用于指派专班。")
    opinion = opinion("处置理由", required=True)
