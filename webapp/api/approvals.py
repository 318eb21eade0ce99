"""审批: who has signed what, stage by stage."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate
from werkzeug import Response

from webapp import auth, db
from webapp.api.fields import ID, PAPER, Paged, Person, as_file
from webapp.views import approvals as pages
from workflows.domain import approvals
from workflows.models import Approval, ApprovalKind, ApprovalResult

endpoints = Blueprint("api_approvals", __name__, url_prefix="/api/v1/approvals", description="审批")


class ApprovalsAsked(Paged):
    subject = fields.String(load_default=None, validate=validate.Length(max=40))
    kind = fields.String(load_default=None, validate=validate.OneOf(list(ApprovalKind)))
    result = fields.String(load_default=None, validate=validate.OneOf(["open", *ApprovalResult]))


class ApprovalSummary(Schema):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    subject = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    level = fields.String(required=True, allow_none=True)
    result = fields.String(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class ApprovalSignature(Schema):
    role = fields.String(required=True)
    user = fields.Nested(Person, required=True)
    decision = fields.String(required=True)
    opinion = fields.String(required=True)
    facts = fields.Dict(required=True)
    same_as = fields.Integer(required=True, allow_none=True)
    signed_at = fields.AwareDateTime(required=True)


class ApprovalStageShown(Schema):
    seq = fields.Integer(required=True)
    code = fields.String(required=True)
    signers = fields.List(fields.Dict(), required=True)
    result = fields.String(required=True, allow_none=True)
    signatures = fields.List(fields.Nested(ApprovalSignature), required=True)


class ApprovalShown(ApprovalSummary):
    stages = fields.List(fields.Nested(ApprovalStageShown), required=True)


class ApprovalList(Schema):
    rows = fields.List(fields.Nested(ApprovalSummary), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(ApprovalsAsked, location="query", unknown=RAISE)
@endpoints.response(200, ApprovalList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """审批列表"""
    rows, total = approvals.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/{ID}approval_id>")
@endpoints.response(200, ApprovalShown)
def show(approval_id: int) -> Approval:
    """一次审批"""
    return approvals.get(db.session(), approval_id, actor=auth.actor())


@endpoints.route(f"/{ID}approval_id>/sheet")
@endpoints.doc(responses=as_file(*PAPER))
def sheet(approval_id: int) -> Response:
    """审批单（PDF）"""
    return pages.sheet(approval_id)
