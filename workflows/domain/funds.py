"""Money of a project while it runs: its budget released step by step, and pre-payments of the award."""

import datetime as dt
from collections.abc import Mapping, Sequence
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import calculation, projects, rules
from workflows.errors import Conflict, Invalid
from workflows.models import (
    FundKind,
    FundRelease,
    Milestone,
    Mode,
    Prepayment,
    Project,
    ProjectState,
    User,
)


def first_fen(session: Session, project: Project) -> int:
    """首拨: what is released of the budget at the start, in 分 (whole 元)."""
    pct = rules.setting(session, "budget_first_release_pct", at=project.rules_at)
    return _whole(Fraction(project.budget_fen) * Fraction(pct) / 100)


def node_fen(session: Session, milestone: Milestone) -> tuple[int, int]:
    """What a node releases, in 分 (whole 元): of the rest of the budget, and of the fixed award as pre-payment."""
    project = milestone.project
    rest = project.budget_fen - _released(session, project, FundKind.FIRST)
    fund = _whole(Fraction(rest) * Fraction(milestone.pay_pct) * milestone.released_pct / 10_000)
    paid = _released(session, project, FundKind.FIRST, FundKind.NODE)
    fund = max(0, min(fund, project.budget_fen - paid))  # the budget may have been cut since

    def ask(decision: str, inputs: Mapping[str, object]) -> rules.Decided:
        return rules.decide(session, decision, inputs, at=project.rules_at)

    challenge = project.challenge
    return fund, calculation.prepayment_fen(
        ask,
        challenge.level,
        fixed_fen=challenge.fixed_award_fen,
        pay_pct=milestone.pay_pct,
        released_pct=milestone.released_pct,
    )


def is_due(session: Session, milestone: Milestone) -> bool:
    """Whether the node has released money that finance has not paid yet."""
    if not any(node_fen(session, milestone)):
        return False
    paid = select(FundRelease.id).where(FundRelease.milestone_id == milestone.id)
    return session.scalar(paid.limit(1)) is None


def release_first(
    session: Session, project: Project, *, paid_on: dt.date, voucher: str, actor: User
) -> FundRelease:
    """Record the first release. Raises Conflict when it has been paid, Invalid for a day to come."""
    _check(project, paid_on, actor)
    done = select(FundRelease.id).where(
        FundRelease.project_id == project.id, FundRelease.kind == FundKind.FIRST
    )
    if session.scalar(done) is not None:
        raise Conflict("首拨已经登记，不能重复拨付。")
    return _record(
        session, project, FundKind.FIRST, first_fen(session, project), paid_on, actor, voucher=voucher
    )


def release_node(
    session: Session, milestone: Milestone, *, paid_on: dt.date, voucher: str, actor: User
) -> None:
    """节点拨付: record what a node releases. Raises Conflict when nothing is due, Invalid for a day to come."""
    project = milestone.project
    _check(project, paid_on, actor)
    if not is_due(session, milestone):
        raise Conflict("这个节点没有待拨付的款项，或者已经拨付。")
    fund, award = node_fen(session, milestone)
    _record(session, project, FundKind.NODE, fund, paid_on, actor, voucher=voucher, milestone=milestone)
    prepaid = Prepayment(project_id=project.id, milestone=milestone, amount_fen=award, paid_on=paid_on)
    prepaid.recorded_by_id, prepaid.recorded_at = actor.id, clock.now()
    session.add(prepaid)
    session.flush()


def released_fen(session: Session, project: Project) -> int:
    """What the project has of its budget so far, less what came back."""
    return _released(session, project, *FundKind)


def prepaid_fen(session: Session, project: Project) -> int:
    """What was paid of the award at the nodes."""
    total = select(func.sum(Prepayment.amount_fen)).where(Prepayment.project_id == project.id)
    return int(session.scalar(total) or 0)


def give_back(session: Session, project: Project, *, spent_fen: int, paid_on: dt.date, actor: User) -> None:
    """经费清算 after an unhappy end: what was not spent comes back; in a race the teams under way share it.

    Raises Invalid when more was spent than released, Conflict when it has been settled.
    """
    _check(project, paid_on, actor)
    settled = select(FundRelease.id).where(
        FundRelease.project_id == project.id, FundRelease.kind == FundKind.RETURN
    )
    if session.scalar(settled) is not None:
        raise Conflict("这个项目的经费已经清算。")
    left = released_fen(session, project) - spent_fen
    if left < 0:
        raise Invalid({"spent_fen": ["已使用的经费不能多于已拨付的经费。"]})
    _record(session, project, FundKind.RETURN, -left, paid_on, actor)
    if project.state == ProjectState.ELIMINATED and project.challenge.mode == Mode.RACE:
        _share(session, project, left, paid_on, actor)


def of_project(session: Session, project: Project) -> Sequence[FundRelease]:
    """Every release and return, in order."""
    query = select(FundRelease).where(FundRelease.project_id == project.id)
    return session.scalars(query.order_by(FundRelease.id)).all()


def prepayments(session: Session, project: Project) -> Sequence[Prepayment]:
    """Every pre-payment, in order."""
    query = select(Prepayment).where(Prepayment.project_id == project.id)
    return session.scalars(query.order_by(Prepayment.id)).all()


def _released(session: Session, project: Project, *kinds: FundKind) -> int:
    mine = (FundRelease.project_id == project.id, FundRelease.kind.in_(kinds))
    return int(session.scalar(select(func.sum(FundRelease.amount_fen)).where(*mine)) or 0)


def _share(session: Session, project: Project, fen: int, paid_on: dt.date, actor: User) -> None:
    """Divide ``fen`` equally among the teams under way; what cannot be divided goes to the first ones."""
    rivals = projects.rivals(session, project)
    for place, rival in enumerate(rivals):
        part = fen // len(rivals) + (place < fen % len(rivals))
        if part:
            _record(session, rival, FundKind.REALLOCATION, part, paid_on, actor)


def _check(project: Project, paid_on: dt.date, actor: User) -> None:
    projects.expect_apart(actor, project)
    if paid_on > clock.today():
        raise Invalid({"paid_on": ["拨付日期不能晚于今天。"]})


def _record(
    session: Session,
    project: Project,
    kind: FundKind,
    fen: int,
    paid_on: dt.date,
    actor: User,
    *,
    voucher: str = "",
    milestone: Milestone | None = None,
) -> FundRelease:
    release = FundRelease(project_id=project.id, kind=kind, amount_fen=fen, paid_on=paid_on, voucher=voucher)
    release.milestone, release.recorded_by_id, release.recorded_at = milestone, actor.id, clock.now()
    session.add(release)
    session.flush()
    return release


def _whole(fen: Fraction) -> int:
    """分 rounded half-up to whole 元."""
    return calculation.half_up(fen / calculation.FEN_PER_YUAN) * calculation.FEN_PER_YUAN
