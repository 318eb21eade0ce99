"""匿名异议: nothing that the service stores or logs tells who filed it."""

import hashlib
import logging
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from tests.domain import reviewing
from tests.web.browsing import Visitor
from workflows import schema
from workflows.db import Database
from workflows.domain import accounts, publicities
from workflows.models import IdempotentRequest, Objection, User

SAID = {"is_named": "false", "reason": "指标承诺不实", "evidence": "台账第 3 页"}
KEY = "a-key-of-the-filer"


@pytest.fixture
def publicity_id(database: Database, clock_at: Callable[..., None]) -> int:
    with database.transaction() as session:
        panel = reviewing.panel(session)
        factories.user(session, login="filer", name="吹哨人")
        return publicities.open_for(session, f"challenge:{panel.challenge_id}", workdays=5).id


def _rows(database: Database) -> set[tuple[str, str]]:
    """Every row of every table, as table and text."""
    tables = schema.metadata().tables
    with database.read() as session:
        return {
            (name, repr(sorted(row._mapping.items())))
            for name, table in tables.items()
            for row in session.execute(select(table))
        }


def _fresh(database: Database, before: set[tuple[str, str]]) -> dict[str, str]:
    """What was written since ``before``, by table."""
    written: dict[str, str] = {}
    for table, row in _rows(database) - before:
        written[table] = written.get(table, "") + row
    return written


def _guesses(database: Database) -> set[str]:
    """What everybody's request would be stored under, had no secret gone into it."""
    with database.read() as session:
        people = session.scalars(select(User.id)).all()
        return {hashlib.sha256(f"{one}:{KEY}".encode()).hexdigest() for one in people}


def _logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    return [record.msg for record in caplog.records if isinstance(record.msg, dict)]


def test_an_anonymous_objection_from_a_page_leaves_no_trace_of_its_filer(
    visit: Callable[[], Visitor], database: Database, publicity_id: int, caplog: pytest.LogCaptureFixture
) -> None:
    browser = visit()
    browser.sign_in("filer")
    browser.token()
    before = _rows(database)
    with caplog.at_level(logging.INFO):
        sent = browser.post("/act/object", {"publicity_id": publicity_id, **SAID})
    assert sent.location == f"/publicities/{publicity_id}"
    written = _fresh(database, before)
    assert set(written) == {"objection", "message", "idempotent_request"}
    assert "('filer_id', None)" in written["objection"]
    assert "user_id" not in written["idempotent_request"]
    line = _logged(caplog)[-1]
    told = ("event", "request_id", "method", "path", "status", "ms", "level", "logger", "timestamp")
    assert (line["path"], set(line)) == ("/act/object", set(told))


def test_an_anonymous_objection_over_the_api_has_one_effect_and_keeps_nobody(
    app: Flask, database: Database, publicity_id: int
) -> None:
    with database.transaction() as session:
        filer = accounts.by_login(session, "filer")
        assert filer is not None
        token = accounts.issue_token(session, filer, name="test", days=1)
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": KEY}
    body = {"values": {**SAID, "publicity_id": publicity_id, "is_named": False}}
    before = _rows(database)
    sent = [app.test_client().post("/api/v1/acts/object", headers=headers, json=body) for _ in range(2)]
    assert [one.status_code for one in sent] == [201, 201]
    assert sent[1].headers["Idempotent-Replayed"] == "true"
    written = _fresh(database, before)
    assert set(written) == {"objection", "message", "idempotent_request"}
    assert KEY not in written["idempotent_request"]
    with database.read() as session:
        kept = session.scalars(select(IdempotentRequest.key)).one()
        assert session.scalars(select(Objection.filer_id)).all() == [None]
    assert kept not in _guesses(database)
