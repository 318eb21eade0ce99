"""bpmn/meeting and bpmn/supervision_order: meetings, and the action items that come of them or are ordered.

A meeting ends when its minutes are signed. Each action item is a process of its own, so that what called the meeting
goes on without waiting for the items.
"""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import action_items, cadences, meetings, problems
from workflows.engine.registry import Act, Started, human_step, message_start, service_step, start
from workflows.engine.tables import WorkItem
from workflows.models import ActionItem, Meeting, MeetingKind, User
from workflows.steps import rules
from workflows.steps.meeting_forms import (
    AssessmentForm,
    CallForm,
    CloseForm,
    HoldForm,
    MeetingStart,
    OrderForm,
    ReportForm,
    SignForm,
)


@start("meeting", title="发起会议", form=MeetingStart)
def begin(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    meeting = meetings.request(session, values, actor=actor)
    data = {"meeting_id": meeting.id, "meeting_kind": meeting.kind, "meeting_is_open": True}
    data["chair_ids"] = [one.user_id for one in meeting.people]
    return Started(meetings.title(meeting), f"/meetings/{meeting.id}", data)


def about(session: Session, data: Mapping[str, Any]) -> Meeting:
    return session.get_one(Meeting, data["meeting_id"])


@service_step("meeting.open")
def open_meeting(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    if data.get("meeting_is_open"):  # a person has, with the form
        meeting = about(session, data)
    else:
        terms = {"kind": data["meeting_kind"], "chair_ids": data["chair_ids"], "at": rules.at(data)}
        meeting = meetings.open_for(
            session, data["meeting_subject"], hold_by=data.get("meeting_due"), **terms
        )
    by_leader = meetings.is_called_by_leader(meeting)
    told = {"meeting_id": meeting.id, "meeting_hold_by": meeting.hold_by, "meeting_by_leader": by_leader}
    if by_leader and meeting.project is not None:
        told["leader_id"] = meeting.project.leader_id
    return told


def _called(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    meeting = about(session, data)
    if meeting.year is not None and meeting.kind in meetings.ON_DEMAND:
        return cadences.prepared(session, meeting)
    return {"attendees": [{"user_id": one.user_id} for one in meeting.people]}


@human_step("meeting.call", title="会议通知", form=CallForm, about=about, prefill=_called)
def call(act: Act) -> None:
    meetings.call(act.session, about(act.session, act.data), values=act.values, actor=act.actor)


def _recorded(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    """The minutes as the chair returned them, or a first draft with everybody who was invited."""
    meeting = about(session, data)
    known = {name: getattr(meeting, name) for name in ("held_on", "summary", "score", "minutes")}
    present = [one.user_id for one in meeting.people if one.was_present]
    present = present or [one.user_id for one in meeting.people if one.is_invited]
    columns = ("what", "owner_id", "due_on")
    return {
        **known,
        "held_on": meeting.held_on or clock.today(),
        "present": [{"user_id": one} for one in present],
        "decisions": [{"text": one} for one in meeting.decisions],
        "items": [{name: getattr(item, name) for name in columns} for item in meeting.items],
    }


def _minutes_form(session: Session, data: Mapping[str, Any], _item: WorkItem) -> type[Schema]:
    is_assessment = about(session, data).kind == MeetingKind.ASSESSMENT
    return AssessmentForm if is_assessment else HoldForm


@human_step(
    "meeting.hold", title="会议纪要", form=HoldForm, about=about, prefill=_recorded, form_of=_minutes_form
)
def hold(act: Act) -> None:
    meetings.record(act.session, about(act.session, act.data), values=act.values, actor=act.actor)


@human_step("meeting.sign", title="签发会议纪要", form=SignForm, about=about)
def sign(act: Act) -> dict[str, Any]:
    meeting = about(act.session, act.data)
    said = {name: act.values[name] for name in ("agree", "opinion")}
    item_ids = meetings.sign(act.session, meeting, actor=act.actor, **said)
    return {
        "minutes_signed": act.values["agree"],
        "meeting_item_ids": item_ids,
        "node_score": meeting.score,
    }


@start("supervision_order", title="督办", form=OrderForm)
def give_order(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    item = action_items.order(session, values, actor=actor)
    return Started(item.what, f"/action-items/{item.id}", {"action_item_id": item.id})


@message_start("action_item")
def begin_item(session: Session, payload: Mapping[str, Any]) -> Started:
    item = session.get_one(ActionItem, payload["action_item_id"])
    due_at, escalate_at = action_items.deadlines(session, item)
    data = {
        "action_item_id": item.id,
        "owner_id": item.owner_id,
        "item_due_at": due_at,
        "item_escalate_at": escalate_at,
    }
    return Started(item.what, f"/action-items/{item.id}", data)


def about_item(session: Session, data: Mapping[str, Any]) -> ActionItem:
    return session.get_one(ActionItem, data["action_item_id"])


def _reported(session: Session, data: Mapping[str, Any], _actor: User) -> dict[str, Any]:
    item = about_item(session, data)
    return {"feedback": item.feedback, "evidence": item.evidence}


@human_step(action_items.REPORT, title="反馈办理情况", form=ReportForm, about=about_item, prefill=_reported)
def report(act: Act) -> None:
    said = {name: act.values[name] for name in ("feedback", "evidence")}
    action_items.report(act.session, about_item(act.session, act.data), **said)


@human_step(
    "action_item.close",
    title="销号",
    form=CloseForm,
    about=about_item,
    agree_with={"agree": True},
)
def close(act: Act) -> dict[str, Any]:
    said = {name: act.values[name] for name in ("agree", "opinion")}
    item = about_item(act.session, act.data)
    action_items.close(act.session, item, actor=act.actor, **said)
    if act.values["agree"]:
        problems.resolve(act.session, item)
    return {"item_is_closed": act.values["agree"]}


@service_step("action_item.escalate")
def escalate(session: Session, data: Mapping[str, Any]) -> None:
    action_items.escalate(session, about_item(session, data))
