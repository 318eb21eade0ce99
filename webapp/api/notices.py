"""站内通知 of the caller."""

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY
from workflows.domain import notices
from workflows.models import Notice

endpoints = Blueprint("api_notices", __name__, url_prefix="/api/v1/notices", description="通知")


class NoticesAsked(Schema):
    unread = fields.Boolean(load_default=False)


class NoticeShown(Schema):
    id = fields.Integer(required=True)
    text = fields.String(required=True)
    link = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    read_at = fields.AwareDateTime(required=True, allow_none=True)


@endpoints.route("")
@endpoints.arguments(NoticesAsked, location="query", unknown=RAISE)
@endpoints.response(200, NoticeShown(many=True))
def index(asked: dict[str, bool]) -> list[Notice]:
    """我的通知

    最新的在前，最多 100 条。
    """
    listed = notices.unread if asked["unread"] else notices.recent
    return listed(db.session(), auth.actor())


@endpoints.route(f"/{ID}notice_id>/reading", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, NoticeShown)
def read(notice_id: int) -> Notice:
    """标为已读"""
    return notices.mark_read(db.session(), auth.actor(), notice_id)
