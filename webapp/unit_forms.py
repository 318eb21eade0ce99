"""The forms with which administrators keep units and posts."""

from typing import Any

from marshmallow import Schema, fields, validate

from webapp.api.fields import JsonInt
from webapp.people_forms import FILLED, ID
from workflows.domain.units import KINDS

CODE = validate.Regexp(r"[A-Za-z0-9._-]+\Z", error="编码只可包含字母、数字和 . _ -。")


def _text(label: str, longest: int, **about: object) -> fields.String:
    checks = [validate.Length(1, longest), FILLED]
    return fields.String(required=True, validate=checks, metadata={"label": label, **about})


def _duty(label: str) -> fields.String:
    about = {"label": label, "widget": "textarea"}
    return fields.String(load_default="", validate=validate.Length(max=2000), metadata=about)


def _reason(*, required: bool = False) -> fields.String:
    about = {"label": "理由", "widget": "textarea"}
    if required:
        checks = [validate.Length(1, 200), FILLED]
        return fields.String(required=True, validate=checks, metadata=about)
    return fields.String(load_default="", validate=validate.Length(max=200), metadata=about)


def _code(longest: int) -> fields.String:
    about = {"label": "编码", "help": "字母和数字，建立后不能再改；批量导入按它识别。"}
    return fields.String(required=True, validate=[validate.Length(1, longest), CODE], metadata=about)


class UnitData(Schema):
    """单位资料."""

    name = _text("名称", 80)
    kind = fields.String(
        required=True,
        validate=validate.OneOf(list(KINDS), labels=list(KINDS.values())),
        metadata={"label": "类别"},
    )
    parent_id = JsonInt(
        load_default=None,
        allow_none=True,
        validate=ID,
        metadata={"label": "上级单位", "widget": "unit", "help": "最上级留空。"},
    )


class UnitChange(UnitData):
    """修改单位."""

    reason = _reason()


class HeadRow(Schema):
    user_id = JsonInt(required=True, validate=ID, metadata={"label": "姓名", "widget": "person"})


def _heads(label: str) -> fields.List[Any]:
    return fields.List(
        fields.Nested(HeadRow),
        load_default=list,
        validate=validate.Length(max=5),
        metadata={"label": label},
    )


class Heads(Schema):
    """党政负责人: both sides (一体两面)."""

    party_secretary = _heads("党组织书记")
    admin_head = _heads("行政主要负责人")
    reason = _reason()


class NewUnitData(UnitData):
    """新建单位."""

    code = _code(20)


class NewUnit(NewUnitData):
    """新建单位, with its heads at once."""

    party_secretary = _heads("党组织书记")
    admin_head = _heads("行政主要负责人")

    class Meta:
        fields = ("code", "name", "kind", "parent_id", "party_secretary", "admin_head")


class Reason(Schema):
    """撤销, 恢复."""

    reason = _reason(required=True)


class PostData(Schema):
    """岗位资料."""

    name = _text("名称", 80)
    unit_id = JsonInt(required=True, validate=ID, metadata={"label": "单位", "widget": "unit"})
    business_duty = _duty("业务职责")
    party_duty = _duty("党建职责")


class NewPost(PostData):
    """设岗."""

    code = _code(30)

    class Meta:
        fields = ("code", "name", "unit_id", "business_duty", "party_duty")


class Appointment(Schema):
    """任岗."""

    user_id = JsonInt(required=True, validate=ID, metadata={"label": "姓名", "widget": "person"})
    from_day = fields.Date(
        required=True,
        metadata={"label": "任职起始日", "help": "今天或以前；将来任职的，请到任当天再登记。"},
    )
    reason = _reason()


class Dismissal(Schema):
    """卸任."""

    to_day = fields.Date(
        required=True,
        metadata={
            "label": "任职最后一天",
            "help": "今天或以前；保存后立即不再任职，岗位上的待办由其他任职人员办理。",
        },
    )
    reason = _reason()
