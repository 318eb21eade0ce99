"""The history: one row for each act, and the check that finds the first row that somebody has bent."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from tests import play
from tests.conftest import MONDAY_NINE
from tests.engine import trial
from workflows import watch
from workflows.db import Database
from workflows.engine.tables import HistoryEntry, Process


@pytest.fixture
def process(trials: Database, someone: int) -> int:
    """A process with five acts, beside another one that nobody touches."""
    made = trial.begin(trials, "fails", someone)
    play.complete(trials, "trial.work", by=someone, opinion="可以")
    trial.begin(trials, "both", someone)
    return made


def _bend(trials: Database, statement: Any) -> None:
    with trials.transaction() as session:
        session.execute(statement.execution_options(synchronize_session=False))


def _verdict(trials: Database) -> list[str]:
    with trials.read() as session:
        return watch.verify_history(session)


def _row(process: int, seq: int) -> Any:
    return (HistoryEntry.process_id == process) & (HistoryEntry.seq == seq)


def test_every_act_is_one_row_that_says_who_did_what(trials: Database, process: int, someone: int) -> None:
    rows = play.history(trials, process)
    assert [(one.seq, one.verb, one.node, one.actor_id, one.reason) for one in rows] == [
        (1, "start", "fails", someone, ""),
        (2, "complete", "work", someone, "可以"),
        (3, "auto", "note_done", None, ""),
        (4, "auto", "check", None, ""),
        (5, "end", "fails", None, ""),
    ]
    assert {one.at for one in rows} == {MONDAY_NINE}
    assert rows[2].after == {
        "notice:1.id": 1,
        "notice:1.user_id": someone,
        "notice:1.kind": "other",
        "notice:1.in_app": True,
        "notice:1.text": "done",
        "notice:1.link": "/challenges",
        "notice:1.created_at": "2026-11-23T01:00:00+00:00",
    }
    assert _verdict(trials) == []


def test_an_act_of_a_person_says_what_it_changed(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "fails", someone)
    play.complete(trials, "trial.work", by=someone, set={"note": "看过"})
    after = play.history(trials, process)[1].after
    assert (after["note"], after["notice:1.text"], after["notice:1.user_id"]) == ("看过", "看过", someone)


@pytest.mark.parametrize(
    "change",
    [
        {"actor_id": 99},
        {"for_id": 99},
        {"verb": "vote"},
        {"node": "other"},
        {"item_id": 99},
        {"reason": "不可以"},
        {"before": {"a": 1}},
        {"after": {"a": 1}},
        {"at": MONDAY_NINE + dt.timedelta(seconds=1)},
        {"hash": "0" * 64},
    ],
    ids=lambda change: next(iter(change)),
)
def test_a_changed_row_is_named(trials: Database, process: int, change: dict[str, object]) -> None:
    _bend(trials, update(HistoryEntry).where(_row(process, 2)).values(**change))
    assert _verdict(trials) == [f"流程 {process} 的履历第 2 行与其校验值不符"]


@pytest.mark.parametrize("seq", [1, 3])
def test_a_missing_row_is_named(trials: Database, process: int, seq: int) -> None:
    _bend(trials, delete(HistoryEntry).where(_row(process, seq)))
    assert _verdict(trials) == [f"流程 {process} 的履历缺少第 {seq} 行"]


def test_rows_in_another_order_are_named(trials: Database, process: int) -> None:
    for old, new in ((2, 99), (3, 2), (99, 3)):
        _bend(trials, update(HistoryEntry).where(_row(process, old)).values(seq=new))
    assert _verdict(trials) == [f"流程 {process} 的履历第 2 行与其校验值不符"]


def test_a_cut_tail_is_noticed(trials: Database, process: int) -> None:
    _bend(trials, delete(HistoryEntry).where(HistoryEntry.process_id == process, HistoryEntry.seq >= 4))
    assert _verdict(trials) == [f"流程 {process} 的履历末尾与流程记录不符（应有 5 行，实有 3 行）"]


def test_a_row_put_in_is_noticed(trials: Database, process: int) -> None:
    with trials.transaction() as session:
        last = session.scalars(select(HistoryEntry).where(_row(process, 5))).one()
        columns = {column.key: getattr(last, column.key) for column in HistoryEntry.__table__.columns}
        session.add(HistoryEntry(**{**columns, "seq": 6}))
    assert _verdict(trials) == [f"流程 {process} 的履历第 6 行与其校验值不符"]


def test_a_whole_history_taken_away_is_noticed(trials: Database, process: int) -> None:
    _bend(trials, delete(HistoryEntry).where(HistoryEntry.process_id == process))
    assert _verdict(trials) == [f"流程 {process} 的履历末尾与流程记录不符（应有 5 行，实有 0 行）"]


def test_a_row_moved_to_another_process_is_noticed_in_both(trials: Database, process: int) -> None:
    with trials.read() as session:
        other = session.scalars(select(Process.id).where(Process.id != process)).one()
    _bend(trials, update(HistoryEntry).where(_row(process, 5)).values(process_id=other, seq=2))
    assert _verdict(trials) == [
        f"流程 {process} 的履历末尾与流程记录不符（应有 5 行，实有 4 行）",
        f"流程 {other} 的履历第 2 行与其校验值不符",
    ]
