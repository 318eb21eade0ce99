"""Units, people and posts from a workbook: in whole or not at all, whatever somebody put into the file."""

import io
import re
import time
import zipfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pytest
from flask import Flask
from openpyxl import Workbook, load_workbook
from sqlalchemy import func, select

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_cli import run
from workflows.db import Database
from workflows.domain.rosters import reading, taking, writing
from workflows.domain.rosters.reading import LARGEST
from workflows.errors import Invalid
from workflows.models import AdminEntry, Post, PostHolding, RoleGrant, Unit, User

Visit = Callable[[], Visitor]
Rows = Mapping[str, Sequence[Sequence[object]]]

GOOD: Rows = {
    "单位": [("CLD", "厂领导", None), ("CQ1", "采气一区", "CLD")],
    "岗位": [("P1", "集输技师", "CQ1", "管集输", "带党员")],
    "人员": [
        ("zhou.ld", "周立党", "CQ1", "zhou@example.com", "是", "是"),
        (10086, "吴采气", "CQ1", None, None, None),
    ],
    "角色": [("zhou.ld", "党组织书记", "CQ1"), ("10086", "评审专家", None)],
    "任岗": [("ZHOU.LD", "P1")],
}


def book(rows: Rows) -> bytes:
    """The template filled in with ``rows``."""
    made = load_workbook(io.BytesIO(writing.template()))
    for name, values in rows.items():
        for row in values:
            made[name].append(list(row))
    return saved(made)


def saved(made: Workbook) -> bytes:
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


