"""How long steps take: worked out by the database, and alike by hand from the same items."""

import datetime as dt
import random
import statistics
from collections import defaultdict

import pytest
from sqlalchemy.orm import Session

from workflows import calendar, clock, durations
from workflows.durations import Span, Spent
from workflows.engine.tables import DefinitionFile, HistoryEntry, Process, Round, WorkItem
from workflows.working_time import WORKDAY

NOW = dt.datetime(2026, 11, 23, 9, tzinfo=clock.PLANT_ZONE)  # a Monday


def process(session: Session, name: str = "bid", *, digest: str = "a", started_at: dt.datetime = NOW) -> int:
    if session.get(DefinitionFile, digest) is None:
        session.add(DefinitionFile(digest=digest, process=name, files=b"", stored_at=NOW))
    made = Process(
        digest=digest,
        name=name,
        subject="降低冬季井口冻堵",
        subject_path="/bids/1",
        state=b"",
        started_at=started_at,
    )
    session.add(made)
    session.flush()
    return made.id


def item(
    session: Session,
    process_id: int,
    node: str,
    asked: dt.datetime,
    done: dt.datetime | None = None,
    due: dt.datetime | None = None,
    round_id: int | None = None,
) -> None:
    session.add(
        WorkItem(
            process_id=process_id,
            token=1,
            round_id=round_id,
            node=node,
            step="bid.sign",
            role="hse",
            audience="role:hse",
            status="open" if done is None else "done",
            created_at=asked,
            done_at=done,
            due_at=due,
        )
    )


def at(day: int, hour: int = 9, *, month: int = 11) -> dt.datetime:
    return dt.datetime(2026, month, day, hour, tzinfo=clock.PLANT_ZONE)


def the_step(session: Session, node: str, span: Span | None = None) -> durations.Step:
    (found,) = [one for one in durations.steps(session, span or Span()) if one.node == node]
    return found


def test_days_off_count_nothing(session: Session) -> None:
    one = process(session, started_at=at(1))
    item(session, one, "friday", at(13, 17), at(16, 9), due=clock.end_of(dt.date(2026, 11, 20)))
    item(session, one, "weekend", at(14, 10), at(16, 9))
    item(session, one, "worked_sunday", at(22, 0), at(23, 0))
    calendar.declare(session, dt.date(2026, 11, 22), is_workday=True, reason="赶工")
    session.flush()
    hours = {
        node: the_step(session, node).spent.median / 3600  # type: ignore[union-attr]
        for node in ("friday", "weekend", "worked_sunday")
    }
    assert hours == {"friday": 7 + 9, "weekend": 9, "worked_sunday": 24}
    assert the_step(session, "friday").due_days == 5


def test_public_holidays_count_nothing(session: Session) -> None:
    one = process(session, started_at=at(1, month=9))
    item(session, one, "holiday", at(30, 17, month=9), at(8, 9, month=10))
    assert the_step(session, "holiday").spent == Spent(1, 16 * 3600, 16 * 3600)


def test_percentiles_are_exact_for_any_number_of_items(session: Session) -> None:
    chance, spent = random.Random(7), defaultdict[tuple[str, str], list[int]](list)
    axis_start = at(2, month=3)
    for name in ("bid", "change"):
        one = process(session, name, digest=name, started_at=axis_start)
        for node, number in (("once", 1), ("twice", 2), ("some", 7), ("many", 230)):
            for _ in range(number):
                asked = axis_start + dt.timedelta(seconds=chance.randrange(200 * WORKDAY), microseconds=5)
                done = asked + dt.timedelta(seconds=chance.randrange(20 * WORKDAY))
                item(session, one, node, asked, done)
                spent[name, node].append(_by_hand(asked, done))
    session.flush()
    found = {(one.process, one.node): one.spent for one in durations.steps(session, Span())}
    assert found.keys() == spent.keys()
    for key, seconds in spent.items():
        tenths = statistics.quantiles(seconds, n=10, method="inclusive") if len(seconds) > 1 else seconds * 9
        told = found[key]
        assert told is not None
        assert told.number == len(seconds)
        assert told.median == pytest.approx(tenths[4], abs=1e-6)
        assert told.p90 == pytest.approx(tenths[8], abs=1e-6)


