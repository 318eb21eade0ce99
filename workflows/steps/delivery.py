"""bpmn/delivery: the nodes of a project one after another, its suspension and its end."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import funds, milestones, notices, projects, races, rag, reports, rules
from workflows.engine.registry import Act, Started, Vote, human_step, message_start, round_end, service_step
from workflows.engine.tables import WorkItem
from workflows.models import Milestone, MilestoneState, Project, ProjectState, User
from workflows.steps import rules as rules_of
from workflows.steps.delivery_forms import (
    AgreeForm,
    ConfirmReviewForm,
    RectifyForm,
    ReleaseForm,
    ReturnForm,
    ReviewForm,
    SubmitForm,
    VerifyForm,
)
from workflows.steps.pledge import expect_reason, meeting_about, project_of, signer_of, title_of

NOT_YET: dict[str, Any] = {
    "milestone_id": None,
    "next_step": None,
    "node_due": None,
    "rectify_due": None,
    "verify_stage": {},
    "light_cause": None,
    "meeting_id": None,
    "node_score": None,
    "review": {},
    "is_liable": False,
}  # known from the start, so that the called processes set them for all


@message_start("delivery")
def begin_delivery(session: Session, payload: Mapping[str, Any]) -> Started:
    project = session.get_one(Project, payload["project_id"])
    every = rules.days(session, "report_days", at=project.rules_at)
    data = {**projects.variables(project), **NOT_YET, "report_cycle": f"R/P{every}D"}
    return Started(title_of(project), f"/projects/{project.id}", data)


@message_start("light")
def begin_light(session: Session, payload: Mapping[str, Any]) -> Started:
    project = session.get_one(Project, payload["project_id"])
    data = {**projects.variables(project), "light_cause": payload["light_cause"]}
    return Started(title_of(project), f"/projects/{project.id}", data)


@message_start("help_meeting")
def begin_help(session: Session, payload: Mapping[str, Any]) -> Started:
    project = session.get_one(Project, payload["project_id"])
    data = {**projects.variables(project), **meeting_about(project, kind="coordination")}
    data["meeting_due"] = rules_of.deadline(session, "help_workdays", data)
    return Started(title_of(project), f"/projects/{project.id}", data)


@message_start("race_ranking")
def begin_ranking(session: Session, payload: Mapping[str, Any]) -> Started:
    node = session.get_one(Milestone, payload["milestone_id"])
    title = f"赛马排名 · {node.project.challenge.title} · {node.name}"
    data = {"challenge_id": payload["challenge_id"], "milestone_id": node.id, "project_id": None}
    return Started(title, f"/challenges/{payload['challenge_id']}", data)


def node_of(session: Session, data: Mapping[str, Any]) -> Milestone:
    """The node at work."""
    return session.get_one(Milestone, data["milestone_id"])


@service_step("delivery.begin")
def begin(session: Session, data: Mapping[str, Any]) -> None:
    project = project_of(session, data)
    projects.move(session, project, ProjectState.RUNNING, out_of=[ProjectState.INITIATING])


@service_step("delivery.next_step")
def next_step(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    project = project_of(session, data)
    milestone, step = milestones.next_step(session, project)
    where: dict[str, Any] = {"next_step": step, "milestone_id": None, "leader_id": project.leader_id}
    if milestone is None:
        return where
    milestones.take_up(milestone)
    where |= {"milestone_id": milestone.id, "node_due": _due(milestone)}
    if step == milestones.RECTIFY:
        where["rectify_due"] = clock.end_of(milestones.rectify_by(session, milestone))
    if step == milestones.VERIFY:
        where["verify_stage"] = _verify_stage(session, project)
    return where


def _due(milestone: Milestone) -> Any:
    return clock.end_of(milestone.cur_due) if milestone.cur_due else None


def _verify_stage(session: Session, project: Project) -> dict[str, Any]:
    return {"policy": "all", "signers": milestones.verifiers(session, project)}


def _values(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    """Every indicator of the project, to be filled in."""
    indicators = project_of(session, data).challenge.indicators
    return {"values": [{"indicator_id": one.id} for one in indicators]}


@human_step("delivery.work", title="节点攻坚与提交", form=SubmitForm, about=node_of, prefill=_values)
def work(act: Act) -> dict[str, Any]:
    milestones.submit(act.session, node_of(act.session, act.data), values=act.values, actor=act.actor)
    return {"verify_stage": _verify_stage(act.session, project_of(act.session, act.data))}


@service_step("delivery.ask_report")
def ask_report(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    reports.ask(session, project_of(session, data))
    return {"light_cause": "period"}


@service_step("delivery.overdue")
def overdue(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    project = project_of(session, data)
    text = f"“{project.challenge.title}”的节点“{node_of(session, data).name}”已到期，请尽快提交。"
    notices.send(session, project.leader_id, text=text, link=f"/projects/{project.id}", kind="late")
    return {"light_cause": "overdue"}


@service_step("delivery.refresh_light")
def refresh_light(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    project = project_of(session, data)
    projects.hold(session, project)  # of two checks at once, one turns it red
    turned_red = rag.refresh(session, project, ends_period=data["light_cause"] == "period")
    watches = data["light_cause"] == "overdue" and not turned_red
    light_at = rag.changes_at(session, project) if watches else None
    return {"turned_red": turned_red, "light_at": light_at}


def _verify_form(session: Session, data: Mapping[str, Any], item: WorkItem) -> type[Schema]:
    return VerifyForm if _indicator_ids(session, data, item) else AgreeForm


def _indicator_ids(session: Session, data: Mapping[str, Any], item: WorkItem) -> list[int]:
    """The indicators that an item of the verification is for; none for the sponsor's and for added ones."""
    signer = signer_of(session, data["verify_stage"], item)
    return list(signer["indicator_ids"]) if signer else []


