"""The forms of a public notice and its objections (P5)."""

from marshmallow import Schema, fields

from workflows.domain import objections
from workflows.steps.inputs import (
    TaskForm,
    choice,
    files,
    identity,
    opens,
    opinion,
    paragraph,
)

CHOICES = [(str(code), name) for code, name in objections.OUTCOMES.items()]
MORE_TIME = "more_time"


class ObjectForm(Schema):
    """提出异议."""

    publicity_id = identity("公示", "hidden")
    is_named = fields.Boolean(
        required=True,
        metadata={
            "label": "署名",
            "section": "署名",
            "widget": "radio",
            "choices": [("true", "实名"), ("false", "匿名")],
            "help": "实名异议必须受理，并可以申请复核；匿名异议须写明可以查证的证据，不记录是谁提出的。",
        },
    )
    reason = opens("异议理由", paragraph("异议理由"))
    evidence = opens("证据", paragraph("证据或线索", required=False, help="匿名异议必填。"))
    files = files("证据附件", help="附件会留下上传人，匿名异议不能上传。")


class AcceptForm(TaskForm):
    """受理异议."""

    accepted = fields.Boolean(
        required=True,
        metadata={
            "label": "是否受理",
            "widget": "radio",
            "choices": [("true", "受理"), ("false", "不予受理")],
            "help": "实名异议必须受理；受理后定论暂缓，直到异议办结。",
        },
    )
    opinion = opinion("理由", help="不予受理时必填。")


class InvestigateForm(TaskForm):
    """调查核实."""

    findings = paragraph("调查情况")
    conclusion = choice(
        "结论", [*CHOICES, (MORE_TIME, "需要延长调查")], help="多人调查以最重的结论为准；只能延长一次。"
    )


class ReplyForm(TaskForm):
    """书面答复."""

    letter = paragraph("答复", help="将告知提出人，并随公示公开；请勿写明提出人是谁。")


class AskReviewForm(TaskForm):
    """申请复核."""

    wants = fields.Boolean(
        required=True,
        metadata={
            "label": "是否申请复核",
            "widget": "radio",
            "choices": [("true", "申请"), ("false", "接受答复")],
        },
    )
    opinion = opinion("理由", help="申请复核时必填。")


class ReviewForm(TaskForm):
    """复核."""

    conclusion = choice("复核结论", CHOICES)
    opinion = opinion("复核意见", required=True)
