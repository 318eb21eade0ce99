"""评审专家: the pool; the office adds to it and changes it."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, JsonInt, Paged, Person
from workflows.domain import experts
from workflows.models import Expert

endpoints = Blueprint("api_experts", __name__, url_prefix="/api/v1/experts", description="评审专家")


class ExpertsAsked(Paged):
    field = fields.String(load_default="", validate=validate.Length(max=experts.LONGEST_FIELD))
    unit_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    available = fields.Boolean(load_default=False, metadata={"description": "只列出今天可以抽取的专家"})
    q = fields.String(load_default="", validate=validate.Length(max=60))


class ExpertChanged(Schema):
    fields_ = fields.List(fields.String(), required=True, attribute="fields", data_key="fields")
    barred_until = fields.Date(load_default=None, allow_none=True)


class ExpertAdded(Schema):
    user_id = JsonInt(required=True, validate=validate.Range(1, BIGGEST_ID))
    fields_ = fields.List(fields.String(), required=True, attribute="fields", data_key="fields")


class ExpertShown(Schema):
    user = fields.Nested(Person, required=True)
    fields_ = fields.List(fields.String(), required=True, attribute="fields", data_key="fields")
    barred_until = fields.Date(required=True, allow_none=True)


class ExpertList(Schema):
    rows = fields.List(fields.Nested(ExpertShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(ExpertsAsked, location="query", unknown=RAISE)
@endpoints.response(200, ExpertList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """专家列表"""
    rows, total = experts.listing(db.session(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route("", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, ExpertShown)
@endpoints.arguments(ExpertAdded)
def add(asked: dict[str, Any]) -> Expert:
    """增加专家"""
    return experts.add(db.session(), actor=auth.actor(), **asked)


@endpoints.route(f"/{ID}user_id>", methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ExpertShown)
@endpoints.arguments(ExpertChanged)
def change(asked: dict[str, Any], user_id: int) -> Expert:
    """修改专家"""
    return experts.change(db.session(), user_id, actor=auth.actor(), **asked)
