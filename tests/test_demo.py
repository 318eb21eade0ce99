"""The demo: built whole or not at all, with something to see at every stage, every date relative to today."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tools.gallery import manual
from workflows import clock, db, schema, watch
from workflows.demo import files, plant
from workflows.demo.years import Years
from workflows.engine.tables import OPEN, Incident, WorkItem
from workflows.models import (
    CampaignYear,
    Challenge,
    ChallengeState,
    Objection,
    Project,
    RewardCase,
    Unit,
    User,
)


@pytest.fixture(scope="module")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("demo") / "jiebang.db"
    schema.upgrade(f"sqlite:///{path}")
    files.build(path, say=lambda _line: None)
    return path


@pytest.fixture
def demo(demo_file: Path) -> Iterator[db.Database]:
    database = db.connect(f"sqlite:///{demo_file}")
    yield database
    database.engine.dispose()


def test_nothing_is_left_beside_the_file(demo_file: Path) -> None:
    assert {one.name for one in demo_file.parent.iterdir() if "jiebang.db" in one.name} == {"jiebang.db"}


def test_a_build_that_fails_leaves_the_database_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jiebang.db"
    schema.upgrade(f"sqlite:///{path}")
    before = path.read_bytes()
    monkeypatch.setattr(plant, "FILE", tmp_path / "none.json")
    with pytest.raises(FileNotFoundError):
        files.build(path, say=lambda _line: None)
    assert path.read_bytes() == before
    assert [one.name for one in tmp_path.iterdir() if one.name.startswith(".jiebang")] == []


def test_the_plant_has_nine_units_with_both_sides_and_some_sixty_people(demo: db.Database) -> None:
    with demo.read() as session:
        heads = Counter(
            (role, unit)
            for user in session.scalars(select(User))
            for role, unit in ((one.role, one.unit_id) for one in user.grants)
            if unit is not None and role in ("party_secretary", "admin_head")
        )
        assert set(heads.values()) == {1}
        assert len({unit for _, unit in heads}) == 9 and len(heads) == 18
        assert 55 <= (session.scalar(select(func.count(User.id))) or 0) <= 70
        assert (session.scalar(select(func.count(Unit.id))) or 0) > 9


def test_there_is_something_to_see_at_every_stage(demo: db.Database) -> None:
    with demo.read() as session:
        present = {one["title"] for one in Years.read(clock.today()).raw["present"]["challenges"]}
        challenges = list(session.scalars(select(Challenge)))
        states = Counter(one.state for one in challenges if one.title in present)
        assert sum(states.values()) == 12
        wanted = {"approving", "published", "reviewing", "in_publicity", "awarded", "executing", "accepting"}
        assert wanted <= set(states)
        assert [one.relist_count for one in challenges if one.relist_count] == [1]
        assert all(
            one.bid_to is not None and one.bid_to > clock.now()
            for one in challenges
            if one.state == ChallengeState.PUBLISHED
        )
        assert {"red", "yellow"} <= set(session.scalars(select(Project.rag)))
        assert {"approving", "closed"} <= set(session.scalars(select(RewardCase.state)))
        assert session.scalars(select(Objection.state)).all() == ["investigating"]
        open_steps = set(session.scalars(select(WorkItem.step).where(WorkItem.status == OPEN)))
        assert {
            "intake.triage",
            "approval.sign",
            "bid.sign",
            "bid.write",
            "selection.score",
            "publicity.investigate",
            "pledge.sign",
            "delivery.work",
            "acceptance.score",
        } <= open_steps


def test_the_earlier_year_is_over_and_paid(demo: db.Database) -> None:
    with demo.read() as session:
        years = {one.year: one.state for one in session.scalars(select(CampaignYear))}
        earlier = min(years)
        assert (years[earlier], years[earlier + 1]) == ("closed", "open")
        titles = [one["title"] for one in Years.read(clock.today()).raw["earlier"]["challenges"]]
        mine = select(RewardCase).join(Project).join(Challenge).where(Challenge.title.in_(titles))
        cases = session.scalars(mine).all()
        assert [case.state for case in cases] == ["closed"] * 3
        assert all(case.total_fen > 0 for case in cases)


def test_nothing_has_failed_and_every_history_is_whole(demo: db.Database) -> None:
    with demo.read() as session:
        assert session.scalars(select(Incident)).all() == []
        assert watch.verify_history(session) == []


def test_the_file_is_whole(demo_file: Path) -> None:
    with closing(sqlite3.connect(demo_file)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []


def test_every_picture_of_the_manual_is_found_in_the_demo(demo: db.Database) -> None:
    with demo.read() as session:
        pages = {view.file: view.find(session) for view in manual.VIEWS}
    assert len(pages) == len(manual.VIEWS)
    assert all(page.path.startswith("/") and "{" not in page.path for page in pages.values())
