"""/rules: everybody reads the tables in words; the office edits them as tables, tries them on the past; others adopt."""

import html
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program
from workflows import clock, dmn
from workflows.db import Database
from workflows.domain import accounts, rule_versions, rules
from workflows.models import RewardCase, RewardLine, RuleVersion, User

Visit = Callable[[], Visitor]
INPUT = re.compile(r'<(?:input|textarea)[^>]*? name="(rows\.[^"]+)"[^>]*? value="([^"]*)"')
CHOSEN = re.compile(
    r'<select[^>]* name="(rows\.[^"]+)"[^>]*>(?:(?!</select>).)*?value="([^"]*)" selected', re.DOTALL
)


@pytest.fixture
def people(database: Database, clock_at: Callable[..., None], visit: Visit) -> dict[str, Visitor]:
    """Somebody of the office, the plant's director, and wang, who holds nothing."""
    with database.transaction() as session:
        rule_versions.store(session, rules.shipped())
        for login, roles in {"office": ["office"], "director": ["admin_head"], "wang": []}.items():
            factories.user(session, login=login, name=login, roles=roles)
    visitors = {login: visit() for login in ("office", "director", "wang")}
    for login, visitor in visitors.items():
        visitor.sign_in(login)
    return visitors


def id_of(database: Database, file: str, version: int = 1) -> int:
    with database.read() as session:
        found = [
            one.id for one in rule_versions.versions(session) if (one.file, one.version) == (file, version)
        ]
    return found[0]


def form(visitor: Visitor, path: str) -> dict[str, str]:
    """What the editor holds, as a browser would send it."""
    page = visitor.get(path).text
    found = {name: html.unescape(value) for name, value in INPUT.findall(page)}
    found |= {name: html.unescape(value) for name, value in CHOSEN.findall(page)}
    return {**found, "table": re.findall(r'name="table" value="([^"]+)"', page)[0]}


def save(visitor: Visitor, version_id: int, **changes: str) -> TestResponse:
    sent = form(visitor, f"/rules/{version_id}/edit")
    sent |= {name.replace("_", ".").replace("row.", "rows."): value for name, value in changes.items()}
    return visitor.post(f"/rules/{version_id}/edit", sent)


def measured_case(session: Session) -> RewardCase:
    """A case whose sheet rests on table timeliness."""
    case = RewardCase(
        project=factories.project(session), opened_at=clock.now(), measured_at=clock.now(), measurement=1
    )
    inputs = {"late_days / planned_days": "-0.02"}
    line = {"factor": "Kt", "value": "1", "text": "按期", "file": "timeliness.dmn", "version": 1}
    case.lines.append(RewardLine(measurement=1, rows=["timeliness_in_time"], inputs=inputs, **line))
    session.add(case)
    session.flush()
    return case


def test_everybody_reads_what_is_in_force_in_words(people: dict[str, Visitor], database: Database) -> None:
    page = text_of(people["wang"].get("/rules").text)
    assert "变更路由 哪种变更由谁批准 第 1 版 自始 随附版本" in page
    shown = text_of(people["wang"].get(f"/rules/{id_of(database, 'change_route.dmn')}").text)
    assert "工期变更 大于 10 不限 不限 不限 不限 是 党政联签" in shown
    assert ("命中策略 ：唯一：只能有一行适用" in shown, "修改这张表" in shown) == (True, False)
    assert "揭榜期最短 shortest_bidding_workdays 10 工作日" in text_of(
        people["wang"].get(f"/rules/{id_of(database, 'setting.dmn')}").text
    )
    refused = people["wang"].get(f"/rules/{id_of(database, 'setting.dmn')}/edit")
    assert (refused.status_code, "只有揭榜挂帅办公室和考核办可以拟定规则" in refused.text) == (403, True)


def test_the_editor_gives_back_every_shipped_table_as_it_was(
    people: dict[str, Visitor], database: Database
) -> None:
    for file in sorted(rules.shipped()):
        answer = save(people["office"], id_of(database, file), note="不变")
        assert answer.status_code == 422, file
        assert "没有改动，不需要保存。" in answer.text, file


