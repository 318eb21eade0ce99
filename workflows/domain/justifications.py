"""专家论证 of a challenge before it is approved: who is asked, what they find, and what follows."""

from collections.abc import Mapping, Sequence
from decimal import Context, Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.domain import draws, rules
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    Challenge,
    ChallengeProblem,
    Expert,
    Justification,
    JustificationResult,
    JustificationSheet,
    Problem,
    User,
    Verdict,
)

CRITERIA = {
    "necessity": ("必要性", 25),
    "feasibility": ("可行性", 25),
    "indicators": ("指标合理性", 25),
    "benefit": ("预期效益", 15),
    "spread": ("推广性", 10),
}  # code -> name and most points
MOST_EXPERTS = 9
EXACT = Context(prec=34)  # of a setting that is a fraction


def available(session: Session, *, besides: set[int]) -> list[Expert]:
    """The experts who may judge now, by id; ``besides`` are ids of people who may not."""
    today = clock.today()
    query = select(Expert).join(Expert.user).where(User.is_active)
    free = query.where(or_(Expert.barred_until.is_(None), Expert.barred_until < today))
    return list(session.scalars(free.where(Expert.user_id.not_in(besides)).order_by(Expert.user_id)))


def barred(session: Session, challenge: Challenge) -> set[int]:
    """Who may not judge ``challenge``: the proposers of its problems and its two owners."""
    proposers = select(Problem.proposer_id).join(ChallengeProblem)
    of_challenge = proposers.where(ChallengeProblem.challenge_id == challenge.id)
    return {*session.scalars(of_challenge), challenge.party_lead_id, challenge.admin_lead_id}


def check_experts(session: Session, challenge: Challenge, expert_ids: Sequence[int]) -> None:
    """Raises Invalid at ``expert_ids`` for somebody named twice, who is no expert now, or may not judge this one."""
    free = {one.user_id for one in available(session, besides=barred(session, challenge))}
    fields: dict[str, list[str]] = {}
    for place, one in enumerate(expert_ids):
        if one in expert_ids[:place]:
            fields[f"expert_ids.{place}"] = ["这位专家已经列入。"]
        elif one not in free:
            fields[f"expert_ids.{place}"] = ["不是可用的评审专家，或者是出题人、榜单责任人，请另选。"]
    if fields:
        raise Invalid(fields)


def begin(session: Session, challenge: Challenge, *, expert_ids: Sequence[int]) -> Justification:
    """组织论证: ask the experts named, or as many by lot as setting ``justify_experts`` says, specialists first.

    Raises Conflict when no expert is free.
    """
    asked, seed = list(expert_ids), None
    if not asked:
        seed = draws.new_seed()
        free = available(session, besides=barred(session, challenge))
        by_lot = draws.in_order(seed, [one.user_id for one in free])
        known = {one.user_id: set(one.fields) for one in free}
        wanted = set(challenge.fields)
        by_lot.sort(key=lambda one: bool(wanted) and not known[one] & wanted)
        asked = by_lot[: rules.days(session, "justify_experts")]
    if not asked:
        raise Conflict("没有可用的评审专家，请先补充专家库。")
    earlier = select(func.count()).where(Justification.challenge_id == challenge.id)
    no = (session.scalar(earlier) or 0) + 1
    held = Justification(challenge=challenge, no=no, expert_ids=asked, seed=seed, opened_at=clock.now())
    session.add(held)
    session.flush()
    return held


def score(session: Session, justification: Justification, *, values: Mapping[str, Any], actor: User) -> bool:
    """论证打分: keep the sheet of one expert, ``values`` as steps' JustifyForm; whether the expert says 立榜.

    Raises Conflict when it has ended or the expert has signed before, Forbidden for who may not judge it, Invalid
    for points above the most, or for advice against it without a reason.
    """
    if justification.result is not None:
        raise Conflict("这次论证已经结束，请刷新页面。")
    if actor.id in barred(session, justification.challenge):
        raise Forbidden("出题人和榜单责任人不能参加论证。")
    if any(one.expert_id == actor.id for one in justification.sheets):
        raise Conflict("您已经提交过论证意见。")
    fields = {
        name: [f"{label}最高 {most} 分。"]
        for name, (label, most) in CRITERIA.items()
        if not 0 <= values[name] <= most
    }
    if values["verdict"] != Verdict.LIST and not values["opinion"].strip():
        fields["opinion"] = ["建议修改或不立榜时请写明理由。"]
    if fields:
        raise Invalid(fields)
    points = {name: values[name] for name in CRITERIA}
    sheet = JustificationSheet(**points, verdict=values["verdict"], opinion=values["opinion"])
    sheet.expert, sheet.signed_at = actor, clock.now()
    justification.sheets.append(sheet)
    session.flush()
    return bool(sheet.verdict == Verdict.LIST)


def conclude(session: Session, justification: Justification, *, is_agreed: bool) -> JustificationResult:
    """What follows of the sheets: 立榜 needs enough experts for it (``is_agreed``), the mean, and few against.

    More than setting ``justify_reject_share`` against it reject it; otherwise it is revised, as often as setting
    ``refine_rounds_max`` says, and then rejected.
    """
    sheets = justification.sheets
    least = rules.setting(session, "justify_pass_mean")
    against = sum(one.verdict == Verdict.REJECT for one in sheets)
    share = EXACT.divide(Decimal(against), Decimal(max(1, len(sheets))))
    if share > rules.setting(session, "justify_reject_share"):
        result = JustificationResult.REJECTED
    elif is_agreed and sum(one.total for one in sheets) >= least * len(sheets):
        result = JustificationResult.PASSED
    elif justification.no > rules.days(session, "refine_rounds_max"):
        result = JustificationResult.REJECTED
    else:
        result = JustificationResult.REVISE
    justification.result, justification.ended_at = result, clock.now()
    return result


def of_challenge(session: Session, challenge: Challenge) -> list[Justification]:
    """All of a challenge, in order."""
    query = select(Justification).where(Justification.challenge_id == challenge.id)
    query = query.options(selectinload(Justification.sheets))
    return list(session.scalars(query.order_by(Justification.no)))


def has_judged(session: Session, challenge: Challenge, user_id: int) -> bool:
    """Whether ``user_id`` has signed a sheet about ``challenge`` (D3, E08)."""
    query = select(JustificationSheet.id).join(Justification)
    signed = query.where(Justification.challenge_id == challenge.id, JustificationSheet.expert_id == user_id)
    return session.scalar(signed.limit(1)) is not None
