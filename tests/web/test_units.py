"""Units and posts kept by hand: set up, renamed, moved, headed, filled and closed, each act written down."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from workflows import clock
from workflows.db import Database
from workflows.models import AdminEntry, PastHolding, Post, PostHolding, RoleGrant, Unit, User

Visit = Callable[[], Visitor]
PLANT, FIELD = 1, 2  # ids of units
WANG = "王建国 · 采气一区 · wang"


@pytest.fixture
def admin(database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        plant = factories.unit(session, name="采气厂", code="CQC")
        field = factories.unit(session, name="采气一区", code="CQ1")
        field.parent_id = plant.id
        factories.user(session, login="root", name="管运维", of=plant, roles=["admin"])
        factories.user(session, login="wang", name="王建国", of=field)
        session.add(Post(code="P1", unit_id=field.id, name="集输技师"))
    visitor = visit()
    visitor.sign_in("root")
    return visitor


def verbs(database: Database) -> list[tuple[str, str]]:
    with database.read() as session:
        rows = session.execute(select(AdminEntry.verb, AdminEntry.about).order_by(AdminEntry.id))
        return [(verb, about) for verb, about in rows]


def test_a_unit_is_set_up_with_both_sides(admin: Visitor, database: Database) -> None:
    sent = {"code": "CQ2", "name": " 采气二区 ", "kind": "branch", "parent_id": "采气厂"}
    heads = {"party_secretary.0.user_id": WANG, "admin_head.0.user_id": "wang"}
    assert admin.post("/units/new", {**sent, **heads}).location == "/units/3"
    page = text_of(admin.get("/units/3").text)
    assert "采气二区 CQ2 · 基层单位 · 上级单位 采气厂" in page
    assert "党组织书记 王建国 行政主要负责人 王建国" in page
    assert "党政两侧由同一人担任" in page
    assert "配备党政负责人 · 管运维" in page
    with database.read() as session:
        held = session.execute(select(RoleGrant.role, RoleGrant.unit_id).where(RoleGrant.user_id == 2))
        assert sorted((role, unit) for role, unit in held) == [("admin_head", 3), ("party_secretary", 3)]
    assert verbs(database) == [("unit_add", "unit:3"), ("roles", ""), ("roles", ""), ("unit_heads", "unit:3")]


def test_a_side_may_be_missing_and_the_page_says_what_that_means(admin: Visitor) -> None:
    sent = {"code": "CQ2", "name": "采气二区", "kind": "branch", "admin_head.0.user_id": WANG}
    assert admin.post("/units/new", sent).location == "/units/3"
    page = text_of(admin.get("/units/3").text)
    assert "党政两侧还没有配齐，党政联签时缺少一侧的由揭榜挂帅办公室代为签署" in page
    assert "党组织书记 ✕ 缺 行政主要负责人 王建国" in page


@pytest.mark.parametrize(
    ("wrong", "field", "text"),
    [
        ({"name": "采气一区"}, "name", "已被单位“采气一区”（CQ1）使用"),
        ({"code": "CQ1"}, "code", "已被单位“采气一区”（CQ1）使用"),
        ({"code": "采 1"}, "code", "编码只可包含字母、数字"),
        ({"kind": "王国"}, "kind", ""),
        ({"parent_id": "没有"}, "parent_id", ""),
        ({"name": "  "}, "name", ""),
        ({"party_secretary.0.user_id": "管运维"}, "party_secretary", "不能调整自己的角色"),
    ],
)
def test_a_wrong_unit_is_refused_at_the_field(
    admin: Visitor, database: Database, wrong: dict[str, str], field: str, text: str
) -> None:
    sent = {"code": "CQ2", "name": "采气二区", "kind": "branch", **wrong}
    answer = admin.post("/units/new", sent)
    assert (answer.status_code, f'href="#f-{field}"' in answer.text, text in answer.text) == (422, True, True)
    assert f'value="{sent["code"]}"' in answer.text
    assert verbs(database) == []
    with database.read() as session:
        assert session.scalars(select(Unit.code).order_by(Unit.id)).all() == ["CQC", "CQ1"]


def test_a_unit_is_renamed_and_moved_but_never_below_itself(admin: Visitor, database: Database) -> None:
    sent = {"name": "采气一队", "kind": "team", "parent_id": "采气厂", "reason": "机构调整"}
    assert admin.post("/units/2/data", sent).location == "/units/2"
    page = text_of(admin.get("/units/2").text)
    assert "名称：采气一区 → 采气一队 类别：— → 班组站队" in page
    under = {"name": "采气厂", "kind": "plant", "parent_id": "采气一队"}
    answer = admin.post("/units/1/data", under)
    assert (answer.status_code, "采气一队是它的下级，不能作为它的上级单位" in text_of(answer.text)) == (
        422,
        True,
    )
    answer = admin.post("/units/1/data", {**under, "parent_id": "采气厂"})
    assert (answer.status_code, "上级单位不能是它自己" in text_of(answer.text)) == (422, True)
    assert admin.post("/units/2/data", {**sent, "parent_id": ""}).location == "/units/2"
    with database.read() as session:
        assert [one.parent_id for one in session.scalars(select(Unit).order_by(Unit.id))] == [None, None]
    assert verbs(database) == [("unit_change", "unit:2"), ("unit_change", "unit:2")]


def test_a_unit_with_work_under_way_is_not_closed(admin: Visitor, database: Database) -> None:
    with database.transaction() as session:
        challenge = factories.challenge(session)
        leader = factories.user(session, of=session.get_one(Unit, FIELD))
        factories.bid(session, on=challenge, leader=leader)
        project = factories.project(session, on=challenge)
        project.unit_id = challenge.sponsor_unit_id = FIELD
        session.add(PostHolding(post_id=1, user_id=2))
    page = text_of(admin.get("/units/2/closing").text)
    for text in (
        "还有 2 名在用人员，请先调到别的单位",
        "岗位集输技师还有人在任",
        "牵头的攻关项目《降低冬季冻堵次数》还没有结束",
        "发榜的榜单《降低冬季冻堵次数》还没有结束",
        "还有 1 份揭榜申报没有结果",
    ):
        assert text in page
    assert "确认撤销" not in page
    answer = admin.post("/units/2/closing", {"reason": "机构调整"})
    assert (answer.status_code, "牵头的攻关项目" in answer.text) == (409, True)
    assert "下级单位采气一区还在" in text_of(admin.get("/units/1/closing").text)
    assert verbs(database) == []


def test_a_closed_unit_is_chosen_no_more_and_can_come_back(admin: Visitor, database: Database) -> None:
    with database.transaction() as session:
        session.get_one(User, 2).unit_id = PLANT
        session.add(RoleGrant(user_id=2, role="hse", unit_id=FIELD))
    assert "确认撤销" in admin.get("/units/2/closing").text
    assert admin.post("/units/2/closing", {"reason": " "}).status_code == 422
    assert admin.post("/units/2/closing", {"reason": "并入二区"}).location == "/units/2"
    page = text_of(admin.get("/units/2").text)
    assert "采气一区 ✕ 已撤销" in page
    assert "采气一区" not in admin.get("/units/new").text
    assert "已撤销的单位 1 个" in text_of(admin.get("/units").text)
    refused = admin.post("/people/2/data", {"name": "王建国", "unit_id": "采气一区"})
    assert refused.status_code == 422
    assert admin.post("/units/2/data", {"name": "甲", "kind": "team"}).status_code == 409
    taken = admin.post("/units/new", {"code": "CQ9", "name": "采气一区", "kind": "team"})
    assert "已被撤销的单位“采气一区”（CQ1）使用" in taken.text
    with database.read() as session:
        assert session.scalars(select(RoleGrant.role)).all() == ["admin"]
        assert session.get_one(Post, 1).closed_on == clock.today()
    assert admin.post("/units/2/reopening", {"reason": "恢复建制"}).location == "/units/2"
    assert admin.post("/units/2/reopening", {"reason": "恢复建制"}).status_code == 409
    assert verbs(database) == [("roles", ""), ("unit_close", "unit:2"), ("unit_reopen", "unit:2")]


def test_a_post_is_set_up_changed_and_closed(admin: Visitor, database: Database) -> None:
    sent = {
        "code": "P2",
        "name": "井口工",
        "unit_id": "采气一区",
        "business_duty": "巡井",
        "party_duty": "带头",
    }
    assert admin.post("/units/2/posts/new", sent).location == "/units/2"
    assert "井口工 P2 业务职责 巡井 党建职责 带头 空缺" in text_of(admin.get("/units/2").text)
    again = admin.post("/units/2/posts/new", sent)
    assert (again.status_code, "采气一区已有同名的岗位" in again.text, "这个编码已被使用" in again.text) == (
        422,
        True,
        True,
    )
    assert admin.post("/posts/2/data", {"name": "巡井工", "unit_id": "采气厂"}).location == "/units/1"
    assert "巡井工 P2" in text_of(admin.get("/units/1").text)
    assert admin.post("/posts/2/closing", {"reason": "合并"}).location == "/units/1"
    assert admin.post("/posts/2/closing", {"reason": "合并"}).status_code == 409
    assert admin.post("/posts/2/reopening", {"reason": "恢复"}).location == "/units/1"
    assert verbs(database) == [
        ("post_add", "unit:2"),
        ("post_change", "unit:1"),
        ("post_change", "unit:2"),
        ("post_close", "unit:1"),
        ("post_reopen", "unit:1"),
    ]


def test_who_holds_a_post_is_kept_from_when_to_when(admin: Visitor, database: Database) -> None:
    today = clock.today()
    first = today - dt.timedelta(days=400)
    sent = {"user_id": WANG, "from_day": first.isoformat(), "reason": "聘任"}
    assert admin.post("/posts/1/appointment", sent).location == "/units/2"
    assert "王建国已在任这个岗位" in admin.post("/posts/1/appointment", sent).text
    closing = admin.post("/posts/1/closing", {"reason": "合并"})
    assert (closing.status_code, "王建国还在任这个岗位，请先办理卸任" in closing.text) == (409, True)
    shown = f"{first.year}年{first.month}月{first.day}日"
    assert f"王建国 {shown} 起" in text_of(admin.get("/units/2").text)
    path = "/posts/1/holders/2/dismissal"
    for day in (today + dt.timedelta(days=1), first - dt.timedelta(days=1)):
        late = admin.post(path, {"to_day": day.isoformat()})
        assert (late.status_code, "最后一天应在任职之后" in late.text) == (422, True)
    assert admin.post(path, {"to_day": today.isoformat(), "reason": "期满"}).location == "/units/2"
    assert admin.post(path, {"to_day": today.isoformat()}).status_code == 404
    page = text_of(admin.get("/units/2").text)
    assert "空缺 曾任 1 人次" in page
    assert f"王建国 {shown} – {today.year}年{today.month}月{today.day}日" in page
    with database.read() as session:
        assert session.scalars(select(PostHolding)).all() == []
        (past,) = session.scalars(select(PastHolding))
        assert (past.user_id, past.from_day, past.to_day) == (2, first, today)


def test_posts_changed_on_the_page_of_a_person_are_kept_as_well(admin: Visitor, database: Database) -> None:
    assert admin.post("/people/2/posts", {"posts.0.post_id": "P1 · 集输技师"}).location == "/people/2"
    assert admin.post("/people/2/posts").location == "/people/2"
    with database.read() as session:
        (past,) = session.scalars(select(PastHolding))
        assert (past.post_id, past.from_day, past.to_day) == (1, clock.today(), clock.today())


@pytest.mark.parametrize(
    ("wrong", "field"), [({"user_id": "没有"}, "user_id"), ({"from_day": "2999-01-01"}, "from_day")]
)
def test_a_wrong_appointment_is_refused_at_the_field(
    admin: Visitor, database: Database, wrong: dict[str, str], field: str
) -> None:
    sent = {"user_id": WANG, "from_day": clock.today().isoformat(), **wrong}
    answer = admin.post("/posts/1/appointment", sent)
    assert (answer.status_code, f'href="#f-{field}"' in answer.text) == (422, True)
    assert verbs(database) == []


def test_rows_of_heads_are_added_without_a_script(admin: Visitor) -> None:
    page = admin.post("/units/2/heads/rows", {"admin_head.0.user_id": WANG, "_rows": "add:admin_head"}).text
    assert 'name="admin_head.1.user_id"' in page
    fresh = admin.post("/units/new/rows", {"code": "X", "_rows": "add:party_secretary"}).text
    assert ('name="party_secretary.0.user_id"' in fresh, 'value="X"' in fresh) == (True, True)


def test_to_others_there_are_no_forms_and_no_acts(admin: Visitor, visit: Visit, database: Database) -> None:
    wang = visit()
    wang.sign_in("wang")
    page = text_of(wang.get("/units/2").text)
    assert ("集输技师 P1" in page, "改名、改隶属" in page, "设岗" in page) == (True, False, False)
    for path in (
        "/units/new",
        "/units/2/data",
        "/units/2/closing",
        "/units/2/posts/new",
        "/posts/1/appointment",
    ):
        assert wang.get(path).status_code == 404
    assert wang.get("/units/99").status_code == admin.get("/units/99").status_code == 404
    assert admin.get("/units/2/nothing").status_code == admin.get("/posts/1/nothing").status_code == 404
    unit = {"name": "甲", "kind": "team"}
    reason = {"reason": "机构调整"}
    sent: tuple[tuple[str, dict[str, str]], ...] = (
        ("/units/new", {**unit, "code": "X"}),
        ("/units/2/data", unit),
        ("/units/2/heads", {}),
        ("/units/2/closing", reason),
        ("/units/2/reopening", reason),
        ("/units/2/posts/new", {"code": "X", "name": "甲", "unit_id": "采气一区"}),
        ("/posts/1/data", {"name": "甲", "unit_id": "采气一区"}),
        ("/posts/1/closing", reason),
        ("/posts/1/reopening", reason),
        ("/posts/1/appointment", {"user_id": WANG, "from_day": "2020-01-01"}),
        ("/posts/1/holders/2/dismissal", {"to_day": "2020-01-01"}),
    )
    assert [wang.post(path, form).status_code for path, form in sent] == [403] * len(sent)
    assert verbs(database) == []


def test_three_posts_take_as_many_queries_as_one(admin: Visitor, database: Database) -> None:
    with database.transaction() as session:
        session.add(PostHolding(post_id=1, user_id=2, from_day=dt.date(2020, 1, 1)))
    first = queries(admin, database, "/units/2")
    with database.transaction() as session:
        for number in range(2, 4):
            holder = factories.user(session)
            session.add(Post(code=f"P{number}", unit_id=FIELD, name=f"岗位{number}"))
            session.flush()
            session.add(PostHolding(post_id=number, user_id=holder.id))
            session.add(PastHolding(post_id=number, user_id=2, to_day=dt.date(2020, 1, 1)))
    assert queries(admin, database, "/units/2") == first
