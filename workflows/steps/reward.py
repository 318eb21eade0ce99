"""bpmn/reward: 激励, from the accepted (or refused) project to what its members were paid."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from workflows.domain import appeals, payouts, projects, rewards, splits
from workflows.engine.registry import (
    Act,
    Sent,
    Started,
    Vote,
    human_step,
    message_start,
    sender,
    service_step,
)
from workflows.engine.tables import WorkItem
from workflows.errors import Invalid, NotFound
from workflows.models import Appeal, Project, RewardCase, User
from workflows.steps import rules as rules_of
from workflows.steps.reward_forms import (
    AppealForm,
    CheckForm,
    DecideForm,
    HearForm,
    ReceiptForm,
    SheetForm,
    TaxForm,
    VetoListForm,
)


@message_start("reward")
def begin(session: Session, payload: Mapping[str, Any]) -> Started:
    project = session.get_one(Project, payload["project_id"])
    case = rewards.begin(session, project)
    data = {**projects.variables(project), "reward_id": case.id, "payout": "nothing"}
    return Started(rewards.title(case), rewards.path(case), data)


def about(session: Session, data: Mapping[str, Any]) -> RewardCase:
    return session.get_one(RewardCase, data["reward_id"])


@service_step("reward.check_race")
def check_race(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"race_settled": rewards.is_race_settled(session, about(session, data))}


@service_step("reward.find_appraisal")
def find_appraisal(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"has_appraisal": rewards.find_appraisal(session, about(session, data))}


@service_step("reward.begin_veto_check")
def begin_veto_check(session: Session, data: Mapping[str, Any]) -> None:
    rewards.check_vetoes(about(session, data))


@human_step("reward.confirm_veto", title="核对否决事项", form=VetoListForm, about=about)
def confirm_veto(act: Act) -> Vote:
    projects.expect_apart(act.actor, about(act.session, act.data).project)
    expect_reason(act, act.values["complete"])
    return Vote(agree=act.values["complete"])


@human_step("reward.check_vetoes", title="核实否决事项", form=CheckForm, about=about)
def check_vetoes(act: Act) -> None:
    projects.expect_apart(act.actor, about(act.session, act.data).project)


@service_step("reward.measure")
def measure(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return _measure(session, about(session, data))


def _measure(session: Session, case: RewardCase) -> dict[str, Any]:
    rewards.measure(session, case)
    return {"total_fen": case.total_fen, "leader_id": case.project.leader_id}


@service_step("reward.show_sheet")
def show_sheet(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    rewards.show_sheet(about(session, data))
    return {"sheet_by": rules_of.deadline(session, "sheet_confirm_workdays", data), "sheet_appealed": False}


@human_step("reward.sheet", title="核对测算表", form=SheetForm, about=about)
def read_sheet(act: Act) -> dict[str, Any]:
    case, confirm = about(act.session, act.data), act.values["confirm"]
    if confirm:
        rewards.expect_leader(act.session, case, act.actor)
        return {"sheet_appealed": False}
    expect_reason(act, confirm)
    said = {"reason": act.values["opinion"], "evidence": act.values["evidence"]}
    appeal = appeals.file_on_sheet(act.session, case, **said, actor=act.actor)
    return {"sheet_appealed": True, "appeal_id": appeal.id}


@service_step("reward.take_as_confirmed")
def take_as_confirmed(session: Session, data: Mapping[str, Any]) -> None:
    rewards.take_as_confirmed(session, about(session, data))


def about_appeal(session: Session, data: Mapping[str, Any]) -> Appeal:
    return session.get_one(Appeal, data["appeal_id"])


@human_step("reward.appeal", title="核实申诉", form=HearForm, about=about_appeal)
def hear(act: Act) -> None:
    appeals.hear(
        act.session, about_appeal(act.session, act.data), findings=act.values["opinion"], actor=act.actor
    )


@human_step("reward.decide_appeal", title="审定申诉", form=DecideForm, about=about_appeal)
def decide(act: Act) -> dict[str, Any]:
    appeal, won = about_appeal(act.session, act.data), act.values["won"]
    reply = act.values["opinion"]
    appeals.decide(act.session, appeal, won=won, reply=reply, corrections=act.values, actor=act.actor)
    return {"appeal_won": won}


@service_step("reward.measure_again")
def measure_again(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    case = about(session, data)
    return {**_measure(session, case), "is_split": splits.agreed(case) is not None}


@service_step("reward.prepare")
def prepare(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"payout": payouts.prepare(session, about(session, data))}


def receipt_or_check(_session: Session, _data: Mapping[str, Any], item: WorkItem) -> type[Schema]:
    return ReceiptForm if item.role == "finance" else TaxForm


@human_step("reward.batch", title="发放", form=TaxForm, about=about, form_of=receipt_or_check)
def batch(act: Act) -> Vote:
    case = about(act.session, act.data)
    if act.item.role == "finance":
        payouts.hand_in_receipts(act.session, case, receipts=act.values["receipts"], actor=act.actor)
    elif not act.values["checked"]:
        raise Invalid({"checked": ["请核对后再确认。"]})
    else:
        payouts.check_tax(act.session, case, actor=act.actor)
    return Vote()


@service_step("reward.pay")
def pay(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"payout": "pay" if payouts.pay(session, about(session, data)) else "measure"}


@human_step("reward.collect", title="收回款项", form=ReceiptForm, about=about)
def collect(act: Act) -> None:
    owed = about(act.session, act.data).clawbacks
    payouts.collect(act.session, owed, receipts=act.values["receipts"], actor=act.actor)


@service_step("reward.settle")
def settle(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    case = about(session, data)
    rewards.settle(case)
    last = rewards.has_last_instalment(case) and not case.is_evaluated
    return {"has_last": last, "appeal_to": rules_of.deadline(session, "appeal_workdays", data)}


@service_step("reward.evaluate")
def evaluate(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    rewards.evaluate(session, about(session, data))
    return {"closing": rewards.DUE}


@service_step("reward.weigh_veto")
def weigh_veto(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"is_settled": rewards.weigh_veto(session, about(session, data))}


@service_step("reward.close")
def close(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    closing = rewards.close(session, about(session, data))
    if closing == rewards.PENDING:
        return {"closing": closing, "appeal_to": rules_of.deadline(session, "appeal_workdays", data)}
    return {"closing": closing}


@sender("appeal", title="激励申诉", form=AppealForm)
def file_appeal(session: Session, actor: User, values: Mapping[str, Any]) -> Sent:
    case = rewards.of_project(session, values["project_id"])
    if case is None or not rewards.is_seen(session, case, actor=actor):
        raise NotFound("没有找到这个项目的激励案。")
    said = {"reason": values["reason"], "evidence": values["evidence"]}
    appeal = appeals.file_on_payment(session, case, **said, actor=actor)
    payload = {"project_id": case.project_id, "appeal_id": appeal.id}
    return Sent("MSG_APPEAL", "project_id", payload, rewards.path(case))


def expect_reason(act: Act, agree: bool) -> None:
    """Raises Invalid for a refusal without words."""
    if not agree and not act.values["opinion"].strip():
        raise Invalid({"opinion": ["请写明理由。"]})
