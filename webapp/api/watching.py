"""运维: how the service stands, what failed and is tried again, what is due, and how long steps take."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY, Paged
from workflows import durations, heat_maps, operations, pulses

endpoints = Blueprint("api_watching", __name__, url_prefix="/api/v1/operations", description="运维")

DEFINITION = "/definitions/<string(maxlength=60):process>/steps"
WORKING = {"description": "工作日的秒数，每个工作日按 24 小时计，休息日不计"}


class Running(Schema):
    process = fields.String(required=True)
    definition = fields.String(required=True)
    number = fields.Integer(required=True)


class QueueShown(Schema):
    waiting = fields.Integer(required=True)
    late = fields.Integer(required=True, metadata={"description": "其中已到时间的"})
    given_up = fields.Integer(required=True, metadata={"description": "已停止重试，等人处理的"})
    late_since = fields.AwareDateTime(required=True, allow_none=True)
    next_at = fields.AwareDateTime(required=True, allow_none=True)


class PulseShown(Schema):
    at = fields.AwareDateTime(required=True)
    running = fields.List(fields.Nested(Running), required=True)
    suspended = fields.Integer(required=True)
    troubled = fields.Integer(required=True)
    incidents = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    queues = fields.Dict(keys=fields.String(), values=fields.Nested(QueueShown), required=True)
    workers = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        required=True,
        metadata={"description": "运行中的后台进程"},
    )
    open_items = fields.Integer(required=True)
    late_items = fields.Integer(required=True)


class IncidentsAsked(Paged):
    open = fields.Boolean(load_default=True, metadata={"description": "只列未解决的"})


class IncidentShown(Schema):
    id = fields.Integer(required=True)
    process_id = fields.Integer(required=True, allow_none=True)
    source = fields.String(required=True)
    node = fields.String(required=True)
    error = fields.String(required=True)
    detail = fields.String(required=True)
    tries = fields.Integer(required=True)
    first_at = fields.AwareDateTime(required=True)
    last_at = fields.AwareDateTime(required=True)
    resolved_at = fields.AwareDateTime(required=True, allow_none=True)
    is_by_hand = fields.Function(operations.is_by_hand, required=True, metadata={"type": "boolean"})


class IncidentList(Schema):
    rows = fields.List(fields.Nested(IncidentShown), required=True)
    total = fields.Integer(required=True)


class Retried(Schema):
    number = fields.Integer(required=True)


class TimerRow(Schema):
    process_id = fields.Integer(attribute="process.id", required=True)
    process = fields.String(attribute="process.name", required=True)
    subject = fields.String(attribute="process.subject", required=True)
    node = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True)
    next_try_at = fields.AwareDateTime(required=True)
    tries = fields.Integer(required=True)
    is_given_up = fields.Boolean(required=True)


class TimerList(Schema):
    rows = fields.List(fields.Nested(TimerRow), required=True)
    total = fields.Integer(required=True)


class SpanAsked(Schema):
    days = fields.Integer(
        load_default=None, validate=validate.Range(1, 3650), metadata={"description": "最近几天，默认不限"}
    )
    sort = fields.String(load_default="median", validate=validate.OneOf(list(heat_maps.SORTS)))


class DefinitionAsked(SpanAsked):
    version = fields.String(load_default=None, validate=validate.Regexp("^[0-9a-f]{12}$"))


class SpentShown(Schema):
    number = fields.Integer(required=True)
    median = fields.Float(required=True, metadata=WORKING)
    p90 = fields.Float(required=True, metadata=WORKING)


class StepShown(Schema):
    process = fields.String(required=True)
    node = fields.String(required=True)
    title = fields.String(required=True)
    spent = fields.Nested(SpentShown, required=True, allow_none=True)
    whole = fields.Nested(
        SpentShown, required=True, allow_none=True, metadata={"description": "会签：从提出到有结果"}
    )
    late = fields.Integer(required=True)
    due_days = fields.Float(required=True, allow_none=True)
    open = fields.Integer(required=True)
    open_late = fields.Integer(required=True)
    oldest_at = fields.AwareDateTime(required=True, allow_none=True)
    oldest_waits = fields.Float(required=True, allow_none=True, metadata=WORKING)


class VersionRow(Schema):
    definition = fields.String(attribute="digest", required=True)
    version = fields.String(attribute="short", required=True)
    processes = fields.Integer(required=True)
    is_current = fields.Boolean(required=True)


class HeatShown(Schema):
    process = fields.String(required=True)
    title = fields.String(required=True)
    versions = fields.List(fields.Nested(VersionRow), required=True)
    steps = fields.List(fields.Nested(StepShown), required=True)
    passed = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class StuckShown(Schema):
    process_id = fields.Integer(required=True)
    process = fields.String(required=True)
    node = fields.String(required=True)
    title = fields.String(required=True)
    subject = fields.String(required=True)
    number = fields.Integer(required=True)
    asked_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    waits = fields.Float(required=True, metadata=WORKING)
    p90 = fields.Float(required=True, metadata=WORKING)


class SlowShown(Schema):
    steps = fields.List(fields.Nested(StepShown), required=True)
    stuck = fields.List(fields.Nested(StuckShown), required=True)


@endpoints.route("/pulse")
@endpoints.response(200, PulseShown)
def pulse() -> dict[str, Any]:
    """概况：在办流程、故障、各队列、待办"""
    found: pulses.Pulse = operations.pulse(db.session(), actor=auth.actor())
    running = [
        {"process": process, "definition": digest, "number": number}
        for (process, digest), number in found.running.items()
    ]
    return {**vars(found), "running": running}


@endpoints.route("/incidents")
@endpoints.arguments(IncidentsAsked, location="query", unknown=RAISE)
@endpoints.response(200, IncidentList)
def incidents(asked: dict[str, Any]) -> dict[str, Any]:
    """故障，最新的在前"""
    rows, total = operations.incident_page(
        db.session(), actor=auth.actor(), only_open=asked["open"], page=asked["page"], size=asked["size"]
    )
    return {"rows": rows, "total": total}


@endpoints.route(f"/incidents/{ID}incident_id>/retry", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(204)
def retry(incident_id: int) -> None:
    """重试一项故障"""
    operations.retry(db.session(), incident_id, actor=auth.actor())


@endpoints.route("/incidents/retry", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, Retried)
def retry_all() -> dict[str, int]:
    """重试全部不需人重新提交的故障"""
    return {"number": operations.retry_all(db.session(), actor=auth.actor())}


@endpoints.route("/timers")
@endpoints.arguments(Paged, location="query", unknown=RAISE)
@endpoints.response(200, TimerList)
def timers(asked: dict[str, Any]) -> dict[str, Any]:
    """流程图上的定时，先到的在前"""
    rows, total = operations.timers(db.session(), actor=auth.actor(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route("/steps")
@endpoints.arguments(SpanAsked, location="query", unknown=RAISE)
@endpoints.response(200, SlowShown)
def steps(asked: dict[str, Any]) -> dict[str, Any]:
    """最慢的环节，和等得比往常久的

    各至多 50 项。
    """
    slow = heat_maps.slow(db.session(), actor=auth.actor(), **asked)
    return {
        "steps": [_titled(one, slow.names.get(one.process, {})) for one in slow.steps],
        "stuck": [_titled(one, slow.names.get(one.process, {})) for one in slow.stuck],
    }


@endpoints.route(DEFINITION)
@endpoints.arguments(DefinitionAsked, location="query", unknown=RAISE)
@endpoints.response(200, HeatShown)
def heat(asked: dict[str, Any], process: str) -> dict[str, Any]:
    """一个流程各环节所用时间和次数"""
    found = heat_maps.heat(db.session(), process, actor=auth.actor(), **asked)
    return {**vars(found), "steps": [_titled(one, found.names) for one in found.steps]}


def _titled(one: durations.Step | durations.Stuck, names: dict[str, str]) -> dict[str, Any]:
    return {**vars(one), "title": names.get(one.node, one.node)}
