"""Appraisals without a process: periods, malformed input, which one serves a project."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import appraisal_lists, appraisals
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Appraisal, AppraisalState, Unit
from workflows.steps.appraisal_forms import ScoreForm
from workflows.steps.reward_forms import SplitForm
from workflows.work import validate


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        ("2026", dt.date(2026, 1, 1), dt.date(2026, 12, 31)),
        ("2026H2", dt.date(2026, 7, 1), dt.date(2026, 12, 31)),
        ("2026Q1", dt.date(2026, 1, 1), dt.date(2026, 3, 31)),
        ("2024-02", dt.date(2024, 2, 1), dt.date(2024, 2, 29)),
    ],
)
def test_the_days_of_a_period(
    session: Session, clock_at: Callable[..., None], period: str, first: dt.date, last: dt.date
) -> None:
    actor = factories.user(session, roles=["assessment"])
    begun = appraisals.begin(session, unit_id=factories.unit(session).id, period=period, actor=actor)
    assert (begun.period_from, begun.period_to) == (first, last)


@pytest.mark.parametrize(
    ("changes", "field", "text"),
    [
        ({"period": "2026Q5"}, "period", "考评期写作 2027、2027H1、2027Q3 或 2027-08。"),
        ({"period": "2026-13"}, "period", "考评期写作 2027、2027H1、2027Q3 或 2027-08。"),
        ({"period": "2027"}, "period", "考评期还没有开始。"),
        ({"unit_id": 999}, "unit_id", "没有这个单位。"),
    ],
)
def test_a_malformed_beginning_is_refused_at_its_field(
    session: Session, clock_at: Callable[..., None], changes: dict[str, Any], field: str, text: str
) -> None:
    actor = factories.user(session, roles=["assessment"])
    values = {"unit_id": factories.unit(session).id, "period": "2026", **changes}
    with pytest.raises(Invalid) as refused:
        appraisals.begin(session, **values, actor=actor)
    assert refused.value.fields == {field: [text]}


@pytest.mark.parametrize("number", ["-1", "100.5", "x", None, "NaN"])
def test_a_score_and_a_share_are_numbers_within_a_hundred(number: str | None) -> None:
    for form, name, row in (
        (ScoreForm, "score", {"category": "B4", "score": number}),
        (SplitForm, "pct", {"user_id": 1, "pct": number}),
    ):
        with pytest.raises(Invalid) as refused:
            validate(form, {"rows": [row]})
        assert list(refused.value.fields) == [f"rows.0.{name}"]


def _published(session: Session, unit: Unit, period: str, first: dt.date, last: dt.date) -> Appraisal:
    made = Appraisal(unit_id=unit.id, period=period, period_from=first, period_to=last, opened_at=clock.now())
    made.opened_by_id = factories.user(session).id
    made.state, made.published_at = AppraisalState.PUBLISHED, clock.now()
    session.add(made)
    session.flush()
    return made


def test_the_appraisal_of_the_acceptance_s_day_serves_or_else_the_latest(session: Session) -> None:
    unit = factories.unit(session)
    assert appraisals.serving(session, unit.id, on=dt.date(2026, 5, 1)) is None
    year = _published(session, unit, "2026", dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    quarter = _published(session, unit, "2026Q2", dt.date(2026, 4, 1), dt.date(2026, 6, 30))
    running = _published(session, unit, "2026Q4", dt.date(2026, 10, 1), dt.date(2026, 12, 31))
    running.state = AppraisalState.APPROVING
    session.flush()
    days = (dt.date(2026, 5, 1), dt.date(2026, 11, 1), dt.date(2025, 5, 1), None)
    assert [appraisals.serving(session, unit.id, on=day) for day in days] == [quarter, year, quarter, quarter]


def test_an_appraisal_is_for_its_unit_until_it_is_published(session: Session) -> None:
    unit = factories.unit(session)
    head, other = factories.user(session, of=unit, roles=["admin_head@"]), factories.user(session)
    made = _published(session, unit, "2026", dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    assert appraisals.get(session, made.id, actor=other) is made
    made.state = AppraisalState.CONFIRMING
    session.flush()
    assert appraisals.get(session, made.id, actor=head) is made
    with pytest.raises(NotFound):
        appraisals.get(session, made.id, actor=other)
    assert [appraisal_lists.listing(session, actor=one)[1] for one in (head, other)] == [1, 0]


def test_an_act_out_of_its_turn_is_refused(session: Session) -> None:
    made = _published(session, factories.unit(session), "2026", dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    actor = factories.user(session, roles=["assessment"])
    acts: list[Callable[[], object]] = [
        lambda: appraisals.score(session, made, role="hse", rows=[], actor=actor),
        lambda: appraisals.sum_up(session, made),
        lambda: appraisals.expect_confirming(made),
        lambda: appraisals.appeal(made),
        lambda: appraisals.review(session, made, rows=[], actor=actor),
        lambda: appraisals.send_back(session, made),
        lambda: appraisals.cancel(session, made),
        lambda: appraisals.publish(session, made),
    ]
    for act in acts:
        with pytest.raises(Conflict, match=r"^考评当前的状态不允许这样做，请刷新页面。$"):
            act()


def test_a_review_corrects_known_categories_once(session: Session) -> None:
    unit = factories.unit(session)
    made = _published(session, unit, "2026", dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    made.state = AppraisalState.APPEALED
    rows = [{"category": "Z1", "score": Decimal(1), "reason": "误"}]
    with pytest.raises(Invalid) as refused:
        appraisals.review(session, made, rows=rows, actor=factories.user(session))
    assert refused.value.fields == {"rows.0.category": ["没有这一类。"]}
    head = factories.user(session, of=unit, roles=["party_secretary@"])
    with pytest.raises(Forbidden, match=r"^您是被考评单位的负责人，不能复核本单位的考评"):
        appraisals.review(session, made, rows=[], actor=head)
