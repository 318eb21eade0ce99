"""What a plan of a campaign year is refused for, before it is stored."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session

from workflows import work
from workflows.domain import year_plans
from workflows.errors import Invalid
from workflows.steps.campaign_forms import YearForm

PLAN: dict[str, Any] = {
    "year": 2027,
    "theme": "融合提升年",
    "emphasis": [{"aim": "保供", "weight": 60}, {"aim": "降本", "weight": 40}],
    "pool_fen": 300_000_000,
    "batches": [
        {"intake_from": "2027-01-11", "intake_to": "2027-02-05", "bid_to": "2027-03-31"},
        {"intake_from": "2027-06-01", "intake_to": "2027-06-30"},
    ],
}


@pytest.fixture(autouse=True)
def _in_november(clock_at: Callable[..., None]) -> None:
    """Monday 2026-11-23."""


def refused(**changes: Any) -> dict[str, list[str]]:
    """What the form or the rules say against the plan with ``changes``."""
    with pytest.raises(Invalid) as found:
        year_plans.check(work.validate(YearForm, {**PLAN, **changes}))
    return found.value.fields


@pytest.mark.parametrize("batches", [PLAN["batches"], []])
def test_a_plan_in_order_is_taken(batches: list[dict[str, str]]) -> None:
    year_plans.check(work.validate(YearForm, {**PLAN, "batches": batches}))


def test_an_intake_without_an_end_takes_the_usual_working_days(session: Session) -> None:
    values = work.validate(
        YearForm, {**PLAN, "batches": [{"intake_from": "2027-06-01"}, {"intake_from": "9999-12-31"}]}
    )
    rows = year_plans.completed(session, values)["batches"]
    assert [row["intake_to"] for row in rows] == [dt.date(2027, 6, 29), dt.date(9999, 12, 31)]


def test_the_weights_of_the_emphasis_must_sum_to_a_hundred() -> None:
    rows = [{"aim": "保供", "weight": 60}, {"aim": "保供", "weight": 30}]
    assert refused(emphasis=rows) == {
        "emphasis.1.aim": ["重点事项重复。"],
        "emphasis": ["各项权重合计应为 100，现在是 90。"],
    }


@pytest.mark.parametrize(
    ("row", "fields"),
    [
        ({"intake_from": "2026-12-31"}, {"intake_from": "征集应在 2027 年内开始。"}),
        ({"intake_from": "2027-02-05"}, {"intake_from": "应晚于上一批次的征集截止日。"}),
        ({"intake_to": "2027-05-31"}, {"intake_to": "征集截止日不能早于开始日。"}),
        ({"bid_from": "2027-06-30"}, {"bid_from": "揭榜应在征集截止之后开始。"}),
        ({"bid_to": "2027-06-30"}, {"bid_to": "揭榜截止日应晚于开始日。"}),
        ({"bid_from": "2027-07-05", "bid_to": "2027-07-05"}, {"bid_to": "揭榜截止日应晚于开始日。"}),
    ],
)
def test_batches_out_of_order_are_refused(row: dict[str, str], fields: dict[str, str]) -> None:
    rows = [PLAN["batches"][0], {**PLAN["batches"][1], **row}]
    assert refused(batches=rows) == {f"batches.1.{name}": [text] for name, text in fields.items()}


def test_a_year_gone_by_is_refused() -> None:
    assert refused(year=2025, batches=[{"intake_from": "2025-03-01", "intake_to": "2025-03-20"}]) == {
        "year": ["年度应在 2026 至 2036 之间。"],
        "batches.0.intake_to": ["征集截止日不能早于今天。"],
    }


def test_nonsense_is_refused_at_its_field() -> None:
    rows = [{"aim": "保供", "weight": -1}]
    days = [{"intake_from": "春天"}]
    wrong = refused(theme="丰收年", pool_fen=-1, emphasis=rows, batches=days, year="明年")
    assert sorted(wrong) == [
        "batches.0.intake_from",
        "emphasis.0.weight",
        "pool_fen",
        "theme",
        "year",
    ]
