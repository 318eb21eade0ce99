import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema, ValidationError, fields, validate
from werkzeug.datastructures import MultiDict

from webapp import forms
from webapp.form_fields import Picks

PICKS = Picks(
    {"person": {"张三 · 一队 · zhang": 7}, "unit": {"一队": 3}, "indicator": {"冻堵次数 ≤ 10 次": 5}}
)


class Row(Schema):
    user_id = fields.Integer(required=True, strict=True, metadata={"label": "人员", "widget": "person"})
    share = fields.Integer(
        required=True, strict=True, validate=validate.Range(0, 100), metadata={"label": "投入"}
    )
    pioneer = fields.Boolean(load_default=False, metadata={"label": "先锋"})


class Form(Schema):
    title = fields.String(
        required=True, validate=validate.Length(1, 40), metadata={"label": "名称", "help": "简短"}
    )
    text = fields.String(load_default="", metadata={"label": "说明", "widget": "textarea"})
    agree = fields.Boolean(
        required=True, metadata={"label": "意见", "choices": [("true", "同意"), ("false", "不同意")]}
    )
    urgent = fields.Boolean(load_default=False, metadata={"label": "加急"})
    level = fields.String(
        validate=validate.OneOf(["A", "B"], labels=["重大", "重点"]), metadata={"label": "级别"}
    )
    amount_fen = fields.Integer(
        strict=True, validate=validate.Range(0, 10**9), metadata={"label": "金额", "widget": "money"}
    )
    value = fields.Decimal(places=4, metadata={"label": "值"})
    day = fields.Date(metadata={"label": "日期"})
    at = fields.AwareDateTime(metadata={"label": "时间"})
    unit_id = fields.Integer(strict=True, metadata={"label": "单位", "widget": "unit"})
    indicator_id = fields.Integer(strict=True, metadata={"label": "指标", "widget": "indicator"})
    kinds = fields.List(fields.String(validate=validate.OneOf(["x", "y"])), metadata={"label": "种类"})
    members = fields.List(fields.Nested(Row), required=True, metadata={"label": "成员"})


SENT = [
    ("csrf_token", "t"),
    ("_key", "k"),
    ("title", " 降低冻堵 "),
    ("text", "一\r\n二"),
    ("agree", "false"),
    ("level", "A"),
    ("amount_fen", "12.5"),
    ("value", "3.14"),
    ("day", "2026-11-30"),
    ("at", "2026-11-30T18:00"),
    ("unit_id", "一队"),
    ("indicator_id", "5"),
    ("kinds", "x"),
    ("kinds", "y"),
    ("members.0.user_id", "张三 · 一队 · zhang"),
    ("members.0.share", "30"),
    ("members.2.user_id", ""),
    ("members.2.share", ""),
    ("members.7.user_id", "没有这人"),
    ("members.7.share", "x"),
    ("members.7.pioneer", "true"),
]
READ = {
    "title": "降低冻堵",
    "text": "一\n二",
    "agree": False,
    "urgent": False,
    "level": "A",
    "amount_fen": 12_500_000,
    "value": "3.14",
    "day": "2026-11-30",
    "at": "2026-11-30T18:00:00+08:00",
    "unit_id": 3,
    "indicator_id": 5,
    "kinds": ["x", "y"],
    "members": [
        {"user_id": 7, "share": 30, "pioneer": False},
        {"user_id": "没有这人", "share": "x", "pioneer": True},
    ],
}


def test_a_form_is_read_as_nested_values_blank_rows_left_away() -> None:
    assert forms.parse(MultiDict(SENT), Form, picks=PICKS) == READ


def test_what_was_read_is_what_the_schema_loads() -> None:
    read = {**READ, "members": [{"user_id": 7, "share": 30, "pioneer": False}]}
    loaded = Form().load(read)
    assert loaded["at"] == dt.datetime(2026, 11, 30, 10, tzinfo=dt.UTC)
    assert (loaded["value"], loaded["agree"], loaded["urgent"]) == (Decimal("3.1400"), False, False)


def test_names_that_the_schema_does_not_know_stay_in_to_be_refused() -> None:
    sent = MultiDict(
        [*SENT[:15], ("members.0.share", "30"), ("state", "won"), ("members.0.confirmed_at", "now")]
    )
    read = forms.parse(sent, Form, picks=PICKS)
    assert (read["state"], read["members"][0]["confirmed_at"]) == ("won", "now")
    with pytest.raises(ValidationError) as refused:
        Form().load(read)
    assert refused.value.messages == {
        "state": ["Unknown field."],
        "members": {0: {"confirmed_at": ["Unknown field."]}},
    }


@pytest.mark.parametrize("amount", ["1.2345678", "-1", "1e3", "十", "1,000"])
def test_an_amount_that_is_none_stays_text_for_the_schema_to_refuse(amount: str) -> None:
    assert forms.parse(MultiDict({"amount_fen": amount}), Form)["amount_fen"] == amount


