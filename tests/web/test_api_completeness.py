"""The API can do what the pages can: it tells what every form asks, pages every list, and gives opened bids to read."""

from collections.abc import Callable

from flask import Flask

from tests import factories
from tests.processes import cast as casting
from tests.web.test_api import Program, program
from webapp.api import forms
from webapp.forms import picked
from workflows import work
from workflows.db import Database
from workflows.domain import accounts
from workflows.engine.registry import HUMAN
from workflows.models import User

Speak = Callable[[str], Program]
__all__ = ["program"]

SHORT_LISTS = {
    "/api/v1/units",
    "/api/v1/processes",
    "/api/v1/acts",
    "/api/v1/tokens",
    "/api/v1/operations/workers",
}  # of a few rows for ever
KINDS = {"string", "boolean", "integer", "decimal", "date", "datetime", "rows"}


def login_of(database: Database, user_id: int) -> str:
    with database.read() as session:
        return session.get_one(User, user_id).login


def test_every_list_is_paged_and_bounded(app: Flask) -> None:
    described = app.test_client().get("/api/v1/openapi.json").get_json()
    for path, item in described["paths"].items():
        if "get" not in item or "{" in path:
            continue
        answer = item["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        asked = {one["name"]: one["schema"] for one in item["get"].get("parameters", ()) if "name" in one}
        assert answer.get("type") != "array" or path in SHORT_LISTS, path
        if "page" in asked:
            assert asked["size"]["maximum"] <= 500
            assert asked["page"]["minimum"] == 1


def test_what_every_start_and_act_asks_is_told(app: Flask, database: Database, program: Speak) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang")
    wang = program("wang")
    for place, names in (("processes", work.STARTS), ("acts", work.SENDERS)):
        for name in names:
            answer = wang.get(f"/{place}/{name}/form")
            assert answer.status_code == 200, name
            assert {one["kind"] for one in answer.get_json()["fields"]} <= KINDS
        assert wang.get(f"/{place}/nothing/form").status_code == 404
    asked = {one["name"]: one for one in wang.get("/acts/post_challenge/form").get_json()["fields"]}
    assert (asked["category"]["required"], len(asked["category"]["options"])) == (True, 3)
    assert (asked["budget_fen"]["kind"], asked["sponsor_unit_id"]["refers_to"]) == ("integer", "unit")
    columns = {one["name"]: one["kind"] for one in asked["indicators"]["columns"]}
    assert (columns["target"], columns["verifier_unit_id"]) == ("decimal", "integer")


def test_what_every_step_asks_can_be_told(app: Flask) -> None:
    plain = [one.form for one in HUMAN.values() if not _offers_what_it_is_about(one.form)]
    assert len(plain) > 60
    with app.test_request_context():
        for form in plain:
            names = [one["name"] for one in forms.shape(form)["fields"]]
            assert {"opinion", "attachments"} <= set(names), form


def _offers_what_it_is_about(form: type) -> bool:
    return bool(picked(form) - {"person", "unit"})


def test_a_task_tells_its_form_and_what_may_be_done_with_it(
    database: Database, cast: casting.Cast, program: Speak
) -> None:
    process = casting.begin_bid(database, casting.post(database, cast), leader=cast.leader)
    leader = program(login_of(database, cast.leader))
    (row,) = leader.get("/work-items").get_json()["rows"]
    asked = {one["name"]: one for one in leader.get(f"/work-items/{row['id']}/form").get_json()["fields"]}
    columns = {one["name"]: one for one in asked["members"]["columns"]}
    assert (asked["members"]["kind"], columns["user_id"]["refers_to"]) == ("rows", "person")
    assert next(one["value"] for one in columns["role"]["options"]) == "leader"
    task = leader.get(f"/work-items/{row['id']}").get_json()
    assert (task["process_id"], task["round"], task["offers"]["delegate"]) == (process, None, True)
    assert program(login_of(database, cast.hse)).get(f"/work-items/{row['id']}/form").status_code == 404


def test_a_bid_is_read_once_it_is_open(database: Database, cast: casting.Cast, program: Speak) -> None:
    challenge = casting.post(database, cast)
    casting.seal_bid(database, cast, challenge)
    office, leader = (program(login_of(database, one)) for one in (cast.office, cast.leader))
    assert [one.get("/bids/1/document").status_code for one in (office, leader)] == [404, 404]
    casting.open_bids(database, cast)
    office, other = (program(login_of(database, one)) for one in (cast.office, cast.vice_head))
    assert casting.MARKER in str(office.get("/bids/1/document").get_json()["content"])
    assert other.get("/bids/1/document").status_code == 404


def test_tokens_are_listed_and_revoked_by_their_owner(database: Database, program: Speak) -> None:
    with database.transaction() as session:
        wang, _ = (factories.user(session, login=login) for login in ("wang", "li"))
        accounts.issue_token(session, wang, name="夜间报表", days=1)
    mine = program("wang")
    (made,) = [one for one in mine.get("/tokens").get_json() if one["name"] == "夜间报表"]
    assert program("li").post(f"/tokens/{made['id']}/revocation").status_code == 404
    assert mine.post(f"/tokens/{made['id']}/revocation").status_code == 204
    assert "夜间报表" not in [one["name"] for one in mine.get("/tokens").get_json()]
