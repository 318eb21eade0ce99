import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from tests import factories
from tests.web.browsing import Visitor
from webapp import config, create_app
from workflows.db import Database

Visit = Callable[[], Visitor]


def test_pages_may_use_nothing_but_our_own_files(visit: Visit) -> None:
    page = visit().get("/sign-in")
    policy = page.headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert policy.split("; ") == [
        "default-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    ]
    headers = ("X-Content-Type-Options", "Referrer-Policy", "Cross-Origin-Opener-Policy", "Cache-Control")
    assert [page.headers[name] for name in headers] == ["nosniff", "same-origin", "same-origin", "no-store"]
    assert {"Cookie", "Authorization", "Accept-Language"} <= set(page.vary)


def test_errors_and_files_carry_the_headers_too(visit: Visit) -> None:
    for path in ("/no-such-page", "/static/icon.svg", "/api/v1/me", "/healthz"):
        answer = visit().get(path)
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_session_cookie_is_for_our_server_alone(visit: Visit) -> None:
    cookie = visit().get("/sign-in").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Secure" not in cookie


def test_over_https_cookies_are_secure_and_the_browser_stays(tmp_path: Path, database_url: str) -> None:
    app = create_app(DATA=tmp_path, DATABASE_URL=database_url, HTTPS=True, JOBS_EMBEDDED=False)
    page = app.test_client().get("/sign-in", base_url="https://localhost")
    assert "Secure" in page.headers["Set-Cookie"]
    assert page.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    app.extensions["database"].engine.dispose()


def test_only_trusted_hosts_are_answered(app: Flask, visit: Visit) -> None:
    app.config["TRUSTED_HOSTS"] = ["jiebang.example"]
    assert visit().get("/healthz", base_url="http://evil.example").status_code == 400
    assert visit().get("/healthz", base_url="http://jiebang.example").status_code == 200


@pytest.mark.parametrize(
    ("given", "kept"), [("client-id-0001", True), ("short", False), ("a b; c\u00e9" * 3, False)]
)
def test_a_well_formed_request_id_is_kept(visit: Visit, given: str, kept: bool) -> None:
    answered = visit().get("/healthz", headers={"X-Request-ID": given}).headers["X-Request-ID"]
    assert (answered == given) is kept
    assert len(answered) >= 8


def test_a_line_is_logged_for_each_request_without_what_was_typed(
    visit: Visit, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        visit().post(
            "/sign-in",
            {"login": "wang", "password": "my secret word"},
            headers={"X-Request-ID": "request-0001"},
        )
    lines = [record.msg for record in caplog.records if isinstance(record.msg, dict)]
    (line,) = [line for line in lines if line.get("request_id") == "request-0001"]
    assert {name: line[name] for name in ("event", "method", "path", "status")} == {
        "event": "request",
        "method": "POST",
        "path": "/sign-in",
        "status": 422,
    }
    assert "secret" not in json.dumps(lines, default=str)


def test_the_secret_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    first, second = config.load(DATA=tmp_path), config.load(DATA=tmp_path)
    assert first["SECRET_KEY"] == second["SECRET_KEY"] != ""
    assert (tmp_path / "secret.key").stat().st_mode & 0o777 == 0o600
    assert first["DATABASE_URL"] == f"sqlite:///{tmp_path / 'jiebang.db'}"


def test_settings_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JIEBANG_DATA", str(tmp_path))
    monkeypatch.setenv("JIEBANG_HTTPS", "1")
    monkeypatch.setenv("JIEBANG_TRUSTED_HOSTS", "a.example,b.example")
    monkeypatch.setenv("JIEBANG_MAX_UPLOAD_MB", "3")
    loaded = config.load()
    assert (loaded["SESSION_COOKIE_SECURE"], loaded["MAX_CONTENT_LENGTH"]) == (True, 3 * 1024 * 1024)
    assert loaded["TRUSTED_HOSTS"] == ["a.example", "b.example"]


def test_a_name_with_markup_in_it_is_shown_as_text(database: Database, visit: Visit) -> None:
    with database.transaction() as session:
        login = factories.user(session, name="<script>alert(1)</script>").login
        factories.challenge(session, title='"><img src=x onerror=alert(1)>')
    visitor = visit()
    visitor.sign_in(login)
    for path in ("/", "/challenges", "/account"):
        page = visitor.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in visitor.get("/").text
