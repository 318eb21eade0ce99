"""What readers find in the catalogue of challenges, and what they are offered to choose."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import catalogues
from workflows.domain.catalogues import Wish
from workflows.models import Batch, CampaignYear, Category, Challenge, ChallengeState, User

pytestmark = pytest.mark.usefixtures("clock_at")


@pytest.fixture
def reader(session: Session) -> User:
    return factories.user(session)


def found(session: Session, reader: User, wish: Wish) -> list[Challenge]:
    rows, total = catalogues.listing(session, actor=reader, wish=wish)
    assert total == len(rows)
    assert catalogues.search(session, actor=reader, wish=wish)[:2] == (rows, total)
    return list(rows)


def counted(session: Session, reader: User, wish: Wish, facet: str) -> dict[str | int, int]:
    return {one.value: one.count for one in catalogues.facets(session, actor=reader, wish=wish)[facet]}


def test_words_are_looked_for_in_number_title_background_and_fields(session: Session, reader: User) -> None:
    first = factories.challenge(session, title="降低冻堵")
    second = factories.challenge(session, title="LNG 拓展")
    second.background, second.fields = "点供市场。", ["市场开发", "计量"]
    session.flush()
    for words, wanted in (
        ("冻堵", [first]),
        ("lng", [second]),
        ("点供 拓展", [second]),
        ("计量", [second]),
        (str(first.no), [first]),
        ("冻堵 点供", []),
        ("%", []),
    ):
        assert found(session, reader, Wish(q=words)) == wanted, words


def test_what_takes_bids_and_what_soon_closes(session: Session, reader: User) -> None:
    far = factories.challenge(session, days_open=20)
    near = factories.challenge(session, days_open=3)  # Monday to Thursday
    factories.challenge(session, state=ChallengeState.EXECUTING)
    over = factories.challenge(session, days_open=-1)  # past its deadline, not yet closed
    assert found(session, reader, Wish(bidding="open", order="soonest")) == [near, far]
    assert found(session, reader, Wish(bidding="closing")) == [near]
    assert counted(session, reader, Wish(), "bidding") == {"open": 2, "closing": 1}
    assert catalogues.days_left(session, near) == 3
    assert catalogues.days_left(session, over) is None


def test_the_year_is_that_of_the_plant(
    session: Session, reader: User, clock_at: Callable[[dt.datetime], None]
) -> None:
    clock_at(dt.datetime(2026, 12, 31, 23, 30, tzinfo=clock.PLANT_ZONE))
    old = factories.challenge(session)
    clock_at(dt.datetime(2027, 1, 1, 0, 30, tzinfo=clock.PLANT_ZONE))
    new = factories.challenge(session)
    assert counted(session, reader, Wish(), "year") == {2027: 1, 2026: 1}
    assert found(session, reader, Wish(year=2026)) == [old]
    assert found(session, reader, Wish(year=2027)) == [new]


def test_each_facet_counts_what_the_other_choices_leave(session: Session, reader: User) -> None:
    first, second, third = (factories.challenge(session) for _ in range(3))
    second.category, third.category, third.level = Category.MARKET, Category.MARKET, "A"
    session.flush()
    wish = Wish(category=Category.MARKET)
    assert counted(session, reader, wish, "category") == {"市场所急": 2, "生产所需": 1}
    assert counted(session, reader, wish, "level") == {"A": 1, "B": 1}
    assert counted(session, reader, wish, "unit_id") == {
        second.sponsor_unit_id: 1,
        third.sponsor_unit_id: 1,
    }
    assert counted(session, reader, Wish(level="C"), "level") == {"A": 1, "B": 2, "C": 0}
    assert found(session, reader, Wish(unit_id=first.sponsor_unit_id)) == [first]


def test_batches_are_offered_by_year_and_number(session: Session, reader: User) -> None:
    year = CampaignYear(year=2026, theme="融合年", emphasis={}, pool_fen=1)
    day = clock.today()
    year.batches = [Batch(no=no, intake_from=day, intake_to=day) for no in (1, 2)]
    session.add(year)
    session.flush()
    listed = factories.challenge(session)
    listed.batch_id = year.batches[1].id
    session.flush()
    (option,) = catalogues.facets(session, actor=reader, wish=Wish())["batch_id"]
    assert (option.name, option.count) == ("2026-2", 1)
    assert found(session, reader, Wish(batch_id=year.batches[0].id)) == []


def test_the_highest_award_comes_first_when_asked(session: Session, reader: User) -> None:
    small, big = factories.challenge(session), factories.challenge(session)
    small.cap_fen, big.cap_fen = 1, 2
    session.flush()
    assert found(session, reader, Wish(order="highest")) == [big, small]


def test_what_is_not_published_is_counted_for_those_who_read_all(session: Session, reader: User) -> None:
    assert catalogues.facets(session, actor=reader, wish=Wish())["state"] == []
    factories.challenge(session, state=ChallengeState.APPROVING)
    office = factories.user(session, roles=["office"])
    assert counted(session, reader, Wish(), "state") == {}
    assert counted(session, office, Wish(), "state") == {"approving": 1}
