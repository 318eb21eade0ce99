"""Appraisals that the clock opens: at the end of each period, for every unit that has heads."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import crew as around
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.domain import appraisals
from workflows.errors import Forbidden, Invalid
from workflows.models import Appraisal, User


@pytest.fixture
def assessment(campaign: Database) -> int:
    with campaign.transaction() as session:
        return factories.user(session, roles=["assessment"]).id


def _opened(campaign: Database) -> list[tuple[int, str]]:
    with campaign.read() as session:
        rows = session.scalars(select(Appraisal).order_by(Appraisal.id))
        return [(one.unit_id, one.period) for one in rows]


def test_each_period_is_opened_when_it_is_over_until_the_year_is(
    campaign: Database, cast: Cast, assessment: int
) -> None:
    process = play.start(campaign, "appraisal_schedule", by=assessment, year=2026, cycle="month").process_id
    assert _opened(campaign) == []
    play.wait_until(campaign, clock.end_of(dt.date(2026, 11, 30)))
    units = (cast.unit_id, cast.sponsor_unit_id)  # those that have heads
    assert _opened(campaign) == [(unit, "2026-11") for unit in units]
    rows = [{"category": "B7", "score": "80"}]
    appraised = around.newest(campaign, "appraisal_of_period")
    play.complete(campaign, "appraisal.score", by=assessment, process=appraised, rows=rows)
    play.wait_until(campaign, clock.end_of(dt.date(2026, 12, 31)))
    assert _opened(campaign) == [(unit, month) for month in ("2026-11", "2026-12") for unit in units]
    assert (play.status(campaign, process), play.incidents(campaign)) == ("completed", [])


def test_a_unit_appraised_by_hand_is_not_appraised_twice(
    campaign: Database, cast: Cast, assessment: int
) -> None:
    play.start(campaign, "appraisal_schedule", by=assessment, year=2026, cycle="quarter")
    with campaign.transaction() as session:
        actor = session.get_one(User, assessment)
        appraisals.begin(session, unit_id=cast.unit_id, period="2026Q4", actor=actor)
    play.wait_until(campaign, clock.end_of(dt.date(2026, 12, 31)))
    assert _opened(campaign) == [(cast.unit_id, "2026Q4"), (cast.sponsor_unit_id, "2026Q4")]


def test_only_the_assessment_office_plans_and_only_what_is_to_come(
    campaign: Database, cast: Cast, assessment: int
) -> None:
    with pytest.raises(Forbidden, match=r"^只有考核办可以安排考评。$"):
        play.start(campaign, "appraisal_schedule", by=cast.office, year=2026, cycle="month")
    with pytest.raises(Invalid) as refused:
        play.start(campaign, "appraisal_schedule", by=assessment, year=2025, cycle="month")
    assert refused.value.fields == {"year": ["年度已经过去。"]}
