"""账号: what administrators do with people, and the handover of a leaver."""

from typing import Any

from flask_smorest import Blueprint
from marshmallow import Schema, fields, validate

from webapp import auth, db, idempotency, people_forms
from webapp.api.fields import BIGGEST_ID, ID, IDEMPOTENCY_KEY, JsonInt
from webapp.api.people import PersonShown
from workflows import leavers
from workflows.domain import administration, leaving
from workflows.leavers import Leaver
from workflows.models import User

endpoints = Blueprint("api_accounts", __name__, url_prefix="/api/v1/people", description="账号管理")

PERSON = f"/{ID}user_id>"
REASON = fields.String(load_default="", validate=validate.Length(max=200))


class AccountShown(PersonShown):
    email = fields.String(required=True)
    on_duty = fields.Boolean(required=True)
    is_active = fields.Boolean(required=True)


class OneTime(Schema):
    one_time_password = fields.String(
        required=True, metadata={"description": "首次登录须修改；只在这一次给出"}
    )


class PostsAsked(Schema):
    post_ids = fields.List(
        JsonInt(validate=validate.Range(1, BIGGEST_ID)), required=True, validate=validate.Length(max=20)
    )
    reason = REASON


class ReasonAsked(Schema):
    reason = REASON


class ThingShown(Schema):
    key = fields.String(required=True)
    kind = fields.String(required=True, validate=validate.OneOf(list(leaving.KINDS)))
    title = fields.String(required=True)
    about = fields.String(required=True)
    path = fields.String(required=True)
    refusal = fields.String(required=True, metadata={"description": "不能交接的原因，可以交接为空"})


class LeadShown(Schema):
    id = fields.Integer(required=True)
    title = fields.String(attribute="challenge.title", required=True)


class LeaverShown(Schema):
    things = fields.List(fields.Nested(ThingShown), required=True)
    leads = fields.List(fields.Nested(LeadShown), required=True, metadata={"description": "须先换帅的项目"})


class HandedOver(Schema):
    number = fields.Integer(required=True)


class HandoverAsked(Schema):
    to = fields.Dict(
        keys=fields.String(),
        values=JsonInt(validate=validate.Range(1, BIGGEST_ID)),
        required=True,
        metadata={"description": "事项的 key -> 接收人"},
    )
    reason = fields.String(required=True, validate=validate.Length(1, 200))


@endpoints.route(PERSON)
@endpoints.response(200, PersonShown)
def show(user_id: int) -> User:
    """一个人员"""
    return administration.person(db.session(), user_id)


@endpoints.route("", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(201, AccountShown)
@endpoints.arguments(people_forms.NewPerson)
def add(asked: dict[str, Any]) -> User:
    """建立账号：另行取得一次性密码后才能登录"""
    # The one-time password that comes with it is not told: the answer is kept for repeats.
    return administration.add(db.session(), asked, actor=auth.actor())[0]


@endpoints.route(f"{PERSON}/data", methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, AccountShown)
@endpoints.arguments(people_forms.Data)
def change(asked: dict[str, Any], user_id: int) -> User:
    """修改资料"""
    user = administration.person(db.session(), user_id)
    administration.change(db.session(), user, asked, actor=auth.actor())
    return user


@endpoints.route(f"{PERSON}/roles", methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, AccountShown)
@endpoints.arguments(people_forms.Roles)
def set_roles(asked: dict[str, Any], user_id: int) -> User:
    """调整角色：给出此后担任的全部角色"""
    user = administration.person(db.session(), user_id)
    roles = [(row["role"], row["unit_id"]) for row in asked["roles"]]
    administration.set_roles(db.session(), user, roles, actor=auth.actor(), reason=asked["reason"])
    return user


@endpoints.route(f"{PERSON}/posts", methods=["PUT"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, AccountShown)
@endpoints.arguments(PostsAsked)
def set_posts(asked: dict[str, Any], user_id: int) -> User:
    """调整岗位：给出此后在任的全部岗位"""
    user = administration.person(db.session(), user_id)
    administration.set_posts(
        db.session(), user, asked["post_ids"], actor=auth.actor(), reason=asked["reason"]
    )
    return user


@endpoints.route(f"{PERSON}/one-time-password", methods=["POST"])
@endpoints.response(200, OneTime)
def reset_password(user_id: int) -> dict[str, str]:
    """重置密码

    不需要 Idempotency-Key：答复不保存，重发只会换一个新的一次性密码。
    """
    user = administration.person(db.session(), user_id)
    password = administration.reset_password(db.session(), user, actor=auth.actor())
    db.session().commit()
    return {"one_time_password": password}


@endpoints.route(f"{PERSON}/deactivation", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, AccountShown)
@endpoints.arguments(ReasonAsked)
def deactivate(asked: dict[str, Any], user_id: int) -> User:
    """停用账号"""
    leavers.deactivate(db.session(), user_id, actor=auth.actor(), **asked)
    return administration.person(db.session(), user_id)


@endpoints.route(f"{PERSON}/activation", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, AccountShown)
def activate(user_id: int) -> User:
    """恢复账号"""
    user = administration.person(db.session(), user_id)
    administration.activate(db.session(), user, actor=auth.actor())
    return user


@endpoints.route(f"{PERSON}/handover")
@endpoints.response(200, LeaverShown)
def leaver(user_id: int) -> Leaver:
    """离岗交接：要交接的各项"""
    return leavers.leaver(db.session(), user_id, actor=auth.actor())


@endpoints.route(f"{PERSON}/handover", methods=["POST"])
@endpoints.doc(parameters=[IDEMPOTENCY_KEY])
@idempotency.once
@endpoints.response(200, HandedOver)
@endpoints.arguments(HandoverAsked)
def hand_over(asked: dict[str, Any], user_id: int) -> dict[str, int]:
    """办理离岗交接"""
    number = leavers.hand_over(db.session(), user_id, asked["to"], reason=asked["reason"], actor=auth.actor())
    return {"number": number}
