"""榜单 and starting a bid on one."""

from dataclasses import replace
from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, DecimalText, Paged, Person
from webapp.api.processes import Started
from webapp.trial_forms import LARGEST_FEN, LATEST_DAYS
from workflows import work
from workflows.domain import catalogues, challenges, listings, trials
from workflows.domain.terms import LEVELS
from workflows.models import Category, Challenge, ChallengeState

endpoints = Blueprint("api_challenges", __name__, url_prefix="/api/v1/challenges", description="榜单")

CHALLENGE = f"/{ID}challenge_id>"


class ChallengesAsked(Schema):
    state = fields.String(load_default=None, validate=validate.OneOf(list(ChallengeState)))
    category = fields.String(load_default=None, validate=validate.OneOf(list(Category)))
    level = fields.String(load_default=None, validate=validate.OneOf(list(LEVELS)))
    bidding = fields.String(load_default=None, validate=validate.OneOf([catalogues.OPEN, catalogues.CLOSING]))
    year = fields.Integer(load_default=None, validate=validate.Range(2000, 9000))
    batch_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    unit_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    q = fields.String(load_default="", validate=validate.Length(max=60))


class ListAsked(ChallengesAsked, Paged):
    order = fields.String(load_default=catalogues.NEWEST, validate=validate.OneOf(catalogues.ORDERS))


class Summary(Schema):
    id = fields.Integer(required=True)
    no = fields.String(required=True, allow_none=True)
    title = fields.String(required=True)
    category = fields.String(required=True)
    level = fields.String(required=True)
    mode = fields.String(required=True)
    state = fields.String(required=True)
    sponsor_unit = fields.String(attribute="sponsor_unit.name", required=True)
    budget_fen = fields.Integer(required=True)
    deadline = fields.Date(required=True)
    bid_to = fields.AwareDateTime(required=True, allow_none=True)


class OptionShown(Schema):
    value = fields.Raw(required=True)
    name = fields.String(required=True)
    count = fields.Integer(required=True)


FacetsShown = Schema.from_dict(
    {name: fields.List(fields.Nested(OptionShown), required=True) for name in catalogues.FACETS},
    name="FacetsShown",
)


class IndicatorShown(Schema):
    id = fields.Integer(required=True)
    name = fields.String(required=True)
    measure = fields.String(required=True)
    baseline = DecimalText(required=True)
    op = fields.String(required=True)
    target = DecimalText(required=True)
    hard = fields.Boolean(required=True)
    verifier = fields.String(required=True)
    verifier_unit_id = fields.Integer(required=True)
    data_source = fields.String(required=True)
    weight = DecimalText(required=True)


class ChallengeShown(Summary):
    background = fields.String(required=True)
    boundary = fields.String(required=True)
    conditions = fields.String(required=True)
    fields_ = fields.List(fields.String(), attribute="fields", data_key="fields", required=True)
    sponsor_unit_id = fields.Integer(required=True)
    max_winners = fields.Integer(required=True)
    fixed_award_fen = fields.Integer(required=True)
    benefit_cap_fen = fields.Integer(required=True)
    cap_fen = fields.Integer(required=True)
    est_benefit_fen = fields.Integer(required=True, allow_none=True)
    cross_units = fields.Integer(required=True)
    strategic = fields.Boolean(required=True)
    safety_critical = fields.Boolean(required=True)
    extended = fields.Boolean(required=True)
    relist_count = fields.Integer(required=True)
    snapshot_hash = fields.String(required=True, allow_none=True)
    party_lead = fields.Nested(Person, required=True)
    admin_lead = fields.Nested(Person, required=True)
    published_at = fields.AwareDateTime(required=True, allow_none=True)
    indicators = fields.List(fields.Nested(IndicatorShown), required=True)


