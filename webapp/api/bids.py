"""揭榜申报: list, read and withdraw."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate
from werkzeug import Response

from webapp import auth, db, eligibility_checks, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, PAPER, Paged, Person, as_file
from webapp.views import bids as pages
from workflows import work
from workflows.domain import bids, permissions
from workflows.domain.eligibility import Foreseen
from workflows.errors import NotFound
from workflows.models import Bid, BidState

endpoints = Blueprint("api_bids", __name__, url_prefix="/api/v1/bids", description="揭榜申报")

BID = f"/{ID}bid_id>"


class BidsAsked(Paged):
    challenge_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    unit_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    state = fields.String(load_default=None, validate=validate.OneOf(list(BidState)))
    mine = fields.Boolean(load_default=False)


class FoundShown(Schema):
    code = fields.String(required=True)
    severity = fields.String(required=True)
    message = fields.String(required=True)


class AdviceShown(Schema):
    text = fields.String(required=True)
    is_met = fields.Boolean(required=True)


class ForeseenShown(Schema):
    findings = fields.List(fields.Nested(FoundShown), required=True)
    advice = fields.List(fields.Nested(AdviceShown), required=True)


class BidSummary(Schema):
    id = fields.Integer(required=True)
    challenge_id = fields.Integer(required=True)
    challenge = fields.String(attribute="challenge.title", required=True)
    state = fields.String(required=True)
    leader = fields.Nested(Person, required=True)
    unit = fields.String(attribute="unit.name", required=True)
    sealed_at = fields.AwareDateTime(required=True, allow_none=True)


class BidList(Schema):
    rows = fields.List(fields.Nested(BidSummary), required=True)
    total = fields.Integer(required=True)


class Member(Schema):
    user = fields.Nested(Person, required=True)
    role = fields.String(required=True)
    workload_pct = fields.Integer(required=True)
    confirmed_at = fields.AwareDateTime(required=True, allow_none=True)


class Finding(Schema):
    code = fields.String(required=True)
    severity = fields.String(required=True)
    message = fields.String(required=True)


class BidShown(Schema):
    id = fields.Integer(required=True)
    challenge_id = fields.Integer(required=True)
    state = fields.String(required=True)
    leader = fields.Nested(Person, required=True)
    sealed_at = fields.AwareDateTime(required=True, allow_none=True)
    sealed_hash = fields.String(required=True, allow_none=True)
    opened_at = fields.AwareDateTime(required=True, allow_none=True)
    members = fields.List(fields.Nested(Member), required=True)
    checks = fields.List(fields.Nested(Finding), required=True)

    def get_attribute(self, obj: Bid, attr: str, default: Any) -> Any:
        """What was found tells of the pledges: it is left away for whoever may not know them yet."""
        if attr == "checks" and not permissions.may_see_findings(db.session(), auth.actor(), obj):
            return []
        return super().get_attribute(obj, attr, default)


class BidDocument(Schema):
    content = fields.Dict(keys=fields.String(), required=True, metadata={"description": "同编制揭榜书的表单"})


@endpoints.route("")
@endpoints.arguments(BidsAsked, location="query", unknown=RAISE)
@endpoints.response(200, BidList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """申报列表"""
    rows, total = bids.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(BID)
@endpoints.response(200, BidShown)
def show(bid_id: int) -> Bid:
    """一份申报

    密封期间没有人能读到内容，这里也没有。
    """
    return bids.get(db.session(), bid_id, actor=auth.actor())


@endpoints.route(f"{BID}/document")
@endpoints.response(200, BidDocument)
def document(bid_id: int) -> dict[str, Any]:
    """揭榜书

    草稿只有已确认的团队成员和所在单位党政负责人能读；密封期间没有人能读；开榜后有权查看申报的人都能读。
    """
    session, actor = db.session(), auth.actor()
    content = bids.document(session, bids.get(session, bid_id, actor=actor), actor=actor)
    if content is None:
        raise NotFound("这份揭榜书还没有写好、尚未开榜，或者您无权查看。")
    return {"content": content}


@endpoints.route(f"{BID}/eligibility")
@endpoints.response(200, ForeseenShown)
def eligibility(bid_id: int) -> Foreseen:
    """资格自检

    按已保存的团队和承诺，递交之前由挂帅人查看；只作提醒，资格由开榜后的审查决定。
    """
    return eligibility_checks.of_request(bids.get(db.session(), bid_id, actor=auth.actor()))


@endpoints.route(f"{BID}/receipt")
@endpoints.doc(responses=as_file(*PAPER))
def receipt(bid_id: int) -> Response:
    """密封回执（PDF）

    只有递交的时间和校验码，不含揭榜书的内容。
    """
    return pages.receipt(bid_id)


@endpoints.route(f"{BID}/withdrawal", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, BidShown)
def withdraw(bid_id: int) -> Bid:
    """撤回申报"""
    work.withdraw_bid(db.session(), bid_id, actor=auth.actor())
    return bids.get(db.session(), bid_id, actor=auth.actor())
