"""bpmn/publicity: a public notice until it is over, and every objection to it."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import objections, publicities
from workflows.engine.registry import Act, Sent, Vote, human_step, round_end, sender, service_step
from workflows.models import Objection, Publicity, User
from workflows.steps import rules
from workflows.steps.publicity_forms import (
    MORE_TIME,
    AcceptForm,
    AskReviewForm,
    InvestigateForm,
    ObjectForm,
    ReplyForm,
    ReviewForm,
)

Data = Mapping[str, Any]


@sender("object", title="提出异议", form=ObjectForm, is_anonymous=True)
def file_objection(session: Session, actor: User, values: Data) -> Sent:
    publicity = publicities.get(session, values["publicity_id"])
    objection = objections.file(session, publicity, values=values, actor=actor)
    payload = {"publicity_id": publicity.id, "objection_id": objection.id}
    return Sent("MSG_OBJECTION", "publicity_id", payload, f"/publicities/{publicity.id}")


def shown(session: Session, data: Data) -> Publicity:
    return session.get_one(Publicity, data["publicity_id"])


def about(session: Session, data: Data) -> Objection:
    return session.get_one(Objection, data["objection_id"])


@service_step("publicity.open")
def open_publicity(session: Session, data: Data) -> dict[str, Any]:
    workdays, at = int(data["publicity_workdays"]), rules.at(data)
    opened = publicities.open_for(session, data["publicity_subject"], workdays=workdays, rules_at=at)
    return {"publicity_id": opened.id, "publicity_ends": opened.ends_at, "publicity_result": None}


@service_step("publicity.check")
def check(session: Session, data: Data) -> dict[str, Any]:
    publicity = shown(session, data)
    publicities.hold(session, publicity)  # an objection of the last moment is counted, or comes too late
    return {"objections_open": publicities.open_objections(session, publicity)}


@service_step("publicity.close")
def close(session: Session, data: Data) -> dict[str, Any]:
    return {"publicity_result": str(publicities.close(session, shown(session, data)))}


@service_step("publicity.register")
def register(session: Session, data: Data) -> dict[str, Any]:
    return {
        "objection_filer_id": about(session, data).filer_id,
        "objection_accept_by": rules.deadline(session, "objection_accept_workdays", data),
    }


@human_step("publicity.accept", title="受理异议", form=AcceptForm, about=about)
def accept(act: Act) -> dict[str, Any]:
    accepted, reason = act.values["accepted"], act.values["opinion"]
    objection = about(act.session, act.data)
    objections.accept(act.session, objection, accepted=accepted, reason=reason, actor=act.actor)
    reply_by = rules.deadline(act.session, "objection_reply_workdays", act.data)
    return {"objection_accepted": accepted, "objection_reply_by": reply_by}


@service_step("publicity.freeze")
def freeze(session: Session, data: Data) -> dict[str, Any]:
    signers = objections.investigators(session, about(session, data))
    return {"objection_stage": {"policy": "all", "signers": signers}}


@human_step("publicity.investigate", title="调查核实", form=InvestigateForm, about=about)
def investigate(act: Act) -> Vote:
    said = act.values["conclusion"]
    values = {**act.values, "conclusion": None if said == MORE_TIME else said}
    objection = about(act.session, act.data)
    objections.find(act.session, objection, role=act.item.role, values=values, actor=act.actor)
    return Vote()


@round_end("publicity.investigate")
def end_investigation(session: Session, data: Data) -> dict[str, Any]:
    if objections.conclude(about(session, data)) is not None:
        return {"objection_extended": False}
    extended = rules.deadline(session, "objection_extension_workdays", data)
    return {"objection_extended": True, "objection_reply_by": extended}


@human_step("publicity.reply", title="书面答复", form=ReplyForm, about=about)
def reply(act: Act) -> dict[str, Any]:
    objections.reply(act.session, about(act.session, act.data), letter=act.values["letter"], actor=act.actor)
    return {"objection_review_by": rules.deadline(act.session, "review_request_workdays", act.data)}


@human_step("publicity.ask_review", title="申请复核", form=AskReviewForm, about=about)
def ask_review(act: Act) -> dict[str, Any]:
    wants, reason = act.values["wants"], act.values["opinion"]
    objection = about(act.session, act.data)
    objections.ask_review(act.session, objection, wants=wants, reason=reason, actor=act.actor)
    return {"objection_review_asked": wants}


@human_step("publicity.review", title="异议复核", form=ReviewForm, about=about)
def review(act: Act) -> None:
    conclusion, text = act.values["conclusion"], act.values["opinion"]
    objection = about(act.session, act.data)
    objections.review(act.session, objection, conclusion=conclusion, text=text, actor=act.actor)


@service_step("publicity.settle")
def settle(session: Session, data: Data) -> None:
    objections.settle(session, about(session, data))