@human_step("delivery.verify", title="节点核验", form=AgreeForm, about=node_of, form_of=_verify_form)
def verify(act: Act) -> Vote:
    mine = _indicator_ids(act.session, act.data, act.item)
    node = node_of(act.session, act.data)
    agree = milestones.verify(act.session, node, indicator_ids=mine, values=act.values, actor=act.actor)
    return Vote(agree=agree)


@round_end("delivery.verify")
def end_verification(session: Session, data: Mapping[str, Any]) -> None:
    milestones.end_verification(session, node_of(session, data))


@service_step("delivery.call_assessment")
def call_assessment(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    about = meeting_about(project_of(session, data), kind="assessment")
    return {**about, "meeting_subject": f"milestone:{data['milestone_id']}", "node_score": None}


@service_step("delivery.weigh")
def weigh(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return milestones.facts(session, node_of(session, data), score=Decimal(data["node_score"]))


@service_step("delivery.settle")
def settle(session: Session, data: Mapping[str, Any]) -> None:
    outcome, score = data["node_action"], Decimal(data["node_score"])
    milestones.settle(session, node_of(session, data), score=score, outcome=outcome)


@service_step("delivery.rank_teams")
def rank_teams(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    beaten = milestones.eliminate_last(session, node_of(session, data))
    return {"project_id": beaten and beaten.id}


@human_step("delivery.release", title="节点拨付", form=ReleaseForm, about=node_of)
def release(act: Act) -> None:
    how = {"paid_on": act.values["paid_on"], "voucher": act.values["voucher"], "actor": act.actor}
    funds.release_node(act.session, node_of(act.session, act.data), **how)


@human_step("delivery.rectify", title="节点整改", form=RectifyForm, about=node_of)
def rectify(act: Act) -> None:
    milestones.rectify(act.session, node_of(act.session, act.data), actor=act.actor)


@human_step("delivery.review", title="终止或换帅评估", form=ReviewForm, about=node_of)
def review(act: Act) -> dict[str, Any]:
    told = {"decision": act.values["decision"], "new_due": act.values["new_due"]}
    milestones.check_review(node_of(act.session, act.data), **told, actor=act.actor)
    return {"review": told}


@human_step("delivery.confirm_review", title="确认评估结论", form=ConfirmReviewForm, about=node_of)
def confirm_review(act: Act) -> None:
    expect_reason(act, act.values["agree"])
    if act.values["agree"]:
        node = node_of(act.session, act.data)
        milestones.decide_review(act.session, node, **act.data["review"], actor=act.actor)


@service_step("delivery.suspend")
def suspend(session: Session, data: Mapping[str, Any]) -> None:
    project = project_of(session, data)
    projects.move(session, project, ProjectState.SUSPENDED, out_of=projects.AT_WORK)


@service_step("delivery.resume")
def resume(session: Session, data: Mapping[str, Any]) -> None:
    project = project_of(session, data)
    is_conditional = any(one.state == MilestoneState.CONDITIONAL for one in project.milestones)
    state = ProjectState.RECTIFYING if is_conditional else ProjectState.RUNNING
    projects.move(session, project, state, out_of=[ProjectState.SUSPENDED])


@service_step("delivery.terminate")
def terminate(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    project = project_of(session, data)
    before = (*projects.AT_WORK, ProjectState.SUSPENDED)
    projects.move(session, project, ProjectState.TERMINATED, out_of=before)
    return {"is_liable": project.liability == "liable"}


@service_step("delivery.follow_change")
def follow_change(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    project = project_of(session, data)
    told: dict[str, Any] = {"leader_id": project.leader_id}
    if data["milestone_id"] is not None:
        told["node_due"] = _due(node_of(session, data))
    rag.ease(session, project)
    return told


@service_step("delivery.leave_race")
def leave_race(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    settled = bool(data["is_race"]) and races.settle_if_done(session, project_of(session, data).challenge)
    return {"race_settled": settled}


@human_step("delivery.return_funds", title="经费清算", form=ReturnForm, about=project_of)
def return_funds(act: Act) -> None:
    how = {"spent_fen": act.values["spent_fen"], "paid_on": act.values["paid_on"], "actor": act.actor}
    funds.give_back(act.session, project_of(act.session, act.data), **how)


@service_step("delivery.hand_over")
def hand_over(session: Session, data: Mapping[str, Any]) -> None:
    project = project_of(session, data)
    projects.move(session, project, ProjectState.ACCEPTING, out_of=projects.AT_WORK)
