"""Means and ranks of the bids, from the sheets of a panel. Exact fractions throughout; nothing is read or stored."""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from statistics import median, pstdev

Marks = Mapping[str, Decimal]  # criterion -> 0..100
PLEDGE = "pledge"  # the criterion that decides between equal means
CENT = Decimal("0.01")


@dataclass(frozen=True)
class Scored:
    """One bid with the marks of every seat."""

    bid_id: int
    sealed_at: dt.datetime
    seats: tuple[Marks, ...]


@dataclass(frozen=True)
class Ranked:
    """Where a bid stands; ``criteria`` are means over all seats."""

    bid_id: int
    rank: int
    mean: Fraction  # points, 0..100
    criteria: Mapping[str, Fraction]


@dataclass(frozen=True)
class Outcome:
    """Who is proposed: ids of bids, the best first."""

    winners: tuple[int, ...]
    reserve: int | None


def total(marks: Marks, weights: Mapping[str, Decimal]) -> Fraction:
    """The points of one seat, 0..100: marks by weight."""
    points = sum((Fraction(weights[name]) * Fraction(score) for name, score in marks.items()), Fraction(0))
    return points / sum((Fraction(weights[name]) for name in marks), Fraction(0))


def mean(totals: Sequence[Fraction], *, trim_from: int) -> Fraction:
    """The mean of the seats' totals; from ``trim_from`` seats on without one highest and one lowest."""
    counted = sorted(totals)
    if len(counted) >= max(trim_from, 3):
        counted = counted[1:-1]
    return sum(counted, Fraction(0)) / len(counted)


def rank(bids: Sequence[Scored], *, weights: Mapping[str, Decimal], trim_from: int) -> list[Ranked]:
    """The bids, the best first: by mean, then by the mean of the pledge over all seats, then who sealed earlier."""
    means = {
        one.bid_id: mean([total(seat, weights) for seat in one.seats], trim_from=trim_from) for one in bids
    }
    criteria = {one.bid_id: _by_criterion(one.seats) for one in bids}
    order = sorted(
        bids,
        key=lambda one: (-means[one.bid_id], -criteria[one.bid_id][PLEDGE], one.sealed_at, one.bid_id),
    )
    return [
        Ranked(one.bid_id, place, means[one.bid_id], criteria[one.bid_id])
        for place, one in enumerate(order, start=1)
    ]


def outcome(ranked: Sequence[Ranked], *, floor: Decimal, most: int) -> Outcome:
    """The best ``most`` at or above ``floor`` points win; the next one at or above it is the reserve."""
    fit = [one.bid_id for one in ranked if one.mean >= Fraction(floor)]
    return Outcome(tuple(fit[:most]), fit[most] if len(fit) > most else None)


def flagged(totals: Sequence[Fraction], *, sigma: Decimal, off: Decimal) -> dict[int, str]:
    """The seats, by place, whose total their experts should look at again, and why.

    "median": more than ``off`` points from the median. "sigma": the totals scatter by a standard deviation (of the
    whole panel) above ``sigma``, and nobody is farther from the median.
    """
    if len(totals) < 3:
        return {}
    middle = median(totals)
    away = [abs(one - middle) for one in totals]
    average = sum(totals, Fraction(0)) / len(totals)
    variance = sum(((one - average) ** 2 for one in totals), Fraction(0)) / len(totals)
    found = {place: "median" for place, distance in enumerate(away) if distance > Fraction(off)}
    if variance > Fraction(sigma) ** 2:
        farthest = {place: "sigma" for place, distance in enumerate(away) if distance == max(away)}
        found = farthest | found
    return found


def is_passed(*, present: int, in_favour: int, share: Decimal, reached: bool) -> bool:
    """Whether the votes in favour of those present exceed ``share``, or reach it when that is enough."""
    part = Fraction(in_favour, present)
    return part >= exact(share) if reached else part > exact(share)


def exact(share: Decimal) -> Fraction:
    """A share of a setting as the fraction it was written as: 0.666…67 (34 digits of FEEL) is 2/3."""
    return Fraction(share).limit_denominator(10_000)


def deviation(points: Iterable[Fraction]) -> Decimal:
    """How far points of one thing scatter: their standard deviation (of the whole panel), as people read it."""
    return shown(Fraction(pstdev(float(one) for one in points)))


def shown(points: Fraction) -> Decimal:
    """``points`` as people read them: two decimals, half up, rounded once."""
    hundredths = points * 100
    whole = (2 * hundredths.numerator + hundredths.denominator) // (2 * hundredths.denominator)
    return (Decimal(whole) * CENT).quantize(CENT, ROUND_HALF_UP)


def _by_criterion(seats: Sequence[Marks]) -> dict[str, Fraction]:
    return {name: sum((Fraction(one[name]) for one in seats), Fraction(0)) / len(seats) for name in seats[0]}
