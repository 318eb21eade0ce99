"""双挂钩考评: a unit's 13 categories of one period, scored by their owners, confirmed by both heads, published."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.domain import calculation, notices, permissions, rules, vetoes
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Appraisal, AppraisalState, CategoryScore, HeadCoefficient, Unit, User

PERIOD = re.compile(r"(2\d{3})(?:Q([1-4])|H([12])|-(0[1-9]|1[0-2]))?")  # 2027, 2027Q3, 2027H1, 2027-08
HEADS = ("party_secretary", "admin_head")


def begin(session: Session, *, unit_id: int, period: str, actor: User) -> Appraisal:
    """开始考评. Raises Forbidden, Invalid for an unknown unit or period or one to come, Conflict for one done."""
    if not permissions.may_appraise(session, actor):
        raise Forbidden("只有考核办可以开始考评。")
    unit = session.get(Unit, unit_id)
    if unit is None:
        raise Invalid({"unit_id": ["没有这个单位。"]})
    first, _ = days_of(period)
    if first > clock.today():
        raise Invalid({"period": ["考评期还没有开始。"]})
    appraisal = open_for(session, unit, period=period, opened_by_id=actor.id)
    if appraisal is None:
        raise Conflict("这个单位在这一考评期已有考评，不能重复开始。")
    return appraisal


def open_for(session: Session, unit: Unit, *, period: str, opened_by_id: int) -> Appraisal | None:
    """The appraisal of ``unit`` for ``period``, to be scored; None where there is one that is not cancelled."""
    first, last = days_of(period)
    session.refresh(unit, with_for_update={"of": Unit})
    states = select(Appraisal.state).where(Appraisal.unit_id == unit.id, Appraisal.period == period)
    earlier = list(session.scalars(states))
    if any(state != AppraisalState.CANCELLED for state in earlier):
        return None
    appraisal = Appraisal(
        unit=unit,
        period=period,
        attempt=len(earlier) + 1,
        period_from=first,
        period_to=last,
        opened_at=clock.now(),
        opened_by_id=opened_by_id,
        state=AppraisalState.SCORING,
    )
    session.add(appraisal)
    session.flush()
    return appraisal


def categories(session: Session, appraisal: Appraisal) -> list[dict[str, Any]]:
    """{category, name, weight, owner} of all categories, by the rules in force when it began."""
    sides = (
        rules.decide(session, "category_weight", {"side": side}, at=appraisal.opened_at) for side in "PB"
    )
    return [row for decided in sides for row in decided.value]


def owned(session: Session, appraisal: Appraisal, actor: User) -> list[dict[str, Any]]:
    """Those of ``categories`` that roles of ``actor`` score, whether they have or not."""
    held = {role for role, unit in permissions.grants(session, actor).roles if unit is None}
    return [row for row in categories(session, appraisal) if row["owner"] in held]


def owners(session: Session, appraisal: Appraisal) -> list[str]:
    """The roles that score, in the order of their first category."""
    return list(dict.fromkeys(row["owner"] for row in categories(session, appraisal)))


def score(
    session: Session,
    appraisal: Appraisal,
    *,
    role: str,
    rows: Sequence[Mapping[str, Any]],
    deductions: Sequence[Mapping[str, Any]] = (),
    actor: User,
) -> None:
    """评分: ``rows`` {category, score 0..100, bonus}, each category that ``role`` owns once; ``deductions``
    {category, clause, points, reason, evidence} say what was taken off and prove it.

    Raises Forbidden for a head of the unit, Invalid for a category too many or too few.
    """
    _expect(appraisal, AppraisalState.SCORING)
    if actor.id in _heads(session, appraisal):
        raise Forbidden("您是被考评单位的负责人，不能给本单位评分，请转办给他人。")
    owned = {one["category"]: one["name"] for one in categories(session, appraisal) if one["owner"] == role}
    fields: dict[str, list[str]] = {}
    given = [row["category"] for row in rows]
    for place, category in enumerate(given):
        if category not in owned:
            fields[f"rows.{place}.category"] = ["这一类不由本部门评分。"]
        elif category in given[:place]:
            fields[f"rows.{place}.category"] = ["这一类已经评分。"]
    for place, row in enumerate(deductions):
        if row["category"] not in owned:
            fields[f"deductions.{place}.category"] = ["这一类不由本部门评分。"]
    missing = [f"{code} {name}" for code, name in owned.items() if code not in given]
    if missing:
        fields["rows"] = [f"还没有评分的类别：{'、'.join(missing)}。"]
    if fields:
        raise Invalid(fields)
    for row in rows:
        taken_off = [dict(one) for one in deductions if one["category"] == row["category"]]
        columns = {name: row[name] for name in ("category", "score", "bonus")}
        by = {"owner": role, "scored_by_id": actor.id, "scored_at": clock.now()}
        appraisal.scores.append(CategoryScore(**columns, **by, deductions=taken_off))
    session.flush()


def sum_up(session: Session, appraisal: Appraisal) -> None:
    """汇总: work out both rates, and ask the unit's heads."""
    _expect(appraisal, AppraisalState.SCORING)
    _work_out(session, appraisal)
    appraisal.state = AppraisalState.CONFIRMING
    for user_id in _heads(session, appraisal):
        text = f"{appraisal.period} 考评结果已汇总，请确认。"
        notices.send(session, user_id, text=text, link=path(appraisal), kind="result")


