"""公示与异议: what is shown to everybody, and the objections that somebody may see."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate
from werkzeug import Response

from webapp import auth, db
from webapp.api.fields import BIGGEST_ID, ID, PAPER, Paged, Person, as_file
from webapp.views import publicities as pages
from workflows.domain import objections, publicities
from workflows.models import Objection, ObjectionState, Publicity

endpoints = Blueprint("api_publicities", __name__, url_prefix="/api/v1", description="公示与异议")


class PublicitiesAsked(Paged):
    state = fields.String(load_default=None, validate=validate.OneOf(["open", "closed"]))
    subject = fields.String(load_default=None, validate=validate.Length(max=40))


class PublicitySummary(Schema):
    id = fields.Integer(required=True)
    subject = fields.String(required=True)
    title = fields.String(required=True)
    opened_at = fields.AwareDateTime(required=True)
    ends_at = fields.AwareDateTime(required=True)
    closed_at = fields.AwareDateTime(required=True, allow_none=True)
    result = fields.String(required=True, allow_none=True)


class PublicityList(Schema):
    rows = fields.List(fields.Nested(PublicitySummary), required=True)
    total = fields.Integer(required=True)


class Answered(Schema):
    """An objection as everybody sees it: that there is one, and what was answered."""

    id = fields.Integer(required=True)
    is_named = fields.Boolean(required=True)
    state = fields.String(required=True)
    outcome = fields.String(required=True, allow_none=True)
    reply = fields.String(required=True)


class PublicityShown(PublicitySummary):
    workdays = fields.Integer(required=True)
    snapshot = fields.Raw(required=True)
    hash = fields.String(required=True)
    objections = fields.List(fields.Nested(Answered), required=True)


class FindingShown(Schema):
    user = fields.Nested(Person, required=True)
    role = fields.String(required=True)
    text = fields.String(required=True)
    conclusion = fields.String(required=True, allow_none=True)


class ObjectionShown(Answered):
    publicity_id = fields.Integer(required=True)
    filer = fields.Nested(Person, required=True, allow_none=True)
    reason = fields.String(required=True)
    evidence = fields.String(required=True)
    filed_at = fields.AwareDateTime(required=True)
    refusal = fields.String(required=True)
    extended = fields.Boolean(required=True)
    conclusion = fields.String(required=True, allow_none=True)
    findings = fields.List(fields.Nested(FindingShown), required=True)
    review_reason = fields.String(required=True)
    review_text = fields.String(required=True)

    def get_attribute(self, obj: Objection, attr: str, default: Any) -> Any:
        """Who filed it gets the reply, not what each investigator found."""
        if attr == "findings" and obj.filer_id == auth.actor().id:
            return []
        return super().get_attribute(obj, attr, default)


class ObjectionsAsked(Paged):
    publicity_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    state = fields.String(load_default=None, validate=validate.OneOf(list(ObjectionState)))
    mine = fields.Boolean(load_default=False)


class ObjectionList(Schema):
    rows = fields.List(fields.Nested(ObjectionShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("/publicities")
@endpoints.arguments(PublicitiesAsked, location="query", unknown=RAISE)
@endpoints.response(200, PublicityList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """公示列表"""
    state = asked.pop("state")
    is_open = None if state is None else state == "open"
    rows, total = publicities.listing(db.session(), is_open=is_open, **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/publicities/{ID}publicity_id>")
@endpoints.response(200, PublicityShown)
def show(publicity_id: int) -> Publicity:
    """一份公示"""
    return publicities.get(db.session(), publicity_id)


@endpoints.route(f"/publicities/{ID}publicity_id>/poster")
@endpoints.doc(responses=as_file(*PAPER))
def poster(publicity_id: int) -> Response:
    """公示海报（PDF）"""
    return pages.poster(publicity_id)


@endpoints.route("/objections")
@endpoints.arguments(ObjectionsAsked, location="query", unknown=RAISE)
@endpoints.response(200, ObjectionList)
def listed(asked: dict[str, Any]) -> dict[str, Any]:
    """异议列表

    本人实名提出的，以及有权办理或查看的。
    """
    rows, total = objections.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(f"/objections/{ID}objection_id>")
@endpoints.response(200, ObjectionShown)
def objection(objection_id: int) -> Objection:
    """一份异议

    提出人、办公室、纪委监督、党委会和调查人能看到；公示的当事人不能看到。
    """
    return objections.get(db.session(), objection_id, actor=auth.actor())
