"""站内通知 of the caller."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY, Paged
from workflows.domain import notices
from workflows.domain.notice_kinds import KINDS
from workflows.models import Notice

endpoints = Blueprint("api_notices", __name__, url_prefix="/api/v1/notices", description="通知")


class NoticesAsked(Paged):
    unread = fields.Boolean(load_default=False)
    kind = fields.String(load_default=None, validate=validate.OneOf(list(KINDS)))


class NoticeShown(Schema):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    text = fields.String(required=True)
    link = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


class NoticeList(Schema):
    rows = fields.List(fields.Nested(NoticeShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(NoticesAsked, location="query", unknown=RAISE)
@endpoints.response(200, NoticeList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """我的通知

    最新的在前。
    """
    rows, total = notices.listing(db.session(), auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route("/reading", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
def read_all() -> None:
    """全部标为已读"""
    notices.mark_all_read(db.session(), auth.actor())


@endpoints.route(f"/{ID}notice_id>/reading", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, NoticeShown)
def read(notice_id: int) -> Notice:
    """标为已读"""
    return notices.mark_read(db.session(), auth.actor(), notice_id)
