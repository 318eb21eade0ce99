"""Meetings, action items and changes on the site and in the API: who sees them, and what they are shown."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program
from tests.web.test_query_counts import queries
from workflows import work
from workflows.db import Database
from workflows.domain import accounts, action_items, meetings
from workflows.models import User


@dataclass(frozen=True)
class Site:
    project_id: int
    meeting_id: int
    item_id: int
    change_id: int


@pytest.fixture
def site(database: Database) -> Site:
    """A project of wang's: a meeting that zhao chairs, an action item of zhao's, a change; li is outside."""
    with database.transaction() as session:
        wang = factories.user(session, login="wang", name="王建国")
        zhao = factories.user(session, login="zhao", name="赵敏")
        factories.user(session, login="li", name="李四")
        project_id = factories.project(session, leader=wang, due=[dt.date(2027, 10, 29)]).id
        item_id = _item(session, zhao, project_id)
        work.start(session, "meeting", _meeting(project_id, zhao.id), actor=wang)
        values = {"project_id": project_id, "kind": "budget", "reason": "涨价", "budget_fen": 121_000_000}
        work.start(session, "change", values, actor=wang)
        shown = meetings.listing(session, actor=wang)[0][0]
        return Site(project_id, shown.id, item_id, 1)


def _meeting(project_id: int, chair: int) -> dict[str, Any]:
    return {"kind": "progress", "project_id": project_id, "chairs": [{"user_id": chair}]}


def _item(session: Any, owner: User, project_id: int) -> int:
    due_on = dt.date(2026, 12, 1)
    item = action_items.add(
        session, what="落实停电窗口", owner_id=owner.id, due_on=due_on, project_id=project_id
    )
    return item.id


def _program(app: Flask, database: Database, login: str) -> Program:
    with database.transaction() as session:
        user = accounts.by_login(session, login)
        assert user is not None
        return Program(app, accounts.issue_token(session, user, name="test", days=1))


def test_the_chair_sees_the_meeting_and_the_owner_the_item(
    app: Flask, database: Database, site: Site
) -> None:
    zhao = _program(app, database, "zhao")
    shown = zhao.get(f"/meetings/{site.meeting_id}").get_json()
    assert (shown["title"], shown["state"]) == ("推进会 · 降低冬季冻堵次数", "planned")
    assert [(one["user"]["name"], one["is_chair"]) for one in shown["people"]] == [("赵敏", True)]
    item = zhao.get(f"/action-items/{site.item_id}").get_json()
    assert (item["what"], item["state"], item["due_on"]) == ("落实停电窗口", "open", "2026-12-01")
    assert zhao.get("/action-items?overdue=false&state=open").get_json()["total"] == 1
    assert zhao.get("/meetings?kind=monthly").get_json() == {"rows": [], "total": 0}


def test_the_leader_sees_the_change(app: Flask, database: Database, site: Site) -> None:
    wang = _program(app, database, "wang")
    shown = wang.get(f"/changes/{site.change_id}").get_json()
    assert (shown["kind"], shown["state"], shown["reason"]) == ("budget", "pending", "涨价")
    assert (shown["before"], shown["after"]) == ({"budget_fen": 120_000_000}, {"budget_fen": 121_000_000})
    listed = wang.get(f"/changes?project_id={site.project_id}&state=pending").get_json()
    assert [one["id"] for one in listed["rows"]] == [site.change_id]


@pytest.mark.parametrize("prefix", ["", "/api/v1"])
def test_others_find_none_of_them(app: Flask, database: Database, site: Site, prefix: str) -> None:
    visitor = Visitor(app)
    visitor.sign_in("li")
    li = _program(app, database, "li")
    for path in (
        f"/meetings/{site.meeting_id}",
        f"/action-items/{site.item_id}",
        f"/changes/{site.change_id}",
        "/meetings/999",
        "/changes/999",
    ):
        answer = li.get(path) if prefix else visitor.get(path)
        assert answer.status_code == 404, path
    for path in ("/meetings", "/action-items", "/changes"):
        assert li.get(path).get_json() == {"rows": [], "total": 0}


def test_the_pages_tell_what_there_is_and_lead_to_the_task(visit: Callable[[], Visitor], site: Site) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    page = visitor.get(f"/meetings/{site.meeting_id}").text
    for told in ("推进会", "待通知", "赵敏", "会议通知"):
        assert told in text_of(page)
    change = text_of(visitor.get(f"/changes/{site.change_id}").text)
    for told in ("预算变更", "办理中", "120 万元", "121 万元", "涨价"):
        assert told in change
    assert "变更路由 D14 第 1 版 命中的规则 第 5 行" in change
    assert "预算增减（%）：不超过 10" in change
    assert "落实停电窗口" in text_of(visitor.get(f"/action-items/{site.item_id}").text)
    task = page.split('href="/work/')[1].split('"')[0]
    assert "推进会" in text_of(visitor.get(f"/work/{task}").text)


def test_the_forms_to_start_with_are_offered(visit: Callable[[], Visitor], site: Site) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    form = visitor.get(f"/start/change?project_id={site.project_id}")
    assert "冻堵次数 ≤ 10 次" in form.text
    wrong = visitor.post("/start/change", {"project_id": str(site.project_id), "kind": "deadline"})
    assert wrong.status_code == 422
    assert visitor.get("/start/meeting").status_code == 200
    assert visitor.get("/start/supervision_order").status_code == 200


@pytest.mark.parametrize("path", ["/meetings", "/action-items", "/changes"])
def test_three_rows_take_as_many_queries_as_one(
    visit: Callable[[], Visitor], database: Database, site: Site, path: str
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    first = queries(visitor, database, f"/api/v1{path}")
    with database.transaction() as session:
        wang, zhao = (accounts.by_login(session, one) for one in ("wang", "zhao"))
        assert wang is not None
        assert zhao is not None
        for kind, more in (("deadline", {"deadline": "2027-11-02"}), ("suspend", {})):
            _item(session, zhao, site.project_id)
            work.start(session, "meeting", _meeting(site.project_id, zhao.id), actor=wang)
            values = {"project_id": site.project_id, "kind": kind, "reason": "现场变化", **more}
            work.start(session, "change", values, actor=wang)
    assert queries(visitor, database, f"/api/v1{path}") == first
