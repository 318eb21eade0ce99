import datetime as dt
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests import factories
from workflows.db import Database
from workflows.domain import accounts
from workflows.models import Bid


class Program:
    """A client of the API with a bearer token; each write has a fresh idempotency key unless one is given."""

    def __init__(self, app: Flask, token: str) -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"}

    def get(self, path: str) -> Any:
        return self.client.get(f"/api/v1{path}", headers=self.headers)

    def post(self, path: str, body: Any = None, *, key: str = "") -> Any:
        headers = {**self.headers, "Idempotency-Key": key or uuid.uuid4().hex}
        return self.client.post(f"/api/v1{path}", json=body, headers=headers)


@pytest.fixture
def program(app: Flask, database: Database) -> Callable[[str], Program]:
    """A program that speaks for the user of a login."""

    def speak(login: str) -> Program:
        with database.transaction() as session:
            user = accounts.by_login(session, login)
            assert user is not None
            return Program(app, accounts.issue_token(session, user, name="test", days=1))

    return speak


@pytest.fixture
def challenge_id(database: Database) -> int:
    with database.transaction() as session:
        home = factories.unit(session, name="第一采气队")
        factories.user(session, login="wang", name="王建国", of=home)
        factories.user(session, login="li", name="李四", of=home)
        return factories.challenge(session, title="降低冻堵").id


def test_a_token_is_given_for_login_and_password_and_speaks_for_its_user(
    app: Flask, challenge_id: int
) -> None:
    client = app.test_client()
    issued = client.post("/api/v1/tokens", json={"login": "wang", "password": factories.PASSWORD})
    assert issued.status_code == 201
    assert "Set-Cookie" not in issued.headers
    me = Program(app, issued.get_json()["token"]).get("/me").get_json()
    assert {name: me[name] for name in ("login", "name", "unit", "roles")} == {
        "login": "wang",
        "name": "王建国",
        "unit": "第一采气队",
        "roles": [],
    }


