"""The forms of meetings, action items and supervision orders (SP2)."""

from marshmallow import Schema, fields, validate

from workflows.domain.meetings import KINDS, ON_DEMAND
from workflows.steps.inputs import (
    ExactDecimal,
    TaskForm,
    files,
    identity,
    line,
    opinion,
    row_count,
)


class PersonRow(Schema):
    user_id = identity("人员", "person")


def people(label: str, *, required: bool = True, help: str = "") -> fields.List[dict[str, int]]:
    """A table of people, one a row."""
    return fields.List(
        fields.Nested(PersonRow),
        required=required,
        validate=row_count(1 if required else 0, 60),
        metadata={"label": label, "help": help},
    )


def text(label: str, *, longest: int = 4000, help: str = "") -> fields.String:
    """A required text of several lines."""
    filled = [validate.Length(1, longest), validate.Regexp(r"(?s).*\S", error="请填写内容。")]
    return fields.String(
        required=True, validate=filled, metadata={"label": label, "widget": "textarea", "help": help}
    )


class MeetingStart(Schema):
    """发起会议."""

    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(ON_DEMAND), labels=[KINDS[one] for one in ON_DEMAND]),
        metadata={"label": "会议类别"},
    )
    project_id = identity("项目", "project", required=False, help="全厂性会议不填。")
    chairs = people("主持人", help="纪要由其中一人签发。")


class CallForm(TaskForm):
    """通知."""

    agenda = text("议题")
    place = line("地点", longest=80)
    planned_at = fields.AwareDateTime(required=True, metadata={"label": "时间"})
    attendees = people("参会人员", help="材料应在会前一个工作日发给参会人员。")


class DecisionRow(Schema):
    text = line("决定", longest=500)


class ItemRow(Schema):
    what = line("事项", longest=500)
    owner_id = identity("责任人", "person")
    due_on = fields.Date(required=True, metadata={"label": "完成日期"})


class HoldForm(TaskForm):
    """纪要."""

    held_on = fields.Date(required=True, metadata={"label": "召开日期"})
    present = people("到会人员")
    summary = text("会议情况", longest=20000)
    decisions = fields.List(
        fields.Nested(DecisionRow),
        load_default=list,
        validate=row_count(0, 50),
        metadata={"label": "会议决定"},
    )
    items = fields.List(
        fields.Nested(ItemRow),
        load_default=list,
        validate=row_count(0, 50),
        metadata={"label": "督办事项", "help": "纪要签发后逐项交办，办结后由办公室销号。"},
    )
    minutes = files("会议纪要附件")


class AssessmentForm(HoldForm):
    """纪要 of a 考核会."""

    score = ExactDecimal(
        required=True,
        validate=validate.Range(0, 100),
        metadata={"label": "考核得分", "unit": "分"},
    )
    opinion = opinion("考核意见", required=True)


class SignForm(TaskForm):
    """主持人签发."""

    agree = fields.Boolean(
        required=True,
        metadata={"label": "结论", "widget": "radio", "choices": [("true", "签发"), ("false", "退回修改")]},
    )
    opinion = opinion("意见", help="退回修改时必填。")


class ReportForm(TaskForm):
    """反馈办理情况."""

    feedback = text("办理情况")
    evidence = files("佐证材料")


class CloseForm(TaskForm):
    """销号."""

    agree = fields.Boolean(
        required=True,
        metadata={"label": "结论", "widget": "radio", "choices": [("true", "销号"), ("false", "退回再办")]},
    )
    opinion = opinion("意见", help="退回再办时必填。")


class OrderForm(Schema):
    """督办."""

    project_id = identity("项目", "project", required=False, help="与项目无关的不填。")
    what = text("督办事项", longest=500)
    owner_id = identity("责任人", "person")
    due_on = fields.Date(required=True, metadata={"label": "完成日期"})
