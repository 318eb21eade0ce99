"""一票否决: the list and one event."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db
from webapp.api.fields import BIGGEST_ID, ID, Paged, Person
from workflows.domain import vetoes
from workflows.models import VetoEvent, VetoState

endpoints = Blueprint("api_vetoes", __name__, url_prefix="/api/v1/vetoes", description="一票否决")


class VetoesAsked(Paged):
    state = fields.String(load_default=None, validate=validate.OneOf(list(VetoState)))
    clause = fields.String(load_default=None, validate=validate.Regexp(r"V\d{2}\Z"))
    unit_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    project_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))


class VetoShown(Schema):
    id = fields.Integer(required=True)
    clause = fields.String(required=True)
    is_major = fields.Boolean(required=True)
    unit_id = fields.Integer(required=True, allow_none=True)
    project_id = fields.Integer(required=True, allow_none=True)
    facts = fields.String(required=True)
    evidence = fields.List(fields.Integer(), required=True)
    effective_on = fields.Date(required=True)
    state = fields.String(required=True)
    proposed_by = fields.Nested(Person, required=True)
    proposed_at = fields.AwareDateTime(required=True)
    appeal_to = fields.AwareDateTime(required=True, allow_none=True)
    appeal = fields.String(required=True)
    settlement = fields.String(required=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)
    restored_at = fields.AwareDateTime(required=True, allow_none=True)
    restored_why = fields.String(required=True)


class VetoList(Schema):
    rows = fields.List(fields.Nested(VetoShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(VetoesAsked, location="query", unknown=RAISE)
@endpoints.response(200, VetoList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """否决事项列表"""
    rows, total = vetoes.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/{ID}veto_id>")
@endpoints.response(200, VetoShown)
def show(veto_id: int) -> VetoEvent:
    """一个否决事项"""
    return vetoes.get(db.session(), veto_id, actor=auth.actor())
