"""难题: the list with its filters, one problem, and the justification of the challenge that came of it."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db
from webapp.api.fields import BIGGEST_ID, ID, DecimalText, Paged, Person
from workflows.domain import justifications, problems
from workflows.models import Category, Problem, ProblemState

endpoints = Blueprint("api_problems", __name__, url_prefix="/api/v1/problems", description="难题")

PROBLEM = f"/{ID}problem_id>"


class ProposerShown(fields.Nested):
    """Who proposed it, as far as the caller may know."""

    def get_value(self, obj: Any, attr: str, accessor: Any = None, default: Any = None) -> Any:
        return problems.proposer_for(obj, auth.actor())


class ProblemsAsked(Paged):
    state = fields.String(load_default=None, validate=validate.OneOf(list(ProblemState)))
    category = fields.String(load_default=None, validate=validate.OneOf(list(Category)))
    unit_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    batch_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    mine = fields.Boolean(load_default=False)
    q = fields.String(load_default="", validate=validate.Length(max=60))


class ProblemSummary(Schema):
    id = fields.Integer(required=True)
    title = fields.String(required=True)
    category = fields.String(required=True)
    state = fields.String(required=True)
    unit = fields.String(attribute="unit.name", required=True)
    proposer = ProposerShown(Person, required=True, allow_none=True)
    anonymous = fields.Boolean(required=True)
    batch_id = fields.Integer(required=True, allow_none=True)
    submitted_at = fields.AwareDateTime(required=True)


class SimilarProblem(Schema):
    kind = fields.String(required=True)
    id = fields.Integer(required=True)
    title = fields.String(required=True)
    score = DecimalText(required=True)


class ProblemShown(ProblemSummary):
    scene = fields.String(required=True)
    root_cause = fields.String(required=True)
    loss_year_fen = fields.Integer(required=True, allow_none=True)
    freq = fields.String(required=True)
    wanted = fields.String(required=True)
    willing_join = fields.Boolean(required=True)
    level_hint = fields.String(required=True, allow_none=True)
    attachments = fields.List(fields.Integer(), required=True)
    similar = fields.List(fields.Nested(SimilarProblem), required=True)
    triage_action = fields.String(required=True, allow_none=True)
    triage_reason = fields.String(required=True)
    marks = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    merged_into_id = fields.Integer(required=True, allow_none=True)
    challenge_ids = fields.List(fields.Integer(), required=True)
    reply = fields.String(required=True)
    replied_at = fields.AwareDateTime(required=True, allow_none=True)


class ProblemList(Schema):
    rows = fields.List(fields.Nested(ProblemSummary), required=True)
    total = fields.Integer(required=True)


class JustificationSheetShown(Schema):
    necessity = fields.Integer(required=True)
    feasibility = fields.Integer(required=True)
    indicators = fields.Integer(required=True)
    benefit = fields.Integer(required=True)
    spread = fields.Integer(required=True)
    total = fields.Integer(required=True)
    verdict = fields.String(required=True)
    opinion = fields.String(required=True)


class JustificationShown(Schema):
    no = fields.Integer(required=True)
    challenge_id = fields.Integer(required=True)
    result = fields.String(required=True, allow_none=True)
    mean = DecimalText(required=True, allow_none=True)
    sheets = fields.List(fields.Nested(JustificationSheetShown), required=True)


@endpoints.route("")
@endpoints.arguments(ProblemsAsked, location="query", unknown=RAISE)
@endpoints.response(200, ProblemList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """难题列表"""
    rows, total = problems.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(PROBLEM)
@endpoints.response(200, ProblemShown)
def show(problem_id: int) -> Problem:
    """一项难题"""
    return problems.get(db.session(), problem_id, actor=auth.actor())


@endpoints.route(f"{PROBLEM}/justifications")
@endpoints.response(200, JustificationShown(many=True))
def justified(problem_id: int) -> Any:
    """由难题凝练的榜单的专家论证

    打分不署名。
    """
    session = db.session()
    problem = problems.get(session, problem_id, actor=auth.actor())
    return [held for one in problem.challenges for held in justifications.of_challenge(session, one)]
