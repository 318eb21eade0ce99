"""验收结论: from the panel's sheets by table acceptance_verdict (D9) to a project accepted or not."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import clock
from workflows.domain import (
    acceptances,
    notices,
    panels,
    projects,
    publicities,
    races,
    ranking,
    recusals,
    rules,
    verifications,
)
from workflows.domain.publicities import Snapshot
from workflows.errors import Conflict, Invalid
from workflows.models import (
    Acceptance,
    AcceptanceScore,
    AcceptanceState,
    Bid,
    OpinionKind,
    Panel,
    Project,
    ProjectState,
    User,
)

CRITERIA = {
    "targets": "指标完成",
    "tech": "技术水平",
    "benefit": "效益",
    "papers": "资料与规范",
    "reach": "推广性",
}  # code -> what people call it, in the order of the sheet
PLACES = 8
RECTIFY, REFUSED = "整改", "不通过"
VERDICTS = ("优秀", "良好", "合格", RECTIFY, "整改后合格", REFUSED)


def subject(acceptance: Acceptance) -> str:
    """What its panels and notices are about: "acceptance:7"."""
    return f"acceptance:{acceptance.id}"


@panels.parties("acceptance")
def _judged(session: Session, acceptance_id: int) -> panels.Parties:
    acceptance = session.get_one(Acceptance, acceptance_id)
    query = select(Bid).where(Bid.id == acceptance.project.bid_id).options(selectinload(Bid.members))
    return panels.Parties(acceptance.challenge, session.scalars(query).all())


def weights(session: Session, *, at: dt.datetime | None) -> dict[str, Decimal]:
    """The weight of each criterion in table acceptance_criterion as of ``at``."""
    return {
        name: rules.decide(session, "acceptance_criterion", {"criterion": name}, at=at).value["weight"]
        for name in CRITERIA
    }


def begin_scoring(session: Session, acceptance: Acceptance) -> None:
    """验收会: everything is verified; a panel may be drawn. Raises Conflict otherwise."""
    acceptances.expect(acceptance, AcceptanceState.VERIFYING)
    verifications.settle(session, acceptance)
    acceptance.state = AcceptanceState.SCORING


def sign(
    session: Session,
    acceptance: Acceptance,
    panel: Panel,
    *,
    values: Mapping[str, Any],
    actor: User,
    at: dt.datetime | None,
) -> AcceptanceScore:
    """验收评分: keep one sheet, a score 0..100 for each of CRITERIA and a remark; it stays as signed.

    Raises Forbidden unless ``actor`` holds a seat, Conflict when they have signed.
    """
    acceptances.expect(acceptance, AcceptanceState.SCORING)
    member = recusals.seat_of(panel, actor)
    if session.scalar(select(AcceptanceScore.id).where(AcceptanceScore.member_id == member.id)):
        raise Conflict("您的评分表已经签署锁定，不能再改。")
    known = weights(session, at=at)
    sheet = AcceptanceScore(acceptance=acceptance, member=member, attempt=acceptance.attempt)
    sheet.items = [
        {"criterion": name, "weight": str(known[name]), "score": str(values[name])} for name in CRITERIA
    ]
    sheet.total = verifications.rounded_down(total(sheet), PLACES)
    sheet.remark, sheet.signed_at = values["remark"], clock.now()
    session.add(sheet)
    session.flush()
    return sheet


def total(sheet: AcceptanceScore) -> Fraction:
    """The points of a sheet, 0..100, exactly from what was signed."""
    marks = {one["criterion"]: Decimal(one["score"]) for one in sheet.items}
    return ranking.total(marks, {one["criterion"]: Decimal(one["weight"]) for one in sheet.items})


def sheets(session: Session, acceptance: Acceptance) -> Sequence[AcceptanceScore]:
    """The sheets of every panel that scored it, in the order in which they were signed."""
    query = select(AcceptanceScore).where(AcceptanceScore.acceptance_id == acceptance.id)
    return session.scalars(query.order_by(AcceptanceScore.id)).all()


def tally(session: Session, acceptance: Acceptance) -> dict[str, Any]:
    """汇总: the mean of the latest panel's sheets; what D9 asks: {score, hard_ok, met_ratio, rectification}."""
    acceptances.expect(acceptance, AcceptanceState.SCORING)
    totals = [total(one) for one in sheets(session, acceptance) if one.attempt == acceptance.attempt]
    mean = sum(totals, Fraction(0)) / len(totals)
    acceptance.score = verifications.rounded_down(mean, PLACES)
    return facts(acceptance, rectification="passed" if acceptance.is_rectified else "pending")


def facts(acceptance: Acceptance, *, rectification: str) -> dict[str, Any]:
    """What D9 asks of a scored acceptance."""
    asked = {name: getattr(acceptance, name) for name in ("score", "hard_ok", "met_ratio")}
    return {**asked, "rectification": rectification}