def test_a_changed_value_becomes_a_draft_that_another_adopts(
    people: dict[str, Visitor], database: Database
) -> None:
    first = id_of(database, "setting.dmn")
    saved = save(people["office"], first, row_0_1="12", note="多给两天")
    draft = id_of(database, "setting.dmn", 2)
    assert saved.location == f"/rules/{draft}"
    shown = people["office"].get(saved.location).text
    assert "<del>10</del> <ins>12</ins>" in shown
    assert "有 1 行不同" in text_of(shown)
    assert "第 2 版 · office" in text_of(people["wang"].get("/rules").text)

    today = {"from_day": clock.today().isoformat()}
    assert people["office"].post(f"/rules/{draft}/adoption", today).status_code == 403
    assert people["director"].post(f"/rules/{draft}/adoption", {"from_day": "x"}).status_code == 422
    assert people["director"].post(f"/rules/{draft}/adoption", today).location == f"/rules/{draft}"
    with database.read() as session:
        assert rules.days(session, "shortest_bidding_workdays") == 12
    assert "第 2 版" in text_of(people["wang"].get("/rules").text)


def test_the_author_changes_and_drops_a_draft_and_nobody_else(
    people: dict[str, Visitor], database: Database
) -> None:
    save(people["office"], id_of(database, "setting.dmn"), row_0_1="12", note="多给两天")
    draft = id_of(database, "setting.dmn", 2)
    again = save(people["office"], draft, row_0_1="13", note="多给三天")
    assert again.location == f"/rules/{draft}"
    with database.read() as session:
        kept = session.get_one(RuleVersion, draft)
        assert (kept.version, kept.note, ">13<" in kept.content) == (2, "多给三天", True)
    assert people["director"].post(f"/rules/{draft}/discard").status_code == 403
    assert people["office"].post(f"/rules/{draft}/discard").location == "/rules"
    assert people["office"].get(f"/rules/{draft}").status_code == 404


@pytest.mark.parametrize(
    ("file", "changes", "told"),
    [
        ("acceptance_verdict.dmn", {"row_1_1": "> > 90"}, "第 2 行 验收得分：第 3 个字附近看不懂"),
        ("acceptance_verdict.dmn", {"row_1_1": "优秀"}, "没有“优秀”这个输入；如果是文字，请加英文引号。"),
        ("acceptance_verdict.dmn", {"row_1_1": '"90"'}, "第 2 行 验收得分：这一列应填数字。"),
        ("acceptance_verdict.dmn", {"row_1_5": '"高"'}, "第 2 行 Kc：这一列应填数字。"),
        ("acceptance_verdict.dmn", {"row_1_5": ""}, "第 2 行 Kc：结果不能为空；没有结果请写 null。"),
        ("acceptance_verdict.dmn", {"row_1_5": "1 + null"}, "第 2 行 Kc：算不出结果，请检查写法。"),
        ("acceptance_verdict.dmn", {"row_1_5": "高"}, "没有“高”这个输入"),
        ("acceptance_verdict.dmn", {"row_1_5": "(("}, "第 2 行 Kc：第 3 个字附近看不懂"),
        ("timeliness.dmn", {"row_1_0": "[-0.1..0]"}, "第 2 行 延误比例：与第 1 行重叠，两行会同时适用"),
        ("timeliness.dmn", {"row_1_0": "(-0.1..0)"}, "没有一行适用于：late_days / planned_days = 0。"),
        ("timeliness.dmn", {"note": ""}, "请写明修改原因。"),
    ],
)
def test_what_is_wrong_is_told_at_the_cell(
    people: dict[str, Visitor], database: Database, file: str, changes: dict[str, str], told: str
) -> None:
    answer = save(people["office"], id_of(database, file), **{"note": "试试", **changes})
    assert answer.status_code == 422
    assert told in text_of(answer.text)
    place = next((name for name in changes if name.startswith("row_")), "")
    if place and "没有一行" not in told:
        marked = re.search(rf'id="f-rows-{place[4:].replace("_", "-")}"[^>]*aria-invalid="true"', answer.text)
        assert marked is not None


