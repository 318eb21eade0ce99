import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from webapp.auth import PUBLIC
from workflows.db import Database
from workflows.models import User

WRONG = "登录名或密码不正确，请核对后重试。"

Visit = Callable[[], Visitor]


@pytest.fixture
def wang(database: Database) -> str:
    with database.transaction() as session:
        return factories.user(session, login="wang", name="王建国").login


def test_the_right_password_leads_to_the_page_that_was_wanted(visit: Visit, wang: str) -> None:
    visitor = visit()
    asked = visitor.get("/challenges?q=x")
    assert (asked.status_code, asked.location) == (302, "/sign-in?next=/challenges?q%3Dx")
    entered = visitor.post(
        "/sign-in", {"login": wang, "password": factories.PASSWORD, "next": "/challenges?q=x"}
    )
    assert (entered.status_code, entered.location) == (302, "/challenges?q=x")
    assert visitor.get("/challenges?q=x").status_code == 200


@pytest.mark.parametrize("login", ["wang", "nobody"])
def test_a_wrong_password_and_an_unknown_login_look_alike(visit: Visit, wang: str, login: str) -> None:
    refused = visit().sign_in(login, "not the password")
    assert refused.status_code == 422
    assert WRONG in text_of(refused.text)
    assert f'value="{login}"' in refused.text


def test_five_failures_make_the_login_wait_even_with_the_right_password(visit: Visit, wang: str) -> None:
    visitor = visit()
    assert [visitor.sign_in(wang, "wrong").status_code for _ in range(5)] == [422] * 5
    slowed = visitor.sign_in(wang)
    assert slowed.status_code == 429
    assert 0 < int(slowed.headers["Retry-After"]) <= 300
    assert "尝试次数过多" in text_of(slowed.text)


def test_failures_of_one_login_leave_another_free(visit: Visit, wang: str) -> None:
    visitor = visit()
    for _ in range(6):
        visitor.sign_in("somebody", "wrong")
    assert visitor.sign_in(wang).status_code == 302


def test_twenty_failures_from_one_address_make_it_wait(visit: Visit, wang: str) -> None:
    visitor = visit()
    for number in range(20):
        assert visitor.sign_in(f"guess{number}", "wrong").status_code == 422
    assert visitor.sign_in(wang).status_code == 429


def test_signing_in_begins_a_new_session(app: Flask, visit: Visit, wang: str) -> None:
    visitor = visit()
    visitor.get("/sign-in")
    with visitor.client.session_transaction() as planted:
        planted["planted"] = "by somebody else"
        token_before = planted["csrf_token"]
    visitor.sign_in(wang)
    visitor.get("/account")
    with visitor.client.session_transaction() as kept:
        assert "planted" not in kept
        assert kept["csrf_token"] != token_before


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "javascript:alert(1)",
        "work",
        "",
    ],
)
def test_the_page_after_sign_in_is_always_ours(visit: Visit, wang: str, target: str) -> None:
    entered = visit().post("/sign-in", {"login": wang, "password": factories.PASSWORD, "next": target})
    assert entered.location == "/"


def test_signing_out_ends_the_session(visit: Visit, wang: str) -> None:
    visitor = visit()
    visitor.sign_in(wang)
    assert visitor.post("/sign-out").location == "/sign-in"
    assert visitor.get("/account").location == "/sign-in?next=/account"


def test_a_new_password_ends_the_other_sessions_and_keeps_this_one(visit: Visit, wang: str) -> None:
    here, elsewhere = visit(), visit()
    here.sign_in(wang)
    elsewhere.sign_in(wang)
    changed = here.post(
        "/account/password", {"current": factories.PASSWORD, "password": "an even longer one"}
    )
    assert changed.location == "/account"
    assert here.get("/account").status_code == 200
    assert elsewhere.get("/account").location == "/sign-in?next=/account"
    assert visit().sign_in(wang).status_code == 422
    assert visit().sign_in(wang, "an even longer one").status_code == 302


def test_a_refused_new_password_changes_nothing(visit: Visit, wang: str) -> None:
    visitor = visit()
    visitor.sign_in(wang)
    refused = visitor.post("/account/password", {"current": "wrong", "password": "an even longer one"})
    assert refused.status_code == 422
    assert 'aria-describedby="f-current-error"' in refused.text
    assert visit().sign_in(wang).status_code == 302


def test_who_may_no_longer_sign_in_is_out_at_once(database: Database, visit: Visit, wang: str) -> None:
    visitor = visit()
    visitor.sign_in(wang)
    with database.transaction() as session:
        session.scalars(select(User).where(User.login == wang)).one().is_active = False
    assert visitor.get("/account").location == "/sign-in?next=/account"
    assert visitor.sign_in(wang).status_code == 422


def test_every_page_but_the_public_ones_asks_to_sign_in(app: Flask, visit: Visit) -> None:
    visitor = visit()
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint in PUBLIC:
            continue
        method = next(one for one in ("GET", "POST", "PUT") if one in rule.methods)  # type: ignore[operator]
        asked = rule.arguments - set(rule.defaults or ())
        arguments = {name: "bid" if name == "process" else 1 for name in asked}
        path = adapter.build(rule.endpoint, arguments, method=method)
        answer = visitor.client.open(path, method=method)
        if path.startswith("/api/"):
            assert (path, answer.status_code) == (path, 401)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        else:
            wanted = f"/sign-in?next={path}" if method == "GET" else "/sign-in"
            assert (path, answer.status_code, answer.location) == (path, 302, wanted)


def test_every_public_endpoint_exists(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} >= PUBLIC


def test_a_form_without_its_token_is_refused(visit: Visit, wang: str) -> None:
    visitor = visit()
    visitor.sign_in(wang)
    refused = visitor.client.post("/account/tokens", data={"name": "x", "days": "3"})
    assert refused.status_code == 400
    assert "页面已过期" in text_of(refused.text)
    assert "接口令牌" in visitor.get("/account").text
    assert "有效期至" not in visitor.get("/account").text


def test_demo_accounts_exist_only_in_demo_mode(app: Flask, database: Database, visit: Visit) -> None:
    with database.transaction() as session:
        factories.user(session, login="office", roles=["office"])
        factories.user(session, login="nobody")
        leader = factories.user(session, login="leader")
        factories.bid(session, on=factories.challenge(session), leader=leader)
        factories.user(session, login="secretary", of=leader.unit, roles=["party_secretary@"])
        factories.user(session, login="stranger", roles=["party_secretary@"])
    assert visit().post("/sign-in/demo", {"login": "office"}).status_code == 404
    assert "演示账号" not in visit().get("/sign-in").text
    app.config["DEMO"] = True
    page = visit().get("/sign-in").text
    assert re.findall(r'name="login" value="(\w+)"', page) == ["leader", "secretary", "office"]
    groups = page.partition('class="demo-accounts"')[2].partition("</form>")[0]
    assert re.findall(r"<legend>([^<]+)<", groups) == ["揭榜团队与所在单位", "办公室与监督"]
    assert "发榜、开榜、组建评审组，办理各流程的日常事项。" in text_of(page)
    assert visit().post("/sign-in/demo", {"login": "nobody"}).status_code == 404
    visitor = visit()
    assert visitor.post("/sign-in/demo", {"login": "office"}).location == "/"
    assert visitor.get("/account").status_code == 200
