"""The forms of the acceptance (P8)."""

from marshmallow import Schema, fields, validate

from workflows.domain import verdicts
from workflows.domain.terms import RIGHT_KINDS
from workflows.steps.inputs import (
    LARGEST_FEN,
    TaskForm,
    files,
    identity,
    measured,
    opens,
    opinion,
    paragraph,
    points,
    row_count,
    yes_or_no,
)

MOST_ROWS = 20
MOST_UNITS = 60


def line(label: str, *, longest: int, required: bool = False, help: str = "") -> fields.String:
    """A text of one line."""
    metadata = {"label": label, "help": help}
    if not required:
        return fields.String(load_default="", validate=validate.Length(max=longest), metadata=metadata)
    filled = [validate.Length(1, longest), validate.Regexp(r"(?s).*\S", error="请填写内容。")]
    return fields.String(required=True, validate=filled, metadata=metadata)


def amount(label: str, *, least: int = 0, help: str = "") -> fields.Integer:
    """An amount of 分, typed in 万元, which may be left out."""
    return fields.Integer(
        load_default=None,
        allow_none=True,
        strict=True,
        validate=validate.Range(least, LARGEST_FEN),
        metadata={"label": label, "widget": "money", "help": help},
        error_messages={"invalid": "请填写金额，最多六位小数。"},
    )


class MeasuredRow(Schema):
    indicator_id = identity("指标", "indicator")
    measured = measured("实测值")


def _measured_rows(help: str) -> fields.List[object]:
    return fields.List(
        fields.Nested(MeasuredRow),
        required=True,
        validate=row_count(1, MOST_ROWS),
        metadata={"label": "指标实测值", "help": help},
    )


class RightRow(Schema):
    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(RIGHT_KINDS), labels=list(RIGHT_KINDS.values())),
        metadata={"label": "类别"},
    )
    title = line("名称", longest=120, required=True)
    number = line("编号", longest=60)


class ApplyForm(TaskForm):
    """自验, the application for acceptance."""

    report = opens("自验报告", files("自验报告", required=True))
    rows = opens("实测指标", _measured_rows("每项指标填写一行。"))
    claim_formula = opens(
        "效益", paragraph("效益计算公式", required=False, help="效益不可计量的榜单可以不填。")
    )
    claim_gross_fen = amount("年总效益")
    claim_cost_fen = amount("年成本")
    claim_period = line("计算期间", longest=60, help="例如：2027 年 1 月至 6 月。")
    rights = fields.List(
        fields.Nested(RightRow),
        load_default=list,
        validate=row_count(0, MOST_ROWS),
        metadata={"label": "知识产权", "help": "没有则不填。", "section": "成果与推广"},
    )
    rollout_advice = paragraph("推广建议", required=False)


class CheckFormForm(TaskForm):
    """资料审查."""

    complete = yes_or_no("验收资料", "齐全", "退回补正", help="退回时请写明需要补正的内容。")
    received_on = fields.Date(
        required=True, metadata={"label": "收到申请的日期", "help": "时效按这一天计算。"}
    )


class SupplementForm(TaskForm):
    """补正."""

    text = paragraph("补正说明")
    report = files("补正材料")


class VerifyForm(TaskForm):
    """指标核验."""

    rows = _measured_rows("每项由您核验的指标一行，填写核验的实测值。")
    remark = paragraph("核验说明", required=False, longest=1000)


class AuditForm(TaskForm):
    """财务核效."""

    method = paragraph("核算方法", longest=1000)
    gross_fen = amount("核定年总效益")
    cost_fen = amount("核定年成本")
    net_benefit_fen = amount(
        "核定年净效益", least=-LARGEST_FEN, help="可以为负；只有效益不可计量的榜单可以不填。"
    )
    remark = paragraph("说明", required=False, longest=1000)


class SafetyForm(TaskForm):
    """安全环保意见."""

    is_ok = yes_or_no("安全环保", "符合要求", "不符合要求")
    opinion = opinion("意见", required=True)


class SiteForm(TaskForm):
    """现场核查."""

    visited_on = fields.Date(required=True, metadata={"label": "核查日期"})
    is_ok = yes_or_no("现场情况", "与申请一致", "与申请不一致")
    findings = paragraph("核查情况", longest=1000)
    photos = files("现场照片", of="photos")


class ScoreForm(TaskForm):
    """验收会评分."""

    targets = points(verdicts.CRITERIA["targets"], "核验值与承诺值相比，否决性指标须全部达标。")
    tech = points(verdicts.CRITERIA["tech"], "解决了问题，技术先进、可靠。")
    benefit = points(verdicts.CRITERIA["benefit"], "财务核定的效益，以及安全、环保、管理上的收效。")
    papers = points(verdicts.CRITERIA["papers"], "资料齐全、数据可追溯，过程合规。")
    reach = points(verdicts.CRITERIA["reach"], "能在其他单位、其他场站应用。")
    remark = paragraph("评语", required=False, longest=1000)


class RectifyForm(TaskForm):
    """整改."""

    text = paragraph("整改情况")
    evidence = files("整改材料", required=True)


class ReacceptForm(TaskForm):
    """复验."""

    agree = yes_or_no("整改结果", "整改到位", "未整改到位", help="未整改到位的请写明理由。")


class CardForm(TaskForm):
    """成果卡."""

    title = line("成果名称", longest=120, required=True)
    summary = paragraph("成果简介")
    scope = paragraph("适用范围", required=False, longest=1000)
    keywords = line("关键词", longest=200, help="用顿号分开。")


class RolloutRow(Schema):
    unit_id = identity("推广单位", "unit")
    owner_id = identity("负责人", "person")
    due_on = fields.Date(required=True, metadata={"label": "完成日期"})


class RolloutForm(TaskForm):
    """推广计划."""

    rows = fields.List(
        fields.Nested(RolloutRow),
        load_default=list,
        validate=row_count(0, MOST_UNITS),
        metadata={"label": "推广任务", "help": "每个单位一行；暂不推广则不填。"},
    )
    share_meeting = fields.Boolean(
        load_default=False, metadata={"label": "召开交流会分享成果", "widget": "checkbox"}
    )


class RealisedForm(TaskForm):
    """后评价, by finance."""

    realised_fen = amount("实现的年净效益", least=-LARGEST_FEN, help="效益不可计量或没有数据时不填。")
    remark = paragraph("说明", required=False, longest=1000)


class UsageForm(TaskForm):
    """后评价, by the sponsor."""

    is_in_use = yes_or_no("成果", "仍在应用", "已停用")
    usage = paragraph("应用情况", longest=1000)
