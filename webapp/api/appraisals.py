"""双挂钩考评: the list and one with its category scores."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db
from webapp.api.fields import BIGGEST_ID, ID, DecimalText, Paged, Person
from workflows.domain import appraisal_lists, appraisals
from workflows.models import Appraisal, AppraisalState

endpoints = Blueprint("api_appraisals", __name__, url_prefix="/api/v1/appraisals", description="双挂钩考评")


class AppraisalsAsked(Paged):
    unit_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    state = fields.String(load_default=None, validate=validate.OneOf(list(AppraisalState)))
    year = fields.Integer(load_default=None, validate=validate.Range(2000, 2999))
    period = fields.String(load_default=None, validate=validate.Length(4, 7))


class AppraisalSummary(Schema):
    id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    unit = fields.String(attribute="unit.name", required=True)
    period = fields.String(required=True)
    state = fields.String(required=True)
    p, b, kdual, v = (DecimalText(required=True, allow_none=True) for _ in range(4))
    published_at = fields.AwareDateTime(required=True, allow_none=True)


class Deduction(Schema):
    category = fields.String(required=True)
    clause = fields.String(required=True)
    points = fields.Integer(required=True)
    reason = fields.String(required=True)
    evidence = fields.List(fields.Integer(), required=True)


class CategoryScoreShown(Schema):
    category = fields.String(required=True)
    owner = fields.String(required=True)
    score = DecimalText(required=True)
    deductions = fields.List(fields.Nested(Deduction), required=True)
    bonus = fields.String(required=True)
    reason = fields.String(required=True)


class HeadCoefficientShown(Schema):
    user = fields.Nested(Person, required=True)
    role = fields.String(required=True)
    coefficient = DecimalText(required=True)


class AppraisalShown(AppraisalSummary):
    scores = fields.List(fields.Nested(CategoryScoreShown), required=True)
    heads = fields.List(fields.Nested(HeadCoefficientShown), required=True)


class AppraisalList(Schema):
    rows = fields.List(fields.Nested(AppraisalSummary), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(AppraisalsAsked, location="query", unknown=RAISE)
@endpoints.response(200, AppraisalList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """考评列表"""
    rows, total = appraisal_lists.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/{ID}appraisal_id>")
@endpoints.response(200, AppraisalShown)
def show(appraisal_id: int) -> Appraisal:
    """一次考评"""
    return appraisals.get(db.session(), appraisal_id, actor=auth.actor())
