"""Starting a process, by the form that its start has."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields

from webapp import auth, db, idempotency
from webapp.api import forms
from webapp.api.fields import IDEMPOTENCY_KEY, Values
from workflows import work

endpoints = Blueprint("api_processes", __name__, url_prefix="/api/v1/processes", description="流程")


class Started(Schema):
    process_id = fields.Integer(required=True)
    subject_path = fields.String(required=True)
    next_item_id = fields.Integer(required=True, allow_none=True)


class Startable(Schema):
    name = fields.String(attribute="process", required=True)
    title = fields.String(required=True)


@endpoints.route("")
@endpoints.response(200, Startable(many=True))
def index() -> list[Any]:
    """可发起的流程"""
    return list(work.STARTS.values())


@endpoints.route("/<string(maxlength=40):process>/form")
@endpoints.response(200, forms.FormShown)
def form(process: str) -> dict[str, Any]:
    """发起流程的表单"""
    return forms.shape(work.start_form(process))


@endpoints.route("/<string(maxlength=40):process>", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, Started)
@endpoints.arguments(Values)
def start(asked: dict[str, Any], process: str) -> work.StartedView:
    """发起流程"""
    return work.start(db.session(), process, asked["values"], actor=auth.actor())