def test_what_was_typed_is_drawn_again_beside_its_messages() -> None:
    errors = {"title": ["太长。"], "members.1.share": ["应为整数。"], "members": ["人数不足。"]}
    drawn = {one.name: one for one in forms.describe(Form, values=READ, errors=errors, picks=PICKS)}
    assert {name: one.value for name, one in drawn.items() if one.widget not in ("rows", "many")} == {
        "title": "降低冻堵",
        "text": "一\n二",
        "agree": "false",
        "urgent": "false",
        "level": "A",
        "amount_fen": "12.5",
        "value": "3.14",
        "day": "2026-11-30",
        "at": "2026-11-30T18:00",
        "unit_id": "一队",
        "indicator_id": "5",
    }
    assert drawn["kinds"].chosen == ("x", "y")
    assert (drawn["title"].errors, drawn["title"].html_id) == (("太长。",), "f-title")
    members = drawn["members"]
    assert members.errors == ("人数不足。",)
    assert [[cell.value for cell in row] for row in members.rows] == [
        ["张三 · 一队 · zhang", "30", "false"],
        ["没有这人", "x", "true"],
    ]
    assert (members.rows[1][1].errors, members.rows[1][1].html_id) == (("应为整数。",), "f-members-1-share")


def test_each_kind_of_field_has_its_widget_options_and_bounds() -> None:
    drawn = {one.name: one for one in forms.describe(Form, values={}, picks=PICKS)}
    assert {name: one.widget for name, one in drawn.items()} == {
        "title": "text",
        "text": "textarea",
        "agree": "select",
        "urgent": "checkbox",
        "level": "select",
        "amount_fen": "number",
        "value": "number",
        "day": "date",
        "at": "datetime",
        "unit_id": "unit",
        "indicator_id": "select",
        "kinds": "many",
        "members": "rows",
    }
    assert drawn["level"].options == (("A", "重大"), ("B", "重点"))
    assert drawn["agree"].options == (("true", "同意"), ("false", "不同意"))
    assert drawn["kinds"].options == (("x", "x"), ("y", "y"))
    assert drawn["indicator_id"].options == (("5", "冻堵次数 ≤ 10 次"),)
    assert drawn["unit_id"].options == (("一队", ""),)
    assert drawn["amount_fen"].bounds == {"step": "any", "min": "0", "max": "1000"}
    assert (drawn["amount_fen"].unit, drawn["title"].required, drawn["title"].help) == ("万元", True, "简短")
    assert drawn["title"].bounds == {"maxlength": "40"}
    assert [column.label for column in drawn["members"].columns] == ["人员", "投入", "先锋"]
    assert len(drawn["members"].rows) == 1


def test_stored_values_are_drawn_as_people_type_them() -> None:
    stored: dict[str, Any] = {
        "amount_fen": 120_000_000,
        "at": dt.datetime(2026, 11, 30, 10, tzinfo=dt.UTC),
        "value": Decimal("3.1400"),
        "agree": True,
        "unit_id": 3,
    }
    drawn = {one.name: one.value for one in forms.describe(Form, values=stored, picks=PICKS)}
    assert {name: drawn[name] for name in stored} == {
        "amount_fen": "120",
        "at": "2026-11-30T18:00",
        "value": "3.14",
        "agree": "true",
        "unit_id": "一队",
    }


def test_a_form_tells_what_it_offers_to_pick() -> None:
    assert forms.picked(Form) == {"person", "unit", "indicator"}
    assert forms.picked(Row) == {"person"}


@pytest.mark.parametrize(
    ("command", "shares"),
    [
        ("add:members", [1, 2, None]),
        ("drop:members.0", [2]),
        ("drop:members.1", [1]),
        ("drop:members.9", [1, 2]),
        ("drop:members.x", [1, 2]),
        ("", [1, 2]),
    ],
)
def test_rows_come_and_go_by_their_buttons(command: str, shares: list[int | None]) -> None:
    values = {"title": "题", "members": [{"share": 1}, {"share": 2}]}
    changed = forms.rearranged(values, command)
    assert (changed["title"], [row.get("share") for row in changed["members"]]) == ("题", shares)


class Words(Schema):
    words = fields.List(fields.String(), load_default=list, metadata={"label": "关键词"})


def test_a_list_without_choices_is_typed_a_line_each() -> None:
    drawn = forms.describe(Words, values={"words": ["地质", "机械"]})
    assert [(one.widget, one.value) for one in drawn if one.name == "words"] == [("lines", "地质\n机械")]
    sent = MultiDict({"words": " 地质 \r\n\r\n机械"})
    assert forms.parse(sent, Words)["words"] == ["地质", "机械"]
