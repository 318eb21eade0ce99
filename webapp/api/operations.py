"""运维: running processes as operators see them, and what they do to one by hand."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, JsonInt, Paged
from webapp.people_forms import FILLED
from webapp.state_terms import PROCESS_STATES
from workflows import interventions, operations

endpoints = Blueprint("api_operations", __name__, url_prefix="/api/v1/operations", description="运维")

PROCESS = f"/processes/{ID}process_id>"
ANY_ID = validate.Range(1, BIGGEST_ID)
NODE = validate.Length(1, 80)


class ProcessesAsked(Paged):
    process = fields.String(load_default=None, validate=validate.Length(max=60))
    status = fields.String(load_default=None, validate=validate.OneOf(list(PROCESS_STATES)))
    troubled = fields.Boolean(load_default=False)
    q = fields.String(load_default="", validate=validate.Length(max=60))


class ProcessRow(Schema):
    id = fields.Integer(required=True)
    process = fields.String(attribute="name", required=True)
    subject = fields.String(required=True)
    subject_path = fields.String(required=True)
    status = fields.String(required=True)
    version = fields.Integer(required=True, metadata={"description": "每次变化加一；干预时须给出"})
    definition = fields.String(attribute="digest", required=True)
    is_troubled = fields.Boolean(required=True)
    started_at = fields.AwareDateTime(required=True)
    ended_at = fields.AwareDateTime(required=True, allow_none=True)


class ProcessList(Schema):
    rows = fields.List(fields.Nested(ProcessRow), required=True)
    total = fields.Integer(required=True)


class StandingShown(Schema):
    token = fields.Integer(required=True)
    node = fields.String(required=True)
    title = fields.String(required=True)
    can_skip = fields.Boolean(required=True)
    targets = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    passed = fields.Dict(keys=fields.String(), values=fields.String(), required=True)
    asked = fields.List(fields.String(), required=True, metadata={"description": "之后要读而还没有的变量"})


class TaskShown(Schema):
    id = fields.Integer(required=True)
    title = fields.String(required=True)
    role = fields.String(required=True)
    status = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)


class TimerShown(Schema):
    node = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True)
    next_try_at = fields.AwareDateTime(required=True)
    tries = fields.Integer(required=True)


class ProcessShown(Schema):
    process = fields.Nested(ProcessRow, required=True)
    is_current = fields.Boolean(required=True)
    suspended = fields.String(required=True, allow_none=True, metadata={"description": "暂停原因"})
    tokens = fields.List(fields.Nested(StandingShown), required=True)
    tasks = fields.List(fields.Nested(TaskShown), required=True)
    timers = fields.List(fields.Nested(TimerShown), required=True)


class InterventionAsked(Schema):
    """What every act names: the version of the process that was seen, and why."""

    version = JsonInt(required=True, validate=ANY_ID)
    reason = fields.String(required=True, validate=[validate.Length(1, interventions.MOST_REASON), FILLED])


class SkipAsked(InterventionAsked):
    token = JsonInt(required=True, validate=ANY_ID)
    values = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 60)),
        values=fields.String(validate=validate.Length(max=interventions.LONGEST_VALUE)),
        load_default=dict,
        metadata={"description": "变量名到 FEEL 值"},
    )


class MoveAsked(SkipAsked):
    target = fields.String(required=True, validate=NODE)


class TimerAsked(InterventionAsked):
    node = fields.String(required=True, validate=NODE)
    due_at = fields.AwareDateTime(required=True)


class DueAsked(InterventionAsked):
    item_id = JsonInt(required=True, validate=ANY_ID)
    due_at = fields.AwareDateTime(required=True)


def _shown(process_id: int) -> operations.Shown:
    db.session().flush()
    return operations.shown(db.session(), process_id, actor=auth.actor())


@endpoints.route("/processes")
@endpoints.arguments(ProcessesAsked, location="query", unknown=RAISE)
@endpoints.response(200, ProcessList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """流程实例列表，最新的在前"""
    page, size = asked.pop("page"), asked.pop("size")
    rows, total = operations.processes(
        db.session(), actor=auth.actor(), wish=operations.Wish(**asked), page=page, size=size
    )
    return {"rows": rows, "total": total}


class WorkerShown(Schema):
    kind = fields.String(required=True, metadata={"description": "embedded、worker、relay、celery"})
    host = fields.String(required=True)
    pid = fields.Integer(required=True)
    started_at = fields.AwareDateTime(required=True)
    seen_at = fields.AwareDateTime(required=True)
    done = fields.Integer(required=True, metadata={"description": "启动以来办成的"})
    failed = fields.Integer(required=True)
    queued = fields.Integer(
        required=True, allow_none=True, metadata={"description": "派发进程：消息队列中的"}
    )
    trouble = fields.String(required=True, metadata={"description": "停办的原因；空表示没有"})
    is_alive = fields.Boolean(required=True)


@endpoints.route("/workers")
@endpoints.response(200, WorkerShown(many=True))
def workers() -> list[Any]:
    """后台进程：最近一天有过消息的"""
    return list(operations.workers_known(db.session(), actor=auth.actor()))


@endpoints.route(PROCESS)
@endpoints.response(200, ProcessShown)
def show(process_id: int) -> operations.Shown:
    """一个流程实例：状态、令牌、任务和定时"""
    return _shown(process_id)


@endpoints.route(f"{PROCESS}/suspension", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ProcessShown)
@endpoints.arguments(InterventionAsked)
def suspend(asked: dict[str, Any], process_id: int) -> operations.Shown:
    """暂停流程"""
    interventions.suspend(db.session(), process_id, actor=auth.actor(), **asked)
    return _shown(process_id)


@endpoints.route(f"{PROCESS}/resumption", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ProcessShown)
@endpoints.arguments(InterventionAsked)
def resume(asked: dict[str, Any], process_id: int) -> operations.Shown:
    """恢复流程"""
    interventions.resume(db.session(), process_id, actor=auth.actor(), **asked)
    return _shown(process_id)


@endpoints.route(f"{PROCESS}/termination", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ProcessShown)
@endpoints.arguments(InterventionAsked)
def terminate(asked: dict[str, Any], process_id: int) -> operations.Shown:
    """终止流程"""
    interventions.terminate(db.session(), process_id, actor=auth.actor(), **asked)
    return _shown(process_id)


@endpoints.route(f"{PROCESS}/move", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ProcessShown)
@endpoints.arguments(MoveAsked)
def move(asked: dict[str, Any], process_id: int) -> operations.Shown:
    """移动令牌"""
    interventions.move(db.session(), process_id, actor=auth.actor(), **asked)
    return _shown(process_id)


@endpoints.route(f"{PROCESS}/repetition", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ProcessShown)
@endpoints.arguments(MoveAsked)
def repeat(asked: dict[str, Any], process_id: int) -> operations.Shown:
    """重办已经过的环节"""
    interventions.move(db.session(), process_id, actor=auth.actor(), is_repeat=True, **asked)
    return _shown(process_id)


@endpoints.route(f"{PROCESS}/skip", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ProcessShown)
@endpoints.arguments(SkipAsked)
def skip(asked: dict[str, Any], process_id: int) -> operations.Shown:
    """跳过环节"""
    interventions.skip(db.session(), process_id, actor=auth.actor(), **asked)
    return _shown(process_id)


@endpoints.route(f"{PROCESS}/timer", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ProcessShown)
@endpoints.arguments(TimerAsked)
def move_timer(asked: dict[str, Any], process_id: int) -> operations.Shown:
    """调整定时"""
    interventions.move_timer(db.session(), process_id, actor=auth.actor(), **asked)
    return _shown(process_id)


@endpoints.route(f"{PROCESS}/due", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, ProcessShown)
@endpoints.arguments(DueAsked)
def move_due(asked: dict[str, Any], process_id: int) -> operations.Shown:
    """调整任务期限"""
    interventions.move_due(db.session(), process_id, actor=auth.actor(), **asked)
    return _shown(process_id)
