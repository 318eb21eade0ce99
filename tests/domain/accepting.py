"""An acceptance without its process, and the usual ways through it."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows.domain import acceptances, panels, verdicts, verifications
from workflows.domain.draws import Quota
from workflows.errors import Invalid
from workflows.models import (
    Acceptance,
    Indicator,
    PanelMember,
    PledgedValue,
    ProjectState,
)

VALUES = {
    "report": [1],
    "claim_formula": "气量×单价",
    "claim_gross_fen": 900,
    "claim_cost_fen": 100,
    "claim_period": "",
    "rights": [{"kind": "patent", "title": "注醇装置", "number": ""}],
    "rollout_advice": "",
}
FOUND = {"method": "核算", "gross_fen": None, "cost_fen": None, "net_benefit_fen": 800, "remark": ""}
TODAY = dt.date(2026, 11, 23)


def opened(session: Session) -> Acceptance:
    """The acceptance of a project with two indicators, "≤ 10" (hard, weight 2) and "≥ 5" (weight 1), both pledged as asked."""
    project = factories.project(session, state=ProjectState.ACCEPTING)
    project.started_on = dt.date(2026, 3, 2)
    listed = project.challenge
    listed.est_benefit_fen = 800
    first = listed.indicators[0]
    first.hard, first.weight = True, Decimal(2)
    second = Indicator(
        seq=2,
        name="供气量",
        measure="万方",
        baseline=Decimal(1),
        target=Decimal(5),
        op="≥",
        weight=Decimal(1),
    )
    second.verifier_unit_id = first.verifier_unit_id
    listed.indicators.append(second)
    session.flush()
    for one in listed.indicators:
        if one.id not in {known.indicator_id for known in project.bid.pledges}:
            project.bid.pledges.append(PledgedValue(indicator_id=one.id, value=one.target))
    session.flush()
    return acceptances.open_for(session, project)


def rows(acceptance: Acceptance, *measured: str) -> list[dict[str, Any]]:
    pairs = zip(acceptance.challenge.indicators, measured, strict=False)
    return [{"indicator_id": one.id, "measured": Decimal(value)} for one, value in pairs]


def apply(session: Session, acceptance: Acceptance, **changes: Any) -> None:
    values = {**VALUES, "rows": rows(acceptance, "9", "6"), **changes}
    acceptances.apply(session, acceptance, values=values, actor=acceptance.project.leader)


def check_form(session: Session, acceptance: Acceptance, **changes: Any) -> None:
    values: dict[str, Any] = {"complete": True, "received_on": TODAY, "reason": ""} | changes
    office = factories.user(session, roles=["office"])
    acceptances.check_form(session, acceptance, **values, actor=office)


def verified(session: Session, acceptance: Acceptance, *measured: str) -> None:
    """Everything up to the panel."""
    apply(session, acceptance)
    check_form(session, acceptance)
    ids = {one.id for one in acceptance.challenge.indicators}
    verifications.verify(
        session,
        acceptance,
        indicator_ids=ids,
        rows=rows(acceptance, *measured),
        remark="",
        actor=factories.user(session),
    )
    verdicts.begin_scoring(session, acceptance)


def scored(session: Session, acceptance: Acceptance, *points: str) -> dict[str, Any]:
    """The facts after a panel whose seats give ``points`` throughout."""
    panel = panels.open_for(session, verdicts.subject(acceptance), quota=Quota(len(points), 0, 0))
    for seat, one in enumerate(points, start=1):
        expert = factories.user(session)
        sits = {"seat": seat, "is_specialist": True, "is_external": True}
        panel.members.append(PanelMember(user_id=expert.id, **sits))
        session.flush()
        values = {**dict.fromkeys(verdicts.CRITERIA, Decimal(one)), "remark": ""}
        verdicts.sign(session, acceptance, panel, values=values, actor=expert, at=None)
    return verdicts.tally(session, acceptance)


def refusal(call: Callable[[], object]) -> dict[str, list[str]]:
    with pytest.raises(Invalid) as refused:
        call()
    return refused.value.fields
