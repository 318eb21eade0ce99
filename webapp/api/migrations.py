"""迁移: running processes on older versions moved to the current one."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, JsonInt, Paged
from webapp.people_forms import FILLED
from webapp.state_terms import MIGRATION_STATES
from workflows import migrating
from workflows.interventions import MOST_REASON

endpoints = Blueprint("api_migrations", __name__, url_prefix="/api/v1", description="迁移")

PROCESS = "/definitions/<string(maxlength=60):process>"
MIGRATION = f"/migrations/{ID}migration_id>"
MAPPING = {"description": "原环节的编号到新环节的编号；同名的不用写"}


class MigrationMeant(Schema):
    """Which processes are meant: those to which all applies."""

    version = fields.String(load_default="", validate=validate.Length(max=64))
    q = fields.String(load_default="", validate=validate.Length(max=60))
    ids = fields.List(
        JsonInt(validate=validate.Range(1, BIGGEST_ID)),
        load_default=list,
        validate=validate.Length(max=migrating.MOST_IDS),
    )
    mapping = fields.Dict(
        keys=fields.String(validate=validate.Length(1, 80)),
        values=fields.String(validate=validate.Length(1, 80)),
        load_default=dict,
        metadata=MAPPING,
    )


class MigrationAsked(MigrationMeant):
    reason = fields.String(required=True, validate=[validate.Length(1, MOST_REASON), FILLED])


class MigrationTrialAsked(Paged):
    version = fields.String(load_default="", validate=validate.Length(max=64))
    q = fields.String(load_default="", validate=validate.Length(max=60))
    ids = fields.String(
        load_default="", validate=validate.Length(max=4_000), metadata={"description": "流程编号，用逗号隔开"}
    )
    mapping = fields.String(
        load_default="",
        validate=validate.Length(max=4_000),
        metadata={"description": "每行一个：原环节 = 新环节"},
    )


class OlderVersionShown(Schema):
    version = fields.String(required=True)
    running = fields.Integer(required=True)


class MigrationNoteShown(Schema):
    node = fields.String(required=True)
    title = fields.String(required=True)
    text = fields.String(required=True)


class MigrationTrialShown(Schema):
    process_id = fields.Integer(attribute="process.id", required=True)
    subject = fields.String(attribute="process.subject", required=True)
    definition = fields.String(attribute="process.digest", required=True)
    maps = fields.Boolean(required=True)
    problems = fields.List(fields.Nested(MigrationNoteShown), required=True)
    notes = fields.List(fields.Nested(MigrationNoteShown), required=True)
    nodes = fields.Dict(keys=fields.String(), values=fields.String(), required=True)


class MigrationTrialList(Schema):
    rows = fields.List(fields.Nested(MigrationTrialShown), required=True)
    total = fields.Integer(required=True)
    stuck = fields.Integer(
        required=True,
        allow_none=True,
        metadata={"description": "全部之中不能迁移的；太多而没有全部试算时为 null"},
    )


class MigrationItemShown(Schema):
    process_id = fields.Integer(attribute="process.id", required=True)
    subject = fields.String(attribute="process.subject", required=True)
    status = fields.String(attribute="row.status", required=True)
    problems = fields.List(fields.Nested(MigrationNoteShown), required=True)
    is_given_up = fields.Boolean(required=True, metadata={"description": "出错三次，等管理员重试"})
    may_undo = fields.Boolean(required=True)


class MigrationShown(Schema):
    id = fields.Integer(attribute="migration.id", required=True)
    process = fields.String(attribute="migration.process", required=True)
    definition = fields.String(attribute="migration.digest", required=True)
    mapping = fields.Dict(
        attribute="migration.mapping", keys=fields.String(), values=fields.String(), required=True
    )
    reason = fields.String(attribute="migration.reason", required=True)
    at = fields.AwareDateTime(attribute="migration.at", required=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    given_up = fields.Integer(required=True)
    rows = fields.List(fields.Nested(MigrationItemShown), attribute="items", required=True)


class MigrationItemsAsked(Paged):
    status = fields.String(load_default=None, validate=validate.OneOf(list(MIGRATION_STATES)))


class MigrationUndoAsked(Schema):
    process_id = JsonInt(load_default=None, allow_none=True, validate=validate.Range(1, BIGGEST_ID))
    reason = fields.String(required=True, validate=[validate.Length(1, MOST_REASON), FILLED])


def _wish(process: str, asked: dict[str, Any]) -> migrating.Wish:
    return migrating.Wish(process, version=asked["version"], q=asked["q"], ids=tuple(asked["ids"]))


def _shown(migration_id: int, **page: Any) -> migrating.Shown:
    return migrating.shown(db.session(), migration_id, actor=auth.actor(), **page)[0]


@endpoints.route(f"{PROCESS}/versions")
@endpoints.response(200, OlderVersionShown(many=True))
def versions(process: str) -> list[migrating.Older]:
    """还有在办流程的旧版本"""
    return migrating.older(db.session(), process, actor=auth.actor())


@endpoints.route(f"{PROCESS}/migration-trial")
@endpoints.arguments(MigrationTrialAsked, location="query", unknown=RAISE)
@endpoints.response(200, MigrationTrialList)
def trial(asked: dict[str, Any], process: str) -> migrating.Trial:
    """试算迁移到现行版本：逐个说明能否对应及原因，什么都不写"""
    mapping = migrating.read_mapping(asked["mapping"])
    wish = _wish(process, {**asked, "ids": migrating.read_ids(asked["ids"])})
    return migrating.try_out(
        db.session(), wish, mapping, actor=auth.actor(), page=asked["page"], size=asked["size"]
    )


@endpoints.route(f"{PROCESS}/migrations", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, MigrationShown)
@endpoints.arguments(MigrationAsked)
def start(asked: dict[str, Any], process: str) -> migrating.Shown:
    """开始迁移，由后台逐个办理"""
    begun = migrating.start(
        db.session(), _wish(process, asked), asked["mapping"], reason=asked["reason"], actor=auth.actor()
    )
    return _shown(begun.id)


@endpoints.route(MIGRATION)
@endpoints.arguments(MigrationItemsAsked, location="query", unknown=RAISE)
@endpoints.response(200, MigrationShown)
def show(asked: dict[str, Any], migration_id: int) -> migrating.Shown:
    """迁移的进度和其中的流程"""
    return _shown(migration_id, **asked)


@endpoints.route(f"{MIGRATION}/undo", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, MigrationShown)
@endpoints.arguments(MigrationUndoAsked)
def undo(asked: dict[str, Any], migration_id: int) -> migrating.Shown:
    """撤回还没有走动的流程，全部或一个"""
    migrating.undo(db.session(), migration_id, actor=auth.actor(), **asked)
    return _shown(migration_id)
