"""成果卡与推广任务: for everybody to read."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import db
from webapp.api.fields import BIGGEST_ID, ID, Paged, Person
from workflows.domain import results
from workflows.models import Category, ItemState, ResultCard

endpoints = Blueprint("api_results", __name__, url_prefix="/api/v1", description="成果与推广")


def _known_id() -> fields.Integer:
    return fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))


class ResultsAsked(Paged):
    q = fields.String(load_default="", validate=validate.Length(max=60))
    unit_id = _known_id()
    category = fields.String(load_default=None, validate=validate.OneOf(list(Category)))


class ResultSummary(Schema):
    id = fields.Integer(required=True)
    project_id = fields.Integer(required=True)
    title = fields.String(required=True)
    keywords = fields.String(required=True)
    category = fields.String(attribute="project.challenge.category", required=True)
    unit = fields.String(attribute="project.unit.name", required=True)
    leader = fields.Nested(Person, attribute="project.leader", required=True)
    made_at = fields.AwareDateTime(required=True)


class ResultList(Schema):
    rows = fields.List(fields.Nested(ResultSummary), required=True)
    total = fields.Integer(required=True)


class RolloutShown(Schema):
    id = fields.Integer(required=True)
    card_id = fields.Integer(required=True)
    unit_id = fields.Integer(required=True)
    unit = fields.String(attribute="unit.name", required=True)
    action_item_id = fields.Integer(required=True)
    owner = fields.Nested(Person, attribute="action_item.owner", required=True)
    due_on = fields.Date(attribute="action_item.due_on", required=True)
    state = fields.String(attribute="action_item.state", required=True)


class ResultShown(ResultSummary):
    summary = fields.String(required=True)
    scope = fields.String(required=True)
    rollouts = fields.List(fields.Nested(RolloutShown), required=True)


class RolloutsAsked(Paged):
    project_id = _known_id()
    unit_id = _known_id()
    owner_id = _known_id()
    state = fields.String(load_default=None, validate=validate.OneOf(list(ItemState)))


class RolloutList(Schema):
    rows = fields.List(fields.Nested(RolloutShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("/results")
@endpoints.arguments(ResultsAsked, location="query", unknown=RAISE)
@endpoints.response(200, ResultList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """成果卡列表"""
    rows, total = results.listing(db.session(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/results/{ID}card_id>")
@endpoints.response(200, ResultShown)
def show(card_id: int) -> ResultCard:
    """一张成果卡"""
    return results.get(db.session(), card_id)


@endpoints.route("/rollout-tasks")
@endpoints.arguments(RolloutsAsked, location="query", unknown=RAISE)
@endpoints.response(200, RolloutList)
def rollouts(asked: dict[str, Any]) -> dict[str, Any]:
    """推广任务"""
    rows, total = results.rollouts(db.session(), **asked)
    return {"rows": rows, "total": total}
