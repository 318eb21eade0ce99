"""Long forms come in sections; what is missing is told, and all of it can be read through, before it is handed in."""

from collections.abc import Callable

import pytest
from marshmallow import Schema, fields
from sqlalchemy import func, select

from tests import factories
from tests.web.browsing import Visitor, text_of
from webapp import form_sections, forms
from workflows.db import Database
from workflows.models import Challenge
from workflows.steps.bid_forms import WriteForm
from workflows.steps.inputs import TaskForm, opens
from workflows.steps.publish_forms import PostForm

Visit = Callable[[], Visitor]


class Row(Schema):
    name = fields.String(required=True)
    note = fields.String(load_default="")


class Long(TaskForm):
    id = fields.Integer(required=True, metadata={"widget": "hidden"})
    first = opens("甲", fields.String(required=True))
    second = fields.String(load_default="")
    rows = opens("乙", fields.List(fields.Nested(Row), required=True))
    third = opens("甲", fields.String(required=True))


def sections(**values: object) -> list[tuple[str, list[str], str]]:
    found = form_sections.of(forms.describe(Long, values=values))
    return [
        (one.title, [each.name for each in one.controls], f"{one.filled}/{one.required}") for one in found
    ]


def test_fields_go_with_the_section_before_them_and_opinions_stand_last() -> None:
    assert sections() == [
        ("甲", ["first", "second", "third"], "0/2"),
        ("乙", ["rows"], "0/1"),
        ("意见与附件", ["opinion", "attachments"], "0/0"),
    ]


def test_a_table_is_filled_when_all_its_rows_are() -> None:
    assert sections(rows=[{"name": "一"}])[1][2] == "1/1"
    assert sections(rows=[{"name": "一"}, {"note": "没有名称"}])[1][2] == "0/1"


def test_what_is_missing_is_told_by_control() -> None:
    controls = forms.describe(Long, values={"first": "有"})
    assert [one.name for one in form_sections.missing(controls)] == ["rows", "third"]


def test_a_section_that_was_refused_says_so() -> None:
    controls = forms.describe(Long, values={"rows": [{}]}, errors={"rows.0.name": ["请填写这一项。"]})
    assert [one.is_wrong for one in form_sections.of(controls)] == [False, True, False]


def test_a_form_without_sections_has_none() -> None:
    assert form_sections.of(forms.describe(TaskForm, values={})) == []


@pytest.mark.parametrize(
    ("schema", "titles"),
    [
        (PostForm, ["基本情况", "指标", "责任单位与责任人", "时间与经费", "定级与揭榜方式"]),
        (WriteForm, ["技术路线", "节点计划", "经费预算", "指标承诺", "风险与保障", "意见与附件"]),
    ],
)
def test_the_long_forms_come_in_sections(schema: type[Schema], titles: list[str]) -> None:
    assert [one.title for one in form_sections.of(forms.describe(schema, values={}))] == titles


def test_a_posting_is_checked_and_read_through_without_being_handed_in(
    visit: Visit, database: Database
) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang", roles=["office"])
    wang = visit()
    wang.sign_in("wang")
    typed = {"_rows": "check", "title": "降低冻堵", "category": "生产所需", "deadline": "不是日期"}
    page = wang.post("/act/post_challenge/rows", typed)
    assert page.status_code == 200
    text = text_of(page.text)
    assert "还有 6 项必填没有填完" in text
    assert "类别 生产所需 榜单名称 降低冻堵" in text.partition("预览")[2].partition("预览")[2]
    assert 'href="#f-deadline"' in page.text  # refused: it is no date
    with database.read() as session:
        assert session.scalar(select(func.count()).select_from(Challenge)) == 0


def test_a_task_is_checked_in_the_same_way(visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang")
        taken = factories.challenge(session).id
    wang = visit()
    wang.sign_in("wang")
    task = wang.post(f"/challenges/{taken}/bids").location
    page = wang.post(f"{task}/rows", {"_rows": "check", "members.0.role": "leader"})
    assert (page.status_code, "请填写这一项。" in page.text) == (200, True)
