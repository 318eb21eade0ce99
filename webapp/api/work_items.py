"""待办: list, read, claim, release, complete."""

from dataclasses import asdict
from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, i18n, idempotency
from webapp.api import forms
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, FormContent, Paged, Values
from webapp.api.files import FileShown
from workflows import inboxes, tasks, work

endpoints = Blueprint("api_work_items", __name__, url_prefix="/api/v1/work-items", description="任务")

ITEM = f"/{ID}item_id>"


class InboxAsked(Paged):
    box = fields.String(
        load_default="todo",
        validate=validate.OneOf((*inboxes.BOXES, inboxes.ALL)),
        metadata={"description": "all 为全部待办，限办公室和纪委监督"},
    )
    size = fields.Integer(load_default=20, validate=validate.Range(1, 500))
    q = fields.String(load_default="", validate=validate.Length(max=60))
    process_id = fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))
    process_name = fields.String(load_default=None, validate=validate.Length(max=60))
    step = fields.String(load_default=None, validate=validate.Length(max=80))
    overdue = fields.Boolean(load_default=False, metadata={"description": "只列逾期的"})
    order = fields.String(
        load_default=None,
        validate=validate.OneOf(inboxes.ORDERS),
        metadata={"description": "due 先到期的在前，newest 最新到达在前，oldest 最早到达在前"},
    )


class InboxRow(Schema):
    id = fields.Integer(required=True)
    process_id = fields.Integer(required=True)
    process_name = fields.String(required=True)
    process_title = fields.String(required=True)
    step = fields.String(required=True, allow_none=True)
    audience = fields.String(required=True, allow_none=True)
    step_title = fields.String(required=True)
    subject = fields.String(required=True)
    subject_path = fields.String(required=True)
    started_by = fields.String(required=True, allow_none=True)
    arrived_at = fields.AwareDateTime(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    workdays_left = fields.Integer(required=True, allow_none=True)
    claimed_by = fields.String(required=True, allow_none=True)
    done_at = fields.AwareDateTime(required=True, allow_none=True)
    outcome = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)


class Inbox(Schema):
    rows = fields.List(fields.Nested(InboxRow), required=True)
    total = fields.Integer(required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)


class TimelineRow(Schema):
    at = fields.AwareDateTime(required=True)
    who = fields.String(required=True, allow_none=True)
    for_whom = fields.String(required=True, allow_none=True)
    verb = fields.String(required=True)
    step_title = fields.String(required=True)
    reason = fields.String(required=True)
    times = fields.Integer(
        required=True, metadata={"description": "how often in a row the system did the same"}
    )


class TaskState(Schema):
    """A task without what is in its form: stored as the answer to a repeat, where no draft of a bid may stay."""

    id = fields.Integer(required=True)
    process_id = fields.Integer(required=True)
    step = fields.String(required=True)
    step_title = fields.String(required=True)
    process_title = fields.String(required=True)
    subject = fields.String(required=True)
    subject_path = fields.String(required=True)
    status = fields.String(required=True)
    due_at = fields.AwareDateTime(required=True, allow_none=True)
    workdays_left = fields.Integer(required=True, allow_none=True)
    may_claim = fields.Boolean(required=True)
    claimed_by = fields.String(required=True, allow_none=True)
    may_release = fields.Boolean(required=True)
    may_complete = fields.Boolean(required=True)
    suspended = fields.String(
        required=True, allow_none=True, metadata={"description": "流程暂停的原因；没有暂停时为 null"}
    )


class Asked(Schema):
    """Who is asked of a work item: people by name, else whoever holds the role or the post."""

    step_title = fields.String(required=True)
    people = fields.List(fields.String(), required=True)
    role = fields.String(required=True)
    unit = fields.String(required=True, allow_none=True)
    post = fields.String(required=True, allow_none=True)
    status = fields.String(required=True)
    agree = fields.Boolean(required=True, allow_none=True)
    done_at = fields.AwareDateTime(required=True, allow_none=True)


class RoundShown(Schema):
    policy = fields.String(required=True)
    done = fields.Integer(required=True)
    total = fields.Integer(required=True)
    agreed = fields.Integer(required=True)
    against = fields.Integer(required=True)
    result = fields.String(required=True, allow_none=True)
    people = fields.List(fields.Nested(Asked), required=True)


class Offers(Schema):
    """Which acts of sharing the caller may do with the task."""

    transfer, delegate, add, remove, urge, copy, step_down = (fields.Boolean(required=True) for _ in range(7))


class Task(TaskState):
    values = FormContent(required=True, metadata={"description": "表单的现有内容"})
    round = fields.Nested(RoundShown, required=True, allow_none=True)
    now = fields.List(fields.Nested(Asked), required=True, metadata={"description": "流程正在等谁办理"})
    offers = fields.Nested(Offers, required=True)
    timeline = fields.List(fields.Nested(TimelineRow), required=True)
    opinion = fields.String(required=True, allow_none=True)
    attachments = fields.List(fields.Nested(FileShown), required=True)
    process_attachments = fields.List(fields.Nested(FileShown), required=True)


class Completed(Schema):
    item_id = fields.Integer(required=True)
    process_id = fields.Integer(required=True)
    next_item_id = fields.Integer(required=True, allow_none=True)
    message = fields.String(required=True)


@endpoints.route("")
@endpoints.arguments(InboxAsked, location="query", unknown=RAISE)
@endpoints.response(200, Inbox)
def inbox(asked: dict[str, Any]) -> inboxes.Inbox:
    """任务列表"""
    box, page, size = asked.pop("box"), asked.pop("page"), asked.pop("size")
    return inboxes.inbox(
        db.session(), auth.actor(), box=box, page=page, size=size, filters=inboxes.Filters(**asked)
    )


@endpoints.route(ITEM)
@endpoints.response(200, Task)
def show(item_id: int) -> tasks.TaskView:
    """一个任务"""
    return tasks.task(db.session(), item_id, actor=auth.actor())


@endpoints.route(f"{ITEM}/form")
@endpoints.response(200, forms.FormShown)
def form(item_id: int) -> dict[str, Any]:
    """任务的表单"""
    task = tasks.task(db.session(), item_id, actor=auth.actor())
    return forms.shape(task.schema, task.about)


@endpoints.route(f"{ITEM}/completion", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, Completed)
@endpoints.arguments(Values)
def complete(asked: dict[str, Any], item_id: int) -> dict[str, Any]:
    """办理任务"""
    completed = work.complete(db.session(), item_id, asked["values"], actor=auth.actor())
    return {**asdict(completed), "message": i18n.text(completed.message)}


@endpoints.route(f"{ITEM}/claim", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, TaskState)
def claim(item_id: int) -> tasks.TaskView:
    """签收任务"""
    work.claim(db.session(), item_id, actor=auth.actor())
    return tasks.task(db.session(), item_id, actor=auth.actor())


@endpoints.route(f"{ITEM}/release", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, TaskState)
def release(item_id: int) -> tasks.TaskView:
    """放回任务"""
    work.release(db.session(), item_id, actor=auth.actor())
    return tasks.task(db.session(), item_id, actor=auth.actor())
