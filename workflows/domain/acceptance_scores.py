"""验收评分 as those may know them who see the acceptance: how far the experts were apart, without saying who they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from statistics import mean

from sqlalchemy.orm import Session

from workflows.domain import ranking, rules, verdicts
from workflows.domain.rules import Decided
from workflows.models import Acceptance, AcceptanceScore, OpinionKind


@dataclass(frozen=True)
class Part:
    """What the experts gave for one criterion, 0..100; ``share`` is its weight of 100."""

    criterion: str
    share: Decimal
    lowest: Decimal
    mean: Decimal
    highest: Decimal


@dataclass(frozen=True)
class Spread:
    """The totals of the sheets that count, the highest first, and their standard deviation; two decimals."""

    totals: Sequence[Decimal]
    deviation: Decimal
    parts: Sequence[Part]
    remarks: Sequence[str]  # in an order that tells no seat


def spread(session: Session, acceptance: Acceptance) -> Spread | None:
    """Of the panel that counts; None until the score is made of its sheets."""
    if acceptance.score is None:
        return None
    sheets = [one for one in verdicts.sheets(session, acceptance) if one.attempt == acceptance.attempt]
    if not sheets:
        return None
    points = sorted((verdicts.total(one) for one in sheets), reverse=True)
    return Spread(
        totals=[ranking.shown(one) for one in points],
        deviation=ranking.deviation(points),
        parts=_parts(sheets),
        remarks=sorted({one.remark.strip() for one in sheets} - {""}),
    )


def why(session: Session, acceptance: Acceptance) -> Decided | None:
    """How D9 came to the verdict by the rules that the project keeps; None before there is one, or if it was not D9."""
    if acceptance.verdict is None or acceptance.score is None:
        return None
    is_rechecked = any(one.kind == OpinionKind.RECHECK for one in acceptance.opinions)
    told = "passed" if acceptance.is_rectified else "failed" if is_rechecked else "pending"
    asked = verdicts.facts(acceptance, rectification=told)
    decided = rules.decide(session, "acceptance_verdict", asked, at=acceptance.project.rules_at)
    return decided if decided.value["verdict"] == acceptance.verdict else None


def _parts(sheets: Sequence[AcceptanceScore]) -> list[Part]:
    whole = sum((Decimal(one["weight"]) for one in sheets[0].items), Decimal(0))
    found = []
    for place, item in enumerate(sheets[0].items):
        scores = [Fraction(one.items[place]["score"]) for one in sheets]
        lowest, middle, highest = (ranking.shown(edge(scores)) for edge in (min, mean, max))
        found.append(Part(item["criterion"], 100 * Decimal(item["weight"]) / whole, lowest, middle, highest))
    return found
