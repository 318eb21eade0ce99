"""bpmn/change: changes of a project, and who answers for one that came to nothing."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import (
    action_items,
    change_effects,
    change_terms,
    changes,
    due_diligence,
    handovers,
    projects,
    rules,
)
from workflows.engine.registry import Act, Started, Vote, human_step, service_step, start
from workflows.models import ChangeKind, ChangeRequest, Project, User
from workflows.steps.change_forms import (
    ChangeStart,
    DiligenceForm,
    ExpertsForm,
    HandoverForm,
    JoinForm,
    OpinionForm,
)

Data = Mapping[str, Any]
NOT_YET: dict[str, Any] = {
    "publicity_id": None,
    "publicity_result": None,
    "approval_result": None,
    "joining_result": None,
    "liability": None,
    "moved_item_ids": [],
}  # known from the start, so that the called processes set them for all


@start("change", title="申请变更", form=ChangeStart)
def begin(session: Session, actor: User, values: Data) -> Started:
    change = changes.request(session, values, actor=actor)
    project = change.project
    data = {**projects.variables(project), **NOT_YET, **change_terms.route_facts(session, change)}
    data |= {
        "change_id": change.id,
        "new_leader_id": change.after.get("leader_id"),
        "joining_ids": change_terms.joining(change),
        "change_opinion": "agreed",  # unless experts are asked and say otherwise
        "publicity_subject": f"change:{change.id}",
        "publicity_workdays": rules.days(session, "leader_change_workdays", at=project.rules_at),
    }
    title = f"{changes.KINDS[ChangeKind(change.kind)]} · {project.challenge.title}"
    return Started(title, f"/changes/{change.id}", data)


def about(session: Session, data: Data) -> ChangeRequest:
    return session.get_one(ChangeRequest, data["change_id"])


@service_step("change.check")
def check(session: Session, data: Data) -> dict[str, Any]:
    return {"change_possible": changes.check(session, about(session, data))}


@service_step("change.find_experts")
def find_experts(session: Session, data: Data) -> dict[str, Any]:
    wanted = _wanted(session, data)
    found = changes.find_experts(session, about(session, data), wanted=wanted)
    ratio = rules.setting(session, "change_opinion_ratio", at=data["rules_at"])
    few = len(found) < wanted
    return {"opinion_expert_ids": found, "experts_are_few": few, "opinion_ratio": ratio}


def _wanted(session: Session, data: Data) -> int:
    return rules.days(session, "change_experts", at=data["rules_at"])


def _found(_session: Session, data: Data, _actor: User) -> dict[str, Any]:
    return {"experts": [{"user_id": one} for one in data["opinion_expert_ids"]]}


@human_step("change.name_experts", title="指定论证专家", form=ExpertsForm, about=about, prefill=_found)
def name_experts(act: Act) -> dict[str, Any]:
    ids = [row["user_id"] for row in act.values["experts"]]
    wanted = _wanted(act.session, act.data)
    changes.name_experts(act.session, about(act.session, act.data), ids, wanted=wanted, actor=act.actor)
    return {"opinion_expert_ids": ids}


@human_step("change.opinion", title="变更论证", form=OpinionForm, about=about)
def opinion(act: Act) -> Vote:
    said = {name: act.values[name] for name in ("agree", "opinion")}
    changes.say(about(act.session, act.data), actor=act.actor, **said)
    return Vote(agree=act.values["agree"])


@service_step("change.set_route")
def set_route(session: Session, data: Data) -> dict[str, Any]:
    change = about(session, data)
    return {
        "approval_kind": "change",
        "approval_subject": f"change:{change.id}",
        "approval_amount_fen": change.after.get("budget_fen", change.project.budget_fen),
        "approval_unit_id": data["sponsor_unit_id"],
        "approval_stages": data["change_route"]["stages"],
    }


@human_step("change.confirm_member", title="新成员确认", form=JoinForm, about=about)
def confirm_member(act: Act) -> Vote:
    return Vote(agree=act.values["accept"])


@human_step("change.handover", title="换帅交接", form=HandoverForm, about=about)
def hand_over(act: Act) -> Vote:
    is_new = act.item.seq > 0
    handovers.sign(
        act.session, about(act.session, act.data), is_new=is_new, values=act.values, actor=act.actor
    )
    return Vote(agree=True)


@service_step("change.apply")
def apply(session: Session, data: Data) -> dict[str, Any]:
    change = about(session, data)
    effect = change_effects.apply(session, change)
    told = {"change_effect": effect, "leader_id": change.project.leader_id}
    if change.kind == ChangeKind.LEADER and effect != change_effects.VOID:
        old, new = change.before["leader_id"], change.after["leader_id"]
        moved = action_items.hand_to(session, change.project_id, from_id=old, to_id=new)
        told |= {"moved_item_ids": moved, "owner_id": new}
    return told


@service_step("change.reject")
def reject(session: Session, data: Data) -> None:
    change = about(session, data)
    changes.reject(session, change, outcome=_outcome(change, data))


def _outcome(change: ChangeRequest, data: Data) -> str:
    """Why it was not agreed to, in the order in which the process asks."""
    refused = [one["message"] for one in change.findings if one["severity"] == "refuse"]
    if not data["change_possible"]:
        return " ".join(refused)
    if data["change_opinion"] != "agreed":
        return "专家论证未通过。"
    if data["approval_result"] != "agreed":
        return "审批否决。" if data["approval_result"] == "rejected" else "审批退回，请修改后重新申请。"
    if data["joining_result"] == "rejected":
        return "新成员没有同意加入。"
    if data["publicity_result"] in ("upheld", "partly"):
        return "公示期间的异议成立。"
    return "项目当前的状态已不能办理这项变更。"


def project_of(session: Session, data: Data) -> Project:
    return session.get_one(Project, data["project_id"])


@human_step("due_diligence.assess", title="尽职免责认定", form=DiligenceForm, about=project_of)
def assess(act: Act) -> Vote:
    project = project_of(act.session, act.data)
    due_diligence.assess(act.session, project, role=act.item.role, values=act.values, actor=act.actor)
    return Vote()


@service_step("due_diligence.conclude")
def conclude(session: Session, data: Data) -> dict[str, Any]:
    return {"liability": due_diligence.conclude(session, project_of(session, data))}
