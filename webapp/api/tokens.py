"""Bearer tokens for login and password."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate
from werkzeug.exceptions import Unauthorized

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY, JsonInt
from webapp.views.sign_in import slowed_after_failures
from workflows.domain import accounts
from workflows.errors import Forbidden
from workflows.models import ApiToken

endpoints = Blueprint("api_tokens", __name__, url_prefix="/api/v1/tokens", description="令牌")

TEXT = validate.Length(1, 60)


class TokenAsked(Schema):
    login = fields.String(required=True, validate=TEXT)
    password = fields.String(required=True, validate=validate.Length(1, 128))
    name = fields.String(
        load_default="API", validate=[TEXT, validate.Regexp(r".*\S", error="请填写令牌名称。")]
    )
    days = JsonInt(load_default=30, validate=validate.Range(1, 365))


class TokenIssued(Schema):
    token = fields.String(required=True)


class TokenShown(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    expires_at = fields.AwareDateTime(required=True)


@endpoints.route("")
@endpoints.response(200, TokenShown(many=True))
def index() -> list[ApiToken]:
    """我的令牌"""
    return accounts.tokens(db.session(), auth.actor())


@endpoints.route(f"/{ID}token_id>/revocation", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
def revoke(token_id: int) -> None:
    """撤销令牌"""
    accounts.revoke_token(db.session(), token_id, actor=auth.actor())


@endpoints.route("", methods=["POST"])
@endpoints.doc(security=[])
@slowed_after_failures
@endpoints.response(201, TokenIssued)
@endpoints.arguments(TokenAsked)
def issue(asked: dict[str, Any]) -> dict[str, str]:
    """取得令牌

    唯一不需要 Idempotency-Key 的写请求：重发只会多得一个令牌。
    """
    user = accounts.by_login(db.session(), asked["login"])
    if not accounts.check_password(user, asked["password"]) or user is None:
        raise Unauthorized("登录名或密码不正确。", www_authenticate=auth.BEARER)
    if user.must_change_password:
        raise Forbidden(auth.ONE_TIME)
    token = accounts.issue_token(db.session(), user, name=asked["name"], days=asked["days"])
    db.session().commit()  # not idempotency.once, which would keep the answer and the token in it
    return {"token": token}
