"""bpmn/selection: the opening of the bids, the vote on them, and what becomes of its result."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import (
    challenges,
    measures,
    notices,
    openings,
    papers,
    permissions,
    publicities,
    rules,
    selections,
)
from workflows.engine.registry import (
    Act,
    Started,
    Vote,
    human_step,
    message_start,
    round_end,
    service_step,
)
from workflows.engine.tables import WorkItem
from workflows.errors import Forbidden, Invalid
from workflows.models import Challenge, Panel, Project, Publicity
from workflows.steps import rules as keeping
from workflows.steps.selection_forms import (
    ConfirmVoteForm,
    MeasureForm,
    OpenForm,
    ReturnForm,
    VoteForm,
)

Data = Mapping[str, Any]
AGAIN = "again"


@message_start("selection")
def begin(session: Session, payload: Data) -> Started:
    challenge = session.get_one(Challenge, payload["challenge_id"])
    data = {
        "challenge_id": challenge.id,
        "level": challenge.level,
        "sponsor_unit_id": challenge.sponsor_unit_id,
        "rules_at": challenge.rules_at,
        "panel_subject": f"challenge:{challenge.id}",
    }
    return Started(challenge.title, f"/challenges/{challenge.id}", data)


def about(session: Session, data: Data) -> Challenge:
    return session.get_one(Challenge, data["challenge_id"])


def panel_of(session: Session, data: Data) -> Panel:
    return session.get_one(Panel, data["panel_id"])


def reviewed(session: Session, data: Data) -> papers.Papers:
    """What the panel has read, with names: for who votes on it, or decides on an objection."""
    return papers.named(session, panel_of(session, data))


@human_step("selection.open", title="开榜", form=OpenForm, about=about)
def open_seals(act: Act) -> Vote:
    if not act.values["confirmed"]:
        raise Invalid({"confirmed": ["请确认后再开榜。"]})
    expect_another(act)
    challenge = about(act.session, act.data)
    witness = act.values["witness"]
    openings.confirm(act.session, challenge, role=act.item.role, witness=witness, actor=act.actor)
    return Vote(agree=True)


def expect_another(act: Act) -> None:
    """Raises Forbidden for who has spoken in the round already: office and supervision are two people, not two roles."""
    said = select(WorkItem.id).where(
        WorkItem.round_id == act.item.round_id, WorkItem.done_by_id == act.actor.id
    )
    if act.session.scalar(said.limit(1)) is not None:
        raise Forbidden("办公室和纪委监督须由两人分别确认，您已经确认过，请由另一人办理。")


@service_step("selection.release_seal")
def release_seal(session: Session, data: Data) -> dict[str, Any]:
    challenges.release_seal(session, about(session, data))
    return {"gather_by": _gather_by(session, data)}


@service_step("selection.tell_late")
def tell_late(session: Session, data: Data) -> dict[str, Any]:
    challenge = about(session, data)
    for one in permissions.holders(session, "office", None):
        text = f"《{challenge.title}》的资格审查还没有全部完成，请督促各部门办理。"
        notices.send(session, one.id, text=text, link=f"/challenges/{challenge.id}", kind="late")
    return {"gather_by": _gather_by(session, data)}


def _gather_by(session: Session, data: Data) -> dt.datetime:
    return keeping.deadline(session, "gather_workdays", data)


@service_step("selection.count_judged")
def count_judged(session: Session, data: Data) -> dict[str, Any]:
    challenge = about(session, data)
    sealed, judged, eligible = challenges.count_judged(session, challenge)
    facts = {"n": eligible, "extended": challenge.extended, "phase": "opened"}
    return {"sealed": sealed, "judged": judged, **facts}


@service_step("selection.begin_review")
def begin_review(session: Session, data: Data) -> dict[str, Any]:
    selections.begin_review(session, about(session, data))
    return {"vote_only": False}


@human_step("selection.vote", title="委员会票决", form=VoteForm, about=reviewed)
def vote(act: Act) -> None:
    panel, at = panel_of(act.session, act.data), keeping.at(act.data)
    selections.record_vote(act.session, panel, values=act.values, actor=act.actor, at=at)


@human_step("selection.confirm_vote", title="监督确认票决", form=ConfirmVoteForm, about=reviewed)
def confirm_vote(act: Act) -> dict[str, Any]:
    agree = act.values["agree"] == "true"
    if not agree and not act.values["opinion"].strip():
        raise Invalid({"opinion": ["请写明理由。"]})
    selections.witness_vote(act.session, panel_of(act.session, act.data), agree=agree, actor=act.actor)
    return {"vote_confirmed": agree}


@service_step("selection.propose")
def propose(session: Session, data: Data) -> dict[str, Any]:
    found = selections.propose(session, panel_of(session, data), at=keeping.at(data))
    challenge = about(session, data)
    return {
        "winner_ids": list(found.winner_ids),
        "reserve_id": found.reserve_id,
        "fail_reason": found.fail_reason,
        "after_action": None,
        "approval_kind": "select",
        "approval_subject": f"challenge:{challenge.id}",
        "approval_amount_fen": max(challenge.budget_fen, challenge.cap_fen),
        "approval_unit_id": challenge.sponsor_unit_id,
    }


@human_step("selection.after_return", title="审批退回后的处置", form=ReturnForm, about=reviewed)
def after_return(act: Act) -> dict[str, Any]:
    action = act.values["action"]
    return {"after_action": action, "vote_only": action == "revote"}


@service_step("selection.announce")
def announce(session: Session, data: Data) -> dict[str, Any]:
    challenge = about(session, data)
    selections.announce(session, challenge)
    workdays = rules.days(session, "publicity_workdays", at=keeping.at(data))
    return {"publicity_subject": f"challenge:{challenge.id}", "publicity_workdays": workdays}


@human_step("selection.after_objection", title="异议成立后的处置", form=MeasureForm, about=reviewed)
def after_objection(act: Act) -> Vote:
    agreed = measures.want(
        act.session,
        shown_publicity(act.session, act.data),
        role=act.item.role,
        action=act.values["action"],
        struck=[row["bid_id"] for row in act.values["struck"]],
        reason=act.values["opinion"],
        actor=act.actor,
    )
    return Vote(agree=agreed)


def shown_publicity(session: Session, data: Data) -> Publicity:
    return publicities.get(session, data["publicity_id"])


@round_end("selection.after_objection")
def end_measure(session: Session, data: Data) -> dict[str, Any]:
    if data["round_result"] == "rejected":
        return {"after_action": AGAIN}
    return {"after_action": measures.carry_out(session, shown_publicity(session, data)), "vote_only": False}


@service_step("selection.award")
def award(session: Session, data: Data) -> dict[str, Any]:
    return {"project_ids": [one.id for one in selections.award(session, about(session, data))]}


@service_step("selection.name_project")
def name_project(session: Session, data: Data) -> dict[str, Any]:
    project = session.get_one(Project, data["project_id"])
    return {"bid_id": project.bid_id, "unit_id": project.unit_id, "leader_id": project.leader_id}


@service_step("selection.fail")
def fail(session: Session, data: Data) -> dict[str, Any]:
    selections.tell_teams(session, about(session, data))
    return {"fail_reason": _why(data)}


def _why(data: Data) -> str:
    """Why the list found nobody: what the proposal said, or who did not want it."""
    if data.get("after_action") == "fail":
        return "decided"
    if data.get("approval_result") == "rejected":
        return "approval_rejected"
    return str(data.get("fail_reason") or "no_eligible")


@service_step("selection.call_off")
def call_off(session: Session, data: Data) -> None:
    selections.call_off(session, about(session, data))
