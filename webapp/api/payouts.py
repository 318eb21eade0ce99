"""发放批次: what was paid, or is about to be, to whom."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields
from werkzeug import Response

from webapp import auth, db
from webapp.api.fields import ID, Paged, Person, as_file
from webapp.api.rewards import PaidShown
from webapp.views.rewards import payout
from workflows.domain import payouts
from workflows.models import PayoutBatch

endpoints = Blueprint("api_payouts", __name__, url_prefix="/api/v1/payouts", description="发放")

PAYOUT = f"/{ID}payout_id>"


class PayoutsAsked(Paged):
    is_paid = fields.Boolean(load_default=None)


class PayoutRowShown(Schema):
    user = fields.Nested(Person, required=True)
    amount_fen = fields.Integer(required=True)


class PayoutShown(PaidShown):
    reward_id = fields.Integer(attribute="case_id", required=True)
    title = fields.String(attribute="case.project.challenge.title", required=True)
    made_at = fields.AwareDateTime(required=True)
    rows = fields.List(fields.Nested(PayoutRowShown), required=True)


class PayoutList(Schema):
    rows = fields.List(fields.Nested(PayoutShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(PayoutsAsked, location="query", unknown=RAISE)
@endpoints.response(200, PayoutList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """发放批次"""
    rows, total = payouts.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(PAYOUT)
@endpoints.response(200, PayoutShown)
def show(payout_id: int) -> PayoutBatch:
    """一个发放批次"""
    return payouts.get(db.session(), payout_id, actor=auth.actor())


@endpoints.route(f"{PAYOUT}/list")
@endpoints.doc(responses=as_file("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))
def paper(payout_id: int) -> Response:
    """发放表（Excel）"""
    return payout(payout_id)
