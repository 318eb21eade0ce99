"""评审与定帅: the panel, its vote and ranks of one challenge; what a member of a panel reads; what a team is told."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from webapp import auth, db
from webapp.api.fields import ID, DecimalText, Person
from workflows.domain import bids, challenges, openings, panels, papers, reviews
from workflows.models import PanelDraw

endpoints = Blueprint("api_selections", __name__, url_prefix="/api/v1", description="评审与定帅")


class Seat(Schema):
    seat = fields.Integer(required=True)
    user = fields.Nested(Person, required=True)
    is_specialist = fields.Boolean(required=True)
    is_external = fields.Boolean(required=True)
    state = fields.String(required=True)
    recuse_reason = fields.String(required=True)


class Draw(Schema):
    round = fields.Integer(required=True)
    seed = fields.String(required=True)
    drawn_ids = fields.List(fields.Integer(), required=True)
    missing = fields.Integer(required=True)
    drawn_at = fields.AwareDateTime(required=True)
    is_verified = fields.Method("verified", required=True, metadata={"type": "boolean"})

    def verified(self, draw: PanelDraw) -> bool:
        """Whether the seed gives the same draw again."""
        return panels.redraw_from_seed(draw) == draw.drawn_ids


class PanelShown(Schema):
    id = fields.Integer(required=True)
    size = fields.Integer(required=True)
    specialists = fields.Integer(required=True)
    externals = fields.Integer(required=True)
    defence_on = fields.Date(required=True, allow_none=True)
    members = fields.List(fields.Nested(Seat), required=True)
    draws = fields.List(fields.Nested(Draw), required=True)


class Slot(Schema):
    bid_id = fields.Integer(required=True)
    order_no = fields.Integer(required=True)
    starts_at = fields.AwareDateTime(required=True)
    talk_minutes = fields.Integer(required=True)
    question_minutes = fields.Integer(required=True)


class VoteShown(Schema):
    should = fields.Integer(required=True)
    present = fields.Integer(required=True)
    in_favour = fields.Integer(required=True)
    against = fields.Integer(required=True)
    abstain = fields.Integer(required=True)
    is_quorate = fields.Boolean(required=True)
    is_passed = fields.Boolean(required=True)


class Rank(Schema):
    bid_id = fields.Integer(required=True)
    rank = fields.Integer(required=True)
    mean = DecimalText(required=True)
    state = fields.String(attribute="bid.state", required=True)


class SelectionShown(Schema):
    challenge_id = fields.Integer(attribute="challenge.id", required=True)
    state = fields.String(attribute="challenge.state", required=True)
    panel = fields.Nested(PanelShown, required=True, allow_none=True)
    slots = fields.List(fields.Nested(Slot), required=True)
    vote = fields.Nested(VoteShown, required=True, allow_none=True)
    ranks = fields.List(fields.Nested(Rank), required=True)


class ConfirmationShown(Schema):
    role = fields.String(required=True)
    user = fields.Nested(Person, required=True)
    witness = fields.String(required=True)
    confirmed_at = fields.AwareDateTime(required=True)


class OpeningShown(Schema):
    confirmed = fields.List(fields.Nested(ConfirmationShown), required=True)
    missing = fields.List(fields.String(), required=True, metadata={"description": "还没有确认的一方"})
    opened_at = fields.AwareDateTime(required=True, allow_none=True)
    opened_bids = fields.Integer(required=True)


class FeedbackShown(Schema):
    rank = fields.Integer(required=True)
    mean = DecimalText(required=True)
    criteria = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    remarks = fields.List(fields.String(), required=True)


class NodeShown(Schema):
    name = fields.String(required=True)
    offset_days = fields.Integer(required=True)
    deliverable = fields.String(required=True)
    pay_pct = DecimalText(required=True)


class CostShown(Schema):
    item = fields.String(required=True)
    amount_fen = fields.Integer(required=True)


class PledgeShown(Schema):
    indicator = fields.String(attribute="indicator.name", required=True)
    value = DecimalText(required=True)


class PaperShown(Schema):
    label = fields.String(required=True)
    bid_id = fields.Integer(attribute="bid.id", required=True, dump_default=None, allow_none=True)
    leader = fields.String(attribute="bid.leader.name", required=True, dump_default=None, allow_none=True)
    texts = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    milestones = fields.List(fields.Nested(NodeShown), required=True)
    budget_lines = fields.List(fields.Nested(CostShown), required=True)
    pledges = fields.List(fields.Nested(PledgeShown), required=True)


class PapersShown(Schema):
    papers = fields.List(fields.Nested(PaperShown), required=True)


@endpoints.route(f"/challenges/{ID}challenge_id>/selection")
@endpoints.response(200, SelectionShown)
def show(challenge_id: int) -> reviews.Selection:
    """一个榜单的评审

    评审组在答辩日以前、票决和排名在公示以前，只有办公室和纪委监督能看到。
    """
    session, actor = db.session(), auth.actor()
    challenge = challenges.get(session, challenge_id, actor=actor)
    return reviews.seen(session, challenge, actor=actor)


@endpoints.route(f"/challenges/{ID}challenge_id>/opening")
@endpoints.response(200, OpeningShown)
def opening(challenge_id: int) -> openings.Opening:
    """一个榜单的开榜

    办公室和纪委监督各一人确认后，一次开启全部申报。
    """
    session = db.session()
    return openings.of_challenge(session, challenges.get(session, challenge_id, actor=auth.actor()))


@endpoints.route(f"/bids/{ID}bid_id>/review")
@endpoints.response(200, FeedbackShown)
def feedback(bid_id: int) -> Any:
    """一份申报的评审反馈

    评审结束后，团队看到自己的平均分、排名、各项均分和评语，不写明是谁的评语。
    """
    session, actor = db.session(), auth.actor()
    return reviews.of_bid(session, bids.get(session, bid_id, actor=actor), actor=actor)


@endpoints.route(f"/panels/{ID}panel_id>/papers")
@endpoints.response(200, PapersShown)
def read(panel_id: int) -> papers.Papers:
    """评审材料

    只有评审组专家本人能看到；答辩排序以前隐去团队和单位。
    """
    return reviews.papers_for(db.session(), panel_id, actor=auth.actor())