@pytest.mark.parametrize("login", ["wang", "nobody"])
def test_wrong_credentials_of_any_kind_get_the_same_401_and_are_slowed(
    app: Flask, challenge_id: int, login: str
) -> None:
    client = app.test_client()
    wrong = {"login": login, "password": "wrong"}
    answers = [client.post("/api/v1/tokens", json=wrong) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [401] * 5 + [429]
    assert answers[0].get_json()["detail"] == "请先登录。"
    assert int(answers[5].headers["Retry-After"]) > 0


@pytest.mark.parametrize("header", ["Bearer wrong", "Basic d2FuZzp4", "Bearer "])
def test_without_a_valid_token_there_is_nothing_but_401(app: Flask, challenge_id: int, header: str) -> None:
    answer = app.test_client().get("/api/v1/me", headers={"Authorization": header})
    assert (answer.status_code, answer.mimetype) == (401, "application/problem+json")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_session_on_the_api_needs_its_csrf_token(app: Flask, challenge_id: int) -> None:
    from tests.web.browsing import Visitor

    visitor = Visitor(app)
    visitor.sign_in("wang")
    path = f"/api/v1/challenges/{challenge_id}/bids"
    key = {"Idempotency-Key": "session-key-1"}
    assert visitor.client.get("/api/v1/me").get_json()["login"] == "wang"
    assert visitor.client.post(path, headers=key).status_code == 400
    assert visitor.client.post(path, headers={**key, "Authorization": "Bearer wrong"}).status_code == 401
    assert visitor.client.post(path, headers={**key, "X-CSRFToken": visitor.token()}).status_code == 201


def test_a_token_opens_no_page(app: Flask, program: Callable[[str], Program], challenge_id: int) -> None:
    wang = program("wang")
    assert wang.client.get("/account", headers=wang.headers).status_code == 302


def test_challenges_are_listed_and_read(program: Callable[[str], Program], challenge_id: int) -> None:
    wang = program("wang")
    listed = wang.get("/challenges?q=冻&state=published").get_json()
    assert (listed["total"], [row["id"] for row in listed["rows"]]) == (1, [challenge_id])
    shown = wang.get(f"/challenges/{challenge_id}").get_json()
    assert (shown["title"], shown["budget_fen"], shown["deadline"]) == ("降低冻堵", 120_000_000, "2027-10-31")
    assert dt.datetime.fromisoformat(shown["bid_to"]).tzinfo is not None
    (indicator,) = shown["indicators"]
    assert (indicator["baseline"], indicator["op"], indicator["target"]) == ("40.0000", "≤", "10.0000")
    assert wang.get("/challenges?state=unknown").status_code == 422
    assert wang.get("/challenges?page=0").get_json()["errors"] == {"page": ["应在 1 至 100000 之间。"]}


def test_a_bid_goes_from_start_to_its_first_task_and_on(
    program: Callable[[str], Program], challenge_id: int, database: Database
) -> None:
    wang, li = program("wang"), program("li")
    started = wang.post(f"/challenges/{challenge_id}/bids").get_json()
    bid_path, item = started["subject_path"], started["next_item_id"]
    (row,) = wang.get("/work-items").get_json()["rows"]
    assert (row["id"], row["step_title"], row["subject_path"]) == (item, "组队", bid_path)
    task = wang.get(f"/work-items/{item}").get_json()
    assert (task["status"], task["may_complete"], len(task["values"]["members"])) == ("open", True, 1)
    assert li.get(f"/work-items/{item}").status_code == 404
    assert li.get(bid_path).status_code == 404
    assert li.post(f"/work-items/{item}/completion", {"values": {}}).status_code == 404

    done = wang.post(f"/work-items/{item}/completion", {"values": task["values"]}).get_json()
    assert (done["item_id"], done["process_id"]) == (item, started["process_id"])
    again = wang.post(f"/work-items/{item}/completion", {"values": task["values"]})
    assert again.status_code == 409
    assert "王建国" in again.get_json()["detail"]
    shown = wang.get(bid_path).get_json()
    assert (shown["state"], [one["user"]["name"] for one in shown["members"]]) == ("draft", ["王建国"])
    assert wang.get("/work-items?box=done").get_json()["total"] == 1
    assert wang.get("/work-items?box=started").get_json()["total"] == 1


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({}, {"members": ["请填写这一项。"]}),
        ({"members": [], "state": "won"}, {"members", "state"}),
        ({"members": [{"user_id": "x", "role": "leader", "workload_pct": 1}]}, {"members.0.user_id"}),
        ({"members": [{"user_id": 1, "role": "boss", "workload_pct": 1, "confirmed_at": "now"}]}, None),
    ],
)
def test_what_the_step_does_not_take_is_422_and_changes_nothing(
    program: Callable[[str], Program],
    challenge_id: int,
    database: Database,
    values: dict[str, Any],
    errors: Any,
) -> None:
    wang = program("wang")
    item = wang.post(f"/challenges/{challenge_id}/bids").get_json()["next_item_id"]
    answer = wang.post(f"/work-items/{item}/completion", {"values": values})
    assert answer.status_code == 422
    found = answer.get_json()["errors"]
    if isinstance(errors, dict):
        assert found == errors
    else:
        assert set(found) == (errors or {"members.0.role", "members.0.confirmed_at"})
    assert wang.get(f"/work-items/{item}").get_json()["status"] == "open"


@pytest.mark.parametrize("body", [{"values": {}, "actor": 1}, {"value": {}}, [], "x", {"values": [1]}])
def test_foreign_members_of_a_body_are_refused(
    program: Callable[[str], Program], challenge_id: int, body: Any
) -> None:
    assert program("wang").post("/processes/bid", body).status_code == 422


def test_a_process_is_started_by_its_form(
    program: Callable[[str], Program], challenge_id: int, database: Database
) -> None:
    wang = program("wang")
    assert wang.post("/processes/nonsense", {"values": {}}).status_code == 404
    refused = wang.post("/processes/bid", {"values": {"challenge_id": challenge_id, "leader_id": 1}})
    assert set(refused.get_json()["errors"]) == {"leader_id"}
    assert wang.post("/processes/bid", {"values": {"challenge_id": challenge_id}}).status_code == 201
    with database.read() as session:
        assert len(session.scalars(select(Bid)).all()) == 1


@pytest.mark.parametrize(
    "path", ["/work-items/0", "/work-items/99999999999999999999", "/bids/2147483648", "/bids/x"]
)
def test_ids_out_of_range_are_not_found(
    program: Callable[[str], Program], challenge_id: int, path: str
) -> None:
    assert program("wang").get(path).status_code == 404


def test_the_description_is_openapi_3_1_and_readable_without_scripts(app: Flask) -> None:
    client = app.test_client()
    described = client.get("/api/v1/openapi.json").get_json()
    assert described["openapi"] == "3.1.0"
    assert set(described["paths"]) >= {"/api/v1/tokens", "/api/v1/work-items/{item_id}/completion"}
    page = client.get("/api/v1/docs").text
    for path in described["paths"]:
        assert f"<code>{path}</code>" in page
