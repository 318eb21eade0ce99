"""People: the list, a person's page, and what administrators do there."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from workflows.db import Database
from workflows.domain import accounts
from workflows.models import AdminEntry, Post, RoleGrant, User

Visit = Callable[[], Visitor]
ONE_TIME = re.compile(r'<code class="hash">([a-z2-9-]{19})</code>')
PICK_UNIT = "厂领导"


@pytest.fixture
def admin(database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        home = factories.unit(session, name=PICK_UNIT, code="CLD")
        factories.user(session, login="root", name="管运维", of=home, roles=["admin"])
        factories.user(session, login="wang", name="王建国", of=home, roles=["hse@"])
        session.add(Post(code="P1", unit_id=home.id, name="集输技师"))
    visitor = visit()
    visitor.sign_in("root")
    return visitor


def verbs(database: Database) -> list[str]:
    with database.read() as session:
        return list(session.scalars(select(AdminEntry.verb).order_by(AdminEntry.id)))


def test_people_are_found_by_name_unit_role_and_activity(admin: Visitor, database: Database) -> None:
    def found(query: str) -> list[str]:
        return re.findall(r'href="/people/\d+">([^<]+)<', admin.get(f"/people?{query}").text)

    with database.transaction() as session:
        factories.user(session, name="去年").is_active = False
    assert found("") == ["王建国", "管运维"]
    assert found("q=wang") == found("role=hse") == ["王建国"]
    assert found("unit=2") == found("q=天") == []
    assert found("state=inactive") == ["去年"]


def test_the_list_takes_as_many_queries_for_three_as_for_one(admin: Visitor, database: Database) -> None:
    first = queries(admin, database, "/people")
    with database.transaction() as session:
        for _ in range(3):
            factories.user(session, roles=["office", "verifier@"])
    assert queries(admin, database, "/people") == first


def test_an_administrator_adds_a_person_with_a_one_time_password(
    admin: Visitor, visit: Visit, database: Database
) -> None:
    sent = {"login": "li.si", "name": "李四", "unit_id": PICK_UNIT, "on_duty": "true"}
    (password,) = ONE_TIME.findall(admin.post("/people/new", sent).text)
    assert visit().sign_in("li.si", password).location == "/"
    assert "登录名已被使用" in text_of(admin.post("/people/new", sent).text)
    wrong = admin.post("/people/new", {**sent, "login": "李四", "email": "x", "unit_id": "没有"})
    assert (wrong.status_code, "登录名只可包含" in wrong.text) == (422, True)
    assert verbs(database) == ["create"]


def test_data_roles_and_posts_are_changed_and_written_down(admin: Visitor, database: Database) -> None:
    data = {"name": "王建军", "unit_id": PICK_UNIT, "email": "w@example.com", "is_manager": "true"}
    assert admin.post("/people/2/data", data).location == "/people/2"
    roles = {"roles.0.role": "office", "roles.1.role": "verifier", "roles.1.unit_id": PICK_UNIT}
    assert admin.post("/people/2/roles", {**roles, "reason": "岗位调整"}).location == "/people/2"
    assert admin.post("/people/2/posts", {"posts.0.post_id": "P1 · 集输技师"}).location == "/people/2"
    with database.read() as session:
        wang = session.get_one(User, 2)
        assert (wang.name, wang.email, wang.is_manager, wang.on_duty) == (
            "王建军",
            "w@example.com",
            True,
            False,
        )
        assert sorted((one.role, one.unit_id) for one in wang.grants) == [("office", None), ("verifier", 1)]
    assert verbs(database) == ["change", "roles", "posts"]
    page = text_of(admin.get("/people/2").text)
    assert "调整角色 · 管运维" in page
    assert "− 安全环保 厂领导 ＋ 揭榜挂帅办公室 · 核验人 厂领导" in page
    assert "集输技师" in page


def test_separated_duties_and_ones_own_roles_are_refused_in_words(admin: Visitor, database: Database) -> None:
    both = {"roles.0.role": "supervision", "roles.1.role": "finance"}
    refused = admin.post("/people/2/roles", both)
    assert (refused.status_code, "纪委监督不能同时担任财务" in text_of(refused.text)) == (422, True)
    own = admin.post("/people/1/roles", {"roles.0.role": "office"})
    assert (own.status_code, "不能调整自己的角色" in own.text) == (403, True)
    with database.read() as session:
        assert sorted(session.scalars(select(RoleGrant.role))) == ["admin", "hse"]
    assert verbs(database) == []


def test_rows_are_added_to_the_form_without_a_script(admin: Visitor) -> None:
    page = admin.post("/people/2/roles/rows", {"roles.0.role": "hse", "_rows": "add:roles"}).text
    assert 'name="roles.1.role"' in page


def test_an_inactive_person_is_out_everywhere_until_activated(
    admin: Visitor, visit: Visit, database: Database
) -> None:
    wang = visit()
    wang.sign_in("wang")
    with database.transaction() as session:
        token = accounts.issue_token(session, session.get_one(User, 2), name="x", days=3)
    assert admin.post("/people/2/deactivation", {"reason": "退休"}).location == "/people/2"
    assert wang.get("/account").location == "/sign-in?next=/account"
    bearer = {"Authorization": f"Bearer {token}"}
    assert visit().client.get("/api/v1/me", headers=bearer).status_code == 401
    assert visit().sign_in("wang").status_code == 422
    assert admin.post("/people/2/deactivation", {"reason": "退休"}).status_code == 409
    assert admin.post("/people/1/deactivation").status_code == 403
    admin.post("/people/2/activation")
    assert visit().sign_in("wang").status_code == 302
    assert visit().client.get("/api/v1/me", headers=bearer).status_code == 401
    assert verbs(database) == ["deactivate", "activate"]


def test_to_others_there_are_no_forms_and_no_acts(admin: Visitor, visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        session.get_one(User, 2).email = "w@example.com"
        factories.user(session, login="li")
    li = visit()
    li.sign_in("li")
    page = li.get("/people/2").text
    assert ("王建国" in page, "w@example.com" in page, "重置密码" in page) == (True, False, False)
    for act in ("data", "roles", "posts", "deactivation", "activation", "nothing"):
        assert li.get(f"/people/2/{act}").status_code == 404
    assert li.get("/people/new").status_code == 404
    data = {"name": "王", "unit_id": PICK_UNIT}
    sent: tuple[tuple[str, dict[str, str]], ...]
    sent = (("data", data), ("roles", {}), ("posts", {}), ("deactivation", {}), ("activation", {}))
    assert [li.post(f"/people/2/{act}", form).status_code for act, form in sent] == [403] * 5
    assert li.post("/people/new", {**data, "login": "zhao"}).status_code == 403
    assert verbs(database) == []
