"""榜单: the list, its facets as links, and its address."""

import re
from collections.abc import Callable

import pytest

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program, program
from tests.web.test_query_counts import queries
from workflows.db import Database
from workflows.models import Category, ChallengeState

Visit = Callable[[], Visitor]
__all__ = ["program"]


@pytest.fixture
def wang(database: Database, visit: Visit) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login="wang")
        first = factories.challenge(session, title="降低冻堵")
        factories.challenge(
            session, title="拓展市场", state=ChallengeState.EXECUTING
        ).category = Category.MARKET
        first.cap_fen = 9_000_000
    visitor = visit()
    visitor.sign_in("wang")
    return visitor


def links(page: str) -> set[str]:
    return {link.replace("&amp;", "&") for link in re.findall(r'href="(/challenges\?[^"]*)"', page)}


def test_a_card_tells_state_owners_days_and_amount(wang: Visitor) -> None:
    card = text_of(wang.get("/challenges?state=published").text)
    for told in (
        "揭榜中",
        "剩 14 个工作日",
        "激励封顶 9 万元",
        "党组织责任人",
        "行政责任人",
        "截止 2026年12月13日 24:00",
    ):
        assert told in card, told


def test_facets_lead_on_and_what_was_chosen_can_be_left(wang: Visitor) -> None:
    assert "/challenges?bidding=open" in links(wang.get("/challenges").text)
    page = wang.get("/challenges?category=市场所急&q=市场&page=1").text
    assert re.findall(r'<h3><a href="/challenges/(\d+)"', page) == ["2"]
    assert "/challenges?q=%E5%B8%82%E5%9C%BA" in links(page)  # without the category, at the first page
    assert "全部清除" in page
    for link in links(page):
        assert wang.get(link).status_code == 200, link


def test_an_address_that_makes_no_sense_asks_for_everything(wang: Visitor) -> None:
    for wrong in ("year=0", "year=99999", "unit=-1", "state=x", "order=x", "bidding=x", "batch=99999999999"):
        assert len(re.findall("challenge-card", wang.get(f"/challenges?{wrong}").text)) == 2, wrong


def test_nothing_found_and_nothing_there_are_told_apart(wang: Visitor, database: Database) -> None:
    assert "没有符合条件的榜单" in wang.get("/challenges?q=没有").text


def test_the_list_takes_as_many_queries_for_three_as_for_one(wang: Visitor, database: Database) -> None:
    first = queries(wang, database, "/challenges?q=冻堵&order=soonest")
    with database.transaction() as session:
        for _ in range(2):
            factories.challenge(session, title="再降冻堵")
    assert queries(wang, database, "/challenges?q=冻堵&order=soonest") == first


def test_a_program_finds_and_counts_as_the_page_does(
    wang: Visitor, program: Callable[[str], Program]
) -> None:
    api = program("wang")
    assert [row["title"] for row in api.get("/challenges?bidding=open&year=2026").get_json()["rows"]] == [
        "降低冻堵"
    ]
    counted = api.get("/challenges/facets?category=市场所急").get_json()
    assert counted["state"] == [{"value": "executing", "name": "executing", "count": 1}]
    assert api.get("/challenges?order=x").status_code == 422
