"""年度与批次: the years with their batches, the packs of their monthly meetings, and batches by themselves."""

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, batch_forms, db, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, Paged
from workflows import batch_dates
from workflows.domain import batch_plans, campaigns
from workflows.models import Batch, CampaignYear, MonthlyPack, YearState

endpoints = Blueprint("api_campaigns", __name__, url_prefix="/api/v1", description="年度与批次")

YEAR = f"/campaign-years/{ID}year_id>"
BATCH = f"/batches/{ID}batch_id>"
BATCH_STATES = ("planned", "open", "closed")


class YearsAsked(Paged):
    state = fields.String(load_default=None, validate=validate.OneOf(list(YearState)))


class BatchesAsked(Paged):
    year_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    state = fields.String(load_default=None, validate=validate.OneOf(BATCH_STATES))


class BatchShown(Schema):
    id = fields.Integer(required=True)
    year_id = fields.Integer(required=True)
    no = fields.Integer(required=True)
    intake_from = fields.Date(required=True)
    intake_to = fields.Date(required=True)
    bid_from = fields.Date(required=True, allow_none=True)
    bid_to = fields.Date(required=True, allow_none=True)
    state = fields.String(required=True)


class YearShown(Schema):
    id = fields.Integer(required=True)
    year = fields.Integer(required=True)
    theme = fields.String(required=True)
    emphasis = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    pool_fen = fields.Integer(required=True)
    state = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True, allow_none=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    summary = fields.Dict(keys=fields.String(), required=True, allow_none=True)
    batches = fields.List(fields.Nested(BatchShown), required=True)


class PackShown(Schema):
    id = fields.Integer(required=True)
    month = fields.Date(required=True)
    prepared_at = fields.AwareDateTime(required=True)
    figures = fields.Dict(keys=fields.String(), required=True)


class YearList(Schema):
    rows = fields.List(fields.Nested(YearShown), required=True)
    total = fields.Integer(required=True)


class BatchList(Schema):
    rows = fields.List(fields.Nested(BatchShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("/campaign-years")
@endpoints.arguments(YearsAsked, location="query", unknown=RAISE)
@endpoints.response(200, YearList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """年度列表"""
    rows, total = campaigns.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(YEAR)
@endpoints.response(200, YearShown)
def show(year_id: int) -> CampaignYear:
    """一个年度：计划、批次、总结"""
    return campaigns.get(db.session(), year_id, actor=auth.actor())


@endpoints.route(f"{YEAR}/packs")
@endpoints.response(200, PackShown(many=True))
def packs(year_id: int) -> Sequence[MonthlyPack]:
    """月度例会材料"""
    session, actor = db.session(), auth.actor()
    return campaigns.packs(session, campaigns.get(session, year_id, actor=actor), actor=actor)


@endpoints.route("/batches")
@endpoints.arguments(BatchesAsked, location="query", unknown=RAISE)
@endpoints.response(200, BatchList)
def batches(asked: dict[str, Any]) -> dict[str, Any]:
    """批次列表"""
    rows, total = campaigns.batches(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(BATCH)
@endpoints.response(200, BatchShown)
def batch(batch_id: int) -> Batch:
    """一个批次"""
    return campaigns.batch(db.session(), batch_id, actor=auth.actor())


@endpoints.route(f"{BATCH}/opening", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, BatchShown)
@endpoints.arguments(batch_forms.Confirm)
def open_early(asked: dict[str, Any], batch_id: int) -> Batch:
    """提前开始征集"""
    return batch_dates.open_early(db.session(), batch_id, actor=auth.actor(), **asked)


@endpoints.route(f"{BATCH}/closing", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, BatchShown)
@endpoints.arguments(batch_forms.Confirm)
def close_now(asked: dict[str, Any], batch_id: int) -> Batch:
    """提前截止征集"""
    return batch_dates.close_now(db.session(), batch_id, actor=auth.actor(), **asked)


@endpoints.route(f"{BATCH}/dates", methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, BatchShown)
@endpoints.arguments(batch_forms.Days)
def move(asked: dict[str, Any], batch_id: int) -> Batch:
    """批次改期"""
    wanted = {name: asked[name] for name in batch_plans.DAYS}
    return batch_dates.move(db.session(), batch_id, wanted, actor=auth.actor(), reason=asked["reason"])
