"""The months of a campaign year with what its batches do in them."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from workflows.models import Batch, CampaignYear

INTAKE, BIDDING = "intake", "bidding"


@dataclass(frozen=True)
class Span:
    """Part of a month: ``first`` and ``last`` are days of it."""

    kind: str  # intake, bidding
    first: dt.date
    last: dt.date


@dataclass(frozen=True)
class Line:
    batch: Batch
    months: tuple[tuple[Span, ...], ...]  # of each of the 12 months


def lines(year: CampaignYear) -> list[Line]:
    """One line for each batch; a period that reaches into another year is cut."""
    return [
        Line(batch, tuple(_in_month(batch, year.year, month) for month in range(1, 13)))
        for batch in year.batches
    ]


def _in_month(batch: Batch, year: int, month: int) -> tuple[Span, ...]:
    first = dt.date(year, month, 1)
    last = dt.date(year + month // 12, month % 12 + 1, 1) - dt.timedelta(days=1)
    return tuple(
        Span(kind, max(since, first), min(until, last))
        for kind, since, until in _periods(batch)
        if since <= last and until >= first
    )


def _periods(batch: Batch) -> Sequence[tuple[str, dt.date, dt.date]]:
    found = [(INTAKE, batch.intake_from, batch.intake_to)]
    if batch.bid_to is not None:
        found.append((BIDDING, batch.bid_from or batch.intake_to + dt.timedelta(days=1), batch.bid_to))
    return found
