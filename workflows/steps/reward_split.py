"""bpmn/reward/reward_split.bpmn: the split among the members, until it is approved or refused."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import heads, rules, splits
from workflows.engine.registry import Act, Vote, human_step, round_end, service_step
from workflows.models import User
from workflows.steps import rules as rules_of
from workflows.steps.reward import about, expect_reason
from workflows.steps.reward_forms import ConfirmShareForm, MediateForm, SplitForm, UnitForm


@service_step("reward.begin_split")
def begin_split(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    case = about(session, data)
    splits.begin(case)
    ratio = rules.setting(session, "split_confirm_share", at=rules_of.at(data))
    subject = f"reward:{case.id}"
    return {
        "unit_heads": heads.stage(session, case.project.unit_id),
        "leader_id": case.project.leader_id,
        "split_ratio": ratio,
        "publicity_subject": subject,
        "publicity_workdays": rules.days(session, "publicity_workdays", at=rules_of.at(data)),
        "approval_kind": "reward",
        "approval_subject": subject,
        "approval_amount_fen": case.total_fen,
        "approval_unit_id": case.project.unit_id,
    }


def _last_split(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    """The last proposal, or a row for every member."""
    case = about(session, data)
    split = splits.last(case)
    columns = ("user_id", "contribution", "pct")
    if split is not None:
        return {"rows": [{name: getattr(row, name) for name in columns} for row in split.rows]}
    return {"rows": [{"user_id": one.user_id, "contribution": ""} for one in splits.members(case)]}


@human_step("reward.split", title="拟定分配方案", form=SplitForm, about=about, prefill=_last_split)
def propose_split(act: Act) -> dict[str, Any]:
    case = about(act.session, act.data)
    split = splits.propose(act.session, case, rows=act.values["rows"], actor=act.actor)
    if split.problems:
        return {"split_ok": False}
    by = rules_of.deadline(act.session, "split_mediate_workdays", act.data)
    return {"split_ok": True, "split_member_ids": splits.to_ask(case), "mediate_at": by}


@human_step("reward.confirm_share", title="确认分配", form=ConfirmShareForm, about=about)
def confirm_share(act: Act) -> Vote:
    agree = act.values["agree"]
    expect_reason(act, agree)
    splits.answer(act.session, about(act.session, act.data), agree=agree, actor=act.actor)
    return Vote(agree=agree)


@round_end("reward.confirm_share")
def end_shares(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    case = about(session, data)
    if data["round_result"] == "agreed":
        splits.agree(case)
    else:
        splits.decline(session, case, reason="确认的成员不足，由办公室调解。")
    return {}


@human_step("reward.mediate", title="调解", form=MediateForm, about=about)
def mediate(act: Act) -> None:
    case = about(act.session, act.data)
    splits.mediate(act.session, case, advice=act.values["opinion"], actor=act.actor)


@human_step("reward.unit", title="所在单位党政意见", form=UnitForm, about=about, agree_with={"agree": True})
def unit_opinion(act: Act) -> Vote:
    expect_reason(act, act.values["agree"])
    return Vote(agree=act.values["agree"])


@round_end("reward.unit")
def end_unit(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    case = about(session, data)
    if data["round_result"] == "agreed":
        splits.show(case)
    else:
        splits.decline(session, case, reason="所在单位党政负责人不同意。")
    return {}


@service_step("reward.ask_approval")
def ask_approval(session: Session, data: Mapping[str, Any]) -> None:
    splits.ask_approval(about(session, data))


@service_step("reward.send_back")
def send_back(session: Session, data: Mapping[str, Any]) -> None:
    splits.decline(session, about(session, data), reason="公示异议成立或审批退回，请修改后重新提交。")


@service_step("reward.refuse")
def refuse(session: Session, data: Mapping[str, Any]) -> None:
    splits.refuse(session, about(session, data))
