"""人员关系登记: kept by 人力资源; table conflict (D4) reads it when a panel is drawn."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, JsonInt, Paged, Person
from workflows.domain import relations
from workflows.models import Relation

endpoints = Blueprint("api_relations", __name__, url_prefix="/api/v1/relations", description="人员关系登记")

USER_ID = validate.Range(1, BIGGEST_ID)
KIND = validate.OneOf(list(relations.KINDS))
SOURCE = validate.Length(1, relations.LONGEST_SOURCE)


class RelationsAsked(Paged):
    user_id = fields.Integer(load_default=None, validate=USER_ID)
    kind = fields.String(load_default=None, validate=KIND)
    in_force = fields.Boolean(load_default=False, metadata={"description": "只列出今天有效的关系"})


class RelationAdded(Schema):
    user_id = JsonInt(required=True, validate=USER_ID)
    other_id = JsonInt(required=True, validate=USER_ID)
    kind = fields.String(required=True, validate=KIND)
    from_day = fields.Date(required=True, metadata={"description": "起始日；论文、专利为发表日"})
    until_day = fields.Date(load_default=None, allow_none=True, metadata={"description": "不填为长期有效"})
    source = fields.String(required=True, validate=SOURCE, metadata={"description": "来源，如人事档案"})


class RelationEnded(Schema):
    until_day = fields.Date(required=True, metadata={"description": "关系有效的最后一天"})
    reason = fields.String(required=True, validate=SOURCE)


class RelationShown(Schema):
    id = fields.Integer(required=True)
    first = fields.Nested(Person, required=True)
    second = fields.Nested(Person, required=True)
    kind = fields.String(required=True)
    from_day = fields.Date(required=True)
    until_day = fields.Date(required=True, allow_none=True)
    source = fields.String(required=True)
    end_reason = fields.String(required=True)


class RelationList(Schema):
    rows = fields.List(fields.Nested(RelationShown), required=True)
    total = fields.Integer(required=True)


@endpoints.route("")
@endpoints.arguments(RelationsAsked, location="query", unknown=RAISE)
@endpoints.response(200, RelationList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """人员关系列表

    人力资源和纪委监督能看到全部，其他人只能看到本人的。
    """
    rows, total = relations.listing(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route("", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, RelationShown)
@endpoints.arguments(RelationAdded)
def add(asked: dict[str, Any]) -> Relation:
    """登记人员关系"""
    return relations.add(db.session(), actor=auth.actor(), **asked)


@endpoints.route(f"/{ID}relation_id>/end", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, RelationShown)
@endpoints.arguments(RelationEnded)
def end(asked: dict[str, Any], relation_id: int) -> Relation:
    """终止人员关系"""
    return relations.end(db.session(), relation_id, actor=auth.actor(), **asked)
