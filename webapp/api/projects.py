"""攻关项目: the list, one project, its pledge, its reports and its money."""

from collections.abc import Sequence
from typing import Any

from flask_smorest import Blueprint
from marshmallow import RAISE, Schema, fields, validate

from webapp import auth, db, idempotency
from webapp.api.acts import Told
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, DecimalText, Paged, Person, Values
from workflows import work
from workflows.domain import funds, milestones, pledges, projects, rag, reports
from workflows.models import NodeSubmission, Pledge, ProgressReport, Project, ProjectState

endpoints = Blueprint("api_projects", __name__, url_prefix="/api/v1/projects", description="攻关项目")

PROJECT = f"/{ID}project_id>"


def _known_id() -> fields.Integer:
    return fields.Integer(load_default=None, validate=validate.Range(1, BIGGEST_ID))


class ProjectsAsked(Paged):
    state = fields.String(load_default=None, validate=validate.OneOf(list(ProjectState)))
    rag = fields.String(load_default=None, validate=validate.OneOf(list(rag.LIGHTS)))
    unit_id = _known_id()
    leader_id = _known_id()
    challenge_id = _known_id()
    q = fields.String(load_default="", validate=validate.Length(max=60))


class ProjectSummary(Schema):
    id = fields.Integer(required=True)
    no = fields.String(required=True, allow_none=True)
    challenge_id = fields.Integer(required=True)
    bid_id = fields.Integer(required=True)
    title = fields.String(attribute="challenge.title", required=True)
    leader = fields.Nested(Person, required=True)
    unit = fields.String(attribute="unit.name", required=True)
    state = fields.String(required=True)
    rag = fields.String(required=True)
    progress_pct = fields.Integer(required=True)
    started_on = fields.Date(required=True, allow_none=True)
    deadline = fields.Date(required=True)
    ended_on = fields.Date(required=True, allow_none=True)


class ProjectList(Schema):
    rows = fields.List(fields.Nested(ProjectSummary), required=True)
    total = fields.Integer(required=True)


class ProjectMemberShown(Schema):
    user = fields.Nested(Person, required=True)
    role = fields.String(required=True)
    workload_pct = fields.Integer(required=True)
    joined_on = fields.Date(required=True)
    left_on = fields.Date(required=True, allow_none=True)


class MilestoneShown(Schema):
    id = fields.Integer(required=True)
    seq = fields.Integer(required=True)
    name = fields.String(required=True)
    deliverable = fields.String(required=True)
    pay_pct = DecimalText(required=True)
    plan_start = fields.Date(required=True, allow_none=True)
    plan_due = fields.Date(required=True, allow_none=True)
    cur_due = fields.Date(required=True, allow_none=True)
    done_on = fields.Date(required=True, allow_none=True)
    state = fields.String(required=True)
    attempts = fields.Integer(required=True)
    score = DecimalText(required=True, allow_none=True)
    points = fields.Integer(required=True)


class ProjectShown(ProjectSummary):
    members = fields.List(fields.Nested(ProjectMemberShown), required=True)
    milestones = fields.List(fields.Nested(MilestoneShown), required=True)


class PledgeSignatureShown(Schema):
    version = fields.Integer(required=True)
    capacity = fields.String(required=True)
    user = fields.Nested(Person, required=True)
    agree = fields.Boolean(required=True)
    opinion = fields.String(required=True)
    signed_at = fields.AwareDateTime(required=True)


class ProjectPledgeShown(Schema):
    no = fields.String(required=True, allow_none=True)
    state = fields.String(required=True)
    version = fields.Integer(required=True)
    tech_power = fields.String(required=True)
    funds_power = fields.String(required=True)
    people_power = fields.String(required=True)
    penalties = fields.String(required=True)
    deposit_fen = fields.Integer(required=True)
    support_list = fields.String(required=True)
    lapse_at = fields.AwareDateTime(required=True)
    sealed_at = fields.AwareDateTime(required=True, allow_none=True)
    paper_hash = fields.String(required=True, allow_none=True)
    signatures = fields.List(fields.Nested(PledgeSignatureShown), required=True)


class ReportedValueShown(Schema):
    indicator_id = fields.Integer(required=True)
    value = DecimalText(required=True)


