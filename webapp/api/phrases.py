"""常用语: what one often writes as an opinion."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY
from workflows.domain import phrases

endpoints = Blueprint("api_phrases", __name__, url_prefix="/api/v1/phrases", description="常用语")


class PhraseAsked(Schema):
    text = fields.String(required=True, validate=validate.Length(1, phrases.LONGEST))


class PhraseShown(Schema):
    id = fields.Integer(required=True)
    text = fields.String(required=True)


class Phrases(Schema):
    own = fields.List(fields.Nested(PhraseShown), required=True)
    common = fields.List(fields.String(), required=True)


@endpoints.route("")
@endpoints.response(200, Phrases)
def index() -> dict[str, Any]:
    """我的常用语和公共常用语"""
    return _all()


@endpoints.route("", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, Phrases)
@endpoints.arguments(PhraseAsked)
def add(asked: dict[str, Any]) -> dict[str, Any]:
    """增加常用语"""
    phrases.add(db.session(), auth.actor(), **asked)
    return _all()


@endpoints.route(f"/{ID}phrase_id>/removal", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
def remove(phrase_id: int) -> None:
    """删去一条自己的常用语"""
    phrases.remove(db.session(), auth.actor(), phrase_id)


def _all() -> dict[str, Any]:
    return {"own": phrases.own(db.session(), auth.actor()), "common": phrases.COMMON}
