"""Units with both sides, and the work calendar."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from workflows import calendar
from workflows.db import Database
from workflows.models import AdminEntry, RoleGrant, Unit, User

Visit = Callable[[], Visitor]


@pytest.fixture
def office(database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        plant = factories.unit(session, name="采气厂", code="CQC")
        home = factories.unit(session, name="企管部", code="QGB")
        home.parent_id = plant.id
        factories.user(session, login="office", name="陆知行", of=home, roles=["office"])
        factories.user(session, login="wang", name="王书记", of=home, roles=["party_secretary@"])
        head = factories.user(session, name="李厂长", of=plant, roles=["admin_head", "admin_head@"])
        session.add(RoleGrant(user_id=head.id, role="party_secretary", unit_id=plant.id))
    visitor = visit()
    visitor.sign_in("office")
    return visitor


def test_the_tree_shows_both_sides_and_who_is_missing(office: Visitor) -> None:
    page = office.get("/units").text
    text = text_of(page)
    assert "全厂党组织书记 ✕ 缺 全厂行政主要负责人 李厂长" in text
    assert "缺党组织书记的单位 0 / 2 缺行政主要负责人的单位 1 / 2" in text
    assert "采气厂 CQC 李厂长 李厂长 1 采气厂 企管部 QGB 王书记 ✕ 缺 2 企管部" in text
    assert re.findall(r'class="(tree-\d)"', page) == ["tree-0", "tree-1"]
    missing = text_of(office.get("/units?missing=1").text)
    assert ("QGB" in missing, "CQC" in missing) == (True, False)


def test_a_head_who_is_no_longer_active_is_missing(office: Visitor, database: Database) -> None:
    with database.transaction() as session:
        session.scalars(select(User).where(User.name == "王书记")).one().is_active = False
    assert "缺党组织书记的单位 1 / 2" in text_of(office.get("/units").text)


def test_three_units_take_as_many_queries_as_one(office: Visitor, database: Database) -> None:
    first = queries(office, database, "/units")
    with database.transaction() as session:
        for _ in range(3):
            factories.user(session, roles=["party_secretary@", "admin_head@"])
    assert queries(office, database, "/units") == first


def test_the_calendar_shows_holidays_and_working_weekends(office: Visitor) -> None:
    page = office.get("/calendar?year=2026").text
    day = re.compile(r'<td class="day-(\w+)[^"]*"(?: title="([^"]*)")?>(\d+)')
    october = page.split("10 月</caption>")[1].split("</table>")[0]
    shown = {int(number): (kind, name) for kind, name, number in day.findall(october)}
    assert shown[1] == ("holiday", "国庆节")
    assert shown[10] == ("make_up", "调休上班")
    assert (shown[12], shown[17]) == (("work", ""), ("weekend", ""))
    assert "还没有公布" in office.get("/calendar?year=2031").text
    assert office.get("/calendar?year=1").status_code == 200


def test_the_office_declares_a_day_and_takes_it_back(office: Visitor, database: Database) -> None:
    sent = {"day": "2026-12-05", "is_workday": "true", "reason": "冬季保供"}
    assert office.post("/calendar", sent).location == "/calendar?year=2026"
    page = text_of(office.get("/calendar?year=2026").text)
    assert "2026年12月5日 上班 冬季保供 恢复为公布的安排" in page
    with database.read() as session:
        assert calendar.add_workdays(session, dt.date(2026, 12, 4), 1) == dt.date(2026, 12, 5)
    assert office.post("/calendar/2026-12-05/removal").location == "/calendar?year=2026"
    assert office.post("/calendar/2026-12-05/removal").status_code == 404
    assert office.post("/calendar/yesterday/removal").status_code == 422
    with database.read() as session:
        assert calendar.declared(session) == []
        assert session.scalars(select(AdminEntry.verb)).all() == ["calendar", "calendar"]


@pytest.mark.parametrize("wrong", [{"day": "1999-01-01"}, {"day": ""}, {"is_workday": ""}, {"reason": " "}])
def test_a_wrong_day_is_refused(office: Visitor, database: Database, wrong: dict[str, str]) -> None:
    sent = {"day": "2026-12-05", "is_workday": "false", "reason": "检修", **wrong}
    assert office.post("/calendar", sent).status_code == 422
    with database.read() as session:
        assert calendar.declared(session) == []


def test_others_see_the_calendar_and_cannot_change_it(office: Visitor, visit: Visit) -> None:
    wang = visit()
    wang.sign_in("wang")
    assert "调整一天" not in wang.get("/calendar").text
    sent = {"day": "2026-12-05", "is_workday": "true", "reason": "冬季保供"}
    assert wang.post("/calendar", sent).status_code == 403
    assert wang.post("/calendar/2026-12-05/removal").status_code == 403


def test_both_pages_are_there_in_an_almost_empty_plant(visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        factories.user(session, login="only")
        assert session.scalars(select(Unit)).one().parent_id is None
    only = visit()
    only.sign_in("only")
    assert "没有另行规定" in only.get("/calendar").text
    assert "缺" in only.get("/units").text
