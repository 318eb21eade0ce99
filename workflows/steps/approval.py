"""bpmn/approval: 审批, called by every process that needs one; its route comes from table approval_route."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import approvals
from workflows.domain.rules import days
from workflows.engine.registry import Act, Vote, human_step, round_end, service_step
from workflows.engine.tables import WorkItem
from workflows.models import Approval, ApprovalResult
from workflows.steps import approval_forms, rules
from workflows.steps.approval_forms import SignForm


@service_step("approval.open")
def begin(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    level = data.get("level")
    approval = approvals.begin(
        session,
        kind=data["approval_kind"],
        subject=data["approval_subject"],
        amount_fen=data["approval_amount_fen"],
        level=level,
        unit_id=data.get("approval_unit_id"),
        challenge_id=data.get("challenge_id"),
        project_id=data.get("project_id"),
    )
    stages = data.get("approval_stages")  # of a caller that has a table of its own
    return {"approval_id": approval.id, "approval_result": None, "level": level, "approval_stages": stages}


def about(session: Session, data: Mapping[str, Any]) -> Approval:
    return session.get_one(Approval, data["approval_id"])


@service_step("approval.set_route")
def set_route(session: Session, data: Mapping[str, Any]) -> None:
    route = data["approval_stages"] or data["approval_route"]
    approvals.set_route(session, about(session, data), route=route)


@service_step("approval.next_stage")
def next_stage(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    stage = approvals.next_stage(session, about(session, data))
    if stage is None:
        return {"stage": None, "approval_result": ApprovalResult.AGREED.value}
    signers = [{name: one[name] for name in ("role", "unit", "user")} for one in stage.signers]
    policy, workdays = approvals.policy_of(stage), _workdays(session, data, stage.approval)
    return {"stage": {"code": stage.code, "policy": policy, "signers": signers, "due_workdays": workdays}}


def _workdays(session: Session, data: Mapping[str, Any], approval: Approval) -> int | None:
    """发榜审批: the days of a stage, at most what is left of those that all of them have, at least one.

    None for other approvals: each stage has the days of its step.
    """
    usual = rules.due_workdays(session, "approval.sign", data)
    if approval.kind != "publish" or usual is None:
        return None
    whole = days(session, "publish_approval_workdays", at=rules.at(data))
    gone = calendar.workdays_between(session, clock.local(approval.opened_at).date(), clock.today())
    return max(1, min(usual, whole - gone))


def form_of(_session: Session, data: Mapping[str, Any], item: WorkItem) -> type[Schema]:
    return approval_forms.form_of(data["stage"]["code"], item.role)


@human_step(
    "approval.sign",
    title="会签",
    form=SignForm,
    about=about,
    form_of=form_of,
    agree_with={"decision": ApprovalResult.AGREED.value},
)
def sign(act: Act) -> Vote:
    approval = about(act.session, act.data)
    role, at = act.item.role, rules.at(act.data)
    decision = approvals.sign(act.session, approval, role=role, values=act.values, actor=act.actor, at=at)
    return Vote(agree=decision == ApprovalResult.AGREED)


@round_end("approval.sign")
def end_stage(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    is_agreed = data["round_result"] == "agreed"
    result = approvals.end_stage(session, about(session, data), is_agreed=is_agreed)
    return {} if is_agreed else {"approval_result": result.value}
