import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from tests import factories
from tests.web.browsing import Visitor
from workflows.db import Database
from workflows.domain import accounts
from workflows.models import Bid, IdempotentRequest

Visit = Callable[[], Visitor]
Post = Callable[..., TestResponse]


@pytest.fixture
def challenge_id(database: Database) -> int:
    with database.transaction() as session:
        factories.user(session, login="wang")
        factories.user(session, login="li")
        return factories.challenge(session).id


@pytest.fixture
def post(app: Flask, database: Database, challenge_id: int) -> Post:
    """Send one API write under a key, as wang unless told otherwise."""
    with database.transaction() as session:
        tokens = {
            login: accounts.issue_token(session, accounts.by_login(session, login), name="test", days=1)  # type: ignore[arg-type]
            for login in ("wang", "li")
        }

    def send(
        key: str | None, path: str = f"/challenges/{challenge_id}/bids", *, by: str = "wang", **rest: Any
    ) -> TestResponse:
        headers = {"Authorization": f"Bearer {tokens[by]}"} | ({"Idempotency-Key": key} if key else {})
        return app.test_client().post(f"/api/v1{path}", headers=headers, **rest)

    return send


def bids(database: Database) -> int:
    with database.read() as session:
        return session.execute(select(func.count()).select_from(Bid)).scalar_one()


def test_a_repeat_has_no_second_effect_and_the_same_answer(post: Post, database: Database) -> None:
    first, second = post("key-00000001"), post("key-00000001")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.data == second.data
    assert "Idempotent-Replayed" not in first.headers
    assert second.headers["Idempotent-Replayed"] == "true"
    assert second.mimetype == "application/json"
    assert bids(database) == 1


def test_the_same_key_with_another_body_is_refused(post: Post, database: Database, challenge_id: int) -> None:
    body = {"values": {"challenge_id": challenge_id}}
    assert post("key-00000001", "/processes/bid", json=body).status_code == 201
    other = post("key-00000001", "/processes/bid", json={"values": {"challenge_id": challenge_id + 1}})
    assert other.status_code == 422
    assert "已用于另一次请求" in other.get_json()["detail"]
    assert post("key-00000001").status_code == 422
    assert bids(database) == 1


def test_a_key_is_its_users_own(post: Post, database: Database) -> None:
    assert post("key-00000001").status_code == 201
    other = post("key-00000001", by="li")
    assert (other.status_code, "Idempotent-Replayed" in other.headers) == (201, False)
    assert bids(database) == 2


def test_a_refused_request_keeps_nothing_and_may_be_sent_again(
    post: Post, database: Database, challenge_id: int
) -> None:
    assert post("key-00000001", "/processes/bid", json={"values": {}}).status_code == 422
    assert (
        post("key-00000001", "/processes/bid", json={"values": {"challenge_id": challenge_id}}).status_code
        == 201
    )
    assert bids(database) == 1


def test_an_api_write_needs_a_well_formed_key(post: Post, database: Database) -> None:
    missing = post(None)
    assert (missing.status_code, missing.get_json()["title"]) == (400, "缺少幂等键")
    assert [post(key).status_code for key in ("short", "x" * 81, "with spaces in it")] == [422] * 3
    assert bids(database) == 0


def test_two_at_once_under_one_key_have_one_effect_and_one_answer(post: Post, database: Database) -> None:
    barrier = threading.Barrier(6)
    answers: list[TestResponse] = []

    def send() -> None:
        barrier.wait()
        answers.append(post("key-00000001"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [answer.status_code for answer in answers] == [201] * 6
    assert len({answer.data for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer.headers for answer in answers) == 5
    assert bids(database) == 1


def test_a_form_sent_twice_has_one_effect(visit: Visit, database: Database, challenge_id: int) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    form = {"csrf_token": visitor.token(), "_key": uuid.uuid4().hex}
    first = visitor.client.post(f"/challenges/{challenge_id}/bids", data=form)
    second = visitor.client.post(f"/challenges/{challenge_id}/bids", data=form)
    assert (first.status_code, first.location) == (302, second.location)
    assert second.headers["Idempotent-Replayed"] == "true"
    assert bids(database) == 1


def test_a_fresh_token_is_not_kept_with_its_answer(
    visit: Visit, database: Database, challenge_id: int
) -> None:
    visitor = visit()
    visitor.sign_in("wang")
    made = visitor.post("/account/tokens", {"name": "脚本", "days": "3"})
    assert "jb_" in made.text
    with database.read() as session:
        assert session.scalars(select(IdempotentRequest)).all() == []
