"""What the office writes about a challenge: whether it makes sense, and how it is kept at its publication."""

import datetime as dt
from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import rules
from workflows.errors import Invalid
from workflows.models import Challenge, Mode, Unit, User

FARTHEST_YEARS = 100
PUBLISHED = (
    "category",
    "title",
    "background",
    "boundary",
    "conditions",
    "fields",
    "mode",
    "max_winners",
    "level",
    "fixed_award_fen",
    "benefit_cap_fen",
    "cap_fen",
    "est_benefit_fen",
    "cross_units",
    "strategic",
    "safety_critical",
    "budget_fen",
)
INDICATOR = ("seq", "name", "measure", "op", "verifier", "data_source", "hard")  # values as they are


def check(session: Session, values: Mapping[str, Any]) -> None:
    """Raises Invalid for unknown people and units, dates out of order, indicators named twice (values: PostForm)."""
    fields = {**_unknown(session, values), **_dates(session, values)}
    if values["party_lead_id"] == values["admin_lead_id"]:
        fields["admin_lead_id"] = ["党组织责任人和行政责任人不能是同一个人。"]
    if values["mode"] == Mode.MULTI and values["max_winners"] < 2:
        fields["max_winners"] = ["一榜多揭至少选 2 个中榜团队。"]
    names = [row["name"] for row in values["indicators"]]
    for place, name in enumerate(names):
        if name in names[:place]:
            fields[f"indicators.{place}.name"] = ["指标名称重复。"]
    if fields:
        raise Invalid(fields)


def check_bid_to(
    session: Session, day: dt.date | None, *, deadline: dt.date, at: dt.datetime | None = None
) -> list[str]:
    """What is wrong with ``day`` as the last one of a bidding that begins now, by the rules of ``at`` (now).

    None means the usual period.
    """
    shortest = rules.days(session, "shortest_bidding_workdays", at=at)
    usual = rules.days(session, "default_bidding_workdays", at=at)
    earliest = calendar.add_workdays(session, clock.today(), shortest)
    if day is not None and day < earliest:
        return [f"揭榜期至少 {shortest} 个工作日，最早到 {earliest:%Y-%m-%d}。"]
    last = day or calendar.add_workdays(session, clock.today(), usual)
    return [] if last < deadline else [f"揭榜截止日（{last:%Y-%m-%d}）必须早于完成期限。"]


def snapshot(challenge: Challenge) -> dict[str, Any]:
    """What is published about ``challenge``, as JSON: amounts in 分, values and dates as text."""
    indicators = [
        {
            **{name: getattr(one, name) for name in INDICATOR},
            **{name: f"{getattr(one, name).normalize():f}" for name in ("baseline", "target", "weight")},
        }
        for one in challenge.indicators
    ]
    return {
        "no": challenge.no,
        **{name: getattr(challenge, name) for name in PUBLISHED},
        "sponsor_unit": challenge.sponsor_unit.name,
        "party_lead": challenge.party_lead.name,
        "admin_lead": challenge.admin_lead.name,
        "deadline": challenge.deadline.isoformat(),
        "bid_to": challenge.bid_to and challenge.bid_to.isoformat(),
        "indicators": indicators,
    }


def _unknown(session: Session, values: Mapping[str, Any]) -> dict[str, list[str]]:
    fields: dict[str, list[str]] = {}
    asked = {values["sponsor_unit_id"], *(row["verifier_unit_id"] for row in values["indicators"])}
    known = set(session.scalars(select(Unit.id).where(Unit.id.in_(asked), Unit.closed_on.is_(None))))
    if values["sponsor_unit_id"] not in known:
        fields["sponsor_unit_id"] = ["没有这个单位，或者它已撤销。"]
    for name in ("party_lead_id", "admin_lead_id"):
        lead = session.get(User, values[name])
        if lead is None or not lead.is_active:
            fields[name] = ["没有这个人员。"]
    for place, row in enumerate(values["indicators"]):
        if row["verifier_unit_id"] not in known:
            fields[f"indicators.{place}.verifier_unit_id"] = ["没有这个单位，或者它已撤销。"]
    return fields


def _dates(session: Session, values: Mapping[str, Any]) -> dict[str, list[str]]:
    deadline = values["deadline"]
    if deadline.year > clock.today().year + FARTHEST_YEARS:
        return {"deadline": ["完成期限太远，请核对年份。"]}
    if deadline <= clock.today():
        return {"deadline": ["完成期限必须晚于今天。"]}
    wrong = check_bid_to(session, values["bid_to"], deadline=deadline)
    return {"bid_to": wrong} if wrong else {}
