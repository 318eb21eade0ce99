"""The forms of an approval: one per kind of stage and role."""

from marshmallow import Schema, fields, validate

from workflows.domain.terms import APPROVAL_RESULTS
from workflows.steps.inputs import (
    TaskForm,
    files,
    line,
    opinion,
    paragraph,
    yes_or_no,
)


def _count(label: str, *, least: int = 0) -> fields.Integer:
    return fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(least, 1000),
        metadata={"label": label, "unit": "人"},
    )


class SignForm(TaskForm):
    """会签."""

    decision = fields.String(
        required=True,
        validate=validate.OneOf(list(APPROVAL_RESULTS), labels=list(APPROVAL_RESULTS.values())),
        metadata={"label": "决定", "help": "退回：修改后重新报批；否决：到此为止。两者都须写明理由。"},
    )
    opinion = opinion("意见")


class FinanceForm(SignForm):
    """职能会审：财务."""

    budget_ok = yes_or_no("经费", "已落实", "没有落实")
    reward_source = fields.String(
        load_default="", validate=validate.Length(max=200), metadata={"label": "激励资金来源"}
    )


class HrForm(SignForm):
    """职能会审：人力资源."""

    pool_ok = yes_or_no("激励额度", "在额度之内", "超出额度")


class HseForm(SignForm):
    """职能会审：安全环保."""

    safety_conditions = fields.String(
        load_default="",
        validate=validate.Length(max=2000),
        metadata={"label": "安全条件", "widget": "textarea"},
    )


class PartyForm(SignForm):
    """党政联签：党组织书记."""

    opinion = opinion("政治把关意见")


class AdminForm(SignForm):
    """党政联签：行政主要负责人."""

    opinion = opinion("业务可行意见")


class MeetingForm(SignForm):
    """集体决策, as the body's secretary records it."""

    meeting_no = line("会议编号", longest=60)
    held_on = fields.Date(required=True, metadata={"label": "会议日期"})
    should = _count("应到", least=1)
    present = _count("实到", least=1)
    in_favour = _count("同意")
    against = _count("反对")
    abstain = _count("弃权")
    resolution = paragraph("决议", least=2, longest=2000)
    minutes = files("会议纪要", required=True)


class SuperiorForm(SignForm):
    """报油田备案、审批: the office records the reply."""

    reply_no = line("批复文号", longest=60)
    reply = files("批复文件", required=True)


OF_ROLE = {"finance": FinanceForm, "hr": HrForm, "hse": HseForm}
OF_SIDE = {"party_secretary": PartyForm, "admin_head": AdminForm}
OF_STAGE = {"party_committee": MeetingForm, "exec_meeting": MeetingForm, "superior": SuperiorForm}


def form_of(stage: str, role: str) -> type[Schema]:
    """The form of a signer in a stage (code of table approval_route)."""
    if stage == "functional":
        return OF_ROLE.get(role, SignForm)
    if stage in ("dual", "unit_dual"):
        return OF_SIDE.get(role, SignForm)
    return OF_STAGE.get(stage, SignForm)
