"""规则: the decision tables and settings, which everybody may read; drafting, trying and adopting versions."""

from itertools import groupby
from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.fields import ID, IDEMPOTENCY_KEY, Person
from workflows import rule_cases
from workflows.domain import rule_versions, rules
from workflows.models import RuleVersion

endpoints = Blueprint("api_rules", __name__, url_prefix="/api/v1/rules", description="规则")

VERSION = f"/{ID}version_id>"
LONGEST = 200_000  # letters of one file


class VersionSummary(Schema):
    id = fields.Integer(required=True)
    version = fields.Integer(required=True)
    state = fields.String(required=True)
    note = fields.String(required=True)
    created_at = fields.AwareDateTime(required=True)
    created_by = fields.Nested(Person, required=True, allow_none=True)
    in_force_from = fields.AwareDateTime(required=True, allow_none=True)
    adopted_at = fields.AwareDateTime(required=True, allow_none=True)
    adopted_by = fields.Nested(Person, required=True, allow_none=True)


class RuleFile(Schema):
    file = fields.String(required=True)
    version_in_force = fields.Integer(required=True)
    since = fields.AwareDateTime(required=True)
    versions = fields.List(fields.Nested(VersionSummary), required=True)


class RuleFiles(Schema):
    rows = fields.List(fields.Nested(RuleFile), required=True)


class TableShown(Schema):
    decision = fields.String(required=True)
    title = fields.String(required=True)
    policy = fields.String(required=True)
    inputs = fields.Integer(required=True, metadata={"description": "前几列是条件，其余是结果"})
    columns = fields.List(fields.String(), required=True)
    rows = fields.List(fields.List(fields.String()), required=True)
    notes = fields.List(fields.String(), required=True)


class VersionShown(VersionSummary):
    file = fields.String(required=True)
    is_in_force = fields.Boolean(required=True)
    content = fields.String(required=True)
    tables = fields.List(fields.Nested(TableShown), required=True)
    changes = fields.List(fields.String(), required=True, metadata={"description": "与现行版本不同的行"})


class Drafted(Schema):
    file = fields.String(required=True, validate=validate.Length(1, 80))
    content = fields.String(required=True, validate=validate.Length(1, LONGEST))
    note = fields.String(required=True, validate=validate.Length(1, 300))


class Adopted(Schema):
    from_day = fields.Date(required=True)


class Tried(Schema):
    decision = fields.String(required=True, validate=validate.Length(1, 80))
    inputs = fields.Dict(keys=fields.String(), required=True, metadata={"description": "各输入的值"})


class Outcome(Schema):
    value = fields.Raw(required=True, allow_none=True)
    trace = fields.List(fields.Dict(), required=True)


class CaseReplayed(Schema):
    subject = fields.String(attribute="case.subject", required=True)
    path = fields.String(attribute="case.path", required=True)
    at = fields.AwareDateTime(attribute="case.at", required=True)
    decision = fields.String(attribute="case.decision", required=True)
    inputs = fields.Dict(attribute="case.inputs", required=True)
    before = fields.String(attribute="case.before", required=True)
    after = fields.String(required=True)
    fault = fields.String(required=True, metadata={"description": "得不出结果的原因"})


class CasesReplayed(Schema):
    total = fields.Integer(required=True)
    changed = fields.List(fields.Nested(CaseReplayed), required=True)


def _shown(version: RuleVersion) -> dict[str, Any]:
    session = db.session()
    current = rule_versions.current(session, version.file)
    return {
        **{name: getattr(version, name) for name in (*VersionSummary().fields, "file", "content")},
        "is_in_force": current is version,
        "tables": rule_versions.tables(version),
        "changes": rule_versions.compare(session, current, version),
    }


@endpoints.route("")
@endpoints.response(200, RuleFiles)
def index() -> dict[str, Any]:
    """规则文件及其版本"""
    in_force = rules.in_force(db.session())
    by_file = groupby(rule_versions.versions(db.session()), key=lambda one: one.file)
    rows = [
        {
            "file": file,
            "version_in_force": in_force[file].version,
            "since": in_force[file].since,
            "versions": list(versions),
        }
        for file, versions in by_file
    ]
    return {"rows": rows}


@endpoints.route(VERSION)
@endpoints.response(200, VersionShown)
def show(version_id: int) -> dict[str, Any]:
    """一个规则版本：全文、各表、与现行版本的不同"""
    return _shown(rule_versions.get(db.session(), version_id))


@endpoints.route("", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, VersionShown)
@endpoints.arguments(Drafted)
def draft(asked: dict[str, Any]) -> dict[str, Any]:
    """拟定新版本"""
    made = rule_versions.draft(
        db.session(), asked["file"], asked["content"], note=asked["note"], actor=auth.actor()
    )
    return _shown(made)


@endpoints.route(f"{VERSION}/adoption", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, VersionShown)
@endpoints.arguments(Adopted)
def adopt(asked: dict[str, Any], version_id: int) -> dict[str, Any]:
    """审定：从某日起生效"""
    version = rule_versions.get(db.session(), version_id)
    rule_versions.adopt(db.session(), version, from_day=asked["from_day"], actor=auth.actor())
    return _shown(version)


@endpoints.route(f"{VERSION}/trial", methods=["POST"])
@endpoints.response(200, Outcome)
@endpoints.arguments(Tried)
def trial(asked: dict[str, Any], version_id: int) -> dict[str, Any]:
    """试算：用给定的输入得出结果，不留下任何记录"""
    version = rule_versions.get(db.session(), version_id)
    value, trace = rule_versions.trial(db.session(), version, asked["decision"], asked["inputs"])
    return {"value": value, "trace": trace}


@endpoints.route(f"{VERSION}/cases")
@endpoints.response(200, CasesReplayed)
def cases(version_id: int) -> dict[str, Any]:
    """试算旧案：记录在案的决定中结果会改变的"""
    replayed = rule_cases.replay(db.session(), rule_versions.get(db.session(), version_id))
    return {"total": len(replayed), "changed": [one for one in replayed if one.is_changed]}
