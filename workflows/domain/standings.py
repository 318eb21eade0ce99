"""评审结果 as it came about: how far the experts were apart, what was left out of a mean, what decided between equals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from statistics import median

from sqlalchemy.orm import Session

from workflows.domain import ranking, rules, scoring
from workflows.models import BidRank, Challenge, Mode, Panel, PanelMember, ScoreSheet

SIGMA, MEDIAN = "sigma", "median"  # why a sheet was looked at again, domain.ranking.flagged


@dataclass(frozen=True)
class Seat:
    """What one expert gave one bid; ``is_left_out`` as the highest or lowest of many."""

    member: PanelMember
    points: Decimal  # 0..100, two decimals
    is_left_out: bool
    flag: str | None  # SIGMA, MEDIAN
    first_points: Decimal | None  # before it was revised
    reason: str  # why it was kept or revised


@dataclass(frozen=True)
class Standing:
    """How one bid came by its rank. Points are 0..100 with two decimals."""

    rank: BidRank
    seats: Sequence[Seat]
    lowest: Decimal
    highest: Decimal
    middle: Decimal
    deviation: Decimal  # standard deviation over all seats


@dataclass(frozen=True)
class Terms:
    """By which numbers a selection was decided; ``weights`` are shares of 100, by criterion."""

    weights: Mapping[str, Decimal]
    trim_from: int
    is_trimmed: bool
    floor: Decimal
    most_winners: int
    is_race: bool
    ties: Mapping[int, str]  # by rank, what put it behind the one before: "pledge" or "sealed"


def terms(session: Session, challenge: Challenge, panel: Panel, ranks: Sequence[BidRank]) -> Terms:
    """The rules of ``challenge`` as they were applied to ``ranks``."""
    at, is_race = challenge.rules_at, challenge.mode == Mode.RACE
    known = scoring.weights(session, at=at)
    whole = sum(known.values(), Decimal(0))
    trim_from = rules.days(session, "trim_from", at=at)
    most = rules.days(session, "race_winners_max", at=at) if is_race else challenge.max_winners
    return Terms(
        weights={name: 100 * weight / whole for name, weight in known.items()},
        trim_from=trim_from,
        is_trimmed=panel.size >= max(trim_from, 3),
        floor=rules.setting(session, "score_floor_race" if is_race else "score_floor", at=at),
        most_winners=1 if challenge.mode == Mode.SINGLE else most,
        is_race=is_race,
        ties=_ties(session, panel, ranks),
    )


def of(session: Session, panel: Panel, ranks: Sequence[BidRank]) -> list[Standing]:
    """How each of ``ranks`` came about, in their order; for those only who may know who gave what."""
    by_bid: dict[int, list[ScoreSheet]] = {}
    for sheet in scoring.sheets(session, panel):
        by_bid.setdefault(sheet.bid_id, []).append(sheet)
    trim_from = rules.days(session, "trim_from", at=panel.challenge.rules_at)
    return [_standing(one, by_bid[one.bid_id], trim_from) for one in ranks if one.bid_id in by_bid]


def _standing(rank: BidRank, sheets: Sequence[ScoreSheet], trim_from: int) -> Standing:
    points = [_points(one.items) for one in sheets]
    left_out = _left_out(points, trim_from)
    return Standing(
        rank=rank,
        seats=[_seat(one, points[place], place in left_out) for place, one in enumerate(sheets)],
        lowest=ranking.shown(min(points)),
        highest=ranking.shown(max(points)),
        middle=ranking.shown(median(points)),
        deviation=ranking.deviation(points),
    )


def _seat(sheet: ScoreSheet, points: Fraction, is_left_out: bool) -> Seat:
    first = None if sheet.first_items is None else ranking.shown(_points(sheet.first_items))
    return Seat(sheet.member, ranking.shown(points), is_left_out, sheet.flag, first, sheet.reason)


def _points(items: Sequence[Mapping[str, str]]) -> Fraction:
    """The points of a sheet by the weights that it was signed with."""
    scores = {one["criterion"]: Decimal(one["score"]) for one in items}
    return ranking.total(scores, {one["criterion"]: Decimal(one["weight"]) for one in items})


def _left_out(points: Sequence[Fraction], trim_from: int) -> set[int]:
    """The places of one highest and one lowest where they do not count, as ranking.mean leaves them out."""
    if len(points) < max(trim_from, 3):
        return set()
    order = sorted(range(len(points)), key=lambda place: points[place])
    return {order[0], order[-1]}


def _ties(session: Session, panel: Panel, ranks: Sequence[BidRank]) -> dict[int, str]:
    """What decided between neighbours whose means are equal, not only read the same."""
    exact = {one.bid_id: one for one in scoring.ranked(session, panel, at=panel.challenge.rules_at)}
    found = {}
    for before, one in pairwise(exact[rank.bid_id] for rank in ranks if rank.bid_id in exact):
        if before.mean == one.mean:
            is_by_pledge = before.criteria[ranking.PLEDGE] != one.criteria[ranking.PLEDGE]
            found[one.rank] = "pledge" if is_by_pledge else "sealed"
    return found
