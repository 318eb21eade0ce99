"""单位 and 人员: whom and what forms name by id."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, Paged
from webapp.api.me import Role
from workflows.domain import accounts
from workflows.domain.permissions import ROLES
from workflows.models import Unit, User

endpoints = Blueprint("api_people", __name__, url_prefix="/api/v1", description="单位与人员")


class PeopleAsked(Paged):
    q = fields.String(load_default="", validate=validate.Length(max=60))
    unit_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    role = fields.String(load_default=None, validate=validate.OneOf(list(ROLES)))


class UnitShown(Schema):
    id = fields.Integer(required=True)
    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    parent_id = fields.Integer(required=True, allow_none=True)
    closed_on = fields.Date(required=True, allow_none=True, metadata={"description": "撤销日期"})


class PersonShown(Schema):
    id = fields.Integer(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True)
    unit_id = fields.Integer(required=True)
    unit = fields.String(attribute="unit.name", required=True)
    is_manager = fields.Boolean(required=True, metadata={"description": "科级以上管理人员"})
    roles = fields.List(fields.Nested(Role), attribute="grants", required=True)


class PersonChanged(Schema):
    is_manager = fields.Boolean(
        required=True, truthy={True}, falsy={False}, metadata={"description": "科级以上管理人员"}
    )


class People(Schema):
    rows = fields.List(fields.Nested(PersonShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("/units")
@endpoints.response(200, UnitShown(many=True))
def units() -> list[Unit]:
    """单位列表"""
    return accounts.units(db.session())


@endpoints.route("/people")
@endpoints.arguments(PeopleAsked, location="query", unknown=RAISE)
@endpoints.response(200, People)
def people(asked: dict[str, Any]) -> dict[str, Any]:
    """人员列表"""
    rows, total = accounts.find(db.session(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/people/{ID}user_id>", methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, PersonShown)
@endpoints.arguments(PersonChanged)
def change(asked: dict[str, Any], user_id: int) -> User:
    """登记科级以上管理人员"""
    return accounts.mark_manager(db.session(), user_id, actor=auth.actor(), **asked)
