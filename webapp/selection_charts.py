"""The charts of what panels score: how far the experts were apart, and where each bid is strong."""

from collections.abc import Sequence
from decimal import Decimal

from webapp.charts import Chart
from workflows.domain import scoring, verdicts
from workflows.domain.acceptance_scores import Spread
from workflows.domain.standings import Standing

RANGE = ["最低", "平均", "最高"]


def of(standings: Sequence[Standing]) -> list[Chart]:
    """For those who may know who gave what; none where nothing was scored."""
    if not standings:
        return []
    ranges = [(_name(one), [one.lowest, one.rank.mean, one.highest]) for one in standings]
    means = [
        (title, [Decimal(one.rank.criteria[code]) for one in standings])
        for code, title in scoring.CRITERIA.items()
    ]
    return [
        Chart("各申报的得分范围", "range", RANGE, ranges),
        Chart("各项均分", "bar", [_name(one) for one in standings], means),
    ]


def of_acceptance(spread: Spread | None) -> list[Chart]:
    """What the experts gave by criterion; none before the score is made."""
    if spread is None:
        return []
    rows = [(verdicts.CRITERIA[one.criterion], [one.lowest, one.mean, one.highest]) for one in spread.parts]
    return [Chart("各项得分范围", "range", RANGE, rows)]


def _name(one: Standing) -> str:
    return str(one.rank.bid.leader.name)
