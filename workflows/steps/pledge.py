"""bpmn/pledge: from the award to the kick-off: the pledge signed, the dates planned, the first money released."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows.domain import funds, plans, pledges, projects, races
from workflows.engine.registry import Act, Started, Vote, human_step, message_start, round_end, service_step
from workflows.engine.tables import WorkItem
from workflows.errors import Invalid
from workflows.models import Meeting, Pledge, Project, User
from workflows.steps import rules as rules_of
from workflows.steps.pledge_forms import (
    AnswerTermsForm,
    CheckForm,
    ConfirmPlanForm,
    PaymentForm,
    PlanForm,
    SignForm,
    TermsForm,
)

NOT_YET = {
    "sign_outcome": None,
    "meeting_id": None,
}  # known from the start, so that called processes set them


@message_start("pledge")
def begin(session: Session, payload: Mapping[str, Any]) -> Started:
    project = session.get_one(Project, payload["project_id"])
    data = {**projects.variables(project), **NOT_YET}
    return Started(title_of(project), f"/projects/{project.id}", data)


def title_of(project: Project) -> str:
    """What the processes of a project are called in the task centre."""
    return f"{project.challenge.title} · {project.unit.name} {project.leader.name}"


def project_of(session: Session, data: Mapping[str, Any]) -> Project:
    """The project that a process is about."""
    return session.get_one(Project, data["project_id"])


def about(session: Session, data: Mapping[str, Any]) -> Pledge:
    return pledges.of(session, data["project_id"])


@service_step("pledge.draft")
def draft(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    pledge = pledges.draft(session, project_of(session, data))
    return {"remind_at": pledge.remind_at, "lapse_at": pledge.lapse_at, "sign_stage": {}}


def _terms(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    pledge = about(session, data)
    return {name: getattr(pledge, name) for name in pledges.TERMS}


@human_step("pledge.negotiate", title="条款确认", form=TermsForm, about=about, prefill=_terms)
def negotiate(act: Act) -> None:
    pledges.negotiate(act.session, about(act.session, act.data), values=act.values, actor=act.actor)


@human_step("pledge.answer_terms", title="发榜单位确认条款", form=AnswerTermsForm, about=about)
def answer_terms(act: Act) -> dict[str, Any]:
    expect_reason(act, act.values["agree"])
    pledges.answer_terms(about(act.session, act.data), agree=act.values["agree"], actor=act.actor)
    return {"terms_agreed": act.values["agree"]}


@human_step("pledge.check", title="法务财务审核", form=CheckForm, about=about)
def check(act: Act) -> Vote:
    expect_reason(act, act.values["passed"])
    pledges.check(about(act.session, act.data), actor=act.actor)
    return Vote(agree=act.values["passed"])


@round_end("pledge.check")
def end_check(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    pledge = about(session, data)
    pledges.end_check(pledge, passed=data["round_result"] == "agreed")
    return {"sign_stage": {"policy": "sequential", "signers": pledges.signers(session, pledge)}}


@human_step("pledge.sign", title="签署军令状", form=SignForm, about=about)
def sign(act: Act) -> Vote:
    signer = signer_of(act.session, act.data["sign_stage"], act.item)
    capacity = signer["capacity"] if signer else f"加签 {act.actor.name}"
    how = {"agree": act.values["sign"], "opinion": act.values["opinion"], "actor": act.actor}
    pledges.sign(act.session, about(act.session, act.data), capacity=capacity, **how)
    return Vote(agree=act.values["sign"])


@round_end("pledge.sign")
def end_signing(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"sign_outcome": pledges.end_signing(about(session, data))}


def signer_of(session: Session, stage: Mapping[str, Any], item: WorkItem) -> Mapping[str, Any] | None:
    """The signer of ``stage`` that ``item`` was made for; None for one that was added to the round since.

    Items are made in the order of the signers; what is added or handed on later changes no earlier id.
    """
    earlier = select(func.count()).where(WorkItem.round_id == item.round_id, WorkItem.id < item.id)
    place = session.execute(earlier).scalar_one()
    signers: list[Mapping[str, Any]] = stage["signers"]
    return signers[place] if place < len(signers) else None


@service_step("pledge.remind")
def remind(session: Session, data: Mapping[str, Any]) -> None:
    pledges.remind(session, about(session, data))


@service_step("pledge.give_up")
def give_up(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    pledge = about(session, data)
    reserve = pledges.give_up(session, pledge)
    if reserve is not None:
        return {"has_reserve": True, **projects.variables(reserve)}
    settled = races.settle_if_done(session, pledge.project.challenge)
    return {"has_reserve": False, "race_settled": settled}


@service_step("pledge.seal")
def seal(session: Session, data: Mapping[str, Any]) -> None:
    pledges.seal(session, about(session, data))


@service_step("pledge.propose_plan")
def propose_plan(session: Session, data: Mapping[str, Any]) -> None:
    plans.propose(session, project_of(session, data))


def _plan(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    return {
        "rows": [
            {"milestone_id": one.id, "plan_start": one.plan_start, "plan_due": one.plan_due}
            for one in project_of(session, data).milestones
        ]
    }


@human_step("pledge.plan", title="倒排工期", form=PlanForm, about=project_of, prefill=_plan)
def plan(act: Act) -> None:
    plans.adjust(act.session, project_of(act.session, act.data), rows=act.values["rows"], actor=act.actor)


@human_step("pledge.confirm_plan", title="确认工期", form=ConfirmPlanForm, about=project_of)
def confirm_plan(act: Act) -> dict[str, Any]:
    expect_reason(act, act.values["agree"])
    plans.confirm(project_of(act.session, act.data), agree=act.values["agree"], actor=act.actor)
    return {"plan_agreed": act.values["agree"]}


@human_step("pledge.fund", title="首拨", form=PaymentForm, about=project_of)
def fund(act: Act) -> None:
    how = {"paid_on": act.values["paid_on"], "voucher": act.values["voucher"], "actor": act.actor}
    funds.release_first(act.session, project_of(act.session, act.data), **how)


@service_step("pledge.call_kickoff")
def call_kickoff(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    due = rules_of.deadline(session, "kickoff_workdays", data)
    return meeting_about(project_of(session, data), kind="kickoff") | {"meeting_due": due}


def meeting_about(project: Project, *, kind: str) -> dict[str, Any]:
    """The variables with which a meeting on a project is called; its two leads chair."""
    return {
        "meeting_kind": kind,
        "meeting_subject": f"project:{project.id}",
        "meeting_due": None,
        "chair_ids": list(dict.fromkeys([project.party_lead_id, project.admin_lead_id])),
        "meeting_id": None,
    }


@service_step("pledge.start_project")
def start_project(session: Session, data: Mapping[str, Any]) -> None:
    held_on = session.get_one(Meeting, data["meeting_id"]).held_on
    projects.start(project_of(session, data), started_on=held_on)


def expect_reason(act: Act, agree: bool) -> None:
    """Raises Invalid for a refusal without a reason."""
    if not agree and not act.values["opinion"].strip():
        raise Invalid({"opinion": ["退回时请写明理由。"]})
