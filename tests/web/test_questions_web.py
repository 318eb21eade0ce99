"""答疑 on the page of a challenge and by the API."""

from collections.abc import Callable

import pytest

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program, program
from tests.web.test_query_counts import queries
from workflows import clock
from workflows.db import Database
from workflows.models import Challenge, Question, User

Visit = Callable[[], Visitor]
__all__ = ["program"]


@pytest.fixture
def people(database: Database, visit: Visit) -> dict[str, Visitor]:
    """wang asks, li is a rival, the office answers."""
    with database.transaction() as session:
        for login, roles in (("wang", []), ("li", []), ("office", ["office"])):
            factories.user(session, login=login, name=f"人员{login}", roles=roles)
        factories.challenge(session)
    found = {}
    for login in ("wang", "li", "office"):
        found[login] = visit()
        found[login].sign_in(login)
    return found


def test_a_question_is_asked_answered_and_read_by_all(people: dict[str, Visitor]) -> None:
    asked = people["wang"].post("/challenges/1/questions", {"text": "数据从哪里取？"})
    assert (asked.status_code, asked.location) == (302, "/challenges/1#questions")
    assert "我的提问" in people["wang"].get("/challenges/1").text
    rival = people["li"].get("/challenges/1").text
    assert "数据从哪里取？" in rival
    assert "人员wang" not in rival
    assert "/questions/1/answer" not in rival
    assert "人员wang" in people["office"].get("/challenges/1").text
    assert people["office"].post("/questions/1/answer", {"answer": "在日报中。"}).status_code == 302
    assert "在日报中。" in text_of(people["li"].get("/challenges/1").text)
    assert "已答复" in people["wang"].get("/notices").text


def test_an_empty_question_or_answer_is_refused_at_its_field(people: dict[str, Visitor]) -> None:
    refused = people["wang"].post("/challenges/1/questions", {"text": " "})
    assert refused.status_code == 422
    assert 'id="question-error"' in refused.text
    people["wang"].post("/challenges/1/questions", {"text": "问题"})
    refused = people["office"].post("/questions/1/answer", {"answer": ""})
    assert refused.status_code == 422
    assert 'id="answer-1-error"' in refused.text


def test_a_rival_does_not_answer(people: dict[str, Visitor], database: Database) -> None:
    people["wang"].post("/challenges/1/questions", {"text": "问题"})
    assert people["li"].post("/questions/1/answer", {"answer": "答复"}).status_code == 403
    with database.read() as session:
        assert session.get_one(Question, 1).answered_at is None


def test_a_program_asks_and_answers(people: dict[str, Visitor], program: Callable[[str], Program]) -> None:
    wang, li, office = program("wang"), program("li"), program("office")
    asked = wang.post("/challenges/1/questions", {"text": "问题"})
    assert (asked.status_code, asked.get_json()["asker"]["name"]) == (201, "人员wang")
    assert li.get("/challenges/1/questions").get_json()[0]["asker"] is None
    assert wang.post("/challenges/1/questions", {"text": ""}).status_code == 422
    answered = office.post("/questions/1/answer", {"answer": "答复"}).get_json()
    assert (answered["answer"], answered["answered_by"]["name"]) == ("答复", "人员office")


def test_three_questions_take_as_many_queries_as_one(people: dict[str, Visitor], database: Database) -> None:
    def add() -> None:
        with database.transaction() as session:
            asker, listed = factories.user(session), session.get_one(Challenge, 1)
            by = session.get_one(User, listed.party_lead_id)
            made = Question(challenge=listed, asker=asker, text="问题", asked_at=clock.now())
            made.answer, made.answered_by, made.answered_at = "答复", by, clock.now()
            session.add(made)

    add()
    first = queries(people["office"], database, "/challenges/1")
    add()
    add()
    assert queries(people["office"], database, "/challenges/1") == first
