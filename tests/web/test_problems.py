"""Problems on the site and in the API: who sees which, and what is told of an anonymous proposer."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program
from tests.web.test_query_counts import queries
from workflows import seal, watch
from workflows.db import Database
from workflows.domain import accounts
from workflows.models import Expert, User

TOLD = {"title": "井口冬季冻堵", "category": "生产所需", "scene": "夜间井口频繁冻堵。"}


@pytest.fixture
def people(database: Database, clock_at: Callable[..., None], tmp_path: Any) -> dict[str, int]:
    seal.use_key_file(tmp_path / "seal.key")
    watch.install(database)
    with database.transaction() as session:
        home, other = factories.unit(session, name="采气一队"), factories.unit(session)
        ids = {
            "wang": factories.user(session, login="wang", name="王建国", of=home).id,
            "li": factories.user(session, login="li", of=home, roles=["sponsor@"]).id,
            "far": factories.user(session, login="far", of=other).id,
            "office": factories.user(session, login="office", of=other, roles=["office"]).id,
            "judge": factories.user(session, login="judge", name="专家甲", of=other).id,
        }
        session.add(Expert(user_id=ids["judge"], fields=[]))
        return ids


def _program(app: Flask, database: Database, login: str) -> Program:
    with database.transaction() as session:
        user = accounts.by_login(session, login)
        assert user is not None
        return Program(app, accounts.issue_token(session, user, name="test", days=1))


def _raise(app: Flask, database: Database, login: str, **values: Any) -> Any:
    answer = _program(app, database, login).post("/processes/intake", {"values": {**TOLD, **values}})
    assert answer.status_code == 201, answer.text
    return answer.get_json()


def test_a_problem_is_listed_to_its_unit_and_to_who_triages_and_hidden_from_others(
    app: Flask, database: Database, people: dict[str, int]
) -> None:
    started = _raise(app, database, "wang")
    path = started["subject_path"]
    for login in ("wang", "li", "office"):
        program = _program(app, database, login)
        listed = program.get("/problems").get_json()
        assert [row["title"] for row in listed["rows"]] == ["井口冬季冻堵"]
        assert program.get(path).get_json()["proposer"]["name"] == "王建国"
    far = _program(app, database, "far")
    assert far.get("/problems").get_json() == {"rows": [], "total": 0}
    assert far.get(path).status_code == far.get("/problems/999").status_code == 404
    assert far.get(f"{path}/justifications").status_code == 404


def test_problems_are_filtered_and_paged(app: Flask, database: Database, people: dict[str, int]) -> None:
    _raise(app, database, "wang")
    _raise(app, database, "office", title="气费回收慢", category="市场所急")
    office = _program(app, database, "office")

    def titles(query: str) -> list[str]:
        return [row["title"] for row in office.get(f"/problems?{query}").get_json()["rows"]]

    assert titles("") == ["气费回收慢", "井口冬季冻堵"]
    assert titles("category=市场所急") == titles("mine=true") == titles("size=1") == ["气费回收慢"]
    assert titles("q=冻堵") == titles("page=2&size=1") == ["井口冬季冻堵"]
    assert titles("state=merged") == titles("batch_id=1") == []
    assert office.get("/problems?state=lost").status_code == 422


def test_three_problems_take_as_many_queries_as_one(
    app: Flask, database: Database, people: dict[str, int], visit: Callable[[], Visitor]
) -> None:
    visitor = visit()
    visitor.sign_in("office")
    _raise(app, database, "wang")
    first = queries(visitor, database, "/api/v1/problems")
    _raise(app, database, "li")
    _raise(app, database, "far")
    assert queries(visitor, database, "/api/v1/problems") == first


def test_an_anonymous_proposer_is_told_to_nobody_else(
    app: Flask, database: Database, people: dict[str, int], visit: Callable[[], Visitor]
) -> None:
    path = _raise(app, database, "wang", anonymous=True)["subject_path"]
    assert _program(app, database, "wang").get(path).get_json()["proposer"]["name"] == "王建国"
    for login in ("li", "office"):
        program = _program(app, database, login)
        assert program.get(path).get_json()["proposer"] is None
        assert [row["proposer"] for row in program.get("/problems").get_json()["rows"]] == [None]
        visitor = visit()
        visitor.sign_in(login)
        assert "王建国" not in text_of(visitor.get(path).text)
    triager = visit()
    triager.sign_in("li")
    with database.read() as session:
        item = play.item_of(session, "intake.triage", session.get_one(User, people["li"]))
    task = text_of(triager.get(f"/work/{item}").text)
    assert "匿名" in task
    assert "王建国" not in task


def test_the_pages_offer_what_a_problem_may_be_merged_into_and_the_experts(
    app: Flask, database: Database, people: dict[str, int], visit: Callable[[], Visitor]
) -> None:
    _raise(app, database, "wang")
    second = _raise(app, database, "wang", title="食堂排队", scene="中午窗口排队二十分钟。")
    visitor = visit()
    visitor.sign_in("li")
    with database.read() as session:
        li = session.get_one(User, people["li"])
        item = play.item_of(session, "intake.triage", li, second["process_id"])
    assert "1 · 井口冬季冻堵" in text_of(visitor.get(f"/work/{item}").text)
    marks = {f"s{n}": "4" for n in range(1, 7)}
    sent = visitor.post(f"/work/{item}", {"action": "escalate", "opinion": "全厂都有", **marks})
    assert sent.status_code == 302, sent.text
    office = visit()
    office.sign_in("office")
    with database.read() as session:
        refine = play.item_of(session, "intake.refine", session.get_one(User, people["office"]))
    assert office.post(f"/work/{refine}/claim").status_code == 302
    assert "专家甲" in text_of(office.get(f"/work/{refine}").text)
    assert "食堂排队" in text_of(office.get(second["subject_path"]).text)
