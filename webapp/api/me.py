"""Who the token belongs to."""

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from webapp import auth
from workflows.models import User

endpoints = Blueprint("api_me", __name__, url_prefix="/api/v1/me", description="本人")


class Role(Schema):
    role = fields.String(required=True)
    unit_id = fields.Integer(required=True, allow_none=True)


class Me(Schema):
    id = fields.Integer(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True)
    unit = fields.String(attribute="unit.name", required=True)
    roles = fields.List(fields.Nested(Role), attribute="grants", required=True)


@endpoints.route("")
@endpoints.response(200, Me)
def show() -> User:
    """我是谁"""
    return auth.actor()
