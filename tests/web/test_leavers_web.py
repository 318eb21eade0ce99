"""离岗交接 and 请假代办 on their pages, without a script."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from workflows import clock
from workflows.db import Database
from workflows.models import ChallengeState, Delegation, User

Visit = Callable[[], Visitor]


@pytest.fixture
def admin(database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        home = factories.unit(session, name="厂领导")
        factories.user(session, login="root", name="管运维", of=home, roles=["admin"])
        factories.user(session, login="old", name="老李", of=home, roles=["hse", "verifier@"])
        factories.user(session, login="new", name="小王", of=home)
        challenge = factories.challenge(session, title="冬季冻堵", state=ChallengeState.PUBLISHED)
        challenge.party_lead_id = 2
    visitor = visit()
    visitor.sign_in("root")
    return visitor


NEW = "小王 · 厂领导 · new"


def test_a_leaver_hands_over_and_is_deactivated_in_one_act(admin: Visitor, database: Database) -> None:
    page = admin.get("/people/2/handover").text
    assert re.findall(r'name="(to\.[\w-]+)"', page) == ["to.role-2", "to.role-3", "to.party_lead-1"]
    sent = {"default": NEW, "reason": "退休", "deactivate": "1"}
    assert admin.post("/people/2/handover", sent).location == "/people/2"
    with database.read() as session:
        old, new = session.get_one(User, 2), session.get_one(User, 3)
        assert (old.is_active, [one.role for one in old.grants]) == (False, [])
        assert sorted((one.role, one.unit_id) for one in new.grants) == [("hse", None), ("verifier", 1)]
    page = text_of(admin.get("/people/2").text)
    assert "工作交接 · 管运维" in page
    assert "党组织责任人 冬季冻堵 → 小王" in page


def test_a_refused_handover_changes_nothing_and_keeps_what_was_typed(
    admin: Visitor, database: Database
) -> None:
    sent = {
        "to.role-2": "管运维 · 厂领导 · root",
        "to.role-3": "谁也不是",
        "reason": "退休",
        "deactivate": "1",
    }
    refused = admin.post("/people/2/handover", sent)
    assert (refused.status_code, "没有找到此人" in refused.text, 'value="谁也不是"' in refused.text) == (
        422,
        True,
        True,
    )
    del sent["to.role-3"]
    assert "不能把角色交接给自己" in admin.post("/people/2/handover", sent).text
    assert "请为至少一项选择接收人" in admin.post("/people/2/handover", {"reason": "退休"}).text
    with database.transaction() as session:
        factories.project(session, leader=session.get_one(User, 2))
    held = admin.post("/people/2/handover", {"to.role-2": NEW, "reason": "退休", "deactivate": "1"})
    assert (held.status_code, "请先办理换帅" in text_of(held.text)) == (409, True)
    with database.read() as session:
        assert len(session.get_one(User, 2).grants) == 2


def test_the_page_is_for_administrators_and_hr(admin: Visitor, visit: Visit) -> None:
    new = visit()
    new.sign_in("new")
    assert new.get("/people/2/handover").status_code == 403
    assert new.post("/people/2/handover", {"default": NEW, "reason": "x"}).status_code == 403


def test_an_absence_is_entered_seen_and_ended(admin: Visitor, visit: Visit, database: Database) -> None:
    old = visit()
    old.sign_in("old")
    day = clock.today()
    sent = {
        "substitute_id": NEW,
        "from_day": str(day),
        "to_day": str(day + dt.timedelta(days=3)),
        "reason": "年休假",
    }
    assert old.post("/substitutes", sent).location == "/substitutes"
    page = text_of(old.get("/substitutes").text)
    assert "老李 厂领导 小王 厂领导 2026年11月23日 — 2026年11月26日 年休假 ● 进行中 结束代办" in page
    again = old.post("/substitutes", sent)
    assert (again.status_code, "这段时间已经指定了代理人" in again.text) == (409, True)
    past = old.post("/substitutes", {**sent, "from_day": "2026-11-01"})
    assert (past.status_code, "开始日期不能早于今天" in past.text) == (422, True)

    new = visit()
    new.sign_in("new")
    assert "进行中" in new.get("/substitutes").text
    assert "结束代办" not in new.get("/substitutes").text
    assert new.post("/substitutes/1/end").status_code == 404
    assert "没有代办" in admin.get("/substitutes").text
    assert old.post("/substitutes/1/end").location == "/substitutes"
    with database.read() as session:
        assert session.scalars(select(Delegation)).one().revoked_at is not None


def test_substitutions_take_as_many_queries_for_three_as_for_one(
    admin: Visitor, visit: Visit, database: Database
) -> None:
    def add() -> None:
        with database.transaction() as session:
            day = clock.today()
            made = Delegation(principal_id=2, substitute_id=factories.user(session).id, reason="x")
            made.from_day = made.to_day = day
            session.add(made)

    old = visit()
    old.sign_in("old")
    add()
    first = queries(old, database, "/substitutes")
    add()
    add()
    assert queries(old, database, "/substitutes") == first