def test_a_row_may_leave_out_what_cannot_be(people: dict[str, Visitor], database: Database) -> None:
    """No share is above 1, so that rows for 1 and below 1 are all there has to be."""
    changes = {"row_1_1": ">= 85", "row_2_1": ">= 85", "row_3_1": "[80..85)", "note": "放宽"}
    assert save(people["office"], id_of(database, "acceptance_verdict.dmn"), **changes).status_code == 302


def test_rows_are_added_moved_and_dropped_without_a_script(
    people: dict[str, Visitor], database: Database
) -> None:
    office, version = people["office"], id_of(database, "reminder.dmn")
    sent = form(office, f"/rules/{version}/edit")
    count = len([name for name in sent if name.endswith(".id")])

    def pressed(command: str) -> list[str]:
        page = office.post(f"/rules/{version}/rows", {**sent, "_rows": command}).text
        return [value for name, value in INPUT.findall(page) if name.endswith(".1")]

    before = [sent[f"rows.{n}.1"] for n in range(count)]
    assert pressed("add:0") == [before[0], "", *before[1:]]
    assert pressed("drop:0") == before[1:]
    assert pressed("down:0") == [before[1], before[0], *before[2:]]
    assert pressed("up:1") == [before[1], before[0], *before[2:]]
    assert pressed("up:0") == pressed("drop:99") == pressed("x") == before


def test_a_draft_is_tried_on_the_past(app: Flask, people: dict[str, Visitor], database: Database) -> None:
    with database.transaction() as session:
        case = measured_case(session)
        title, place = case.project.challenge.title, case.id
    version = id_of(database, "timeliness.dmn")
    assert "没有可以重算的旧案" in people["wang"].get(f"/rules/{id_of(database, 'conflict.dmn')}/trial").text
    unchanged = text_of(people["wang"].get(f"/rules/{version}/trial").text)
    assert "重算了 1 件记录在案的决定，其中 0 件结果会改变" in unchanged
    save(people["office"], version, row_1_1="0.95", note="从严")
    tried = people["wang"].get(f"/rules/{id_of(database, 'timeliness.dmn', 2)}/trial").text
    assert f'<a href="/rewards/{place}">{title} · Kt</a>' in tried
    assert "重算了 1 件记录在案的决定，其中 1 件结果会改变" in text_of(tried)
    assert "延误比例：-0.02 1 0.95" in text_of(tried)
    with database.transaction() as session:
        wang = session.scalars(select(User).where(User.login == "wang")).one()
        program = Program(app, accounts.issue_token(session, wang, name="test", days=1))
    found = program.get(f"/rules/{id_of(database, 'timeliness.dmn', 2)}/cases").get_json()
    told = [(one["path"], one["before"], one["after"], one["fault"]) for one in found["changed"]]
    assert (found["total"], told) == (1, [(f"/rewards/{place}", "1", "0.95", "")])


def test_differences_tell_what_came_went_and_changed() -> None:
    content = rules.shipped()["timeliness.dmn"]
    before = dmn.tables(content, file="timeliness.dmn")[0]
    rows = [dmn.RowText(*row) for row in zip(before.ids, before.rows, before.notes, strict=True)]
    rows = [rows[0], dmn.RowText("", ("0", "1"), "新"), *rows[2:]]
    written = dmn.rewrite(content, file="timeliness.dmn", decision="timeliness", rows=rows)
    after = dmn.tables(written.encode(), file="timeliness.dmn")[0]
    found = [(one.kind, one.id) for one in dmn.differences(before, after)]
    assert found[:3] == [
        ("same", "timeliness_early"),
        ("gone", "timeliness_in_time"),
        ("added", "timeliness_r1"),
    ]
    with pytest.raises(dmn.DmnError):
        dmn.rewrite(content, file="timeliness.dmn", decision="nothing", rows=rows)
