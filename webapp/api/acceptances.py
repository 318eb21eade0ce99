"""验收: the list, one acceptance with what was verified and scored, and the race that it settles."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db
from webapp.api.fields import BIGGEST_ID, ID, DecimalText, Paged, Person
from workflows.domain import acceptances, post_evaluations, verdicts
from workflows.models import Acceptance, AcceptanceState

endpoints = Blueprint("api_acceptances", __name__, url_prefix="/api/v1/acceptances", description="验收")


class AcceptancesAsked(Paged):
    state = fields.String(load_default=None, validate=validate.OneOf(list(AcceptanceState)))
    verdict = fields.String(load_default=None, validate=validate.OneOf(list(verdicts.VERDICTS)))
    project_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    challenge_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))


class AcceptanceSummary(Schema):
    id = fields.Integer(required=True)
    project_id = fields.Integer(required=True)
    title = fields.String(attribute="project.challenge.title", required=True)
    unit = fields.String(attribute="project.unit.name", required=True)
    leader = fields.Nested(Person, attribute="project.leader", required=True)
    state = fields.String(required=True)
    attempt = fields.Integer(required=True)
    received_on = fields.Date(required=True, allow_none=True)
    score = DecimalText(required=True, allow_none=True)
    verdict = fields.String(required=True, allow_none=True)
    decided_on = fields.Date(required=True, allow_none=True)


class AcceptanceList(Schema):
    rows = fields.List(fields.Nested(AcceptanceSummary), required=True)
    total = fields.Integer(required=True)


class IndicatorVerified(Schema):
    indicator_id = fields.Integer(required=True)
    name = fields.String(attribute="indicator.name", required=True)
    claimed = DecimalText(required=True)
    pledged = DecimalText(required=True, allow_none=True)
    measured = DecimalText(required=True, allow_none=True)
    is_met = fields.Boolean(required=True, allow_none=True)
    remark = fields.String(required=True)
    verifier = fields.Nested(Person, required=True, allow_none=True)


class OpinionShown(Schema):
    kind = fields.String(required=True)
    role = fields.String(required=True)
    is_ok = fields.Boolean(required=True, allow_none=True)
    text = fields.String(required=True)
    files = fields.List(fields.Integer(), required=True)
    given_by = fields.Nested(Person, required=True)
    given_at = fields.AwareDateTime(required=True)


class RightShown(Schema):
    kind = fields.String(required=True)
    title = fields.String(required=True)
    number = fields.String(required=True)


class SheetShown(Schema):
    """A sheet without the name of who signed it."""

    attempt = fields.Integer(required=True)
    items = fields.List(fields.Dict(), required=True)
    total = DecimalText(required=True)
    remark = fields.String(required=True)


class BenefitAuditShown(Schema):
    method = fields.String(required=True)
    gross_fen = fields.Integer(required=True, allow_none=True)
    cost_fen = fields.Integer(required=True, allow_none=True)
    net_benefit_fen = fields.Integer(required=True, allow_none=True)
    remark = fields.String(required=True)
    audited_at = fields.AwareDateTime(required=True, allow_none=True)


class PostEvaluationShown(Schema):
    realised_fen = fields.Integer(required=True, allow_none=True)
    remark = fields.String(required=True)
    is_in_use = fields.Boolean(required=True, allow_none=True)
    usage = fields.String(required=True)
    evaluated_at = fields.AwareDateTime(required=True, allow_none=True)


class AcceptanceShown(AcceptanceSummary):
    report = fields.List(fields.Integer(), required=True)
    claim_formula = fields.String(required=True)
    claim_gross_fen = fields.Integer(required=True, allow_none=True)
    claim_cost_fen = fields.Integer(required=True, allow_none=True)
    claim_period = fields.String(required=True)
    rights = fields.List(fields.Nested(RightShown), required=True)
    rollout_advice = fields.String(required=True)
    applied_at = fields.AwareDateTime(required=True, allow_none=True)
    hard_ok = fields.Boolean(required=True)
    met_ratio = DecimalText(required=True)
    is_rectified = fields.Boolean(required=True)
    indicators = fields.List(fields.Nested(IndicatorVerified), required=True)
    opinions = fields.List(fields.Nested(OpinionShown), required=True)
    audit = fields.Nested(BenefitAuditShown, required=True, allow_none=True)
    sheets = fields.List(fields.Nested(SheetShown), required=True)
    post_evaluation = fields.Nested(PostEvaluationShown, required=True, allow_none=True)

    def get_attribute(self, obj: Acceptance, attr: str, default: Any) -> Any:
        """What is kept in tables of its own; the sheets are shown once the mean is made of them."""
        session = db.session()
        if attr == "audit":
            return acceptances.audit_of(session, obj)
        if attr == "sheets":
            return [] if obj.score is None else verdicts.sheets(session, obj)
        if attr == "post_evaluation":
            return post_evaluations.find(session, obj.project)
        return super().get_attribute(obj, attr, default)


@endpoints.route("")
@endpoints.arguments(AcceptancesAsked, location="query", unknown=RAISE)
@endpoints.response(200, AcceptanceList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """验收列表"""
    rows, total = acceptances.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/{ID}acceptance_id>")
@endpoints.response(200, AcceptanceShown)
def show(acceptance_id: int) -> Acceptance:
    """一次验收

    评分表不署名，得分汇总后才给出。
    """
    return acceptances.get(db.session(), acceptance_id, actor=auth.actor())
