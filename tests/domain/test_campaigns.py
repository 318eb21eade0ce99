"""The packs of the monthly meetings of a year."""

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain.test_year_plans import PLAN
from workflows import work
from workflows.domain import campaigns
from workflows.models import CampaignYear
from workflows.steps.campaign_forms import YearForm

pytestmark = pytest.mark.usefixtures("clock_at")


@pytest.fixture
def year(session: Session) -> CampaignYear:
    office = factories.user(session, roles=["office"])
    return campaigns.draft(session, work.validate(YearForm, PLAN), actor=office)


def test_a_second_pack_of_a_month_takes_the_place_of_the_first(session: Session, year: CampaignYear) -> None:
    campaigns.open_year(year)
    assert campaigns.prepare_pack(session, year) == campaigns.prepare_pack(session, year)
