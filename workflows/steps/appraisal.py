"""bpmn/appraisal: 双挂钩考评 of one unit for one period."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import appraisal_schedules, appraisals, heads
from workflows.engine.registry import (
    Act,
    Started,
    Vote,
    human_step,
    message_start,
    round_end,
    service_step,
    start,
)
from workflows.errors import Invalid
from workflows.models import Appraisal, User
from workflows.steps.appraisal_forms import BeginForm, ConfirmForm, ReviewForm, ScheduleForm, ScoreForm


@start("appraisal", title="开始双挂钩考评", form=BeginForm)
def begin(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    appraisal = appraisals.begin(session, unit_id=values["unit_id"], period=values["period"], actor=actor)
    return _started(session, appraisal)


@message_start("appraisal_of_period")
def begin_due(session: Session, payload: Mapping[str, Any]) -> Started:
    return _started(session, session.get_one(Appraisal, payload["appraisal_id"]))


def _started(session: Session, appraisal: Appraisal) -> Started:
    signers = [{"role": role} for role in appraisals.owners(session, appraisal)]
    data = {
        "appraisal_id": appraisal.id,
        "unit_id": appraisal.unit_id,
        "rules_at": appraisal.opened_at,
        "scoring": {"policy": "all", "signers": signers},
        "approval_kind": "appraisal",
        "approval_subject": f"appraisal:{appraisal.id}",
        "approval_amount_fen": 0,
        "approval_unit_id": appraisal.unit_id,
        "level": None,
    }
    return Started(f"{appraisal.unit.name} {appraisal.period}", appraisals.path(appraisal), data)


@start("appraisal_schedule", title="安排考评", form=ScheduleForm)
def begin_schedule(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    year, cycle = values["year"], values["cycle"]
    appraisal_schedules.check(session, year=year, actor=actor)
    data = {"schedule_year": year, "schedule_cycle": cycle, "scheduled_by": actor.id}
    return Started(f"{year} {appraisal_schedules.CYCLES[cycle]}", "/appraisals", data)


@service_step("appraisal_schedule.next")
def next_period(_session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    following = appraisal_schedules.following(int(data["schedule_year"]), cycle=data["schedule_cycle"])
    return {"period": following and following[0], "period_ends_at": following and following[1]}


@service_step("appraisal_schedule.open")
def open_period(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    by_id = int(data["scheduled_by"])
    return {"appraisal_ids": appraisal_schedules.open_all(session, period=data["period"], opened_by_id=by_id)}


def about(session: Session, data: Mapping[str, Any]) -> Appraisal:
    return session.get_one(Appraisal, data["appraisal_id"])


def _owned(session: Session, data: Mapping[str, Any], actor: User) -> dict[str, Any]:
    """A row for each category of the roles that ``actor`` holds and that is not scored yet."""
    appraisal = about(session, data)
    scored = {one.category for one in appraisal.scores}
    mine = [row["category"] for row in appraisals.owned(session, appraisal, actor)]
    return {"rows": [{"category": one, "bonus": ""} for one in mine if one not in scored]}


@human_step("appraisal.score", title="分类评分", form=ScoreForm, about=about, prefill=_owned)
def score(act: Act) -> Vote:
    appraisal = about(act.session, act.data)
    appraisals.score(
        act.session,
        appraisal,
        role=act.item.role,
        rows=act.values["rows"],
        deductions=act.values["deductions"],
        actor=act.actor,
    )
    return Vote()


@service_step("appraisal.sum_up")
def sum_up(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    appraisals.sum_up(session, about(session, data))
    return {"unit_heads": heads.stage(session, data["unit_id"])}


@human_step(
    "appraisal.confirm",
    title="确认考评结果",
    form=ConfirmForm,
    about=about,
    agree_with={"agree": True},
)
def confirm(act: Act) -> Vote:
    appraisals.expect_confirming(about(act.session, act.data))
    if not act.values["agree"] and not act.values["opinion"].strip():
        raise Invalid({"opinion": ["请写明理由。"]})
    return Vote(agree=act.values["agree"])


@round_end("appraisal.confirm")
def end_confirm(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    if data["round_result"] == "rejected":
        appraisals.appeal(about(session, data))
    return {}


@human_step("appraisal.review", title="复核考评申诉", form=ReviewForm, about=about)
def review(act: Act) -> None:
    appraisals.review(act.session, about(act.session, act.data), rows=act.values["rows"], actor=act.actor)


@service_step("appraisal.check_vetoes")
def check_vetoes(session: Session, data: Mapping[str, Any]) -> None:
    appraisals.check_vetoes(session, about(session, data))


@service_step("appraisal.publish")
def publish(session: Session, data: Mapping[str, Any]) -> None:
    appraisals.publish(session, about(session, data))


@service_step("appraisal.send_back")
def send_back(session: Session, data: Mapping[str, Any]) -> None:
    appraisals.send_back(session, about(session, data))


@service_step("appraisal.cancel")
def cancel(session: Session, data: Mapping[str, Any]) -> None:
    appraisals.cancel(session, about(session, data))
