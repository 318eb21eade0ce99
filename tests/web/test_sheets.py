"""The page of a task that scores: one part for each thing, its weights, its sum, what is filled in."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.processes import selecting
from tests.processes.cast import gather
from tests.processes.selecting import Selecting
from tests.web.browsing import Visitor, text_of
from workflows.db import Database
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import ScoreSheet, User

Visit = Callable[[], Visitor]
CRITERIA = ("tech", "pledge", "team", "schedule", "money", "safety")


@pytest.fixture
def made(database: Database) -> Selecting:
    """A selection of two bids whose panel sits."""
    begun = selecting.begin(database, gather(database))
    selecting.seat_panel(begun)
    return begun


def reviewer(visit: Visit, database: Database, step: str) -> tuple[Visitor, str]:
    """Somebody who is asked at ``step``, signed in, and the path of their task."""
    with database.transaction() as session:
        query = select(WorkItem).where(WorkItem.step == step, WorkItem.status == OPEN).limit(1)
        item = session.scalars(query).one()
        person = session.get_one(User, int(item.audience.removeprefix("user:")))
        path, login = f"/work/{item.id}", person.login
    visitor = visit()
    visitor.sign_in(login)
    return visitor, path


def sheets_by_bid(made: Selecting, **marks: str) -> dict[str, str]:
    """The score form: of both bids every criterion 80, the first one's as ``marks`` say."""
    sent: dict[str, str] = {}
    for place, bid_id in enumerate(made.bid_ids):
        sent |= {f"rows.{place}.{name}": "80" for name in CRITERIA} | {f"rows.{place}.bid_id": str(bid_id)}
    return sent | {f"rows.0.{name}": mark for name, mark in marks.items()}


def test_papers_are_read_blind_one_part_each(visit: Visit, database: Database, made: Selecting) -> None:
    visitor, path = reviewer(visit, database, "selection.preview")
    page = visitor.get(path).text
    assert re.findall(r'name="rows\.(\d)\.label" value="(\w)"', page) == [("0", "A"), ("1", "B")]
    words = text_of(page)
    assert "匿名阶段" in words
    assert "0/2 已填" in words
    assert "××提出第" in words


def test_a_score_sheet_names_weights_and_ranges_and_adds_up(
    visit: Visit, database: Database, made: Selecting
) -> None:
    selecting.preview(made)
    visitor, path = reviewer(visit, database, "selection.score")
    words = text_of(visitor.get(path).text)
    assert "答辩阶段" in words
    assert "技术路线 权重 25% · 0–100" in words
    assert "加权合计 — / 100" in words
    refused = visitor.post(path, sheets_by_bid(made, tech="100", safety="101"))
    assert refused.status_code == 422
    assert re.search(r'id="f-rows-0-safety"[^>]*aria-invalid="true"', refused.text)
    words = text_of(refused.text)
    assert "加权合计 — / 100" in words  # a score out of its range counts for nothing
    assert "加权合计 80.00 / 100" in words
    assert "2/2 已填" in words


def test_a_whole_sheet_is_signed_at_once(visit: Visit, database: Database, made: Selecting) -> None:
    selecting.preview(made)
    visitor, path = reviewer(visit, database, "selection.score")
    assert visitor.post(path, sheets_by_bid(made, tech="100")).status_code == 302
    with database.read() as session:
        totals = {one.bid_id: str(one.total) for one in session.scalars(select(ScoreSheet))}
    assert totals == {made.bid_ids[0]: "85.00", made.bid_ids[1]: "80.00"}


def test_conflicts_are_declared_team_by_team(visit: Visit, database: Database) -> None:
    begun = selecting.begin(database, gather(database))
    selecting.confirm_draw(begun)
    visitor, path = reviewer(visit, database, "selection.declare")
    page = visitor.get(path).text
    keys = re.findall(r'type="hidden" name="rows\.\d\.bid_id" value="(\d+)"', page)
    assert sorted(int(key) for key in keys) == sorted(begun.bid_ids)
    assert "Project-Id-Version" not in page  # of a choice without a name


def test_an_expert_steps_down_from_the_sheet(visit: Visit, database: Database, made: Selecting) -> None:
    visitor, path = reviewer(visit, database, "selection.preview")
    form = f"{path}/share/recusal"
    assert f'href="{form}"' in visitor.get(path).text
    assert visitor.post(form, {"kind": "kin"}).status_code == 422
    gone = visitor.post(form, {"kind": "kin", "reason": "表弟在该团队"})
    assert (gone.status_code, gone.location) == (302, "/work")
    assert "没有待评的材料" in text_of(visitor.get("/scoring").text)
