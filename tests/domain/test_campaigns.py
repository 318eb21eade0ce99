"""The days and the packs of the monthly meetings of a year."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain.test_year_plans import PLAN
from workflows import clock, work
from workflows.domain import campaigns, rule_versions, rules
from workflows.models import CampaignYear
from workflows.steps.campaign_forms import YearForm

FIFTH = '"meeting_day"</text></inputEntry><outputEntry><text>5<'

pytestmark = pytest.mark.usefixtures("clock_at")


@pytest.fixture
def year(session: Session) -> CampaignYear:
    office = factories.user(session, roles=["office"])
    return campaigns.draft(session, work.validate(YearForm, PLAN), actor=office)


def _meet_on_the_31st(session: Session) -> None:
    rule_versions.store(session, rules.shipped())
    content = rules.shipped()["setting.dmn"].decode()
    assert FIFTH in content
    content = content.replace(FIFTH, FIFTH.replace("5<", "31<"))
    office, director = (factories.user(session, roles=[role]) for role in ("office", "admin_head"))
    version = rule_versions.draft(session, "setting.dmn", content, note="月末开会", actor=office)
    rule_versions.adopt(session, version, from_day=clock.today(), actor=director)


def test_a_meeting_day_that_a_month_lacks_is_its_last_day(
    session: Session, year: CampaignYear, clock_at: Callable[[dt.datetime], None]
) -> None:
    _meet_on_the_31st(session)
    clock_at(clock.start_of(dt.date(2027, 1, 4)))
    days = []
    while (at := campaigns.next_meeting(session, year)) is not None:
        days.append(clock.local(at).date())
        clock_at(at)
    assert days[:4] == [dt.date(2027, 2, 1), dt.date(2027, 3, 1), dt.date(2027, 3, 31), dt.date(2027, 4, 30)]
    assert sorted(set(days)) == days


def test_a_second_pack_of_a_month_takes_the_place_of_the_first(session: Session, year: CampaignYear) -> None:
    campaigns.open_year(year)
    assert campaigns.prepare_pack(session, year) == campaigns.prepare_pack(session, year)
