"""评审、公示与异议 over the API and on pages: who is told what."""

from collections.abc import Callable

import pytest
from flask import Flask

from tests import factories
from tests.domain import reviewing
from tests.web.browsing import Visitor
from tests.web.test_api import Program
from workflows.db import Database
from workflows.domain import accounts, publicities, selections
from workflows.models import Objection, ObjectionState, Panel


@pytest.fixture
def speak(app: Flask, database: Database) -> Callable[[str], Program]:
    """A program that speaks for the user of a login."""

    def program(login: str) -> Program:
        with database.transaction() as session:
            user = accounts.by_login(session, login)
            assert user is not None
            return Program(app, accounts.issue_token(session, user, name="test", days=1))

    return program


@pytest.fixture
def ids(database: Database) -> dict[str, int]:
    """A panel before its defence, and a notice with one objection; by login: office, anybody, seat, filer."""
    with database.transaction() as session:
        panel = reviewing.panel(session)
        panel.members[0].user.login = "seat"
        factories.user(session, login="office", roles=["office"])
        factories.user(session, login="anybody")
        filer = factories.user(session, login="filer")
        shown = publicities.open_for(session, f"challenge:{panel.challenge_id}", workdays=5)
        filed = Objection(publicity_id=shown.id, is_named=True, filer_id=filer.id, reason="不实")
        filed.state, filed.filed_at = ObjectionState.FILED, shown.opened_at
        session.add(filed)
        session.flush()
        return {
            "panel": panel.id,
            "challenge": panel.challenge_id,
            "bid": panel.slots[0].bid_id,
            "publicity": shown.id,
            "objection": filed.id,
        }


def test_the_panel_is_shown_to_the_office_and_hidden_from_others_before_the_defence(
    speak: Callable[[str], Program], ids: dict[str, int]
) -> None:
    path = f"/challenges/{ids['challenge']}/selection"
    shown = speak("office").get(path).get_json()
    assert [one["seat"] for one in shown["panel"]["members"]] == [1, 2, 3, 4, 5]
    assert speak("anybody").get(path).get_json()["panel"] is None


def test_papers_are_without_names_before_the_defence_and_for_the_panel_only(
    speak: Callable[[str], Program], ids: dict[str, int], database: Database
) -> None:
    path = f"/panels/{ids['panel']}/papers"
    read = speak("seat").get(path).get_json()["papers"]
    assert [(one["label"], one["bid_id"], one["leader"]) for one in read] == [
        ("A", None, None),
        ("B", None, None),
    ]
    assert speak("office").get(path).status_code == 404
    with database.transaction() as session:
        panel = session.get_one(Panel, ids["panel"])
        selections.set_defence(session, panel, at=None)
    assert None not in {one["bid_id"] for one in speak("seat").get(path).get_json()["papers"]}


def test_an_undecided_bid_has_no_feedback(speak: Callable[[str], Program], ids: dict[str, int]) -> None:
    assert speak("office").get(f"/bids/{ids['bid']}/review").status_code == 404


def test_a_notice_is_read_by_everybody_and_its_objection_by_those_concerned(
    speak: Callable[[str], Program], ids: dict[str, int]
) -> None:
    anybody = speak("anybody")
    listed = anybody.get("/publicities?state=open").get_json()
    assert ([one["id"] for one in listed["rows"]], listed["total"]) == ([ids["publicity"]], 1)
    assert anybody.get("/publicities?state=closed").get_json() == {"rows": [], "total": 0}
    (seen,) = anybody.get(f"/publicities/{ids['publicity']}").get_json()["objections"]
    assert set(seen) == {"id", "is_named", "state", "outcome", "reply"}
    path = f"/objections/{ids['objection']}"
    assert anybody.get(path).status_code == 404
    assert speak("office").get(path).get_json()["reason"] == "不实"
    of_notice = f"/objections?publicity_id={ids['publicity']}&state=filed"
    for login, query in (("filer", "/objections?mine=true"), ("office", of_notice)):
        listed = speak(login).get(query).get_json()
        assert ([one["id"] for one in listed["rows"]], listed["total"]) == ([ids["objection"]], 1)
    assert anybody.get("/objections").get_json() == {"rows": [], "total": 0}
    assert speak("office").get("/objections?mine=true").get_json()["total"] == 0
    assert anybody.get("/publicities/999").status_code == 404


@pytest.mark.parametrize("login", ["office", "anybody"])
def test_the_pages_show_what_may_be_known(
    visit: Callable[[], Visitor], ids: dict[str, int], login: str
) -> None:
    client = visit()
    client.sign_in(login)
    page = client.get(f"/challenges/{ids['challenge']}/selection").get_data(as_text=True)
    assert ("已抽取" in page or "在席" in page) is (login == "office")
    listed = client.get("/publicities").get_data(as_text=True)
    assert "公示中" in listed
    shown = client.get(f"/publicities/{ids['publicity']}").get_data(as_text=True)
    assert "待受理" in shown
    assert "不实" not in shown
