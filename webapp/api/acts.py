"""Acts from outside the inbox that tell running processes something: 提出异议, 变更公告, 撤回申报, 申诉."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from webapp import auth, db, idempotency
from webapp.api import forms
from webapp.api.fields import IDEMPOTENCY_KEY, Values
from workflows import work

endpoints = Blueprint("api_acts", __name__, url_prefix="/api/v1/acts", description="事项")


class Told(Schema):
    subject_path = fields.String(required=True)


class Offered(Schema):
    name = fields.String(required=True)
    title = fields.String(required=True)


@endpoints.route("")
@endpoints.response(200, Offered(many=True))
def index() -> list[Any]:
    """可办理的事项"""
    return list(work.SENDERS.values())


@endpoints.route("/<string(maxlength=40):name>/form")
@endpoints.response(200, forms.FormShown)
def form(name: str) -> dict[str, Any]:
    """事项的表单"""
    return forms.shape(work.send_form(name))


@endpoints.route("/<string(maxlength=40):name>", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, Told)
@endpoints.arguments(Values)
def send(asked: dict[str, Any], name: str) -> Any:
    """办理事项"""
    return work.send(db.session(), name, asked["values"], actor=auth.actor())
