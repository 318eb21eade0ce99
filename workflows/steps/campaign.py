"""bpmn/campaign: a year from its plan to its summary, its batches, and its regular meetings."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import cadences, campaigns, permissions, year_figures
from workflows.engine.registry import Act, Started, human_step, message_start, service_step, start
from workflows.models import Batch, CampaignYear, MeetingKind, User
from workflows.steps.campaign_forms import ReviewForm, ReviseYearForm, YearForm


@start("campaign", title="编制年度计划", form=YearForm)
def begin(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    year = campaigns.draft(session, values, actor=actor)
    return Started(f"{year.year} {year.theme}", f"/campaigns/{year.id}", {"year_id": year.id})


def about(session: Session, data: Mapping[str, Any]) -> CampaignYear:
    return session.get_one(CampaignYear, data["year_id"])


@service_step("campaign.submit")
def submit(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    year = about(session, data)
    return {
        "approval_kind": "year",
        "approval_subject": f"year:{year.id}",
        "approval_amount_fen": year.pool_fen,
        "approval_unit_id": None,
        "rules_at": None,
    }


@service_step("campaign.hand_back")
def hand_back(session: Session, data: Mapping[str, Any]) -> None:
    campaigns.hand_back(about(session, data))


def _planned(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    return campaigns.planned(about(session, data))


@human_step("campaign.revise", title="修改年度计划", form=ReviseYearForm, about=about, prefill=_planned)
def revise(act: Act) -> None:
    campaigns.revise(act.session, about(act.session, act.data), act.values)


@service_step("campaign.reject")
def reject(session: Session, data: Mapping[str, Any]) -> None:
    campaigns.reject(about(session, data))


@service_step("campaign.open")
def open_year(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    year = about(session, data)
    campaigns.open_year(year)
    return {"batch_ids": [one.id for one in year.batches], "year_ends_at": campaigns.ends_at(year)}


@service_step("campaign.next_meeting")
def next_meeting(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    last = data.get("monthly_at")
    after = None if last is None else (last, MeetingKind(data["meeting_kind"]))
    due = cadences.next_due(session, about(session, data), after=after)
    return {"monthly_at": None} if due is None else {"monthly_at": due[0], "meeting_kind": due[1].value}


@service_step("campaign.prepare_pack")
def prepare_pack(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    year, kind = about(session, data), MeetingKind(data["meeting_kind"])
    if kind != MeetingKind.MONTHLY:
        return {"pack_id": None, "meeting_wanted": cadences.is_wanted(session, year, kind)}
    return {"pack_id": campaigns.prepare_pack(session, year).id, "meeting_wanted": True}


@service_step("campaign.end_year")
def end_year(session: Session, data: Mapping[str, Any]) -> None:
    campaigns.end_year(about(session, data))


def _summed_up(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    return {"summary": year_figures.told(session, about(session, data))}


@human_step("campaign.review", title="年度总结", form=ReviewForm, about=about, prefill=_summed_up)
def review(act: Act) -> dict[str, Any]:
    campaigns.review(act.session, about(act.session, act.data), text=act.values["summary"])
    return {"pack_id": None, "meeting_kind": MeetingKind.EXCHANGE.value}


@service_step("campaign.close")
def close(session: Session, data: Mapping[str, Any]) -> None:
    campaigns.close(about(session, data))


@message_start("monthly_meeting")
def begin_meeting(session: Session, payload: Mapping[str, Any]) -> Started:
    year = session.get_one(CampaignYear, payload["year_id"])
    chairs = [
        one for role in ("party_secretary", "admin_head") for one in permissions.holders(session, role, None)
    ]
    chairs = chairs or permissions.holders(session, "office", None)
    data = {
        "year_id": year.id,
        "pack_id": payload["pack_id"],
        "meeting_kind": payload["meeting_kind"],
        "meeting_subject": f"year:{year.id}",
        "meeting_due": None,
        "chair_ids": [one.id for one in chairs],
    }
    return Started(f"{year.year} {year.theme}", f"/campaigns/{year.id}", data)


@message_start("batch")
def begin_batch(session: Session, payload: Mapping[str, Any]) -> Started:
    batch = session.get_one(Batch, payload["batch_id"])
    data = {
        "batch_id": batch.id,
        "intake_opens_at": clock.start_of(batch.intake_from),
        "intake_closes_at": clock.end_of(batch.intake_to),
    }
    return Started(f"{batch.year.year} 年第 {batch.no} 批", f"/campaigns/{batch.year_id}", data)


@service_step("batch.open")
def open_batch(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    batch = session.get_one(Batch, data["batch_id"])
    campaigns.open_batch(batch)
    return {"intake_closes_at": clock.end_of(batch.intake_to)}  # the office may have moved it since


@service_step("batch.close")
def close_batch(session: Session, data: Mapping[str, Any]) -> None:
    campaigns.close_batch(session, session.get_one(Batch, data["batch_id"]))