def expect_confirming(appraisal: Appraisal) -> None:
    """Raises Conflict unless the result waits for its unit's word."""
    _expect(appraisal, AppraisalState.CONFIRMING)


def appeal(appraisal: Appraisal) -> None:
    """申诉: a head does not agree; the assessment office reviews."""
    _expect(appraisal, AppraisalState.CONFIRMING)
    appraisal.state = AppraisalState.APPEALED


def review(session: Session, appraisal: Appraisal, *, rows: Sequence[Mapping[str, Any]], actor: User) -> None:
    """复核: ``rows`` {category, score, reason} replace scores; none leaves them. Raises Forbidden, Invalid."""
    _expect(appraisal, AppraisalState.APPEALED)
    if actor.id in _heads(session, appraisal):
        raise Forbidden("您是被考评单位的负责人，不能复核本单位的考评，请转办给他人。")
    known = {one.category: one for one in appraisal.scores}
    fields: dict[str, list[str]] = {}
    for place, row in enumerate(rows):
        if row["category"] not in known:
            fields[f"rows.{place}.category"] = ["没有这一类。"]
        elif row["category"] in [one["category"] for one in rows[:place]]:
            fields[f"rows.{place}.category"] = ["这一类已经更正。"]
    if fields:
        raise Invalid(fields)
    for row in rows:
        known[row["category"]].score = row["score"]
        known[row["category"]].reason = row["reason"]
    session.flush()
    _work_out(session, appraisal)


def check_vetoes(session: Session, appraisal: Appraisal) -> None:
    """否决审查: the unit's own factor by D12; from here on the result is before those who approve."""
    events = vetoes.as_facts(vetoes.of_unit(session, appraisal.unit_id))
    asked = {"events": [{"clause": one.clause, "is_major": one.is_major} for one in events]}
    appraisal.v = rules.decide(session, "veto", asked).value
    appraisal.state = AppraisalState.APPROVING


def send_back(session: Session, appraisal: Appraisal) -> None:
    """退回: those who approve want it reviewed."""
    _expect(appraisal, AppraisalState.APPROVING)
    appraisal.state = AppraisalState.APPEALED


def cancel(session: Session, appraisal: Appraisal) -> None:
    """作废: those who approve refused it; it may be begun anew."""
    _expect(appraisal, AppraisalState.APPROVING)
    appraisal.state = AppraisalState.CANCELLED


