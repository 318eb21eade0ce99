"""批量同意: agreeing to several tasks of one kind."""

from dataclasses import asdict
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from webapp import agreements
from webapp.api.fields import BIGGEST_ID, JsonInt
from workflows import batches

endpoints = Blueprint("api_agreements", __name__, url_prefix="/api/v1/agreements", description="批量同意")


class AgreementsAsked(Schema):
    process_name = fields.String(required=True, validate=validate.Length(1, 60))
    step = fields.String(required=True, validate=validate.Length(1, 80))
    item_ids = fields.List(
        JsonInt(validate=validate.Range(1, BIGGEST_ID)),
        required=True,
        validate=validate.Length(1, batches.MOST),
    )
    opinion = fields.String(load_default="", validate=validate.Length(max=1000))


class AgreementTold(Schema):
    item_id = fields.Integer(required=True)
    subject = fields.String(required=True)
    refusal = fields.String(
        required=True, allow_none=True, metadata={"description": "没有办成的原因，办成为空"}
    )


class AgreementsTold(Schema):
    answers = fields.List(fields.Nested(AgreementTold), required=True)


@endpoints.route("", methods=["POST"])
@endpoints.response(200, AgreementsTold)
@endpoints.arguments(AgreementsAsked)
def agree(asked: dict[str, Any]) -> dict[str, Any]:
    """同意多项同类任务

    逐项生效，逐项答复。不需要 Idempotency-Key：对已同意的任务重发没有作用。
    """
    ids = asked.pop("item_ids")
    return {"answers": [asdict(one) for one in agreements.give(ids, **asked)]}
