"""The forms with which administrators keep people."""

from marshmallow import Schema, fields, validate

from webapp.api.fields import BIGGEST_ID, JsonInt
from workflows.domain.administration import GIVEN

ID = validate.Range(1, BIGGEST_ID)
FILLED = validate.Regexp(r".*\S", error="请填写内容，不能只有空格。")


def _reason() -> fields.String:
    about = {"label": "理由", "widget": "textarea"}
    return fields.String(load_default="", validate=validate.Length(max=200), metadata=about)


class Data(Schema):
    """资料."""

    name = fields.String(required=True, validate=[validate.Length(1, 60), FILLED], metadata={"label": "姓名"})
    unit_id = JsonInt(required=True, validate=ID, metadata={"label": "单位", "widget": "unit"})
    email = fields.String(load_default="", validate=validate.Length(max=120), metadata={"label": "邮箱"})
    on_duty = fields.Boolean(load_default=False, metadata={"label": "在岗"})
    is_manager = fields.Boolean(load_default=False, metadata={"label": "科级以上管理人员"})


class NewPerson(Data):
    """建立账号."""

    login = fields.String(
        required=True,
        validate=[
            validate.Length(2, 60),
            validate.Regexp(r"[A-Za-z0-9._@-]+\Z", error="登录名只可包含字母、数字和 . _ @ -。"),
        ],
        metadata={"label": "登录名"},
    )

    class Meta:
        fields = ("login", "name", "unit_id", "email", "on_duty", "is_manager")


class RoleRow(Schema):
    role = fields.String(
        required=True,
        validate=validate.OneOf(list(GIVEN), labels=list(GIVEN.values())),
        metadata={"label": "角色"},
    )
    unit_id = JsonInt(
        load_default=None, allow_none=True, validate=ID, metadata={"label": "单位", "widget": "unit"}
    )


class Roles(Schema):
    """角色."""

    roles = fields.List(
        fields.Nested(RoleRow),
        load_default=list,
        validate=validate.Length(max=50),
        metadata={"label": "角色", "help": "不填单位即为全厂。"},
    )
    reason = _reason()


class PostRow(Schema):
    post_id = JsonInt(required=True, validate=ID, metadata={"label": "岗位", "widget": "post"})


class Posts(Schema):
    """岗位."""

    posts = fields.List(
        fields.Nested(PostRow),
        load_default=list,
        validate=validate.Length(max=20),
        metadata={"label": "岗位"},
    )
    reason = _reason()


class Reason(Schema):
    reason = _reason()
