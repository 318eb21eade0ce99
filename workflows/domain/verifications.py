"""核验核效: what the departments measure and find of a finished project, before a panel scores it."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import acceptances, change_terms, milestones, projects
from workflows.errors import Invalid
from workflows.models import (
    Acceptance,
    AcceptanceState,
    BenefitAudit,
    Indicator,
    OpinionKind,
    Project,
    User,
)

RATIO_PLACES = 8


def signers(session: Session, project: Project) -> list[dict[str, Any]]:
    """Who measures: {role, unit, indicator_ids}, one for each verifying department."""
    return [one for one in milestones.verifiers(session, project) if one["indicator_ids"]]


def verify(
    session: Session,
    acceptance: Acceptance,
    *,
    indicator_ids: Collection[int],
    rows: Sequence[Mapping[str, Any]],
    remark: str,
    actor: User,
) -> None:
    """指标核验: what was measured of ``indicator_ids``; ``rows`` {indicator_id, measured}.

    Raises Forbidden for one of the team, Invalid unless each of the indicators stands once in the rows.
    """
    projects.expect_apart(actor, acceptance.project)
    acceptances.expect(acceptance, AcceptanceState.VERIFYING)
    acceptances.check_rows(rows, indicator_ids)
    kept = {one.indicator_id: one for one in acceptance.indicators}
    for row in rows:
        one = kept[row["indicator_id"]]
        one.measured, one.remark = row["measured"], remark
        one.verifier_id, one.verified_at = actor.id, clock.now()
    session.flush()


def audit(
    session: Session, acceptance: Acceptance, *, values: Mapping[str, Any], actor: User
) -> BenefitAudit:
    """财务核效: {method, gross_fen, cost_fen, net_benefit_fen, remark}; the net benefit may be negative.

    Raises Forbidden for one of the team; Invalid without a net benefit where the challenge promises one, and for
    one that is not the difference of what is given.
    """
    project = acceptance.project
    projects.expect_apart(actor, project)
    acceptances.expect(acceptance, AcceptanceState.VERIFYING)
    gross, cost, net = (values[name] for name in ("gross_fen", "cost_fen", "net_benefit_fen"))
    if net is None and project.challenge.est_benefit_fen is not None:
        raise Invalid({"net_benefit_fen": ["请填写核定的年净效益；只有不可计量的榜单可以不填。"]})
    if None not in (gross, cost) and net != gross - cost:
        raise Invalid({"net_benefit_fen": ["净效益应等于总效益减去成本，请核对。"]})
    names = ("method", "gross_fen", "cost_fen", "net_benefit_fen", "remark")
    made = BenefitAudit(project_id=project.id, **{name: values[name] for name in names})
    made.audited_by_id, made.audited_at = actor.id, clock.now()
    session.add(made)
    session.flush()
    return made


def assess_safety(acceptance: Acceptance, *, is_ok: bool, text: str, actor: User) -> None:
    """安全环保意见. Raises Forbidden for one of the team."""
    _find(acceptance, OpinionKind.SAFETY, role="hse", is_ok=is_ok, text=text, files=[], actor=actor)


def visit(
    acceptance: Acceptance,
    *,
    visited_on: dt.date,
    is_ok: bool,
    text: str,
    photos: Sequence[int],
    actor: User,
) -> None:
    """现场核查 by the sponsor. Raises Forbidden for one of the team, Invalid for a day in the future."""
    if visited_on > clock.today():
        raise Invalid({"visited_on": ["核查日期不能晚于今天。"]})
    said = f"{visited_on:%Y-%m-%d} {text}"
    _find(acceptance, OpinionKind.SITE, role="sponsor", is_ok=is_ok, text=said, files=photos, actor=actor)


def _find(
    acceptance: Acceptance,
    kind: OpinionKind,
    *,
    role: str,
    is_ok: bool,
    text: str,
    files: Sequence[int],
    actor: User,
) -> None:
    projects.expect_apart(actor, acceptance.project)
    acceptances.expect(acceptance, AcceptanceState.VERIFYING)
    acceptances.opine(acceptance, kind, role=role, is_ok=is_ok, text=text, files=files, actor=actor)


def settle(session: Session, acceptance: Acceptance) -> None:
    """Hold what was measured against the pledges in force: which indicators are met, and how much of them by weight."""
    pledged = change_terms.pledged_values(session, acceptance.project)
    for one in acceptance.indicators:
        one.pledged = pledged[one.indicator_id]
        one.is_met = one.measured is not None and is_met(one.indicator, one.measured, one.pledged)
    acceptance.hard_ok = all(one.is_met for one in acceptance.indicators if one.indicator.hard)
    acceptance.met_ratio = rounded_down(
        met_ratio((one.indicator, one.is_met) for one in acceptance.indicators), RATIO_PLACES
    )
    session.flush()


def is_met(indicator: Indicator, measured: Decimal, pledged: Decimal) -> bool:
    """Whether ``measured`` satisfies the indicator's operator against what was pledged."""
    if indicator.op == "≥":
        return measured >= pledged
    return measured <= pledged if indicator.op == "≤" else measured == pledged


def met_ratio(verified: Iterable[tuple[Indicator, bool | None]]) -> Fraction:
    """达标率: the weight of the indicators met over the weight of all, 0..1, exact."""
    rows = [(Fraction(indicator.weight), is_met) for indicator, is_met in verified]
    return sum((weight for weight, is_met in rows if is_met), Fraction(0)) / sum(weight for weight, _ in rows)


def rounded_down(value: Fraction, places: int) -> Decimal:
    """``value`` (not negative) cut off after ``places`` decimals."""
    return Decimal(value.numerator * 10**places // value.denominator).scaleb(-places)
