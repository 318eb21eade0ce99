"""The door of a rehearsal over HTTP: the real application, asked through WSGI with a bearer token per person."""

import datetime as dt
import io
import itertools
import json
from http import HTTPStatus
from typing import Any, Protocol

from flask import Flask
from werkzeug.test import Client
from werkzeug.wrappers import Response

from webapp import db
from workflows import clock
from workflows.domain import accounts
from workflows.models import User
from workflows.rehearsal.door import Gone, Item, Refused, Started, Values

API = "/api/v1"
PAGE = 500  # the most that a list of tasks gives at once
TOKEN_DAYS = 365


class Asking(Protocol):
    """What carries a request: werkzeug's client, or whatever takes the same and answers with the same."""

    def open(self, path: str, **request: Any) -> Response: ...


class HttpDoor:
    """Acts on ``app``, whose database is a scratch one: a token is issued in it for each person who acts.

    ``client`` carries the requests; without one they are asked through WSGI.
    """

    def __init__(self, app: Flask, client: Asking | None = None) -> None:
        self._app = app
        self._client = client or Client(app, use_cookies=False)
        self._tokens: dict[int, tuple[str, dt.datetime]] = {}
        self._keys = itertools.count(1)

    def open_items(self, *, by: int) -> list[Item]:
        found: list[Item] = []
        for page in itertools.count(1):
            listed = self._ask("GET", f"/work-items?box=all&size={PAGE}&page={page}", by)
            found += [_item(row) for row in listed["rows"]]
            if len(found) >= listed["total"] or not listed["rows"]:
                return found
        raise AssertionError

    def prefilled(self, item_id: int, *, by: int) -> dict[str, Any]:
        values: dict[str, Any] = self._ask("GET", f"/work-items/{item_id}", by)["values"]
        return values

    def complete(self, item_id: int, values: Values, *, by: int) -> None:
        self._write(f"/work-items/{item_id}/completion", by, {"values": values})

    def start(self, process: str, values: Values, *, by: int) -> Started:
        begun = self._write(f"/processes/{process}", by, {"values": values})
        return Started(begun["process_id"], begun["subject_path"])

    def send(self, act: str, values: Values, *, by: int) -> str:
        path: str = self._write(f"/acts/{act}", by, {"values": values})["subject_path"]
        return path

    def withdraw_bid(self, bid_id: int, *, by: int) -> None:
        self._write(f"/bids/{bid_id}/withdrawal", by, None)

    def upload(self, name: str, content: bytes, *, by: int) -> int:
        sent = {"file": (io.BytesIO(content), name)}
        headers = {"Idempotency-Key": self._key()}
        response = self._client.open(
            f"{API}/files", method="POST", data=sent, headers={**headers, **self._bearer(by)}
        )
        file_id: int = self._answer(response, by, f"POST /files {name}")["id"]
        return file_id

    def _write(self, path: str, by: int, body: Any) -> dict[str, Any]:
        return self._ask("POST", path, by, body, {"Idempotency-Key": self._key()})

    def _ask(
        self, method: str, path: str, by: int, body: Any = None, headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        sent = {**(headers or {}), **self._bearer(by)}
        content = None if body is None else json.dumps(body, default=str)  # dates and exact numbers as text
        response = self._client.open(
            f"{API}{path}", method=method, headers=sent, data=content, content_type="application/json"
        )
        return self._answer(response, by, f"{method} {path}")

    def _answer(self, response: Response, by: int, what: str) -> dict[str, Any]:
        told: dict[str, Any] = response.get_json(silent=True) or {}
        if response.status_code >= 400:
            reason = told.get("detail") or response.get_data(as_text=True)[:500]
            kind = Gone if response.status_code == HTTPStatus.CONFLICT else Refused
            raise kind(f"{what} as person {by}: {response.status_code} {reason} {told.get('errors') or ''}")
        return told

    def _key(self) -> str:
        return f"rehearsal-{next(self._keys):08}"

    def _bearer(self, by: int) -> dict[str, str]:
        token, until = self._tokens.get(by, ("", clock.now()))
        if until <= clock.now():
            token = self._issue(by)
            self._tokens[by] = (token, clock.now() + dt.timedelta(days=TOKEN_DAYS))
        return {"Authorization": f"Bearer {token}"}

    def _issue(self, by: int) -> str:
        with self._app.app_context(), db.database().transaction() as session:
            return accounts.issue_token(session, session.get_one(User, by), name="rehearsal", days=TOKEN_DAYS)


def _item(row: dict[str, Any]) -> Item:
    return Item(
        id=row["id"],
        process_id=row["process_id"],
        process=row["process_name"],
        step=row["step"],
        audience=row["audience"],
        subject_path=row["subject_path"],
    )
