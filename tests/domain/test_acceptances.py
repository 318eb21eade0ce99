"""What an acceptance refuses before its panel."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain.accepting import FOUND, TODAY, VALUES, apply, check_form, opened, refusal, rows
from workflows import clock
from workflows.domain import acceptances, verdicts, verifications
from workflows.errors import Conflict, Forbidden
from workflows.models import (
    Acceptance,
    AcceptanceState,
)


@pytest.fixture
def acceptance(session: Session, clock_at: Callable[..., None]) -> Acceptance:
    return opened(session)


def test_a_running_project_is_not_accepted_yet(session: Session, clock_at: Callable[..., None]) -> None:
    with pytest.raises(Conflict, match="项目还没有转入验收"):
        acceptances.open_for(session, factories.project(session))


def test_only_the_team_applies(session: Session, acceptance: Acceptance) -> None:
    values = {**VALUES, "rows": rows(acceptance, "9", "6")}
    with pytest.raises(Forbidden):
        acceptances.apply(session, acceptance, values=values, actor=factories.user(session))


def test_an_application_is_handed_in_once(session: Session, acceptance: Acceptance) -> None:
    apply(session, acceptance)
    assert [one.claimed for one in acceptance.indicators] == [9, 6]
    with pytest.raises(Conflict):
        apply(session, acceptance)


def test_an_application_measures_every_indicator_once(session: Session, acceptance: Acceptance) -> None:
    first, _ = rows(acceptance, "9", "6")
    strange = {"indicator_id": 0, "measured": Decimal(1)}
    assert refusal(lambda: apply(session, acceptance, rows=[first, first, strange])) == {
        "rows.1.indicator_id": ["这项指标已经填写。"],
        "rows.2.indicator_id": ["这项指标不由您填写。"],
        "rows": ["请逐项填写指标，每项一行。"],
    }


def test_a_measurable_benefit_is_claimed_whole(session: Session, acceptance: Acceptance) -> None:
    text = ["申报效益时，计算公式、总效益和成本都要填写。"]
    assert refusal(lambda: apply(session, acceptance, claim_formula="", claim_cost_fen=None)) == {
        "claim_formula": text,
        "claim_cost_fen": text,
    }


def test_without_a_measurable_benefit_there_is_no_claim(session: Session, acceptance: Acceptance) -> None:
    acceptance.challenge.est_benefit_fen = None
    apply(session, acceptance, claim_formula="", claim_gross_fen=None, claim_cost_fen=None)
    assert acceptance.state == AcceptanceState.CHECKING


def test_an_application_comes_in_between_kick_off_and_today(session: Session, acceptance: Acceptance) -> None:
    apply(session, acceptance)
    tomorrow, too_early = TODAY + dt.timedelta(days=1), dt.date(2026, 3, 1)
    assert refusal(lambda: check_form(session, acceptance, received_on=tomorrow)) == {
        "received_on": ["收到申请的日期不能晚于今天。"]
    }
    assert refusal(lambda: check_form(session, acceptance, received_on=too_early)) == {
        "received_on": ["收到申请的日期不能早于启动日 2026-03-02。"]
    }
    check_form(session, acceptance, received_on=dt.date(2026, 3, 2))
    assert acceptance.received_on == dt.date(2026, 3, 2)


def test_papers_go_back_with_a_reason(session: Session, acceptance: Acceptance) -> None:
    apply(session, acceptance)
    assert refusal(lambda: check_form(session, acceptance, complete=False)) == {
        "opinion": ["请写明需要补正的内容。"]
    }


def test_nothing_is_supplemented_unasked(session: Session, acceptance: Acceptance) -> None:
    with pytest.raises(Conflict):
        acceptances.supplement(session, acceptance, text="补充", report=[], actor=acceptance.project.leader)


@pytest.mark.parametrize("step", ["check_form", "verify", "audit", "safety", "visit", "recheck"])
def test_nobody_of_the_team_judges_it(session: Session, acceptance: Acceptance, step: str) -> None:
    me = {"actor": acceptance.project.leader}
    calls: dict[str, Callable[[], object]] = {
        "check_form": lambda: acceptances.check_form(
            session, acceptance, complete=True, received_on=TODAY, reason="", **me
        ),
        "verify": lambda: verifications.verify(
            session, acceptance, indicator_ids=[], rows=[], remark="", **me
        ),
        "audit": lambda: verifications.audit(session, acceptance, values=FOUND, **me),
        "safety": lambda: verifications.assess_safety(acceptance, is_ok=True, text="", **me),
        "visit": lambda: verifications.visit(
            acceptance, visited_on=TODAY, is_ok=True, text="", photos=[], **me
        ),
        "recheck": lambda: verdicts.recheck(acceptance, role="office", agree=True, reason="", **me),
    }
    with pytest.raises(Forbidden):
        calls[step]()


def test_a_benefit_adds_up(session: Session, acceptance: Acceptance) -> None:
    apply(session, acceptance)
    check_form(session, acceptance)
    finance = factories.user(session)

    def audit(**changes: Any) -> Any:
        return verifications.audit(session, acceptance, values={**FOUND, **changes}, actor=finance)

    assert refusal(lambda: audit(net_benefit_fen=None)) == {
        "net_benefit_fen": ["请填写核定的年净效益；只有不可计量的榜单可以不填。"]
    }
    assert refusal(lambda: audit(gross_fen=5, cost_fen=2, net_benefit_fen=4)) == {
        "net_benefit_fen": ["净效益应等于总效益减去成本，请核对。"]
    }
    assert audit(gross_fen=2, cost_fen=5, net_benefit_fen=-3).net_benefit_fen == -3
    acceptance.challenge.est_benefit_fen = None
    audit(net_benefit_fen=None)
    found = acceptances.audit_of(session, acceptance)
    assert found is not None and found.net_benefit_fen is None


def test_a_site_is_not_visited_tomorrow(session: Session, acceptance: Acceptance) -> None:
    apply(session, acceptance)
    check_form(session, acceptance)
    later: dict[str, Any] = {
        "visited_on": TODAY + dt.timedelta(days=1),
        "is_ok": True,
        "text": "正常",
        "photos": [],
    }
    sponsor = factories.user(session)
    assert refusal(lambda: verifications.visit(acceptance, **later, actor=sponsor)) == {
        "visited_on": ["核查日期不能晚于今天。"]
    }


def test_an_application_is_due_ten_working_days_after_the_deadline(
    session: Session, acceptance: Acceptance
) -> None:
    acceptance.project.deadline = dt.date(2026, 11, 20)
    assert acceptances.apply_by(session, acceptance.project) == clock.end_of(dt.date(2026, 12, 4))
