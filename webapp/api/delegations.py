"""代理: who acts for whom."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, JsonInt, Paged, Person
from workflows.domain import accounts, substitutes
from workflows.errors import Invalid
from workflows.models import Delegation

endpoints = Blueprint("api_delegations", __name__, url_prefix="/api/v1/delegations", description="代理")

USER_ID = validate.Range(1, BIGGEST_ID)


class DelegationAsked(Schema):
    principal_id = JsonInt(
        load_default=None, allow_none=True, validate=USER_ID, metadata={"description": "缺省为本人"}
    )
    substitute_id = JsonInt(required=True, validate=USER_ID)
    from_day = fields.Date(required=True)
    to_day = fields.Date(required=True)
    reason = fields.String(required=True, validate=validate.Length(1, substitutes.LONGEST_REASON))


class DelegationShown(Schema):
    id = fields.Integer(required=True)
    principal = fields.Nested(Person, required=True)
    substitute = fields.Nested(Person, required=True)
    from_day = fields.Date(required=True)
    to_day = fields.Date(required=True)
    reason = fields.String(required=True)
    revoked_at = fields.AwareDateTime(required=True, allow_none=True)


class DelegationsAsked(Paged):
    person_id = fields.Integer(
        load_default=None, validate=USER_ID, metadata={"description": "委托人或代理人"}
    )
    in_force = fields.Boolean(load_default=False, metadata={"description": "只列出今天有效的代理"})


class DelegationList(Schema):
    rows = fields.List(fields.Nested(DelegationShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(DelegationsAsked, location="query", unknown=RAISE)
@endpoints.response(200, DelegationList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """代理列表"""
    rows, total = substitutes.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route("", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, DelegationShown)
@endpoints.arguments(DelegationAsked)
def appoint(asked: dict[str, Any]) -> Delegation:
    """指定代理人"""
    principal_id = asked.pop("principal_id")
    principal = auth.actor() if principal_id is None else accounts.get(db.session(), principal_id)
    if principal is None:
        raise Invalid({"principal_id": ["没有这个人员。"]})
    return substitutes.appoint(db.session(), principal, actor=auth.actor(), **asked)


@endpoints.route(f"/{ID}delegation_id>/revocation", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, DelegationShown)
def revoke(delegation_id: int) -> Delegation:
    """撤销代理"""
    return substitutes.revoke(db.session(), delegation_id, actor=auth.actor())
