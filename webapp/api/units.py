"""单位与岗位: kept by hand. The list of units is in people.py."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency, unit_forms
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, JsonInt, Paged, Person
from workflows import unit_closings
from workflows.domain import posts, unit_trees, units
from workflows.domain.heads import HEADS
from workflows.domain.posts import Held
from workflows.models import Unit

endpoints = Blueprint("api_units", __name__, url_prefix="/api/v1", description="单位与岗位")

UNIT = f"/units/{ID}unit_id>"
POST = f"/posts/{ID}post_id>"
HEAD_IDS = fields.List(JsonInt(validate=validate.Range(1, BIGGEST_ID)), required=True)


class HeadsAsked(Schema):
    """Everybody who heads the unit from now on, by side."""

    party_secretary = HEAD_IDS
    admin_head = HEAD_IDS
    reason = fields.String(load_default="", validate=validate.Length(max=200))


class UnitDetail(Schema):
    id = fields.Integer(attribute="unit.id", required=True)
    code = fields.String(attribute="unit.code", required=True)
    name = fields.String(attribute="unit.name", required=True)
    kind = fields.String(attribute="unit.kind", required=True)
    parent_id = fields.Integer(attribute="unit.parent_id", required=True, allow_none=True)
    closed_on = fields.Date(attribute="unit.closed_on", required=True, allow_none=True)
    party_secretary = fields.List(fields.Nested(Person), required=True)
    admin_head = fields.List(fields.Nested(Person), required=True)
    is_whole = fields.Boolean(required=True, metadata={"description": "党政两侧都已配备"})
    people = fields.Integer(required=True, metadata={"description": "在用人数"})


class HolderShown(Schema):
    user = fields.Nested(Person, required=True)
    from_day = fields.Date(required=True, allow_none=True)


class PastHolderShown(HolderShown):
    to_day = fields.Date(required=True)


class PostShown(Schema):
    id = fields.Integer(attribute="post.id", required=True)
    code = fields.String(attribute="post.code", required=True)
    name = fields.String(attribute="post.name", required=True)
    unit_id = fields.Integer(attribute="post.unit_id", required=True)
    business_duty = fields.String(attribute="post.business_duty", required=True)
    party_duty = fields.String(attribute="post.party_duty", required=True)
    closed_on = fields.Date(attribute="post.closed_on", required=True, allow_none=True)
    holders = fields.List(fields.Nested(HolderShown), attribute="now", required=True)
    former_holders = fields.List(fields.Nested(PastHolderShown), attribute="before", required=True)


class PostsAsked(Paged):
    unit_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))


class PostList(Schema):
    rows = fields.List(fields.Nested(PostShown), required=True)
    total = fields.Integer(required=True)


def _told(unit: Unit) -> unit_trees.Node:
    return unit_trees.node(db.session(), unit)


def _held(post_id: int) -> Held:
    (held,) = posts.with_holders(db.session(), [posts.get(db.session(), post_id)])
    return held


@endpoints.route(UNIT)
@endpoints.response(200, UnitDetail)
def show(unit_id: int) -> unit_trees.Node:
    """一个单位及其党政负责人"""
    return _told(units.get(db.session(), unit_id))


@endpoints.route("/units", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, UnitDetail)
@endpoints.arguments(unit_forms.NewUnitData)
def add(asked: dict[str, Any]) -> unit_trees.Node:
    """新建单位"""
    return _told(units.add(db.session(), asked, actor=auth.actor()))


@endpoints.route(UNIT, methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, UnitDetail)
@endpoints.arguments(unit_forms.UnitChange)
def change(asked: dict[str, Any], unit_id: int) -> unit_trees.Node:
    """单位改名、改隶属"""
    unit, reason = units.get(db.session(), unit_id), asked.pop("reason")
    units.change(db.session(), unit, asked, actor=auth.actor(), reason=reason)
    return _told(unit)


@endpoints.route(f"{UNIT}/heads", methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, UnitDetail)
@endpoints.arguments(HeadsAsked)
def set_heads(asked: dict[str, Any], unit_id: int) -> unit_trees.Node:
    """配备党政负责人"""
    unit, heads = units.get(db.session(), unit_id), {role: asked[role] for role in HEADS}
    units.set_heads(db.session(), unit, heads, actor=auth.actor(), reason=asked["reason"])
    return _told(unit)


@endpoints.route(f"{UNIT}/closing", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, UnitDetail)
@endpoints.arguments(unit_forms.Reason)
def close(asked: dict[str, Any], unit_id: int) -> unit_trees.Node:
    """撤销单位"""
    unit = units.get(db.session(), unit_id)
    unit_closings.close(db.session(), unit, actor=auth.actor(), **asked)
    return _told(unit)


@endpoints.route(f"{UNIT}/reopening", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, UnitDetail)
@endpoints.arguments(unit_forms.Reason)
def reopen(asked: dict[str, Any], unit_id: int) -> unit_trees.Node:
    """恢复单位"""
    unit = units.get(db.session(), unit_id)
    units.reopen(db.session(), unit, actor=auth.actor(), **asked)
    return _told(unit)


@endpoints.route("/posts")
@endpoints.arguments(PostsAsked, location="query", unknown=RAISE)
@endpoints.response(200, PostList)
def post_index(asked: dict[str, Any]) -> dict[str, Any]:
    """岗位列表及任职人员"""
    rows, total = posts.listing(db.session(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route("/posts", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, PostShown)
@endpoints.arguments(unit_forms.NewPost)
def add_post(asked: dict[str, Any]) -> Held:
    """设岗"""
    return _held(posts.add(db.session(), asked, actor=auth.actor()).id)


@endpoints.route(POST, methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, PostShown)
@endpoints.arguments(unit_forms.PostData)
def change_post(asked: dict[str, Any], post_id: int) -> Held:
    """修改岗位"""
    posts.change(db.session(), posts.get(db.session(), post_id), asked, actor=auth.actor())
    return _held(post_id)


@endpoints.route(f"{POST}/holders", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, PostShown)
@endpoints.arguments(unit_forms.Appointment)
def appoint(asked: dict[str, Any], post_id: int) -> Held:
    """任岗"""
    posts.appoint(db.session(), posts.get(db.session(), post_id), actor=auth.actor(), **asked)
    return _held(post_id)


@endpoints.route(f"{POST}/holders/{ID}user_id>/dismissal", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, PostShown)
@endpoints.arguments(unit_forms.Dismissal)
def dismiss(asked: dict[str, Any], post_id: int, user_id: int) -> Held:
    """卸任"""
    post = posts.get(db.session(), post_id)
    posts.dismiss(db.session(), post, user_id=user_id, actor=auth.actor(), **asked)
    return _held(post_id)


@endpoints.route(f"{POST}/closing", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, PostShown)
@endpoints.arguments(unit_forms.Reason)
def close_post(asked: dict[str, Any], post_id: int) -> Held:
    """撤岗"""
    posts.close(db.session(), posts.get(db.session(), post_id), actor=auth.actor(), **asked)
    return _held(post_id)


@endpoints.route(f"{POST}/reopening", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, PostShown)
@endpoints.arguments(unit_forms.Reason)
def reopen_post(asked: dict[str, Any], post_id: int) -> Held:
    """恢复岗位"""
    posts.reopen(db.session(), posts.get(db.session(), post_id), actor=auth.actor(), **asked)
    return _held(post_id)
