"""Every part of the pages at one glance, for whoever builds one; there in demo mode and while debugging only."""

import datetime as dt
from types import SimpleNamespace

from flask import Blueprint, abort, current_app, render_template
from marshmallow import Schema, fields, validate

from webapp import auth, formats, forms
from webapp.pages import Paging
from webapp.picks import picks_for
from workflows import clock
from workflows.domain.reasons import Reason
from workflows.domain.reasons import Row as ReasonRow
from workflows.timelines import Row

pages = Blueprint("design", __name__)

REASON = Reason(
    table="审批路由",
    decision="approval_route",
    version=3,
    rows=(ReasonRow(6, tests=(("事项", '"listing"'), ("金额（万元）", "[20..50)"))),),
    inputs=(("事项", "发榜"), ("金额（万元）", "35"), ("榜单级别", "C")),
    answer="职能会审、分管领导、党政联签",
)
SAID = "措施齐全，同意。建议入冬前完成保温改造，并在会后十个工作日内反馈。"
ERRORS = {"title": ["长度必须在 1 到 60 之间。"], "milestones.0.name": ["请填写内容。"]}


class Milestone(Schema):
    name = fields.String(required=True, metadata={"label": "节点"})
    offset_days = fields.Integer(required=True, metadata={"label": "启动后", "unit": "天"})


def _text(label: str, kind: str = "text", *, required: bool = True, note: str = "") -> fields.String:
    return fields.String(required=required, metadata={"label": label, "widget": kind, "help": note})


def _number(label: str, kind: str) -> fields.Integer:
    return fields.Integer(required=True, metadata={"label": label, "widget": kind})


class Sample(Schema):
    """One field of every kind."""

    title = _text("标题", note="一行文字，最多 60 个字。")
    scene = _text("现场描述", "textarea", required=False)
    budget_fen = _number("经费", "money")
    target = fields.Decimal(required=True, metadata={"label": "目标值"})
    due_on = fields.Date(required=True, metadata={"label": "完成日期"})
    starts_at = fields.AwareDateTime(load_default=None, metadata={"label": "开始时间"})
    mode = fields.String(
        load_default="",
        validate=validate.OneOf(["open", "race"], labels=["单揭", "赛马"]),
        metadata={"label": "揭榜方式"},
    )
    agree = fields.Boolean(
        required=True,
        metadata={"label": "意见", "widget": "radio", "choices": [("true", "同意"), ("false", "不同意")]},
    )
    urgent = fields.Boolean(load_default=False, metadata={"label": "加急"})
    topics = fields.List(
        fields.String(validate=validate.OneOf(["gas", "water"], labels=["采气", "排水"])),
        load_default=list,
        metadata={"label": "专业"},
    )
    leader_id = _number("挂帅人", "person")
    unit_id = _number("所在单位", "unit")
    milestones = fields.List(fields.Nested(Milestone), load_default=list, metadata={"label": "节点计划"})
    papers = fields.List(fields.Integer(), load_default=list, metadata={"label": "附件", "widget": "file"})


@pages.get("/design")
def show() -> str:
    if not (current_app.config["DEMO"] or current_app.debug):
        abort(404)
    values = {"title": "", "scene": SAID, "budget_fen": 35_000_000, "milestones": [{"offset_days": 30}]}
    controls = forms.describe(Sample, values=values, errors=ERRORS, picks=picks_for(Sample))
    return render_template(
        "design.html",
        controls=controls,
        errors=ERRORS,
        chips={name: getattr(formats, name) for name in dir(formats) if name.endswith("_STATES")},
        reason=REASON,
        now=clock.now(),
        soon=clock.now() + dt.timedelta(days=3),
        task=SimpleNamespace(timeline=_timeline(), files_of={}),
        paging=Paging(page=2, total=57),
        about_size=[None, -3, 0, 1, 12],
    )


def _timeline() -> list[Row]:
    who, now = auth.actor().name, clock.now()
    return [
        Row(now - dt.timedelta(days=2), who, None, "发起", "", ""),
        Row(now - dt.timedelta(days=1), None, None, "决策表判定", "审批路由", "", why=(REASON,)),
        Row(now, who, None, "同意", "会签", SAID, spent=dt.timedelta(hours=26)),
    ]
