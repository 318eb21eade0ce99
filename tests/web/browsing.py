"""A browser without JavaScript: it keeps cookies and sends the hidden fields of the page it last saw."""

import re
import uuid
from collections.abc import Callable
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from tests import factories

NEW_SESSION = ("/sign-in", "/sign-in/demo", "/sign-out", "/account/password")  # and with it a new CSRF token
HIDDEN = re.compile(r'name="csrf_token" value="([^"]+)"')

Enter = Callable[[int], "Visitor"]  # the browser of somebody, by id, signed in (fixture ``enter``)


class Visitor:
    """One person's browser. ``post`` fills in the CSRF token, and a fresh idempotency key unless one is given."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()
        self._token = ""

    def get(self, path: str, **rest: Any) -> TestResponse:
        return self.client.get(path, buffered=True, **rest)

    def token(self) -> str:
        """The CSRF token of the session, read from a page the first time."""
        if not self._token:
            page = self.get("/sign-in")
            found = HIDDEN.search(
                page.text if page.status_code == 200 else self.get("/account", follow_redirects=True).text
            )
            assert found is not None
            self._token = found[1]
        return self._token

    def post(self, path: str, data: dict[str, Any] | None = None, **rest: Any) -> TestResponse:
        sent = {"csrf_token": self.token(), "_key": uuid.uuid4().hex, **(data or {})}
        answer = self.client.post(path, data=sent, **rest)
        if path in NEW_SESSION:
            self._token = ""
        return answer

    def sign_in(self, login: str, password: str = factories.PASSWORD, **rest: Any) -> TestResponse:
        return self.post("/sign-in", {"login": login, "password": password}, **rest)


def text_of(html: str) -> str:
    """The text of a page without its head and markup, spaces folded."""
    body = re.sub(r"(?s)<head>.*?</head>|<(script|style)\b.*?</\1>", " ", html)
    return re.sub(r"\s+", " ", re.sub(r"(?s)<[^>]+>", " ", body)).strip()
