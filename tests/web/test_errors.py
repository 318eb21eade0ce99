import json
import logging
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import event, text

from tests import factories
from tests.web.browsing import HIDDEN, Visitor, text_of
from webapp.auth import PUBLIC
from workflows import db
from workflows.db import Database
from workflows.errors import Conflict, Forbidden, Invalid, NotFound, Refusal
from workflows.work import StepFailed

Visit = Callable[[], Visitor]


@pytest.fixture
def app(fresh_app: Flask) -> Flask:
    """One of its own: it gets a page more, loses its database, and its disk is full."""
    return fresh_app


@pytest.fixture
def raising(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Let /raise, a page for everybody, raise a given error."""

    def add(error: Exception) -> None:
        def view() -> str:
            raise error

        app.add_url_rule("/raise", "raise", view)
        monkeypatch.setattr("webapp.auth.PUBLIC", PUBLIC | {"raise"})

    return add


@pytest.mark.parametrize(
    ("error", "status", "title"),
    [
        (NotFound("没有找到这份申报。"), 404, "没有找到"),
        (Forbidden("只有挂帅人可以组队。"), 403, "没有权限"),
        (Conflict("本任务已由张三办理。"), 409, "当前状态不允许"),
        (Invalid({"title": ["太长。"]}, "请改正。"), 422, "填写有误"),
    ],
)
def test_a_refusal_is_a_page_for_people_and_a_problem_for_programs(
    raising: Callable[[Exception], None], visit: Visit, error: Refusal, status: int, title: str
) -> None:
    raising(error)
    page = visit().get("/raise")
    assert page.status_code == status
    assert f"{title} {error}" in text_of(page.text)
    problem = visit().get("/raise", headers={"Accept": "application/json", "X-Request-ID": "request-0001"})
    assert (problem.status_code, problem.mimetype) == (status, "application/problem+json")
    expected = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": str(error),
        "request_id": "request-0001",
    }
    if isinstance(error, Invalid):
        expected["errors"] = {"title": ["太长。"]}
    assert json.loads(problem.data) == expected


def test_a_bug_shows_its_request_id_and_nothing_else_and_is_logged(
    raising: Callable[[Exception], None], visit: Visit, caplog: pytest.LogCaptureFixture
) -> None:
    raising(RuntimeError("the secret detail"))
    with caplog.at_level(logging.ERROR):
        page = visit().get("/raise")
    assert page.status_code == 500
    assert f"请求编号 {page.headers['X-Request-ID']}" in text_of(page.text)
    assert "secret" not in page.text
    (logged,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "unexpected error" in str(logged.msg)


def test_a_failed_automatic_step_says_that_nothing_happened(
    raising: Callable[[Exception], None], visit: Visit
) -> None:
    raising(StepFailed("seal_bid", "disk"))
    page = visit().get("/raise")
    assert page.status_code == 500
    assert "自动步骤失败\uff0c本次操作没有生效" in text_of(page.text)
    assert "seal_bid" not in page.text


def test_a_database_that_is_away_is_503_with_retry_after(app: Flask, visit: Visit) -> None:
    app.extensions["database"] = db.connect("sqlite:////no/such/folder/x.db")
    answer = visit().get("/readyz")
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "2")
    assert "数据库暂时不可用" in text_of(answer.text)
    assert visit().get("/healthz").status_code == 200


def test_a_full_disk_is_507_and_nothing_is_kept(database: Database, visit: Visit) -> None:
    with database.transaction() as session:
        login = factories.user(session).login
    visitor = visit()
    visitor.sign_in(login)
    visitor.post("/account/tokens", {"name": "first", "days": "3"})
    if database.engine.dialect.name != "sqlite":
        with database.transaction() as session:  # what PostgreSQL says when its disk is full
            session.execute(text(FULL))
    else:
        database.engine.dispose()
        event.listen(database.engine, "connect", _let_no_page_be_added)
    answer = visitor.post("/account/tokens", {"name": "x" * 60, "days": "3"})
    statuses = [answer.status_code]
    for _ in range(200):
        if statuses[-1] == 507:
            break
        statuses.append(visitor.post("/account/tokens", {"name": "x" * 60, "days": "3"}).status_code)
    if database.engine.dialect.name != "sqlite":
        with database.transaction() as session:
            session.execute(text("DROP FUNCTION disk_is_full CASCADE"))
    assert statuses[-1] == 507
    assert "first" in visitor.get("/account").text


FULL = """
CREATE FUNCTION disk_is_full() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION USING ERRCODE = 'disk_full', MESSAGE = 'could not extend file'; END $$;
CREATE TRIGGER disk_is_full BEFORE INSERT ON api_token FOR EACH ROW EXECUTE FUNCTION disk_is_full();
"""


def _let_no_page_be_added(connection: object, _record: object) -> None:
    connection.execute("PRAGMA max_page_count=1")  # type: ignore[attr-defined]  # never below the present size


def test_none_and_not_yours_look_the_same(database: Database, visit: Visit) -> None:
    with database.transaction() as session:
        leader, stranger = factories.user(session), factories.user(session)
        bid = factories.bid(session, on=factories.challenge(session), leader=leader)
        paths = (f"/bids/{bid.id}", f"/bids/{bid.id + 1}")
        login = stranger.login
    visitor = visit()
    visitor.sign_in(login)
    same = {"X-Request-ID": "request-0001"}
    theirs, none = (visitor.get(path, headers=same) for path in paths)
    assert (theirs.status_code, none.status_code) == (404, 404)
    # What a page repeats of its own address, and the CSRF token, are no news.
    shown = [
        HIDDEN.sub("", page.text.replace(path, "")) for page, path in zip((theirs, none), paths, strict=True)
    ]
    assert shown[0] == shown[1]
    theirs, none = (visitor.get(f"/api/v1{path}", headers=same) for path in paths)
    assert (theirs.status_code, theirs.json) == (404, none.json)


def test_a_wrong_method_is_told_which_are_right(visit: Visit) -> None:
    answer = visit().client.put("/api/v1/tokens", headers={"Authorization": "Bearer x"})
    assert (answer.status_code, set(answer.headers["Allow"].split(", "))) == (
        405,
        {"GET", "HEAD", "OPTIONS", "POST"},
    )
    assert answer.mimetype == "application/problem+json"


def test_a_body_too_large_is_413(app: Flask, database: Database, visit: Visit) -> None:
    visitor = visit()
    app.config["MAX_CONTENT_LENGTH"] = 1000
    answer = visitor.client.post("/sign-in", data={"login": "x" * 2000})
    assert answer.status_code == 413
    assert "超过了允许的大小" in text_of(answer.text)


@pytest.mark.parametrize("sent", ["a\0b", "\0"])
def test_text_that_no_database_stores_is_refused(visit: Visit, sent: str) -> None:
    assert visit().post("/sign-in", {"login": sent, "password": "x"}).status_code == 422
    assert visit().get("/sign-in", query_string={"next": sent}).status_code == 422
    asked = visit().client.post("/api/v1/tokens", json={"login": sent, "password": "x"})
    assert (asked.status_code, asked.json["detail"]) == (422, "内容中有无法保存的字符\uff0c请删去后再提交。")  # type: ignore[index]
    half = visit().client.post(
        "/api/v1/tokens", data='{"login": "\\ud800", "password": "x"}', content_type="application/json"
    )
    assert half.status_code == 422
