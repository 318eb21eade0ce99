"""The queue of an expert: what is to score by panel, how far it is, and who has such a room at all."""

import re
from collections.abc import Callable

import pytest

from tests import factories
from tests.processes import selecting
from tests.processes.cast import gather
from tests.processes.selecting import Selecting
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from tests.web.test_sheets import reviewer, sheets_by_bid
from workflows.db import Database

Visit = Callable[[], Visitor]


@pytest.fixture
def made(database: Database) -> Selecting:
    begun = selecting.begin(database, gather(database))
    selecting.seat_panel(begun)
    return begun


def test_the_queue_tells_phase_parts_and_how_many_have_signed(
    visit: Visit, database: Database, made: Selecting
) -> None:
    visitor, path = reviewer(visit, database, "selection.preview")
    page = visitor.get("/scoring")
    words = text_of(page.text)
    assert f'href="{path}"' in page.text
    assert "匿名阶段" in words
    assert "书面预审 · 2 份" in words
    assert "专家已交 0/5" in words
    assert "✓ 回避申报" in words
    selecting.preview(made)
    assert "✓ 书面预审" in text_of(visitor.get("/scoring").text)


def test_a_draft_counts_towards_what_is_filled(visit: Visit, database: Database, made: Selecting) -> None:
    selecting.preview(made)
    visitor, path = reviewer(visit, database, "selection.score")
    ticket = re.search(r'name="_place" value="([^"]+)"', visitor.get(path).text)
    assert ticket is not None
    typed = sheets_by_bid(made, tech="")
    saved = visitor.post("/drafts", {**typed, "_place": ticket[1]})
    assert saved.location == path
    assert "1/2 已填" in text_of(visitor.get(path).text)
    assert "已填 1/2（草稿）" in text_of(visitor.get("/scoring").text)


def test_what_is_signed_moves_below(visit: Visit, database: Database, made: Selecting) -> None:
    selecting.preview(made)
    visitor, path = reviewer(visit, database, "selection.score")
    visitor.post(path, sheets_by_bid(made))
    words = text_of(visitor.get("/scoring").text)
    assert "没有待评的材料" in words
    assert "已交 1" in words


def test_the_room_is_for_those_who_were_asked(visit: Visit, database: Database, made: Selecting) -> None:
    with database.transaction() as session:
        factories.user(session, login="anybody")
    anybody = visit()
    anybody.sign_in("anybody")
    assert 'href="/scoring"' not in anybody.get("/").text
    assert "没有待评的材料" in text_of(anybody.get("/scoring").text)
    expert, _ = reviewer(visit, database, "selection.preview")
    assert 'href="/scoring"' in expert.get("/").text


def test_three_reviews_take_as_many_queries_as_one(visit: Visit, database: Database) -> None:
    cast = gather(database)
    begun = selecting.begin(database, cast, experts=5)
    selecting.confirm_draw(begun)
    visitor, _ = reviewer(visit, database, "selection.declare")
    first = queries(visitor, database, "/scoring")
    selecting.declare(begun)
    selecting.preview(begun)
    assert queries(visitor, database, "/scoring") == first