@pytest.fixture
def admin(database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        home = factories.unit(session, name="信息中心", code="XXZ")
        factories.user(session, login="root", name="管运维", of=home, roles=["admin"])
    visitor = visit()
    visitor.sign_in("root")
    return visitor


def send(visitor: Visitor, content: bytes) -> tuple[int, str]:
    answer = visitor.post("/people/import", {"file": (io.BytesIO(content), "人员.xlsx")}, buffered=True)
    return answer.status_code, text_of(answer.text)


def counts(database: Database) -> list[int]:
    with database.read() as session:
        kinds = (Unit, Post, User, RoleGrant, PostHolding)
        return [session.scalar(select(func.count()).select_from(kind)) or 0 for kind in kinds]


def test_a_filled_template_is_taken_in_and_passwords_are_told_once(
    admin: Visitor, visit: Visit, database: Database
) -> None:
    template = admin.get("/people/import/template.xlsx")
    assert load_workbook(io.BytesIO(template.data)).sheetnames[:2] == ["说明", "单位"]
    status, text = send(admin, book(GOOD))
    assert (status, "导入完成" in text, "2 人还没有密码" in text) == (200, True, True)
    assert counts(database) == [3, 1, 3, 3, 1]
    with database.read() as session:
        zhou = session.scalars(select(User).where(User.login == "zhou.ld")).one()
        assert (zhou.unit.name, zhou.email, zhou.is_manager) == ("采气一区", "zhou@example.com", True)
        assert [(one.role, one.unit_id) for one in zhou.grants] == [("party_secretary", zhou.unit_id)]
        number = session.scalars(select(User).where(User.login == "10086")).one()
        assert (number.on_duty, number.is_manager) == (True, False)
    assert visit().sign_in("zhou.ld", "").status_code == 422

    listed = admin.post("/people/import/passwords")
    sheet = load_workbook(io.BytesIO(listed.data)).active
    assert sheet is not None
    given = {str(row[2]): str(row[3]) for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert visit().sign_in("zhou.ld", given["zhou.ld"]).location == "/"
    assert admin.post("/people/import/passwords").status_code == 404


def test_what_is_there_is_updated_and_nothing_deleted(admin: Visitor, database: Database) -> None:
    send(admin, book(GOOD))
    changed: Rows = {
        "单位": [("CQ1", "厂领导", None), ("CLD", "采气一区", None)],  # the two swap their names
        "人员": [("ZHOU.LD", "周向党", "CLD", None, None, "否")],
        "角色": [("zhou.ld", "发榜单位", "CQ1")],
    }
    status, text = send(admin, book(changed))
    assert (status, "新增 0，更新 2" in text, "新增 0，更新 1" in text) == (200, True, True)
    assert counts(database) == [3, 1, 3, 4, 1]
    with database.read() as session:
        zhou = session.scalars(select(User).where(User.login == "zhou.ld")).one()
        assert (zhou.name, zhou.unit.code, zhou.email, zhou.is_manager) == (
            "周向党",
            "CLD",
            "zhou@example.com",
            False,
        )
        assert session.scalars(select(Unit.name).where(Unit.code == "CQ1")).one() == "厂领导"
        noted = session.scalars(select(AdminEntry).where(AdminEntry.user_id == zhou.id)).all()
        assert [one.verb for one in noted] == ["import"] * 4
        assert noted[2].before == {"name": "周立党", "unit_id": 3, "is_manager": True}


def test_what_there_is_comes_back_unchanged(admin: Visitor, database: Database) -> None:
    send(admin, book(GOOD))
    before = counts(database)
    status, text = send(admin, admin.get("/people/import/present.xlsx").data)
    assert (status, text.count("新增 0，更新 0")) == (200, 3)
    assert counts(database) == before


def test_every_error_names_its_cell_and_nothing_is_taken_in(admin: Visitor, database: Database) -> None:
    wrong: Rows = {
        "单位": [
            ("A", "甲", "B"),
            ("B", "乙", "A"),
            ("A", "丙", None),
            ("C", "信息中心", None),
            ("D", None, "NO"),
        ],
        "岗位": [
            ("P1", "技师", "NO", None, None),
            ("P2", "技师", "A", None, None),
            ("P3", "技师", "A", None, None),
        ],
        "人员": [
            ("李四", "李四", "A", None, None, None),
            ("li", "=1+1", "NO", "no address", "也许", None),
            ("LI", "李", "A", None, None, None),
        ],
        "角色": [
            ("li", "皇帝", None),
            ("nobody", "财务", None),
            ("li", "纪委监督", None),
            ("li", "财务", None),
            ("root", "财务", None),
        ],
        "任岗": [("li", "P9")],
    }
    answer = admin.post("/people/import", {"file": (io.BytesIO(book(wrong)), "人员.xlsx")})
    page = text_of(answer.text)
    assert answer.status_code == 422
    for said in (
        "单位 第 2 行 C 列 上级单位形成了循环。",
        "单位 第 4 行 A 列 与第 2 行重复。",
        "单位 第 5 行 B 列 这个名称已被编码为 XXZ 的单位使用。",
        "单位 第 6 行 B 列 请填写名称。",
        "单位 第 6 行 C 列 没有编码为 NO 的单位。",
        "岗位 第 2 行 C 列 没有编码为 NO 的单位。",
        "岗位 第 4 行 B 列 这个单位已有同名的岗位。",
        "人员 第 2 行 A 列 登录名只可包含字母、数字和 . _ @ -，2 至 60 个字符。",
        "人员 第 3 行 B 列 这里是公式，请粘贴为数值。",
        "人员 第 3 行 C 列 没有编码为 NO 的单位。",
        "人员 第 3 行 D 列 请填写正确的邮箱地址。",
        "人员 第 3 行 E 列 请填写“是”或“否”。",
        "人员 第 4 行 A 列 与第 3 行重复。",
        "角色 第 2 行 B 列 没有名为 皇帝 的角色，请从下拉列表中选择。",
        "角色 第 3 行 A 列 没有登录名为 nobody 的人员。",
        "角色 第 5 行 B 列 按职责分离的要求，纪委监督不能同时担任财务。",
        "角色 第 6 行 B 列 不能为自己增加角色，请由另一位系统管理员办理。",
        "任岗 第 2 行 B 列 没有编码为 P9 的岗位。",
    ):
        assert said in page, said
    assert counts(database) == [1, 0, 1, 1, 0]
    (path,) = re.findall(r'href="(/files/\d+)"', answer.text)
    marked = load_workbook(io.BytesIO(admin.get(path).data))
    assert marked.sheetnames[0] == "错误"
    comment = marked["人员"]["C3"].comment
    assert comment is not None
    assert comment.text == "没有编码为 NO 的单位。"


def test_columns_may_stand_in_any_order(admin: Visitor, database: Database) -> None:
    made = Workbook()
    sheet = made.create_sheet("人员")
    sheet.append(["备注", "单位编码", "姓名", "登录名"])
    sheet.append(["x", "XXZ", "李四", "li"])
    sheet.append([None, "NO", "赵六", "zhao"])
    status, text = send(admin, saved(made))
    assert (status, "人员 第 3 行 B 列 没有编码为 NO 的单位。" in text) == (422, True)


def zipped(parts: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return stream.getvalue()


def with_part(name: str, content: bytes) -> bytes:
    stream = io.BytesIO(book(GOOD))
    with zipfile.ZipFile(stream, "a", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "请选择要导入的工作簿。"),
        (b"not a workbook", "这不是 xlsx 工作簿"),
        (zipped({"x": b"y"}), "这不是 xlsx 工作簿，请下载模板填写。"),
        (zipped({"xl/workbook.xml": b"<x/>"}), "已损坏"),
        (zipped({"xl/workbook.xml": bytes(80 * 1024 * 1024)}), "解压后超过 60 MB"),
        (with_part("xl/vbaProject.bin", b"x"), "宏"),
        (with_part("xl/x.xml", b" " * 2000000 + b'<!DOCTYPE x [<!ENTITY a "b">]>'), "不安全的内容"),
        (with_part("xl/x.xml", "<x/>".encode("utf-16")), "编码不受支持"),
        (saved(Workbook()), "工作簿中没有这些工作表"),
    ],
    ids=["nothing", "text", "zip", "damaged", "bomb", "macro", "entities", "utf-16", "other"],
)
def test_a_hostile_workbook_is_refused_in_words(
    admin: Visitor, database: Database, content: bytes, said: str
) -> None:
    began = time.monotonic()
    status, text = send(admin, content)
    assert (status, said in text) == (422, True), text
    assert time.monotonic() - began < 10
    assert counts(database) == [1, 0, 1, 1, 0]


def test_a_workbook_that_is_too_large_is_refused_unread() -> None:
    with pytest.raises(Invalid, match="文件超过 10 MB"):
        reading.read(b"PK" + bytes(LARGEST))


def test_text_that_looks_like_a_formula_stays_text(admin: Visitor, database: Database) -> None:
    with database.transaction() as session:
        session.scalars(select(User)).one().name = '=HYPERLINK("http://evil.example")'
    there = load_workbook(io.BytesIO(admin.get("/people/import/present.xlsx").data))
    cell = there["人员"]["B2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == ('=HYPERLINK("http://evil.example")', "s", True)


def test_only_administrators_import(admin: Visitor, visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        factories.user(session, login="hr", roles=["hr", "office"])
    other = visit()
    other.sign_in("hr")
    for path in ("/people/import", "/people/import/template.xlsx", "/people/import/present.xlsx"):
        assert other.get(path).status_code == 404
    assert send(other, book(GOOD))[0] == 403
    assert other.post("/people/import/passwords").status_code == 403


def test_operators_import_on_the_command_line(app: Flask, database: Database, tmp_path: Path) -> None:
    source, told = tmp_path / "people.xlsx", tmp_path / "passwords.xlsx"
    assert run(app, "user", "template", str(source)).exit_code == 0
    source.write_bytes(book(GOOD))
    done = run(app, "user", "import", str(source), "--passwords", str(told))
    assert done.output.splitlines()[:5] == [
        "units: 2 added, 0 changed",
        "posts: 1 added, 0 changed",
        "people: 2 added, 0 changed",
        "roles: 2 added",
        "posts held: 1 added",
    ]
    assert told.stat().st_mode & 0o077 == 0
    source.write_bytes(book({"人员": [("li", "李", "NO", None, None, None)]}))
    refused = run(app, "user", "import", str(source))
    assert (refused.exit_code, "人员 第 2 行 C 列：没有编码为 NO 的单位。" in refused.output) == (1, True)


def test_ten_thousand_people_are_taken_in_within_a_minute(database: Database) -> None:
    people = [(f"user{n}", f"员工{n}", f"U{n % 100}", None, "是", "否") for n in range(10_000)]
    units = [(f"U{n}", f"单位{n}", "U0" if n else None) for n in range(100)]
    content = book({"单位": units, "人员": people})
    began = time.monotonic()
    with database.transaction() as session:
        assert taking.take_in(session, content, actor=None).people == (10_000, 0)
    with database.transaction() as session:
        assert len(taking.give_passwords(session, actor=None)) == 10_000
    assert time.monotonic() - began < 60