class TrialAsked(Schema):
    """What is left out is as the challenge hopes for it."""

    benefit_fen = fields.Integer(strict=False, validate=validate.Range(0, LARGEST_FEN))
    score = DecimalText(validate=validate.Range(0, 100))
    late_days = fields.Integer(validate=validate.Range(-LATEST_DAYS, LATEST_DAYS))
    p = DecimalText(validate=validate.Range(0, 100))
    b = DecimalText(validate=validate.Range(0, 100))
    missed = fields.List(
        fields.Integer(validate=validate.Range(1, BIGGEST_ID)),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={"description": "达不到目标的指标（id），按基线计算"},
    )


class LineShown(Schema):
    factor = fields.String(required=True)
    value = fields.String(required=True)
    text = fields.String(required=True)
    file = fields.String(required=True, allow_none=True)
    version = fields.Integer(required=True, allow_none=True)
    rows = fields.List(fields.String(), required=True)


class InstalmentShown(Schema):
    kind = fields.String(required=True)
    fen = fields.Integer(required=True)


class TrialShown(Schema):
    total_fen = fields.Integer(attribute="sheet.total_fen", required=True)
    verdict = fields.String(attribute="sheet.verdict", required=True)
    lines = fields.List(fields.Nested(LineShown), required=True)
    missed = fields.List(fields.String(), required=True)
    instalments = fields.List(fields.Nested(InstalmentShown), required=True)


class ListingChangeShown(Schema):
    action = fields.String(required=True)
    text = fields.String(required=True)
    bid_to_before = fields.AwareDateTime(required=True, allow_none=True)
    bid_to_after = fields.AwareDateTime(required=True, allow_none=True)
    made_at = fields.AwareDateTime(required=True)


class ChallengeList(Schema):
    rows = fields.List(fields.Nested(Summary), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(ListAsked, location="query", unknown=RAISE)
@endpoints.response(200, ChallengeList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """榜单列表

    q 在编号、标题、背景和专业领域中查找，词之间用空格分开。
    """
    page, size = asked.pop("page"), asked.pop("size")
    wish = catalogues.Wish(**asked)
    rows, total = catalogues.listing(db.session(), actor=auth.actor(), wish=wish, page=page, size=size)
    return {"rows": rows, "total": total}


@endpoints.route("/facets")
@endpoints.arguments(ChallengesAsked, location="query", unknown=RAISE)
@endpoints.response(200, FacetsShown)
def facets(asked: dict[str, Any]) -> dict[str, Any]:
    """可选条件

    每类条件下各有多少榜单，其他条件照样生效。
    """
    return catalogues.facets(db.session(), actor=auth.actor(), wish=catalogues.Wish(**asked))


@endpoints.route(CHALLENGE)
@endpoints.response(200, ChallengeShown)
def show(challenge_id: int) -> Challenge:
    """一个榜单"""
    return challenges.get(db.session(), challenge_id, actor=auth.actor())


@endpoints.route(f"{CHALLENGE}/trial")
@endpoints.arguments(TrialAsked, location="query", unknown=RAISE)
@endpoints.response(200, TrialShown)
def trial(asked: dict[str, Any], challenge_id: int) -> trials.Trial:
    """试算激励

    按假设的结果，用正式测算的同一套公式和规则版本计算。
    """
    challenge = challenges.get(db.session(), challenge_id, actor=auth.actor())
    usual, missed = trials.usual(challenge), asked.pop("missed")
    reached = {known: value for known, value in usual.measured.items() if known not in missed}
    return trials.reward(db.session(), challenge, replace(usual, measured=reached, **asked))


@endpoints.route(f"{CHALLENGE}/changes")
@endpoints.response(200, ListingChangeShown(many=True))
def changes(challenge_id: int) -> list[Any]:
    """榜单变更"""
    challenge = challenges.get(db.session(), challenge_id, actor=auth.actor())
    return listings.changes(db.session(), challenge)


@endpoints.route(f"{CHALLENGE}/bids", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, Started)
def bid(challenge_id: int) -> work.StartedView:
    """我要揭榜"""
    return work.start(db.session(), "bid", {"challenge_id": challenge_id}, actor=auth.actor())
