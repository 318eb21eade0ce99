"""激励: the cases with their sheets line by line, and a trial of a split."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db
from webapp.api.challenges import LineShown
from webapp.api.fields import BIGGEST_ID, ID, DecimalText, Paged, Person
from workflows.domain import portions, reward_lists, rewards, splits
from workflows.models import RewardCase, RewardState

endpoints = Blueprint("api_rewards", __name__, url_prefix="/api/v1/rewards", description="激励")

REWARD = f"/{ID}reward_id>"


def _known_id() -> fields.Integer:
    return fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))


def _factor() -> DecimalText:
    return DecimalText(required=True, allow_none=True)


class RewardsAsked(Paged):
    state = fields.String(load_default=None, validate=validate.OneOf(list(RewardState)))
    unit_id = _known_id()
    challenge_id = _known_id()
    project_id = _known_id()


class RewardSummary(Schema):
    id = fields.Integer(required=True)
    project_id = fields.Integer(required=True)
    challenge_id = fields.Integer(attribute="project.challenge_id", required=True)
    bid_id = fields.Integer(attribute="project.bid_id", required=True)
    title = fields.String(attribute="project.challenge.title", required=True)
    leader = fields.Nested(Person, attribute="project.leader", required=True)
    unit = fields.String(attribute="project.unit.name", required=True)
    state = fields.String(required=True)
    verdict = fields.String(required=True, allow_none=True)
    total_fen = fields.Integer(required=True)


class RewardLineShown(LineShown):
    inputs = fields.Dict(required=True)


class RewardInstalmentShown(Schema):
    kind = fields.String(required=True)
    amount_fen = fields.Integer(required=True)


class SplitRowShown(Schema):
    user = fields.Nested(Person, required=True)
    role = fields.String(required=True)
    is_manager = fields.Boolean(required=True, metadata={"description": "科级以上管理人员"})
    contribution = fields.String(required=True)
    pct = DecimalText(required=True)
    amount_fen = fields.Integer(required=True)
    confirmed = fields.Boolean(required=True, allow_none=True)


class SplitProblem(Schema):
    code = fields.String(required=True)
    message = fields.String(required=True)
    file = fields.String(required=True)
    version = fields.Integer(required=True)
    row = fields.String(required=True)


class SplitShown(Schema):
    no = fields.Integer(required=True)
    state = fields.String(required=True)
    problems = fields.List(fields.Nested(SplitProblem), required=True)
    proposed_at = fields.AwareDateTime(required=True)
    mediation = fields.String(required=True)
    rows = fields.List(fields.Nested(SplitRowShown), required=True)


class PaidShown(Schema):
    id = fields.Integer(required=True)
    kind = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    paid_at = fields.AwareDateTime(required=True, allow_none=True)


class TakenShown(Schema):
    id = fields.Integer(required=True)
    amount_fen = fields.Integer(required=True)
    reason = fields.String(required=True)
    collected_at = fields.AwareDateTime(required=True, allow_none=True)


class RewardAppealShown(Schema):
    id = fields.Integer(required=True)
    is_of_sheet = fields.Boolean(required=True)
    filed_by = fields.Nested(Person, required=True)
    filed_at = fields.AwareDateTime(required=True)
    reason = fields.String(required=True)
    findings = fields.String(required=True)
    state = fields.String(required=True)
    reply = fields.String(required=True)


class RewardShown(RewardSummary):
    measurement = fields.Integer(required=True)
    measured_at = fields.AwareDateTime(required=True, allow_none=True)
    is_beaten = fields.Boolean(required=True)
    kc, kt, kdual, v, p, b = (_factor() for _ in range(6))
    explanation = fields.List(fields.Nested(RewardLineShown), required=True)
    instalments = fields.List(fields.Nested(RewardInstalmentShown), required=True)
    splits = fields.List(fields.Nested(SplitShown), required=True)
    payouts = fields.List(fields.Nested(PaidShown), required=True)
    clawbacks = fields.List(fields.Nested(TakenShown), required=True)
    appeals = fields.List(fields.Nested(RewardAppealShown), required=True)

    def get_attribute(self, obj: RewardCase, attr: str, default: Any) -> Any:
        """The explanation is that of the last measurement."""
        return rewards.sheet(obj) if attr == "explanation" else super().get_attribute(obj, attr, default)


class RewardList(Schema):
    rows = fields.List(fields.Nested(RewardSummary), required=True)
    total = fields.Integer(required=True)


class ShareTried(Schema):
    user_id = fields.Integer(required=True, strict=True, validate=validate.Range(1, BIGGEST_ID))
    pct = fields.Decimal(
        required=True,
        places=4,
        validate=validate.Range(0, 100),
        metadata={"minimum": 0, "maximum": 100},  # apispec would write the bounds as text
    )


class SplitTried(Schema):
    rows = fields.List(fields.Nested(ShareTried), required=True, validate=validate.Length(1, 50))


class SplitJudged(Schema):
    problems = fields.List(fields.Nested(SplitProblem), required=True)
    amounts_fen = fields.List(fields.Integer(), required=True)


@endpoints.route("")
@endpoints.arguments(RewardsAsked, location="query", unknown=RAISE)
@endpoints.response(200, RewardList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """激励列表"""
    rows, total = reward_lists.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(REWARD)
@endpoints.response(200, RewardShown)
def show(reward_id: int) -> RewardCase:
    """一个激励案，测算逐行说明"""
    return rewards.get(db.session(), reward_id, actor=auth.actor())


@endpoints.route(f"{REWARD}/split-check", methods=["POST"])
@endpoints.arguments(SplitTried)
@endpoints.response(200, SplitJudged)
def try_split(asked: dict[str, Any], reward_id: int) -> dict[str, Any]:
    """试算分配方案

    只审查和试算，不保存。
    """
    case = rewards.get(db.session(), reward_id, actor=auth.actor())
    rows = asked["rows"]
    found = splits.problems(db.session(), case, rows=rows)
    return {"problems": found, "amounts_fen": portions.shares(case.total_fen, [row["pct"] for row in rows])}
