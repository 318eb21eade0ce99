"""How ranks came about: spread, what does not count, what stood out, what decided between equals."""

from decimal import Decimal

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain import reviewing
from workflows.domain import publicities, reviews, scoring, selections, standings
from workflows.models import BidRank, BidState, Panel

pytestmark = pytest.mark.usefixtures("clock_at")


def reviewed(session: Session, *, seats: int, points: list[list[int]]) -> tuple[Panel, list[BidRank]]:
    """A panel whose seats gave the bids ``points`` (by seat, then bid), and the ranks that follow."""
    panel = reviewing.panel(session, seats=seats)
    for seat, given in enumerate(points):
        rows = [
            reviewing.sheet(slot.bid_id, Decimal(one)) for slot, one in zip(panel.slots, given, strict=True)
        ]
        scoring.sign(session, panel, rows=rows, actor=panel.members[seat].user, at=None)
    session.flush()
    scoring.flag(session, panel, at=None)
    selections._keep(session, panel, scoring.ranked(session, panel, at=None))
    return panel, list(selections.ranks(session, panel.challenge))


def test_the_spread_of_a_bid_marks_what_stands_out(session: Session) -> None:
    panel, ranks = reviewed(session, seats=5, points=[[80, 70], [82, 70], [84, 70], [86, 70], [50, 70]])
    first, second = standings.of(session, panel, ranks)
    assert (first.lowest, first.middle, first.highest) == (Decimal(50), Decimal(82), Decimal(86))
    assert first.deviation == Decimal("13.35")
    assert [one.flag for one in first.seats] == [None, None, None, None, standings.MEDIAN]
    assert not any(one.is_left_out for one in first.seats)
    assert second.deviation == 0


def test_of_seven_the_highest_and_the_lowest_do_not_count(session: Session) -> None:
    panel, ranks = reviewed(session, seats=7, points=[[60 + seat, 50] for seat in range(7)])
    first, _ = standings.of(session, panel, ranks)
    assert [one.is_left_out for one in first.seats] == [True, *[False] * 5, True]
    assert standings.terms(session, panel.challenge, panel, ranks).is_trimmed


def test_equal_means_are_told_apart_by_the_pledge_or_the_seal(session: Session) -> None:
    panel, ranks = reviewed(session, seats=5, points=[[80, 80]] * 5)
    terms = standings.terms(session, panel.challenge, panel, ranks)
    assert (terms.ties, terms.is_trimmed, terms.floor) == ({2: "sealed"}, False, Decimal(70))
    assert sum(terms.weights.values()) == 100


def test_who_gave_what_is_for_office_and_supervision_and_means_for_the_team(session: Session) -> None:
    panel, ranks = reviewed(session, seats=5, points=[[80, 70]] * 5)
    office = factories.user(session, roles=["office"])
    assert len(reviews.seen(session, panel.challenge, actor=office).spread) == 2
    leader = ranks[0].bid.leader
    before = reviews.seen(session, panel.challenge, actor=leader)
    assert (list(before.ranks), before.terms, before.own) == ([], None, None)
    publicities.open_for(session, f"challenge:{panel.challenge_id}", workdays=5)
    ranks[0].bid.state = BidState.WON
    session.flush()
    seen = reviews.seen(session, panel.challenge, actor=leader)
    assert (len(seen.ranks), list(seen.spread), seen.own) == (2, [], ranks[0])