def _by_hand(asked: dt.datetime, done: dt.datetime) -> int:
    """Working seconds, a day at a time."""
    total, start, end = 0, asked.replace(microsecond=0), done.replace(microsecond=0)
    while start < end:
        until = min(dt.datetime.combine(start.date() + dt.timedelta(days=1), dt.time(), start.tzinfo), end)
        if calendar.is_workday(start.date(), {}):
            total += int((until - start).total_seconds())
        start = until
    return total


def test_what_is_open_late_and_oldest_is_told_beside(session: Session) -> None:
    one = process(session, started_at=at(1))
    item(session, one, "sign", at(16), at(17), due=at(16, 12))
    item(session, one, "sign", at(16), at(17), due=at(18))
    item(session, one, "sign", at(19), due=at(20))
    item(session, one, "sign", at(20), due=at(30))
    found = the_step(session, "sign")
    assert (found.late, found.open, found.open_late, found.oldest_at) == (1, 2, 1, at(19))
    assert found.oldest_waits == 2 * WORKDAY  # from Thursday to Monday, at nine
    assert found.spent == Spent(2, WORKDAY, WORKDAY)


def test_a_round_is_told_whole_beside_its_answers(session: Session) -> None:
    one = process(session, started_at=at(1))
    for result, done in (("agreed", at(19)), (None, None)):
        decided = Round(process_id=one, token=1, policy="all", result=result)
        session.add(decided)
        session.flush()
        item(session, one, "panel", at(16), at(17), round_id=decided.id)
        item(session, one, "panel", at(16), done, round_id=decided.id)
    found = the_step(session, "panel")
    assert found.whole == Spent(1, 3 * WORKDAY, 3 * WORKDAY)
    assert found.spent == Spent(3, WORKDAY, pytest.approx(2.6 * WORKDAY))  # type: ignore[arg-type]


def test_a_span_takes_one_process_one_version_or_what_was_done_lately(session: Session) -> None:
    for name, digest, day in (("bid", "a", 2), ("bid", "b", 16), ("change", "c", 17)):
        item(session, process(session, name, digest=digest, started_at=at(1)), "sign", at(day), at(day + 1))
    session.flush()

    def counted(span: Span) -> dict[str, int]:
        return {one.process: one.spent.number for one in durations.steps(session, span) if one.spent}

    assert counted(Span()) == {"bid": 2, "change": 1}
    assert counted(Span(process="bid")) == {"bid": 2}
    assert counted(Span(process="bid", digest="b")) == {"bid": 1}
    assert counted(Span(since=at(10))) == {"bid": 1, "change": 1}


def test_boxes_without_people_are_counted_from_the_history(session: Session) -> None:
    one, other = process(session), process(session, "change", digest="c")
    for seq, (of, verb, node) in enumerate(
        [(one, "auto", "seal"), (one, "auto", "seal"), (one, "complete", "sign"), (other, "auto", "seal")], 1
    ):
        act = {"verb": verb, "node": node, "reason": "", "before": {}, "after": {}, "hash": ""}
        session.add(HistoryEntry(process_id=of, seq=seq, at=NOW, **act))
    assert durations.passed(session, Span(process="bid")) == {"seal": 2}
    assert durations.passed(session, Span(process="bid", since=NOW + dt.timedelta(days=1))) == {}


def test_what_waits_longer_than_nine_in_ten_and_a_day_is_stuck(session: Session) -> None:
    one = process(session, started_at=at(1))
    for hour in (10, 11, 12, 13, 14):
        item(session, one, "sign", at(16), at(16, hour))
    two = process(session, started_at=at(1))
    item(session, one, "sign", at(20, 8), due=at(24))
    item(session, one, "sign", at(20, 10), due=at(23))
    item(session, two, "sign", at(23, 1))
    for node in ("seldom", "never"):
        item(session, one, node, at(2))
    item(session, one, "seldom", at(16), at(17))
    session.flush()
    usual = durations.steps(session, Span())
    (found,) = durations.stuck(session, Span(), usual, limit=10)
    assert (found.process_id, found.node, found.subject) == (one, "sign", "降低冬季井口冻堵")
    assert (found.number, found.asked_at, found.due_at) == (2, at(20, 8), at(23))
    assert found.waits == WORKDAY + 3600
    assert found.p90 == pytest.approx(4.6 * 3600)
    assert durations.stuck(session, Span(process="change"), usual, limit=10) == []
