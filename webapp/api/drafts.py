"""草稿: the forms that one has begun and not sent."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import IDEMPOTENCY_KEY, Paged
from workflows import begun
from workflows.domain import drafts
from workflows.errors import NotFound

endpoints = Blueprint("api_drafts", __name__, url_prefix="/api/v1/drafts", description="草稿")

PLACE = fields.String(
    required=True,
    validate=validate.Length(1, drafts.LONGEST_PLACE),
    metadata={"description": "表单的地址，如 /work/12"},
)


class DraftShown(Schema):
    place = fields.String(required=True)
    step_title = fields.String(required=True)
    subject = fields.String(required=True)
    saved_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    workdays_left = fields.Integer(required=True, allow_none=True)


class DraftList(Schema):
    rows = fields.List(fields.Nested(DraftShown), required=True)
    total = fields.Integer(required=True)


class Typed(Schema):
    name = fields.String(required=True)
    text = fields.String(required=True)


class DraftAsked(Schema):
    place = PLACE


class DraftRead(Schema):
    place = fields.String(required=True)
    saved_at = fields.AwareDateTime(required=True)
    typed = fields.List(fields.Nested(Typed), required=True)


@endpoints.route("")
@endpoints.arguments(Paged, location="query", unknown=RAISE)
@endpoints.response(200, DraftList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """我的草稿"""
    rows, first = begun.rows(db.session(), auth.actor()), (asked["page"] - 1) * asked["size"]
    return {"rows": rows[first : first + asked["size"]], "total": len(rows)}


@endpoints.route("/content")
@endpoints.arguments(DraftAsked, location="query", unknown=RAISE)
@endpoints.response(200, DraftRead)
def read(asked: dict[str, Any]) -> dict[str, Any]:
    """一份草稿的内容：只有本人能读"""
    found = drafts.find(db.session(), auth.actor(), place=asked["place"])
    if found is None:
        raise NotFound("没有找到这份草稿。")
    typed, saved_at = found
    return {**asked, "saved_at": saved_at, "typed": [{"name": name, "text": text} for name, text in typed]}


@endpoints.route("/discarding", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
@endpoints.arguments(DraftAsked)
def discard(asked: dict[str, Any]) -> None:
    """丢弃草稿"""
    drafts.discard(db.session(), auth.actor(), place=asked["place"])