class ProgressReportShown(Schema):
    id = fields.Integer(required=True)
    progress_pct = fields.Integer(required=True)
    gap_pp = fields.Integer(required=True)
    issues = fields.String(required=True)
    help_needed = fields.String(required=True)
    is_blocked = fields.Boolean(required=True)
    photos = fields.List(fields.Integer(), required=True)
    values = fields.List(fields.Nested(ReportedValueShown), required=True)
    reported_by = fields.Nested(Person, required=True)
    reported_at = fields.AwareDateTime(required=True)


class VerificationShown(Schema):
    indicator_id = fields.Integer(required=True, allow_none=True)
    measured = DecimalText(required=True, allow_none=True)
    agree = fields.Boolean(required=True)
    opinion = fields.String(required=True)
    verifier = fields.Nested(Person, required=True)


class SubmissionShown(Schema):
    milestone_id = fields.Integer(required=True)
    attempt = fields.Integer(required=True)
    summary = fields.String(required=True)
    evidence = fields.List(fields.Integer(), required=True)
    submitted_at = fields.AwareDateTime(required=True)
    values = fields.List(fields.Nested(ReportedValueShown), required=True)
    verifications = fields.List(fields.Nested(VerificationShown), required=True)


class ReleaseShown(Schema):
    kind = fields.String(required=True)
    milestone_id = fields.Integer(required=True, allow_none=True)
    amount_fen = fields.Integer(required=True)
    paid_on = fields.Date(required=True)
    voucher = fields.String(required=True)


class PrepaymentShown(Schema):
    milestone_id = fields.Integer(required=True)
    amount_fen = fields.Integer(required=True)
    paid_on = fields.Date(required=True)


class FundsShown(Schema):
    budget_fen = fields.Integer(required=True)
    released_fen = fields.Integer(required=True)
    prepaid_fen = fields.Integer(required=True)
    releases = fields.List(fields.Nested(ReleaseShown), required=True)
    prepayments = fields.List(fields.Nested(PrepaymentShown), required=True)


@endpoints.route("")
@endpoints.arguments(ProjectsAsked, location="query", unknown=RAISE)
@endpoints.response(200, ProjectList)
def index(asked: dict[str, Any]) -> dict[str, Any]:
    """项目列表"""
    rows, total = projects.listing(db.session(), **asked)
    return {"rows": rows, "total": total}


@endpoints.route(PROJECT)
@endpoints.response(200, ProjectShown)
def show(project_id: int) -> Project:
    """一个项目：团队、节点、进度、灯色"""
    return projects.get(db.session(), project_id, actor=auth.actor())


@endpoints.route(f"{PROJECT}/pledge")
@endpoints.response(200, ProjectPledgeShown)
def pledge(project_id: int) -> Pledge:
    """军令状：条款和签署"""
    return pledges.get(db.session(), _inside(project_id))


@endpoints.route(f"{PROJECT}/submissions")
@endpoints.response(200, SubmissionShown(many=True))
def submissions(project_id: int) -> Sequence[NodeSubmission]:
    """节点提交与核验"""
    return milestones.submissions(db.session(), _inside(project_id))


@endpoints.route(f"{PROJECT}/funds")
@endpoints.response(200, FundsShown)
def money(project_id: int) -> dict[str, Any]:
    """经费拨付与节点预发"""
    session, project = db.session(), _inside(project_id)
    return {
        "budget_fen": project.budget_fen,
        "released_fen": funds.released_fen(session, project),
        "prepaid_fen": funds.prepaid_fen(session, project),
        "releases": funds.of_project(session, project),
        "prepayments": funds.prepayments(session, project),
    }


@endpoints.route(f"{PROJECT}/reports")
@endpoints.response(200, ProgressReportShown(many=True))
def told(project_id: int) -> Sequence[ProgressReport]:
    """进展填报"""
    return reports.of_project(db.session(), _inside(project_id))


@endpoints.route(f"{PROJECT}/reports", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, Told)
@endpoints.arguments(Values)
def report(asked: dict[str, Any], project_id: int) -> Any:
    """填报进展

    逾期也可以填报。
    """
    values = {**asked["values"], "project_id": project_id}
    return work.send(db.session(), "report", values, actor=auth.actor())


def _inside(project_id: int) -> Project:
    return projects.get_inside(db.session(), project_id, actor=auth.actor())
