"""Working days: statutory holidays, 调休, and what the plant declares over them."""

import datetime as dt
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from workflows import calendar, clock, db
from workflows.db import UTC

DAY = dt.date.fromisoformat


@pytest.mark.parametrize(
    ("day", "is_workday"),
    [
        ("2026-11-23", True),  # Monday
        ("2026-11-28", False),  # Saturday
        ("2026-10-01", False),  # Thursday, National Day
        ("2026-10-07", False),  # Wednesday, National Day
        ("2026-10-10", True),  # Saturday, worked for National Day
        ("2026-09-20", True),  # Sunday, worked for National Day
        ("2026-02-14", True),  # Saturday, worked for the Spring Festival
        ("2026-02-17", False),  # Tuesday, Spring Festival
        ("2026-06-19", False),  # Friday, Dragon Boat
        ("2026-01-01", False),
        ("2025-12-31", True),
        ("2026-01-04", True),  # Sunday, worked for New Year
    ],
)
def test_published_holidays_and_worked_weekends_count(day: str, is_workday: bool) -> None:
    assert calendar.is_workday(DAY(day), {}) == is_workday


@pytest.mark.parametrize(
    ("start", "days", "end"),
    [
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-28", 0, "2026-11-28"),  # zero stays, even on a Saturday
        ("2026-11-23", 1, "2026-11-24"),
        ("2026-11-27", 1, "2026-11-30"),  # over a weekend
        ("2026-09-30", 1, "2026-10-08"),  # over National Day
        ("2026-10-09", 1, "2026-10-10"),  # onto a worked Saturday
        ("2026-12-31", 1, "2027-01-04"),  # over the year's end
        ("2026-01-05", -1, "2026-01-04"),  # back onto a worked Sunday
        ("2026-01-05", -2, "2025-12-31"),
        ("2026-10-08", -1, "2026-09-30"),
        ("2026-11-23", 15, "2026-12-14"),
    ],
)
def test_working_days_are_walked_in_both_directions(
    session: Session, start: str, days: int, end: str
) -> None:
    assert calendar.add_workdays(session, DAY(start), days) == DAY(end)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        ("2026-11-23", "2026-11-23", 0),
        ("2026-11-23", "2026-11-30", 5),
        ("2026-09-30", "2026-10-10", 3),
        ("2026-11-30", "2026-11-23", -5),
    ],
)
def test_working_days_between_two_days_are_counted(session: Session, start: str, end: str, days: int) -> None:
    assert calendar.workdays_between(session, DAY(start), DAY(end)) == days


@given(st.dates(DAY("2024-01-01"), DAY("2027-12-31")), st.integers(-120, 120).filter(bool))
def test_what_is_added_is_what_lies_between(start: dt.date, days: int) -> None:
    with Session() as session:
        session.info[calendar.OVERRIDES] = {}
        end = calendar.add_workdays(session, start, days)
        assert calendar.is_workday(end, {})
        if days > 0:
            assert calendar.workdays_between(session, start, end) == days
        else:
            assert calendar.workdays_between(session, end, start) == -days - 1 + calendar.is_workday(
                start, {}
            )


def test_the_plant_declares_days_of_its_own(session: Session) -> None:
    monday, saturday = DAY("2026-11-30"), DAY("2026-11-28")
    calendar.declare(session, monday, is_workday=False, reason="检修停产")
    calendar.declare(session, saturday, is_workday=True, reason="检修前赶工")
    session.flush()
    assert calendar.add_workdays(session, DAY("2026-11-27"), 1) == saturday
    assert calendar.add_workdays(session, DAY("2026-11-27"), 2) == DAY("2026-12-01")
    assert [(one.day, one.is_workday, one.reason) for one in calendar.declared(session)] == [
        (saturday, True, "检修前赶工"),
        (monday, False, "检修停产"),
    ]


def test_a_declared_day_may_be_declared_otherwise_and_taken_back(session: Session) -> None:
    monday = DAY("2026-11-30")
    calendar.declare(session, monday, is_workday=False, reason="检修停产")
    session.flush()
    assert calendar.add_workdays(session, DAY("2026-11-27"), 1) == DAY("2026-12-01")
    calendar.declare(session, monday, is_workday=True, reason="检修推迟")
    session.flush()
    assert calendar.add_workdays(session, DAY("2026-11-27"), 1) == monday
    assert calendar.undeclare(session, monday)
    session.flush()
    assert not calendar.undeclare(session, monday)
    assert calendar.declared(session) == []


def _own(database: db.Database) -> dict[dt.date, bool]:
    with database.read() as reading:
        return calendar.overrides(reading)


def test_a_declared_day_counts_at_once_here_and_soon_on_another_server(
    database: db.Database, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other, day = db.connect(database_url), dt.date(2026, 11, 25)
    assert (_own(database), _own(other)) == ({}, {})
    with database.transaction() as declaring:
        calendar.declare(declaring, day, is_workday=False, reason="厂庆")
        assert calendar.overrides(declaring) == {day: False}
        assert _own(database) == {}  # not before it is committed
    assert (_own(database), _own(other)) == ({day: False}, {})
    monkeypatch.setattr(calendar, "KEPT_SECONDS", 0)
    assert _own(other) == {day: False}
    other.engine.dispose()


def test_a_day_that_was_not_declared_in_the_end_does_not_count(database: db.Database) -> None:
    with database.write() as declaring:
        calendar.declare(declaring, dt.date(2026, 11, 25), is_workday=False, reason="厂庆")
        declaring.rollback()
    assert _own(database) == {}


def test_a_walk_without_end_is_a_mistake(session: Session) -> None:
    with pytest.raises(ValueError, match=r"^5000 working days reach too far$"):
        calendar.add_workdays(session, DAY("2026-11-23"), 5000)


def test_a_deadline_in_working_days_ends_with_its_day_at_the_plant(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    assert calendar.deadline_after(session, 2) == dt.datetime(2026, 11, 25, 16, tzinfo=dt.UTC)
    late = dt.datetime(2026, 11, 23, 23, 59, tzinfo=clock.PLANT_ZONE)
    assert calendar.deadline_after(session, 2, since=late) == dt.datetime(2026, 11, 25, 16, tzinfo=dt.UTC)
    clock_at(dt.datetime(2026, 11, 23, 16, tzinfo=dt.UTC))  # Tuesday 00:00 at the plant
    assert calendar.deadline_after(session, 2) == dt.datetime(2026, 11, 26, 16, tzinfo=dt.UTC)


def test_the_worked_weekends_of_a_year_are_known_once_they_are_published() -> None:
    assert [calendar.is_published(year) for year in (2025, 2026, 2035)] == [True, True, False]


def test_a_time_without_a_zone_is_not_stored() -> None:
    with pytest.raises(ValueError, match="a time without a zone cannot be stored"):
        UTC().process_bind_param(dt.datetime(2026, 11, 23, 9), None)  # type: ignore[arg-type]
