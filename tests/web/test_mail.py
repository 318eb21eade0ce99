"""Notices by mail: a real mail server on this machine, and what becomes of each mail."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.processes import cast as casting
from tests.web import mailbox
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from webapp import mailing
from workflows import clock
from workflows.db import Database
from workflows.domain import notice_kinds, notices, outbox
from workflows.domain.notice_kinds import Wanted
from workflows.models import Mail, User

Visit = Callable[[], Visitor]
MINUTE = dt.timedelta(minutes=1)


@pytest.fixture
def wang(database: Database) -> int:
    with database.transaction() as session:
        user = factories.user(session, login="wang", name="王建国")
        user.email = "wang@example.com"
        return user.id


def tell(database: Database, user_id: int, text: str = "激励已兑现。", *, kind: str = "payment") -> None:
    with database.transaction() as session:
        notices.send(session, user_id, text=text, link="/rewards/1", kind=kind)


def mails(database: Database) -> list[Mail]:
    with database.read() as session:
        return list(session.scalars(select(Mail).order_by(Mail.id)))


def test_a_notice_is_mailed_once_with_a_text_a_page_and_a_link(
    app: Flask, database: Database, box: mailbox.Mailbox, wang: int
) -> None:
    tell(database, wang, "标题里有\n换行 & <标记>")
    assert [mailing.run_once(app) for _ in range(2)] == [1, 0]
    (mail,) = box.received
    assert (mail["From"], mail["To"]) == ("揭榜台 <jb@example.com>", "王建国 <wang@example.com>")
    assert mail["Subject"] == "标题里有 换行 & <标记>"
    assert mail["Auto-Submitted"] == "auto-generated"
    text, html = mail.iter_parts()
    assert text.get_content().split("\n\n")[:3] == [
        "王建国，您好：",
        "标题里有\n换行 & <标记>",
        "打开查看\nhttps://jiebang.example/rewards/1",
    ]
    assert "换行 &amp; &lt;标记&gt;" in html.get_content()
    (row,) = mails(database)
    assert (row.sent_at, row.next_try_at, row.tries) == (clock.now(), None, 0)


def test_a_mail_speaks_the_language_of_its_person(
    app: Flask, database: Database, visit: Visit, box: mailbox.Mailbox, wang: int
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    visitor.post("/preferences", {"locale": "en", "next": "/"})
    tell(database, wang, "您的申诉成立。")
    with database.transaction() as session:
        notices.send(session, wang, text="分配方案未通过：超额", link="/rewards/1", kind="returned")
    mailing.run_once(app)
    assert "Dear 王建国," in next(box.received[1].iter_parts()).get_content()
    assert box.received[1]["Subject"].startswith("The split")


def test_without_a_server_no_mail_is_kept(database: Database, app: Flask, wang: int) -> None:
    tell(database, wang)
    assert mails(database) == []
    with database.read() as session:
        assert len(notices.listing(session, session.get_one(User, wang), unread=True)[0]) == 1


def test_a_notice_that_is_rolled_back_is_not_mailed(
    app: Flask, database: Database, box: mailbox.Mailbox, wang: int
) -> None:
    with database.write() as session:
        notices.send(session, wang, text="没有发生", link="/", kind="payment")
        session.flush()
        session.rollback()
    assert (mailing.run_once(app), box.received) == (0, [])


def test_what_the_server_refuses_for_now_is_tried_again_later_and_given_up_in_the_end(
    app: Flask, database: Database, box: mailbox.Mailbox, wang: int
) -> None:
    box.answers["RCPT"] = "450 try later"
    tell(database, wang)
    for number, pause in enumerate(outbox.BACKOFF, start=1):
        assert mailing.run_once(app) == 1
        (row,) = mails(database)
        assert (row.tries, row.error, row.next_try_at) == (number, "450 try later", clock.now() + pause)
        assert mailing.run_once(app) == 0
        clock.move_to(clock.now() + pause)
    assert mailing.run_once(app) == 1
    (row,) = mails(database)
    assert (row.tries, row.next_try_at, row.sent_at) == (6, None, None)


def test_a_mail_that_comes_through_at_the_second_try_is_sent_once(
    app: Flask, database: Database, box: mailbox.Mailbox, wang: int
) -> None:
    box.answers["MAIL"] = "421 busy"
    tell(database, wang)
    mailing.run_once(app)
    box.answers.clear()
    clock.move_to(clock.now() + MINUTE)
    mailing.run_once(app)
    assert [one["Subject"] for one in box.received] == ["激励已兑现。"]


@pytest.mark.parametrize("answer", ["550 no such person", ""])
def test_what_would_not_help_or_might_come_twice_is_not_tried_again(
    app: Flask, database: Database, box: mailbox.Mailbox, wang: int, answer: str
) -> None:
    if answer:
        box.answers["RCPT"] = answer
    else:
        box.hang_up_after_body = True  # nobody knows whether it went
    tell(database, wang)
    mailing.run_once(app)
    (row,) = mails(database)
    assert (row.tries, row.next_try_at, row.sent_at, bool(row.error)) == (1, None, None, True)


def test_a_server_that_is_away_or_wants_no_encryption_is_waited_for(
    app: Flask, database: Database, box: mailbox.Mailbox, wang: int
) -> None:
    app.config["SMTP_URL"] = box.url.replace("//", "//user:secret@")
    tell(database, wang)
    mailing.run_once(app)
    (row,) = mails(database)
    assert "STARTTLS" in row.error
    assert "secret" not in row.error
    app.config["SMTP_URL"] = "smtp://127.0.0.1:9"
    clock.move_to(clock.now() + MINUTE)
    mailing.run_once(app)
    (row,) = mails(database)
    assert (row.tries, "ConnectionRefusedError" in row.error) == (2, True)


def test_a_sender_that_never_came_back_is_not_followed_by_another(
    app: Flask, database: Database, box: mailbox.Mailbox, wang: int
) -> None:
    tell(database, wang)
    with database.transaction() as session:
        assert outbox.claim(session, 1) is not None
        assert outbox.claim(session, 1) is None
    clock.move_to(clock.now() + outbox.LEASE)
    assert (mailing.run_once(app), box.received) == (1, [])
    (row,) = mails(database)
    assert (row.next_try_at, row.error) == (None, outbox.INTERRUPTED)


def test_who_has_no_address_left_or_read_it_already_gets_no_mail(
    app: Flask, database: Database, box: mailbox.Mailbox, wang: int
) -> None:
    with database.transaction() as session:
        gone, mute = factories.user(session), factories.user(session)
        gone.email, gone.is_active = "gone@example.com", False
        others = [gone.id, mute.id]
    for one in (wang, *others):
        tell(database, one)
    with database.transaction() as session:
        notices.mark_read(session, session.get_one(User, wang), 1)
    assert (mailing.run_once(app), box.received, mails(database)) == (3, [], [])


def test_each_kind_goes_where_its_person_wants_it(
    app: Flask, database: Database, visit: Visit, box: mailbox.Mailbox, wang: int
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    assert 'name="app.task"' not in visitor.get("/account/notices").text
    boxes = {f"app.{kind}": "1" for kind in notice_kinds.KINDS if kind != "payment"}
    assert visitor.post("/account/notices", {**boxes, "mail.project": "1"}).location == "/account/notices"
    tell(database, wang, "付款", kind="payment")
    tell(database, wang, "项目", kind="project")
    mailing.run_once(app)
    assert [one["Subject"] for one in box.received] == ["项目"]
    with database.read() as session:
        user = session.get_one(User, wang)
        assert [one.text for one in notices.recent(session, user)] == ["项目"]
        assert notice_kinds.wanted(session, wang, "payment") == Wanted(in_app=False, by_mail=False)
        assert notice_kinds.wanted(session, wang, "task") == Wanted(in_app=True, by_mail=False)
    page = visitor.get("/account/notices").text
    assert 'name="mail.project" value="1" checked' in page
    assert 'name="app.payment" value="1" checked' not in page


def test_quiet_hours_hold_mail_back_until_they_end(
    app: Flask, database: Database, visit: Visit, box: mailbox.Mailbox, wang: int
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    half = visitor.post("/account/notices", {"quiet_from": "22"})
    assert (half.status_code, "请同时选择" in half.text) == (422, True)
    visitor.post("/account/notices", {"quiet_from": "22", "quiet_to": "10", "mail.payment": "1"})
    tell(database, wang)
    mailing.run_once(app)
    (row,) = mails(database)
    assert (box.received, clock.local(row.next_try_at or clock.now()).hour) == (
        [],
        10,
    )  # it is nine in the morning
    clock.move_to(clock.now() + 60 * MINUTE)
    mailing.run_once(app)
    assert len(box.received) == 1


def test_a_digest_tells_of_a_day_in_one_mail(
    app: Flask, database: Database, visit: Visit, box: mailbox.Mailbox, wang: int
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    visitor.post("/account/notices", {"when": "digest", "mail.payment": "1"})
    tell(database, wang, "一")
    tell(database, wang, "二")
    mailing.run_once(app)
    assert box.received == []
    clock.move_to(clock.now() + dt.timedelta(hours=23))
    tell(database, wang, "三")
    mailing.run_once(app)
    (mail,) = box.received
    assert mail["Subject"] == "揭榜台：3 条通知"
    text = next(mail.iter_parts()).get_content()
    assert "一\nhttps://jiebang.example/rewards/1\n\n二\nhttps://jiebang.example/rewards/1" in text
    assert [one.sent_at is not None for one in mails(database)] == [True, True, True]


def test_a_task_that_arrives_is_mailed_to_whoever_is_asked_unless_it_is_done_by_then(
    app: Flask, database: Database, box: mailbox.Mailbox
) -> None:
    cast = casting.gather(database)
    with database.transaction() as session:
        leader = session.get_one(User, cast.leader)
        leader.email = "leader@example.com"
        challenge_id = factories.challenge(session).id
    casting.begin_bid(database, challenge_id, leader=cast.leader)
    mailing.run_once(app)
    (mail,) = box.received
    assert mail["Subject"].startswith("待办：组队")
    assert re.search(r"https://jiebang\.example/work/\d+\n", next(mail.iter_parts()).get_content())
    with database.transaction() as session:
        outbox.add_tasks(
            session, [(row.item_id or 0, row.user_id or 0) for row in session.scalars(select(Mail))]
        )
    assert mailing.run_once(app) == 0


def test_mails_that_were_given_up_are_seen_and_sent_again(
    app: Flask, database: Database, visit: Visit, box: mailbox.Mailbox, wang: int
) -> None:
    with database.transaction() as session:
        factories.user(session, login="root", roles=["admin"])
    box.answers["RCPT"] = "550 no such person"
    tell(database, wang)
    mailing.run_once(app)
    root, other = visit(), visit()
    root.sign_in("root")
    other.sign_in("wang")
    assert other.get("/outbox").status_code == 403
    assert other.post("/outbox/1/again").status_code == 403
    assert "未能发出 550 no such person 再发一次" in re.sub("✕ ", "", text_of(root.get("/outbox").text))
    assert root.post("/outbox/1/again").location == "/outbox"
    assert root.post("/outbox/1/again").status_code == 409
    box.answers.clear()
    mailing.run_once(app)
    assert len(box.received) == 1
    assert "✓ 已发出" in text_of(root.get("/outbox?all=1").text)


@pytest.mark.parametrize("path", ["/notices", "/outbox?all=1"])
def test_three_rows_take_as_many_queries_as_one(
    database: Database, visit: Visit, box: mailbox.Mailbox, path: str
) -> None:
    with database.transaction() as session:
        wang = factories.user(session, login="wang", roles=["admin"]).id
    visitor = visit()
    visitor.sign_in("wang")
    tell(database, wang)
    first = queries(visitor, database, path)
    tell(database, wang)
    tell(database, wang)
    assert queries(visitor, database, path) == first
