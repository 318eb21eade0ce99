"""Means, ranks, flags and votes, worked out exactly."""

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflows.domain import ranking
from workflows.domain.ranking import Outcome, Ranked, Scored

WEIGHTS = {"tech": Decimal(25), "pledge": Decimal(20), "team": Decimal(15), "schedule": Decimal(15)} | {
    "money": Decimal(15),
    "safety": Decimal(10),
}
NINE = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)

score = st.decimals(0, 100, places=2)
seat = st.fixed_dictionaries(dict.fromkeys(WEIGHTS, score))


@st.composite
def contests(draw: Any) -> list[Scored]:
    """Some bids scored by the same number of seats."""
    count = draw(st.integers(1, 9))
    seats = st.lists(seat, min_size=count, max_size=count).map(tuple)
    marks = draw(st.lists(seats, min_size=1, max_size=5))
    return [Scored(n, NINE + dt.timedelta(minutes=n), one) for n, one in enumerate(marks, start=1)]


def rank(bids: list[Scored], trim_from: int = 7) -> list[Ranked]:
    return ranking.rank(bids, weights=WEIGHTS, trim_from=trim_from)


def flat(points: str) -> dict[str, Decimal]:
    return dict.fromkeys(WEIGHTS, Decimal(points))


@given(contests())
def test_bids_stand_in_the_order_of_their_exact_means(bids: list[Scored]) -> None:
    ranked = rank(bids)
    assert [one.rank for one in ranked] == list(range(1, len(bids) + 1))
    assert all(first.mean >= second.mean for first, second in pairwise(ranked))
    assert all(0 <= one.mean <= 100 for one in ranked)


@given(contests(), st.randoms(use_true_random=False))
def test_the_order_of_seats_and_of_bids_changes_nothing(bids: list[Scored], random: Any) -> None:
    shuffled = [Scored(one.bid_id, one.sealed_at, _shuffled(one.seats, random)) for one in bids]
    assert rank(list(_shuffled(tuple(shuffled), random))) == rank(bids)


def _shuffled(rows: tuple[Any, ...], random: Any) -> tuple[Any, ...]:
    mixed = list(rows)
    random.shuffle(mixed)
    return tuple(mixed)


@given(st.lists(st.fractions(0, 100), min_size=1, max_size=12))
def test_seven_seats_lose_the_highest_and_the_lowest(totals: list[Fraction]) -> None:
    counted = sorted(totals)[1:-1] if len(totals) >= 7 else totals
    assert ranking.mean(totals, trim_from=7) == sum(counted, Fraction(0)) / len(counted)


@given(contests(), st.decimals(0, 100, places=1), st.integers(1, 3))
def test_winners_are_the_best_at_or_above_the_floor(bids: list[Scored], floor: Decimal, most: int) -> None:
    ranked = rank(bids)
    found = ranking.outcome(ranked, floor=floor, most=most)
    fit = [one.bid_id for one in ranked if one.mean >= Fraction(floor)]
    assert [*found.winners, *([found.reserve] if found.reserve is not None else [])] == fit[: most + 1]


def test_weights_that_do_not_make_100_count_in_proportion() -> None:
    weights = {"tech": Decimal(1), "pledge": Decimal(3)}
    assert ranking.total({"tech": Decimal(60), "pledge": Decimal(80)}, weights) == 75


def test_equal_means_go_by_the_pledge_and_then_by_who_sealed_earlier() -> None:
    better = flat("80") | {"pledge": Decimal(85), "tech": Decimal(76)}
    late, early, pledged = (
        Scored(1, NINE + dt.timedelta(hours=2), (flat("80"),)),
        Scored(2, NINE, (flat("80"),)),
        Scored(3, NINE + dt.timedelta(hours=3), (better,)),
    )
    ranked = rank([late, early, pledged])
    assert [one.bid_id for one in ranked] == [3, 2, 1]
    assert {one.mean for one in ranked} == {Fraction(80)}


def test_the_floor_is_compared_before_rounding() -> None:
    ranked = rank([Scored(1, NINE, (flat("70"), flat("70"), flat("69.99")))])
    assert ranking.shown(ranked[0].mean) == Decimal("70.00")
    assert ranking.outcome(ranked, floor=Decimal(70), most=1) == Outcome((), None)


@pytest.mark.parametrize(
    ("points", "text"), [(Fraction(1, 200), "0.01"), (Fraction(1, 3), "0.33"), (Fraction(2, 3), "0.67")]
)
def test_means_are_shown_with_two_decimals_half_up(points: Fraction, text: str) -> None:
    assert str(ranking.shown(points)) == text


@pytest.mark.parametrize(
    ("totals", "flagged"),
    [
        ([80, 80, 80, 80, 59], {4: "median"}),
        ([80, 80, 80, 80, 60], {}),  # not more than 20 off
        ([60, 72, 84, 96, 100], {0: "median"}),
        ([66, 67, 84, 100, 100], {0: "sigma"}),  # nobody is 20 off, but the totals scatter
        ([50, 90], {}),
    ],
)
def test_what_stands_out_is_flagged(totals: list[int], flagged: dict[int, str]) -> None:
    found = ranking.flagged(list(map(Fraction, totals)), sigma=Decimal(12), off=Decimal(20))
    assert found == flagged


@pytest.mark.parametrize(
    ("in_favour", "present", "share", "reached", "passed"),
    [
        (4, 6, Decimal(2) / 3, True, True),  # two thirds exactly
        (5, 8, Decimal(2) / 3, True, False),
        (4, 8, Decimal("0.5"), False, False),  # a half is not more than a half
        (5, 8, Decimal("0.5"), False, True),
    ],
)
def test_a_share_is_exceeded_or_reached(
    in_favour: int, present: int, share: Decimal, reached: bool, passed: bool
) -> None:
    asked = ranking.is_passed(present=present, in_favour=in_favour, share=share, reached=reached)
    assert asked is passed
