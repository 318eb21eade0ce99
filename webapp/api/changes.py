"""变更: the list, and one change with what was said of it."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db
from webapp.api.fields import BIGGEST_ID, ID, DecimalText, Paged, Person
from workflows.domain import changes
from workflows.models import ChangeKind, ChangeRequest, ChangeState

endpoints = Blueprint("api_changes", __name__, url_prefix="/api/v1/changes", description="变更")


class ChangeRequestsAsked(Paged):
    project_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    kind = fields.String(load_default=None, validate=validate.OneOf(list(ChangeKind)))
    state = fields.String(load_default=None, validate=validate.OneOf(list(ChangeState)))


class ChangeRequestSummary(Schema):
    id = fields.Integer(required=True)
    project_id = fields.Integer(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True)
    requested_by = fields.Nested(Person, required=True)
    requested_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class ChangeRequestList(Schema):
    rows = fields.List(fields.Nested(ChangeRequestSummary), required=True)
    total = fields.Integer(required=True)


class ChangeFinding(Schema):
    code = fields.String(required=True)
    severity = fields.String(required=True)
    message = fields.String(required=True)


class ExpertOpinion(Schema):
    expert = fields.Nested(Person, required=True)
    agree = fields.Boolean(required=True)
    opinion = fields.String(required=True)


class ChangeRequestShown(ChangeRequestSummary):
    before = fields.Raw(required=True)
    after = fields.Raw(required=True)
    reason = fields.String(required=True)
    impact_days = fields.Integer(required=True, allow_none=True)
    impact_fen = fields.Integer(required=True, allow_none=True)
    impact_pct = DecimalText(required=True, allow_none=True)
    findings = fields.List(fields.Nested(ChangeFinding), required=True)
    opinions = fields.List(fields.Nested(ExpertOpinion), required=True)
    outcome = fields.String(required=True)


@endpoints.route("")
@endpoints.arguments(ChangeRequestsAsked, location="query", unknown=RAISE)
@endpoints.response(200, ChangeRequestList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """变更列表

    本人申请的，以及有权查看的项目的变更。
    """
    rows, total = changes.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/{ID}change_id>")
@endpoints.response(200, ChangeRequestShown)
def show(change_id: int) -> ChangeRequest:
    """一项变更"""
    return changes.get(db.session(), change_id, actor=auth.actor())
