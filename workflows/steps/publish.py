"""bpmn/publish/publish.bpmn: the bidding on a challenge, from publication to the judged bids."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate
from sqlalchemy.orm import Session

from workflows.domain import challenges
from workflows.domain.terms import LEVELS, MODES
from workflows.engine.registry import Act, Started, Vote, human_step, service_step, start
from workflows.errors import Invalid
from workflows.models import Category, Challenge, Mode, User
from workflows.steps.inputs import identity, measured, money


class IndicatorRow(Schema):
    name = fields.String(required=True, validate=validate.Length(1, 60), metadata={"label": "指标"})
    measure = fields.String(required=True, validate=validate.Length(1, 20), metadata={"label": "计量单位"})
    baseline = measured("基线")
    op = fields.String(required=True, validate=validate.OneOf(["≥", "≤", "="]), metadata={"label": "方向"})
    target = measured("目标")
    weight = fields.Decimal(
        places=4, validate=validate.Range(0, 1000, min_inclusive=False), metadata={"label": "权重"}
    )
    verifier = fields.String(required=True, validate=validate.Length(1, 60), metadata={"label": "核验部门"})
    hard = fields.Boolean(load_default=False, metadata={"label": "否决性指标"})


class PostForm(Schema):
    """A challenge as the office posts it."""

    category = fields.String(
        required=True, validate=validate.OneOf([one.value for one in Category]), metadata={"label": "类别"}
    )
    title = fields.String(required=True, validate=validate.Length(2, 120), metadata={"label": "榜单名称"})
    background = fields.String(
        required=True,
        validate=validate.Length(2, 4000),
        metadata={"label": "背景", "widget": "textarea", "help": "现场情况、要解决的问题和边界。"},
    )
    level = fields.String(
        required=True,
        validate=validate.OneOf(list(LEVELS), labels=[f"{code} {name}" for code, name in LEVELS.items()]),
        metadata={"label": "级别"},
    )
    mode = fields.String(
        load_default=Mode.SINGLE.value,
        validate=validate.OneOf(list(MODES), labels=list(MODES.values())),
        metadata={"label": "揭榜方式"},
    )
    sponsor_unit_id = identity("发榜单位", "unit")
    party_lead_id = identity("党组织责任人", "person")
    admin_lead_id = identity("行政责任人", "person")
    bid_to = fields.Date(
        required=True, metadata={"label": "揭榜截止日", "help": "当日 24:00 截止，以服务器时间为准。"}
    )
    deadline = fields.Date(required=True, metadata={"label": "完成期限"})
    budget_fen = money("经费预算")
    safety_critical = fields.Boolean(load_default=False, metadata={"label": "涉及安全关键"})
    indicators = fields.List(
        fields.Nested(IndicatorRow),
        required=True,
        validate=validate.Length(1, 20),
        metadata={"label": "指标表", "help": "每项指标写明从多少到多少、由谁核验。"},
    )


class OpenForm(Schema):
    """开榜: the confirmation that the seals may be opened."""

    confirmed = fields.Boolean(
        required=True, metadata={"label": "我已见证揭榜期结束，同意开榜", "widget": "checkbox"}
    )
    witness = fields.String(
        required=True,
        validate=validate.Length(1, 80),
        metadata={"label": "见证人", "help": "在场见证的人员姓名。"},
    )


@start("publish", title="发榜", form=PostForm)
def begin(session: Session, actor: User, values: Mapping[str, Any]) -> Started:
    challenge = challenges.post(session, values=values, actor=actor)
    data = {"challenge_id": challenge.id, "bid_to": challenge.bid_to, "level": challenge.level}
    return Started(challenge.title, f"/challenges/{challenge.id}", data)


def about(session: Session, data: Mapping[str, Any]) -> Challenge:
    return session.get_one(Challenge, data["challenge_id"])


@service_step("publish.publish")
def publish(session: Session, data: Mapping[str, Any]) -> None:
    challenges.publish(session, about(session, data))


@service_step("publish.close_call")
def close_call(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    return {"sealed": challenges.close_call(session, about(session, data))}


@human_step("publish.open", title="开榜", form=OpenForm, about=about)
def open_seals(act: Act) -> Vote:
    if not act.values["confirmed"]:
        raise Invalid({"confirmed": ["请确认后再开榜。"]})
    return Vote(agree=True)


@service_step("publish.release_seal")
def release_seal(session: Session, data: Mapping[str, Any]) -> None:
    challenges.release_seal(session, about(session, data))


@service_step("publish.count_judged")
def count_judged(session: Session, data: Mapping[str, Any]) -> dict[str, Any]:
    sealed, judged, eligible = challenges.count_judged(session, about(session, data))
    return {"sealed": sealed, "judged": judged, "eligible": eligible}


@service_step("publish.begin_review")
def begin_review(session: Session, data: Mapping[str, Any]) -> None:
    challenges.begin_review(session, about(session, data))


@service_step("publish.fail")
def fail(session: Session, data: Mapping[str, Any]) -> None:
    challenges.fail(session, about(session, data))
