"""One-time passwords of administrators, and links by mail."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.web import mailbox
from tests.web.browsing import Visitor, text_of
from webapp import mailing
from workflows import clock
from workflows.db import Database
from workflows.models import AdminEntry, Mail, User

Visit = Callable[[], Visitor]
SAID = "如果有这个账号，并且登记了邮箱"
ONE_TIME = re.compile(r'<code class="hash">([a-z2-9-]{19})</code>')
LINK = re.compile(r"https://jiebang\.example/(password-reset/\S+)")
NEW = "seven grey geese"


@pytest.fixture
def admin(database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login="root", name="管运维", roles=["admin"])
        factories.user(session, login="wang", name="王建国").email = "wang@example.com"
    visitor = visit()
    visitor.sign_in("root")
    return visitor


def test_a_one_time_password_serves_only_to_be_changed(
    admin: Visitor, visit: Visit, database: Database
) -> None:
    wang = visit()
    wang.sign_in("wang")
    shown = admin.post("/people/2/one-time-password")
    (password,) = ONE_TIME.findall(shown.text)
    assert ONE_TIME.findall(admin.get("/people/2").text) == []
    assert wang.get("/account").location == "/sign-in?next=/account"
    assert visit().sign_in("wang").status_code == 422

    wang.sign_in("wang", password)
    assert wang.get("/challenges?q=x").location == "/account/password?next=/challenges?q%3Dx"
    assert "修改一次性密码" in wang.get("/account/password").text
    refused = wang.client.get("/api/v1/me")
    assert (refused.status_code, "一次性密码" in refused.get_json()["detail"]) == (403, True)
    token = {"login": "wang", "password": password}
    assert wang.client.post("/api/v1/tokens", json=token).status_code == 403

    same = wang.post("/account/password", {"current": password, "password": password})
    assert (same.status_code, "新密码不能与原密码相同" in same.text) == (422, True)
    changed = wang.post("/account/password", {"current": password, "password": NEW, "next": "/challenges"})
    assert changed.location == "/challenges"
    assert wang.get("/challenges").status_code == 200
    assert visit().sign_in("wang", password).status_code == 422
    with database.read() as session:
        noted = session.scalars(select(AdminEntry)).all()
        assert [(one.verb, one.actor_id, one.user_id) for one in noted] == [("password", 1, 2)]


def test_only_an_administrator_resets_and_not_their_own(admin: Visitor, visit: Visit) -> None:
    wang = visit()
    wang.sign_in("wang")
    assert wang.post("/people/1/one-time-password").status_code == 403
    assert admin.post("/people/1/one-time-password").status_code == 403
    assert admin.post("/people/9/one-time-password").status_code == 404
    assert wang.get("/account").status_code == 200


def ask(visit: Visit, asked: str) -> Visitor:
    visitor = visit()
    assert SAID in text_of(visitor.post("/password-reset", {"asked": asked}).text)
    return visitor


@pytest.mark.parametrize("asked", ["WANG", " wang@EXAMPLE.com "])
def test_a_mailed_link_sets_the_password_once(
    admin: Visitor, visit: Visit, app: Flask, box: mailbox.Mailbox, asked: str
) -> None:
    elsewhere = visit()
    elsewhere.sign_in("wang")
    visitor = ask(visit, asked)
    mailing.run_once(app)
    (mail,) = box.received
    assert (mail["To"], mail["Subject"]) == ("王建国 <wang@example.com>", "揭榜台：重新设置密码")
    text, html = mail.iter_parts()
    (link,) = LINK.findall(text.get_content())
    assert f'href="https://jiebang.example/{link}"' in html.get_content()

    weak = visitor.post(f"/{link}", {"password": "password123"})
    assert (weak.status_code, "太容易猜到" in weak.text) == (422, True)
    assert visitor.post(f"/{link}", {"password": NEW}).location == "/sign-in"
    assert visit().post(f"/{link}", {"password": "another long one"}).status_code == 404
    assert visitor.get(f"/{link}").status_code == 404
    assert elsewhere.get("/account").location == "/sign-in?next=/account"
    assert visit().sign_in("wang", NEW).status_code == 302


def test_the_same_is_said_and_kept_whoever_is_asked_for(
    admin: Visitor, visit: Visit, app: Flask, box: mailbox.Mailbox, database: Database
) -> None:
    with database.transaction() as session:
        factories.user(session, login="mute")
        factories.user(session, login="gone").email = "gone@example.com"
        session.scalars(select(User).where(User.login == "gone")).one().is_active = False
    for asked in ("nobody", "mute", "gone", "no@example.com"):
        ask(visit, asked)
    with database.read() as session:
        assert [one.user_id for one in session.scalars(select(Mail))] == [None] * 4
    assert mailing.run_once(app) == 4
    assert box.received == []
    with database.read() as session:
        assert session.scalars(select(Mail)).all() == []


def test_a_link_serves_for_an_hour_and_the_newest_alone(
    admin: Visitor, visit: Visit, app: Flask, box: mailbox.Mailbox
) -> None:
    for _ in range(2):
        ask(visit, "wang")
        mailing.run_once(app)
    older, newer = (LINK.findall(next(one.iter_parts()).get_content())[0] for one in box.received)
    assert visit().get(f"/{older}").status_code == 404
    assert visit().get(f"/{newer}").status_code == 200
    clock.move_to(clock.now() + dt.timedelta(hours=1))
    assert visit().get(f"/{newer}").status_code == 404


def test_asking_too_often_has_to_wait(admin: Visitor, visit: Visit, box: mailbox.Mailbox) -> None:
    for _ in range(5):
        ask(visit, "wang")
    assert visit().post("/password-reset", {"asked": "wang"}).status_code == 429
    ask(visit, "li")


def test_without_a_server_no_mail_is_kept_and_the_page_says_whom_to_ask(
    admin: Visitor, visit: Visit, database: Database
) -> None:
    assert "请联系系统管理员" in visit().get("/password-reset").text
    assert "请联系系统管理员" in visit().post("/password-reset", {"asked": "wang"}).text
    with database.read() as session:
        assert session.scalars(select(Mail)).all() == []


def test_half_a_setting_is_refused_at_the_start(app: Flask) -> None:
    app.config.update(SMTP_URL="smtp://mail.example", PUBLIC_URL="", MAIL_FROM="")
    with pytest.raises(ValueError, match="JIEBANG_PUBLIC_URL and JIEBANG_MAIL_FROM"):
        mailing.set_up(app)
    app.config.update(SMTP_URL="mail.example")
    with pytest.raises(ValueError, match="smtps://host"):
        mailing.set_up(app)


def test_ones_own_address_is_changed_with_the_password(admin: Visitor, database: Database) -> None:
    wrong = admin.post("/account/email", {"email": "a@b.example", "current_for_email": "wrong"})
    assert wrong.status_code == 422
    sent = {"email": "no address", "current_for_email": factories.PASSWORD}
    assert "请填写正确的邮箱地址" in admin.post("/account/email", sent).text
    sent["email"] = " root@example.com "
    assert admin.post("/account/email", sent).location == "/account"
    with database.read() as session:
        assert session.get_one(User, 1).email == "root@example.com"
