"""Whether the plan of a campaign year makes sense."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import rules
from workflows.errors import Invalid

FULL = 100  # what the weights of the emphasis sum to
DAYS = ("intake_from", "intake_to", "bid_from", "bid_to")
FARTHEST_YEARS = 10


def completed(session: Session, values: Mapping[str, Any]) -> dict[str, Any]:
    """``values`` (YearForm) with an end for every intake: where none is set, setting ``intake_workdays`` gives it."""
    workdays = rules.days(session, "intake_workdays")

    def end(first: dt.date) -> dt.date:
        if first.year != values["year"]:  # is refused, however long it is
            return first
        return calendar.add_workdays(session, first - dt.timedelta(days=1), workdays)

    rows = [{**row, "intake_to": row["intake_to"] or end(row["intake_from"])} for row in values["batches"]]
    return {**values, "batches": rows}


def check(values: Mapping[str, Any]) -> None:
    """Raises Invalid for a year gone by, weights that do not sum to 100, batches out of order (values: YearForm)."""
    fields = {**_wrong_emphasis(values["emphasis"]), **_wrong_days(values["batches"], values["year"])}
    this_year = clock.today().year
    if not this_year <= values["year"] <= this_year + FARTHEST_YEARS:
        fields["year"] = [f"年度应在 {this_year} 至 {this_year + FARTHEST_YEARS} 之间。"]
    if fields:
        raise Invalid(fields)


def _wrong_emphasis(rows: Sequence[Mapping[str, Any]]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    aims = [row["aim"] for row in rows]
    for place, aim in enumerate(aims):
        if aim in aims[:place]:
            fields[f"emphasis.{place}.aim"] = ["重点事项重复。"]
    total = sum(row["weight"] for row in rows)
    if total != FULL:
        fields["emphasis"] = [f"各项权重合计应为 100，现在是 {total}。"]
    return fields


def _wrong_days(rows: Sequence[Mapping[str, Any]], year: int) -> dict[str, list[str]]:
    """Intake periods lie in the year one after another, none is over yet; bids follow the intake."""
    fields: dict[str, list[str]] = {}
    before: dt.date | None = None
    for place, row in enumerate(rows):
        wrong = _wrong_batch(row, before, year)
        fields |= {f"batches.{place}.{name}": [text] for name, text in wrong.items()}
        before = row["intake_to"]
    return fields


def _wrong_batch(row: Mapping[str, Any], before: dt.date | None, year: int) -> dict[str, str]:
    intake_from, intake_to, bid_from, bid_to = (row[name] for name in DAYS)
    wrong: dict[str, str] = {}
    if intake_from.year != year:
        wrong["intake_from"] = f"征集应在 {year} 年内开始。"
    elif before is not None and intake_from <= before:
        wrong["intake_from"] = "应晚于上一批次的征集截止日。"
    if intake_to < intake_from:
        wrong["intake_to"] = "征集截止日不能早于开始日。"
    elif intake_to < clock.today():
        wrong["intake_to"] = "征集截止日不能早于今天。"
    if bid_from is not None and bid_from <= intake_to:
        wrong["bid_from"] = "揭榜应在征集截止之后开始。"
    if bid_to is not None and bid_to <= (bid_from or intake_to):
        wrong["bid_to"] = "揭榜截止日应晚于开始日。"
    return wrong
