"""bpmn/acceptance: from the application of a finished project to the verdict on it (P8)."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import acceptances, projects, rules, verdicts, verifications
from workflows.engine.registry import (
    Act,
    Criterion,
    Started,
    Vote,
    human_step,
    message_start,
    round_end,
    service_step,
)
from workflows.engine.tables import WorkItem
from workflows.models import Acceptance, Panel, Project, User
from workflows.steps import rules as keeping
from workflows.steps.acceptance_forms import (
    ApplyForm,
    AuditForm,
    CheckFormForm,
    ReacceptForm,
    RectifyForm,
    SafetyForm,
    ScoreForm,
    SiteForm,
    SupplementForm,
    VerifyForm,
)
from workflows.steps.inputs import TaskForm
from workflows.steps.pledge import project_of, signer_of, title_of

Data = Mapping[str, Any]


@message_start("acceptance")
def begin(session: Session, payload: Data) -> Started:
    project = session.get_one(Project, payload["project_id"])
    acceptance = acceptances.open_for(session, project)
    data = {
        **projects.variables(project),
        "acceptance_id": acceptance.id,
        "panel_subject": verdicts.subject(acceptance),
        "apply_by": acceptances.apply_by(session, project),
        "verify_stage": {},
    }
    return Started(title_of(project), f"/acceptances/{acceptance.id}", data)


def about(session: Session, data: Data) -> Acceptance:
    return session.get_one(Acceptance, data["acceptance_id"])


def _every_indicator(session: Session, data: Data, _actor: User) -> dict[str, Any]:
    return {"rows": [{"indicator_id": one.id} for one in about(session, data).challenge.indicators]}


@human_step("acceptance.apply", title="自验", form=ApplyForm, about=about, prefill=_every_indicator)
def apply(act: Act) -> dict[str, Any]:
    acceptances.apply(act.session, about(act.session, act.data), values=act.values, actor=act.actor)
    return {"supplement_by": None, "verify_by": None}


def _received(session: Session, data: Data, _actor: User) -> dict[str, Any]:
    """The day on which the application was handed in, or the one that was written down before."""
    acceptance = about(session, data)
    return {"received_on": acceptance.received_on or clock.local(acceptance.applied_at or clock.now()).date()}


@human_step("acceptance.check_form", title="资料审查", form=CheckFormForm, about=about, prefill=_received)
def check_form(act: Act) -> dict[str, Any]:
    said = {name: act.values[name] for name in ("complete", "received_on")}
    acceptance = about(act.session, act.data)
    acceptances.check_form(act.session, acceptance, **said, reason=act.values["opinion"], actor=act.actor)
    signers = verifications.signers(act.session, acceptance.project)
    return {
        "papers_complete": act.values["complete"],
        "supplement_by": keeping.deadline(act.session, "material_supplement_workdays", act.data),
        "verify_by": keeping.deadline(act.session, "verify_workdays", act.data),
        "verify_stage": {"policy": "all", "signers": signers},
    }


@human_step("acceptance.supplement", title="补正", form=SupplementForm, about=about)
def supplement(act: Act) -> None:
    said = {name: act.values[name] for name in ("text", "report")}
    acceptances.supplement(act.session, about(act.session, act.data), **said, actor=act.actor)


def _mine(session: Session, data: Data, item: WorkItem) -> list[int]:
    """The indicators that an item of the verification is for; none for one that was added to the round."""
    signer = signer_of(session, data["verify_stage"], item)
    return list(signer["indicator_ids"]) if signer else []


def _verify_form(session: Session, data: Data, item: WorkItem) -> type[Schema]:
    return VerifyForm if _mine(session, data, item) else TaskForm


@human_step("acceptance.verify", title="指标核验", form=VerifyForm, about=about, form_of=_verify_form)
def verify(act: Act) -> Vote:
    verifications.verify(
        act.session,
        about(act.session, act.data),
        indicator_ids=_mine(act.session, act.data, act.item),
        rows=act.values.get("rows", []),
        remark=act.values.get("remark", ""),
        actor=act.actor,
    )
    return Vote()


@human_step("acceptance.audit_benefit", title="财务核效", form=AuditForm, about=about)
def audit_benefit(act: Act) -> None:
    verifications.audit(act.session, about(act.session, act.data), values=act.values, actor=act.actor)


@human_step("acceptance.safety", title="安全环保意见", form=SafetyForm, about=about)
def assess_safety(act: Act) -> None:
    said = {"is_ok": act.values["is_ok"], "text": act.values["opinion"]}
    verifications.assess_safety(about(act.session, act.data), **said, actor=act.actor)


@human_step("acceptance.site", title="现场核查", form=SiteForm, about=about)
def visit_site(act: Act) -> None:
    said = {name: act.values[name] for name in ("visited_on", "is_ok", "photos")}
    text = act.values["findings"]
    verifications.visit(about(act.session, act.data), **said, text=text, actor=act.actor)


@service_step("acceptance.settle")
def settle(session: Session, data: Data) -> None:
    verdicts.begin_scoring(session, about(session, data))


def _criteria(session: Session, data: Data) -> dict[str, Criterion]:
    known = verdicts.weights(session, at=keeping.at(data))
    return {name: Criterion(weight) for name, weight in known.items()}


@human_step("acceptance.score", title="验收会评分", form=ScoreForm, about=about, criteria=_criteria)
def score(act: Act) -> Vote:
    panel = act.session.get_one(Panel, act.data["panel_id"])
    acceptance, at = about(act.session, act.data), keeping.at(act.data)
    verdicts.sign(act.session, acceptance, panel, values=act.values, actor=act.actor, at=at)
    return Vote()


@service_step("acceptance.tally")
def tally(session: Session, data: Data) -> dict[str, Any]:
    return verdicts.tally(session, about(session, data))


@service_step("acceptance.conclude")
def conclude(session: Session, data: Data) -> dict[str, Any]:
    acceptance, verdict = about(session, data), str(data["acceptance_verdict"]["verdict"])
    verdicts.conclude(session, acceptance, verdict=verdict)
    sponsor = {"role": "sponsor", "unit": data["sponsor_unit_id"]}
    return {
        "verdict": verdict,
        "rectify_by": _rectify_by(session, data),
        "recheck_stage": {"policy": "all", "signers": [{"role": "office"}, sponsor]},
        "publicity_subject": verdicts.subject(acceptance),
        "publicity_workdays": rules.days(session, "publicity_workdays", at=keeping.at(data)),
    }


def _rectify_by(session: Session, data: Data) -> dt.datetime:
    days = rules.days(session, "rectify_days", at=keeping.at(data))
    return clock.end_of(clock.today() + dt.timedelta(days=days))


@human_step("acceptance.rectify", title="验收整改", form=RectifyForm, about=about)
def rectify(act: Act) -> None:
    said = {name: act.values[name] for name in ("text", "evidence")}
    verdicts.rectify(act.session, about(act.session, act.data), **said, actor=act.actor)


@human_step("acceptance.reaccept", title="整改复验", form=ReacceptForm, about=about)
def reaccept(act: Act) -> Vote:
    agree, reason = act.values["agree"], act.values["opinion"]
    acceptance = about(act.session, act.data)
    verdicts.recheck(acceptance, role=act.item.role, agree=agree, reason=reason, actor=act.actor)
    return Vote(agree=agree)


@round_end("acceptance.reaccept")
def end_recheck(session: Session, data: Data) -> dict[str, Any]:
    return verdicts.end_recheck(about(session, data), passed=data["round_result"] == "agreed")


@service_step("acceptance.reopen")
def reopen(session: Session, data: Data) -> None:
    verdicts.reopen(about(session, data))


@service_step("acceptance.accept")
def accept(session: Session, data: Data) -> None:
    verdicts.accept(session, about(session, data))


@service_step("acceptance.refuse")
def refuse(session: Session, data: Data) -> None:
    verdicts.refuse(session, about(session, data))


@service_step("acceptance.settle_race")
def settle_race(session: Session, data: Data) -> dict[str, Any]:
    return {"race_is_settled": verdicts.settle_race(session, about(session, data))}


@service_step("acceptance.follow_change")
def follow_change(session: Session, data: Data) -> dict[str, Any]:
    project = project_of(session, data)
    return {"leader_id": project.leader_id, "apply_by": acceptances.apply_by(session, project)}
