"""会议与督办事项: the lists, one meeting with its minutes, one action item."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db
from webapp.api.fields import BIGGEST_ID, ID, DecimalText, Paged, Person
from workflows.domain import action_items, meetings
from workflows.models import ActionItem, ItemState, Meeting, MeetingKind, MeetingState

endpoints = Blueprint("api_meetings", __name__, url_prefix="/api/v1", description="会议与督办事项")


def _known_id() -> fields.Integer:
    return fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))


class MeetingsAsked(Paged):
    kind = fields.String(load_default=None, validate=validate.OneOf(list(MeetingKind)))
    state = fields.String(load_default=None, validate=validate.OneOf(list(MeetingState)))
    project_id = _known_id()
    since = fields.Date(load_default=None, metadata={"description": "召开（未召开的按纪要期限）不早于这一天"})
    until = fields.Date(load_default=None, metadata={"description": "不晚于这一天"})


class MeetingSummary(Schema):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    title = fields.Function(meetings.title, required=True, metadata={"type": "string"})
    state = fields.String(required=True)
    project_id = fields.Integer(required=True, allow_none=True)
    milestone_id = fields.Integer(required=True, allow_none=True)
    year_id = fields.Integer(required=True, allow_none=True)
    planned_at = fields.AwareDateTime(required=True, allow_none=True)
    place = fields.String(required=True)
    held_on = fields.Date(required=True, allow_none=True)


class MeetingList(Schema):
    rows = fields.List(fields.Nested(MeetingSummary), required=True)
    total = fields.Integer(required=True)


class Attendance(Schema):
    user = fields.Nested(Person, required=True)
    is_chair = fields.Boolean(required=True)
    is_invited = fields.Boolean(required=True)
    was_present = fields.Boolean(required=True)


class ActionItemShown(Schema):
    id = fields.Integer(required=True)
    what = fields.String(required=True)
    owner = fields.Nested(Person, required=True)
    due_on = fields.Date(required=True)
    state = fields.String(required=True)
    meeting_id = fields.Integer(required=True, allow_none=True)
    project_id = fields.Integer(required=True, allow_none=True)
    feedback = fields.String(required=True)
    evidence = fields.List(fields.Integer(), required=True, metadata={"description": "文件编号"})
    times_returned = fields.Integer(required=True)
    escalations = fields.Integer(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)


class MeetingShown(MeetingSummary):
    agenda = fields.String(required=True)
    summary = fields.String(required=True)
    decisions = fields.List(fields.String(), required=True)
    minutes = fields.List(fields.Integer(), required=True, metadata={"description": "文件编号"})
    score = DecimalText(required=True, allow_none=True)
    people = fields.List(fields.Nested(Attendance), required=True)
    items = fields.List(fields.Nested(ActionItemShown), required=True)
    signed_by = fields.Nested(Person, required=True, allow_none=True)
    signed_at = fields.AwareDateTime(required=True, allow_none=True)


class ActionItemsAsked(Paged):
    state = fields.String(load_default=None, validate=validate.OneOf(list(ItemState)))
    owner_id = _known_id()
    project_id = _known_id()
    meeting_id = _known_id()
    overdue = fields.Boolean(load_default=False)


class ActionItemList(Schema):
    rows = fields.List(fields.Nested(ActionItemShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("/meetings")
@endpoints.arguments(MeetingsAsked, location="query", unknown=RAISE)
@endpoints.response(200, MeetingList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """会议列表

    参加过的会议，以及有权查看的项目的会议。
    """
    rows, total = meetings.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/meetings/{ID}meeting_id>")
@endpoints.response(200, MeetingShown)
def show(meeting_id: int) -> Meeting:
    """一次会议"""
    return meetings.get(db.session(), meeting_id, actor=auth.actor())


@endpoints.route("/action-items")
@endpoints.arguments(ActionItemsAsked, location="query", unknown=RAISE)
@endpoints.response(200, ActionItemList)
def items(asked: dict[str, Any]) -> dict[str, Any]:
    """督办事项列表

    最先到期的在前。
    """
    rows, total = action_items.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/action-items/{ID}action_item_id>")
@endpoints.response(200, ActionItemShown)
def item(action_item_id: int) -> ActionItem:
    """一个督办事项"""
    return action_items.get(db.session(), action_item_id, actor=auth.actor())