def publish(session: Session, appraisal: Appraisal) -> None:
    """公布: Kdual by D11, and the same coefficient (× V) for both heads (党政同奖同罚)."""
    _expect(appraisal, AppraisalState.APPROVING)
    # Whoever looks for a published result holds the unit too, so that none is missed while it waits.
    session.refresh(appraisal.unit, with_for_update={"of": Unit})
    ask = rules_of(session, appraisal.opened_at)
    appraisal.kdual, _ = calculation.dual(ask, appraisal.p or Decimal(0), appraisal.b or Decimal(0))
    coefficient = appraisal.kdual * (Decimal(1) if appraisal.v is None else appraisal.v)
    for role in HEADS:
        for head in permissions.holders(session, role, appraisal.unit_id):
            appraisal.heads.append(HeadCoefficient(user_id=head.id, role=role, coefficient=coefficient))
    appraisal.state, appraisal.published_at = AppraisalState.PUBLISHED, clock.now()
    session.flush()


def serving(session: Session, unit_id: int, *, on: dt.date | None) -> Appraisal | None:
    """The published one whose period covers ``on``, the shortest of several; else the latest published."""
    query = select(Appraisal).where(Appraisal.unit_id == unit_id, Appraisal.state == AppraisalState.PUBLISHED)
    published = session.scalars(query.order_by(Appraisal.published_at.desc(), Appraisal.id.desc())).all()
    covering = [one for one in published if on is not None and one.period_from <= on <= one.period_to]
    if covering:
        return min(covering, key=lambda one: one.period_to - one.period_from)
    return published[0] if published else None


def rules_of(session: Session, at: dt.datetime | None) -> calculation.Ask:
    """The rules in force at ``at``, as the arithmetic asks them."""
    return lambda decision, inputs: rules.decide(session, decision, inputs, at=at)


def get(session: Session, appraisal_id: int, *, actor: User) -> Appraisal:
    """With its scores and heads. Raises NotFound for one that ``actor`` may not see."""
    query = select(Appraisal).where(Appraisal.id == appraisal_id)
    shown = (selectinload(Appraisal.scores), selectinload(Appraisal.heads).selectinload(HeadCoefficient.user))
    found = session.scalars(query.options(*shown)).one_or_none()
    if found is None or not permissions.may_see_appraisal(session, actor, found):
        raise NotFound("没有找到这次考评。")
    return found


def path(appraisal: Appraisal) -> str:
    return f"/appraisals/{appraisal.id}"


def _work_out(session: Session, appraisal: Appraisal) -> None:
    scores = {one.category: one.score for one in appraisal.scores}
    rates = calculation.rates(rules_of(session, appraisal.opened_at), scores)
    appraisal.p, appraisal.b = rates.p, rates.b


def _heads(session: Session, appraisal: Appraisal) -> list[int]:
    return [user.id for role in HEADS for user in permissions.holders(session, role, appraisal.unit_id)]


def days_of(period: str) -> tuple[dt.date, dt.date]:
    """The first and the last day. Raises Invalid."""
    found = PERIOD.fullmatch(period)
    if found is None:
        raise Invalid({"period": ["考评期写作 2027、2027H1、2027Q3 或 2027-08。"]})
    year, quarter, half, month = (int(part or 0) for part in found.groups())
    first, months = 1, 12
    if quarter:
        first, months = 3 * quarter - 2, 3
    elif half:
        first, months = 6 * half - 5, 6
    elif month:
        first, months = month, 1
    following = first + months
    end = dt.date(year + (following > 12), (following - 1) % 12 + 1, 1)
    return dt.date(year, first, 1), end - dt.timedelta(days=1)


def _expect(appraisal: Appraisal, state: AppraisalState) -> None:
    if appraisal.state != state:
        raise Conflict("考评当前的状态不允许这样做，请刷新页面。")
