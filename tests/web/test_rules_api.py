"""/api/v1/rules: everybody reads what is in force; a version is drafted, tried and adopted."""

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from tests import factories
from tests.web.test_api import Program
from workflows import clock
from workflows.db import Database
from workflows.domain import accounts, rules

DEADLINES = rules.shipped()["deadline.dmn"].decode()
OLD = '<text>"selection.open"</text></inputEntry><outputEntry><text>2<'
CHANGED = DEADLINES.replace(OLD, OLD.replace("2<", "4<"))
ROLES = {"office": ["office"], "director": ["admin_head"], "wang": []}

Speak = Callable[[str], Program]


@pytest.fixture
def speak(app: Flask, database: Database) -> Speak:
    """A program of one of ROLES."""
    with database.transaction() as session:
        tokens = {
            login: accounts.issue_token(
                session, factories.user(session, login=login, name=login, roles=roles), name="test", days=1
            )
            for login, roles in ROLES.items()
        }
    return lambda login: Program(app, tokens[login])


def listed(program: Program) -> dict[str, Any]:
    return {row["file"]: row for row in program.get("/rules").get_json()["rows"]}


def draft(speak: Speak, **changes: Any) -> Any:
    body = {"file": "deadline.dmn", "content": CHANGED, "note": "开榜放宽", **changes}
    return speak("office").post("/rules", body)


def today() -> dict[str, str]:
    return {"from_day": clock.today().isoformat()}


def test_everybody_reads_every_file_with_its_versions(speak: Speak) -> None:
    files = listed(speak("wang"))
    assert sorted(files) == sorted(rules.shipped())
    row = files["deadline.dmn"]
    assert (row["version_in_force"], row["since"]) == (1, "2000-01-01T00:00:00+00:00")
    version = row["versions"][0]
    assert (version["version"], version["state"], version["created_by"]) == (1, "adopted", None)
    shown = speak("wang").get(f"/rules/{version['id']}").get_json()
    assert (shown["content"], shown["is_in_force"], shown["changes"]) == (DEADLINES, True, [])
    table = shown["tables"][0]
    assert (table["columns"], table["rows"][0]) == (["环节", "工作日"], ['"bid.review"', "3"])
    assert speak("wang").get("/rules/10000").status_code == 404


def test_a_version_is_drafted_tried_and_adopted_by_another(speak: Speak) -> None:
    made = draft(speak)
    assert made.status_code == 201
    shown = made.get_json()
    assert (shown["version"], shown["state"], shown["is_in_force"]) == (2, "draft", False)
    assert shown["created_by"]["name"] == "office"
    assert [line[0] for line in shown["changes"] if "selection.open" in line] == ["-", "+"]

    asked = {"decision": "deadline", "inputs": {"step": "selection.open"}}
    tried = speak("wang").post(f"/rules/{shown['id']}/trial", asked).get_json()
    assert (tried["value"], tried["trace"][0]["rules"][0]["id"]) == ("4", "deadline_selection_open")
    assert listed(speak("wang"))["deadline.dmn"]["version_in_force"] == 1

    adopted = speak("director").post(f"/rules/{shown['id']}/adoption", today()).get_json()
    assert (adopted["state"], adopted["is_in_force"], adopted["changes"]) == ("adopted", True, [])
    assert adopted["adopted_by"]["name"] == "director"
    assert listed(speak("wang"))["deadline.dmn"]["version_in_force"] == 2


def test_refusals_are_told_as_problems(speak: Speak) -> None:
    stranger = speak("wang").post("/rules", {"file": "deadline.dmn", "content": CHANGED, "note": "x"})
    assert (stranger.status_code, stranger.get_json()["detail"]) == (
        403,
        "只有揭榜挂帅办公室和考核办可以拟定规则。",
    )
    assert draft(speak, file="other.dmn").status_code == 404
    same = draft(speak, content=DEADLINES)
    assert (same.status_code, same.get_json()["errors"]) == (422, {"content": ["内容与已有的一个版本相同。"]})
    version = draft(speak).get_json()["id"]
    assert speak("office").post(f"/rules/{version}/adoption", today()).status_code == 403
    unknown = speak("wang").post(f"/rules/{version}/trial", {"decision": "x", "inputs": {}})
    assert unknown.get_json()["errors"] == {"decision": ["这个文件的决策有：deadline。"]}


def test_a_draft_sent_twice_under_one_key_is_one_version(speak: Speak) -> None:
    body = {"file": "deadline.dmn", "content": CHANGED, "note": "开榜放宽"}
    answers = [speak("office").post("/rules", body, key="rules-key-1").get_json() for _ in range(2)]
    assert answers[0] == answers[1]
    assert len(listed(speak("wang"))["deadline.dmn"]["versions"]) == 2
