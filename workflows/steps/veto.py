"""bpmn/veto: 一票否决, from the proposal to its effect on rewards."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import payouts, vetoes
from workflows.engine.registry import (
    Act,
    Sent,
    Started,
    Vote,
    human_step,
    round_end,
    sender,
    service_step,
    start,
)
from workflows.errors import Invalid
from workflows.models import ClawBack, User, VetoEvent
from workflows.steps.veto_forms import (
    AppealForm,
    CollectForm,
    ConfirmForm,
    ProposeForm,
    RestoreForm,
    SettleForm,
)


@start("veto", title="提出否决事项", form=ProposeForm)
def begin(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    veto = vetoes.propose(session, values, actor=actor)
    title = vetoes.clause(session, veto.clause)["title"]
    return Started(
        f"{veto.clause} {title}"[:200], vetoes.path(veto), {"veto_id": veto.id, "clawback_ids": []}
    )


def about(session: Session, data: Mapping[str, Any]) -> VetoEvent:
    return session.get_one(VetoEvent, data["veto_id"])


@human_step("veto.confirm", title="确认否决事项", form=ConfirmForm, about=about)
def confirm(act: Act) -> Vote:
    agree = act.values["confirm"]
    if not agree and not act.values["opinion"].strip():
        raise Invalid({"opinion": ["请写明理由。"]})
    vetoes.decide(act.session, about(act.session, act.data), confirm=agree, actor=act.actor)
    return Vote(agree=agree)


@round_end("veto.confirm")
def end_confirm(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"appeal_to": about(session, data).appeal_to}


@human_step("veto.settle", title="审定否决申诉", form=SettleForm, about=about)
def settle(act: Act) -> dict[str, Any]:
    lift = act.values["lift"]
    text = act.values["opinion"]
    vetoes.settle(act.session, about(act.session, act.data), lift=lift, text=text, actor=act.actor)
    return {"is_lifted": lift}


@service_step("veto.take_effect")
def take_effect(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"project_ids": vetoes.take_effect(session, about(session, data))}


@service_step("veto.claw_back")
def claw_back(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    owed = (payouts.after_veto(session, project_id) for project_id in data["project_ids"])
    return {"clawback_ids": [one.id for one in owed if one is not None]}


@human_step("veto.collect", title="收回款项", form=CollectForm, about=about)
def collect(act: Act) -> None:
    owed = [act.session.get_one(ClawBack, one) for one in act.data["clawback_ids"]]
    payouts.collect(act.session, owed, receipts=act.values["receipts"], actor=act.actor)


@sender("appeal_veto", title="否决申诉", form=AppealForm)
def appeal(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    veto = vetoes.get(session, values["veto_id"], actor=actor)
    vetoes.appeal(session, veto, reason=values["reason"], actor=actor)
    return Sent("MSG_VETO_APPEAL", "veto_id", {"veto_id": veto.id}, vetoes.path(veto))


@sender("restore_veto", title="恢复否决事项", form=RestoreForm)
def restore(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    veto = vetoes.get(session, values["veto_id"], actor=actor)
    vetoes.restore(session, veto, reason=values["reason"], actor=actor)
    # Nothing waits for it: what is measured from now on leaves it out.
    return Sent("MSG_VETO_RESTORED", "veto_id", {"veto_id": veto.id}, vetoes.path(veto))