def conclude(session: Session, acceptance: Acceptance, *, verdict: str) -> None:
    """结论: what D9 said; the team is told."""
    acceptances.expect(acceptance, AcceptanceState.SCORING, AcceptanceState.RECHECKING)
    after = {RECTIFY: AcceptanceState.RECTIFYING, REFUSED: AcceptanceState.ASSESSING}
    acceptance.verdict = verdict
    acceptance.state = after.get(verdict, AcceptanceState.IN_PUBLICITY)
    project = acceptance.project
    for user_id in _team(project):
        text = f"“{project.challenge.title}”的验收结论：{verdict}。"
        notices.send(session, user_id, text=text, link=f"/acceptances/{acceptance.id}", kind="result")


def rectify(
    session: Session, acceptance: Acceptance, *, text: str, evidence: Sequence[int], actor: User
) -> None:
    """整改: the team has put right what the panel found. Raises Forbidden for others."""
    projects.expect_team(session, actor, acceptance.project)
    acceptances.expect(acceptance, AcceptanceState.RECTIFYING)
    acceptance.state = AcceptanceState.RECHECKING
    kind = OpinionKind.RECTIFICATION
    acceptances.opine(acceptance, kind, role="leader", is_ok=None, text=text, files=evidence, actor=actor)


def recheck(acceptance: Acceptance, *, role: str, agree: bool, reason: str, actor: User) -> None:
    """复验: whether all is put right. Raises Forbidden for one of the team, Invalid for a no without a reason."""
    projects.expect_apart(actor, acceptance.project)
    acceptances.expect(acceptance, AcceptanceState.RECHECKING)
    if not agree and not reason.strip():
        raise Invalid({"opinion": ["复验不通过的，请写明理由。"]})
    kind = OpinionKind.RECHECK
    acceptances.opine(acceptance, kind, role=role, is_ok=agree, text=reason, files=[], actor=actor)


def end_recheck(acceptance: Acceptance, *, passed: bool) -> dict[str, Any]:
    """What D9 asks after the one rectification that there is."""
    acceptance.is_rectified = passed
    return facts(acceptance, rectification="passed" if passed else "failed")


def reopen(acceptance: Acceptance) -> None:
    """异议成立: another panel scores it anew."""
    acceptances.expect(acceptance, AcceptanceState.IN_PUBLICITY)
    acceptance.attempt += 1
    acceptance.state, acceptance.score, acceptance.verdict = AcceptanceState.SCORING, None, None


def accept(session: Session, acceptance: Acceptance) -> None:
    """验收通过, once the notice is over. Raises Conflict while an objection is open."""
    acceptances.expect(acceptance, AcceptanceState.IN_PUBLICITY)
    if publicities.is_frozen(session, subject(acceptance)):
        raise Conflict("公示还没有结束，或者还有异议没有办结，不能确认验收结果。")
    _end(session, acceptance, AcceptanceState.ACCEPTED, ProjectState.ACCEPTED)


def refuse(session: Session, acceptance: Acceptance) -> None:
    """验收不通过, once it is known who answers for it."""
    acceptances.expect(acceptance, AcceptanceState.ASSESSING)
    _end(session, acceptance, AcceptanceState.NOT_ACCEPTED, ProjectState.NOT_ACCEPTED)


def _end(
    session: Session, acceptance: Acceptance, state: AcceptanceState, project_state: ProjectState
) -> None:
    acceptance.state, acceptance.decided_on = state, clock.today()
    projects.move(session, acceptance.project, project_state, out_of=[ProjectState.ACCEPTING])


def settle_race(session: Session, acceptance: Acceptance) -> bool:
    """Whether with this project the last one of a race has ended, and its best is known."""
    return races.settle_if_done(session, acceptance.challenge)


@publicities.snapshot("acceptance")
def _shown(session: Session, acceptance_id: int) -> Snapshot:
    """What is shown of a verdict: score, indicators, benefit."""
    acceptance = session.get_one(Acceptance, acceptance_id)
    project, audit = acceptance.project, acceptances.audit_of(session, acceptance)
    benefit_fen = None if audit is None else audit.net_benefit_fen
    content = {
        "项目": project.challenge.title,
        "单位": project.unit.name,
        "挂帅人": project.leader.name,
        "验收结论": acceptance.verdict,
        "验收得分": str(ranking.shown(Fraction(acceptance.score or 0))),
        "申请日期": f"{acceptance.received_on:%Y-%m-%d}",
        "核定年净效益（元）": None if benefit_fen is None else str(Decimal(benefit_fen) / 100),
        "指标": [
            {
                "指标": one.indicator.name,
                "承诺": f"{one.indicator.op} {_plain(one.pledged)} {one.indicator.measure}",
                "核验": _plain(one.measured),
                "达标": one.is_met,
            }
            for one in acceptance.indicators
        ],
    }
    return Snapshot(
        f"{project.challenge.title}·验收", project.challenge_id, content, frozenset(_team(project))
    )


def _plain(value: Decimal | None) -> str:
    return "" if value is None else f"{value.normalize():f}"


def _team(project: Project) -> list[int]:
    """The leader and everybody who is still of the team."""
    members = [one.user_id for one in project.members if one.left_on is None]
    return list(dict.fromkeys([project.leader_id, *members]))
