"""The cockpit's counts: each list, bid and project once, however many belong together."""

import datetime as dt

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import cockpits, year_figures
from workflows.models import (
    Batch,
    Bid,
    BidState,
    CampaignYear,
    Category,
    Challenge,
    ChallengeState,
    Problem,
    ProblemState,
    ProjectState,
)

pytestmark = pytest.mark.usefixtures("clock_at")
LAST_YEAR = clock.start_of(dt.date(2025, 12, 30))


@pytest.fixture
def year(session: Session) -> CampaignYear:
    year = CampaignYear(year=2026, theme="融合年", pool_fen=0, state="open")
    today = clock.today()
    year.batches = [Batch(no=1, intake_from=today, intake_to=today, state="open")]
    session.add(year)
    session.flush()
    return year


def _sealed(session: Session, on: Challenge) -> Bid:
    bid = factories.bid(session, on=on, leader=factories.user(session), state=BidState.SEALED)
    bid.sealed_at = clock.now()
    return bid


def _listed(session: Session, category: Category = Category.PRODUCTION) -> Challenge:
    made = factories.challenge(session)
    made.category = category
    return made


def test_each_list_bid_and_project_counts_once(session: Session, year: CampaignYear) -> None:
    several = _listed(session)  # two accepted projects and one under way, five bids of which two are sealed
    for state in (ProjectState.ACCEPTED, ProjectState.CLOSED, ProjectState.RUNNING):
        factories.project(session, on=several, state=state)
    _sealed(session, several)
    _sealed(session, several)
    taken_up = _listed(session)
    factories.project(session, on=taken_up).bid.sealed_at = clock.now()
    by_batch = _listed(session, Category.MARKET)  # published before the year, but of its batch
    by_batch.published_at, by_batch.batch_id = LAST_YEAR, year.batches[0].id
    _sealed(session, by_batch)
    older = _listed(session, Category.DEVELOPMENT)
    older.published_at = LAST_YEAR
    factories.project(session, on=older, state=ProjectState.ACCEPTED)
    _sealed(session, older)
    planned = factories.challenge(session, state=ChallengeState.APPROVING)  # not yet published
    planned.batch_id = year.batches[0].id
    session.flush()
    shown = cockpits.of(session, actor=factories.user(session, roles=["office"]))
    assert shown is not None
    assert shown.funnel == {
        "raised": 0,
        "reported": 0,
        "posted": 3,
        "bids": 4,
        "projects": 4,
        "accepted": 2,
    }
    production = {"posted": 2, "taken_up": 2, "accepted": 1, "bids": 3, "projects": 4, "done": 2}
    market = {"posted": 1, "taken_up": 0, "accepted": 0, "bids": 1, "projects": 0, "done": 0}
    assert year_figures.by_category(session, year) == {"生产所需": production, "市场所急": market}
    assert shown.categories == [
        {"name": "发展之困", "posted": 0, "taken_up": 0, "accepted": 0},
        {"name": "生产所需", **production},
        {"name": "市场所急", **market},
    ]


def test_problems_count_by_the_day_they_were_raised(session: Session, year: CampaignYear) -> None:
    proposer = factories.user(session)
    raised = {"2025": ProblemState.ADOPTED, "2026": ProblemState.SUBMITTED, "reported": ProblemState.REFINING}
    for name, state in raised.items():
        session.add(
            Problem(
                proposer_id=proposer.id,
                unit_id=proposer.unit_id,
                title="井口冻堵",
                category=Category.PRODUCTION,
                scene="夜间冻堵。",
                state=state,
                submitted_at=LAST_YEAR if name == "2025" else clock.now(),
            )
        )
    session.flush()
    nothing = {"posted": 0, "bids": 0, "projects": 0, "accepted": 0}
    assert year_figures.funnel(session, year, {}) == {"raised": 2, "reported": 1, **nothing}
