"""bpmn/intake: a problem from its submission to its fix, its merging, its reply, or the challenge that comes of it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import challenges, justifications, problems, publications, rules, similarity, triagers
from workflows.engine.registry import (
    Act,
    Criterion,
    Started,
    Vote,
    human_step,
    round_end,
    service_step,
    start,
)
from workflows.models import Justification, Problem, User
from workflows.steps.intake_forms import JustifyForm, ProblemForm, RefineForm, ReplyForm, TriageForm


@start("intake", title="填报难题", form=ProblemForm)
def begin(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    problem = problems.submit(session, values, actor=actor)
    path = f"/problems/{problem.id}"
    return Started(problem.title, path, {"problem_id": problem.id}, is_anonymous=problem.anonymous)


def about(session: Session, data: Mapping[str, Any]) -> Problem:
    return session.get_one(Problem, data["problem_id"])


def _held(session: Session, data: Mapping[str, Any]) -> Justification:
    return session.get_one(Justification, data["justification_id"])


@service_step("intake.find_similar")
def find_similar(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    problem = about(session, data)
    problem.similar = similarity.find(session, problem)
    return {"asked": {"policy": "any", "signers": triagers.signers(session, problem)}}


@human_step("intake.triage", title="点题", form=TriageForm, about=about)
def triage(act: Act) -> Vote:
    problems.triage(act.session, about(act.session, act.data), values=act.values, actor=act.actor)
    return Vote()


@round_end("intake.triage")
def end_triage(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    problem = about(session, data)
    item_id = problems.action_item_id(session, problem)
    return {"triage_action": problem.triage_action, "action_item_id": item_id}


@human_step("intake.reply", title="答复出题人", form=ReplyForm, about=about)
def reply(act: Act) -> Vote:
    problem = about(act.session, act.data)
    problems.answer(act.session, problem, text=act.values["opinion"], actor=act.actor)
    return Vote()


def _drafted(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    """The challenge as the experts returned it, or what the problem tells of a first one."""
    problem = about(session, data)
    if not problem.challenges:
        return problems.first_draft(problem)
    challenge = problem.challenges[-1]
    asked = justifications.of_challenge(session, challenge)[-1].expert_ids
    return {**publications.posted(challenge), "expert_ids": asked}


@human_step("intake.refine", title="凝练命题", form=RefineForm, about=about, prefill=_drafted)
def refine(act: Act) -> dict[str, Any]:
    problem = about(act.session, act.data)
    challenge = problems.refine(act.session, problem, values=act.values, actor=act.actor)
    justifications.check_experts(act.session, challenge, act.values["expert_ids"])
    facts = challenges.level_facts(challenge)
    return {"challenge_id": challenge.id, "expert_ids": act.values["expert_ids"], **facts}


@service_step("intake.organise")
def organise(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    challenge = about(session, data).challenges[-1]
    challenges.give_level(session, challenge, data["level_award"])
    held = justifications.begin(session, challenge, expert_ids=data["expert_ids"])
    return {
        "level": challenge.level,
        "sponsor_unit_id": challenge.sponsor_unit_id,
        "justification_id": held.id,
        "expert_ids": held.expert_ids,
        "justify_ratio": rules.setting(session, "justify_ratio"),
    }


def _criteria(_session: Session, _data: Mapping[str, Any]) -> dict[str, Criterion]:
    """Each counts by the most that it may be, so that the points add up to 100."""
    return {name: Criterion(Decimal(most), most) for name, (_, most) in justifications.CRITERIA.items()}


@human_step("intake.justify", title="专家论证", form=JustifyForm, about=_held, criteria=_criteria)
def justify(act: Act) -> Vote:
    held = _held(act.session, act.data)
    return Vote(agree=justifications.score(act.session, held, values=act.values, actor=act.actor))


@round_end("intake.justify")
def end_justification(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    is_agreed = data["round_result"] == "agreed"
    result = justifications.conclude(session, _held(session, data), is_agreed=is_agreed)
    return {"justification": result.value}


@service_step("intake.adopt")
def adopt(session: Session, data: Mapping[str, Any]) -> None:
    problems.adopt(session, about(session, data))


@service_step("intake.reject")
def reject(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    problems.reject(session, about(session, data))
    return {"asked": {"policy": "any", "signers": [{"role": "office", "unit": None}]}}
