"""The figures of a campaign year: for its monthly meetings as of today, and for its summary."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, joinedload

from workflows import clock
from workflows.models import (
    ActionItem,
    BenefitAudit,
    Bid,
    CampaignYear,
    Category,
    Challenge,
    ItemState,
    Milestone,
    MilestoneState,
    PayoutBatch,
    Prepayment,
    Problem,
    ProblemState,
    Project,
    ProjectState,
    RewardCase,
    RewardState,
    VetoEvent,
    VetoState,
)

FEN_PER_WAN = 1_000_000
UNDER_WAY = (
    ProjectState.INITIATING,
    ProjectState.RUNNING,
    ProjectState.RECTIFYING,
    ProjectState.SUSPENDED,
    ProjectState.ACCEPTING,
)
ACCEPTED = (ProjectState.ACCEPTED, ProjectState.CLOSED)
DONE = (MilestoneState.PASSED, MilestoneState.WAIVED)
REPORTED = (ProblemState.ESCALATED, ProblemState.REFINING, ProblemState.ADOPTED, ProblemState.REJECTED)
FIGURES = ("posted", "taken_up", "accepted", "benefit_fen", "paid_fen")


def of_month(session: Session, year: CampaignYear) -> dict[str, Any]:
    """The pack of a monthly meeting, as JSON: funnel, late nodes, red lights, open action items, pay, vetoes."""
    since, until = _span(year)
    paid = select(func.coalesce(func.sum(PayoutBatch.amount_fen), 0))
    return {
        "funnel": funnel(session, year),
        "late_nodes": _late_nodes(session),
        "red_lights": _red_lights(session),
        "open_items": _open_items(session),
        "paid_fen": int(
            session.scalar(paid.where(PayoutBatch.paid_at >= since, PayoutBatch.paid_at < until)) or 0
        ),
        "vetoes": _vetoes(session, year),
    }


def of_year(session: Session, year: CampaignYear) -> dict[str, Any]:
    """The summary of the year, as JSON: {by_category, by_unit, totals, earlier}, each row with FIGURES.

    A list counts as posted for the unit that sponsors it; taking it up, its acceptance, benefit and pay count for
    the unit that leads the project. ``earlier`` are the totals of the years that have a summary.
    """
    lists = _lists(session, year)
    projects = _projects(session, lists)
    benefit, paid = _benefits(session, projects), _payments(session, projects)
    taken = {one.challenge_id for one in projects}
    accepted = {one.challenge_id for one in projects if one.state in ACCEPTED}
    by_category, by_unit = _Sums(), _Sums()
    for one in lists:
        by_category.add(one.category, posted=1, taken_up=one.id in taken, accepted=one.id in accepted)
        by_unit.add(one.sponsor_unit.name, posted=1)
    for project in projects:
        money = {"benefit_fen": benefit.get(project.id, 0), "paid_fen": paid.get(project.id, 0)}
        by_category.add(project.challenge.category, **money)
        by_unit.add(project.unit.name, taken_up=1, accepted=project.state in ACCEPTED, **money)
    rows = by_category.rows([str(one) for one in Category])
    return {
        "by_category": rows,
        "by_unit": by_unit.rows(sorted(by_unit.names)),
        "totals": {name: sum(row[name] for row in rows) for name in FIGURES},
        "earlier": earlier(session, year),
    }


def told(session: Session, year: CampaignYear) -> str:
    """The summary of the year as a first draft for the office, in words."""
    figures = of_year(session, year)
    lines = [f"{year.year} 年度（{year.theme}）"]
    lines += [_line(row["name"], row) for row in figures["by_category"]]
    lines.append(_line("合计", figures["totals"]))
    lines += [_line(f"{row['year']} 年度", row) for row in figures["earlier"]]
    return "\n".join(lines)


def _line(name: str, row: Mapping[str, Any]) -> str:
    benefit, paid = (Decimal(row[one]) / FEN_PER_WAN for one in ("benefit_fen", "paid_fen"))
    done = f"发榜 {row['posted']} 项，揭榜 {row['taken_up']} 项，验收通过 {row['accepted']} 项"
    return f"{name}：{done}，年净效益 {benefit.normalize():f} 万元，兑现 {paid.normalize():f} 万元。"


class _Sums:
    """Figures added up by name."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self._sums: Counter[tuple[str, str]] = Counter()

    def add(self, name: str, **figures: int) -> None:
        self.names.add(name)
        for figure, value in figures.items():
            self._sums[name, figure] += int(value)

    def rows(self, names: Iterable[str]) -> list[dict[str, Any]]:
        return [{"name": name, **{figure: self._sums[name, figure] for figure in FIGURES}} for name in names]


def _span(year: CampaignYear) -> tuple[dt.datetime, dt.datetime]:
    """The first instant of the year at the plant, and the first after it."""
    return clock.start_of(dt.date(year.year, 1, 1)), clock.end_of(dt.date(year.year, 12, 31))


def of_year_sql(year: CampaignYear) -> Any:
    """The SQL condition for its lists: of one of its batches, or published in it without a batch."""
    since, until = _span(year)
    in_year = (Challenge.published_at >= since) & (Challenge.published_at < until)
    in_batch = Challenge.batch_id.in_([one.id for one in year.batches])
    return or_(in_batch, Challenge.batch_id.is_(None) & in_year)


def _lists(session: Session, year: CampaignYear) -> Sequence[Challenge]:
    """The lists of the year that have been published."""
    query = select(Challenge).where(of_year_sql(year), Challenge.published_at.is_not(None))
    return session.scalars(query.order_by(Challenge.id)).all()


def _projects(session: Session, lists: Sequence[Challenge]) -> Sequence[Project]:
    query = select(Project).where(Project.challenge_id.in_([one.id for one in lists]))
    shown = (joinedload(Project.unit), joinedload(Project.challenge))
    return session.scalars(query.options(*shown).order_by(Project.id)).all()


def _benefits(session: Session, projects: Sequence[Project]) -> dict[int, int]:
    """The verified net benefit of each accepted project: its last audit."""
    accepted = [one.id for one in projects if one.state in ACCEPTED]
    audits = select(BenefitAudit).where(BenefitAudit.project_id.in_(accepted)).order_by(BenefitAudit.id)
    return {one.project_id: one.net_benefit_fen or 0 for one in session.scalars(audits)}


def _payments(session: Session, projects: Sequence[Project]) -> dict[int, int]:
    paid = select(RewardCase.project_id, func.sum(PayoutBatch.amount_fen)).join(PayoutBatch.case)
    of_these = paid.where(
        RewardCase.project_id.in_([one.id for one in projects]), PayoutBatch.paid_at.is_not(None)
    )
    rows = session.execute(of_these.group_by(RewardCase.project_id)).all()
    return {project_id: int(fen) for project_id, fen in rows}


def earlier(session: Session, year: CampaignYear) -> list[dict[str, Any]]:
    before = select(CampaignYear).where(CampaignYear.year < year.year).order_by(CampaignYear.year)
    return [{"year": one.year, **one.summary["totals"]} for one in session.scalars(before) if one.summary]


def funnel(session: Session, year: CampaignYear) -> dict[str, int]:
    """From problems to accepted projects, of the year."""
    since, until = _span(year)
    raised = select(func.count(Problem.id)).where(Problem.submitted_at >= since, Problem.submitted_at < until)
    lists = select(Challenge.id).where(of_year_sql(year), Challenge.published_at.is_not(None))
    sealed = select(func.count(Bid.id)).where(Bid.challenge_id.in_(lists), Bid.sealed_at.is_not(None))
    begun = select(func.count(Project.id)).where(Project.challenge_id.in_(lists))
    return {
        "raised": session.scalar(raised) or 0,
        "reported": session.scalar(raised.where(Problem.state.in_(REPORTED))) or 0,
        "posted": session.scalar(select(func.count()).select_from(lists.subquery())) or 0,
        "bids": session.scalar(sealed) or 0,
        "projects": session.scalar(begun) or 0,
        "accepted": session.scalar(begun.where(Project.state.in_(ACCEPTED))) or 0,
    }


def _late_nodes(session: Session) -> list[dict[str, Any]]:
    query = select(Milestone).join(Milestone.project).where(Project.state.in_(UNDER_WAY))
    late = query.where(Milestone.cur_due < clock.today(), Milestone.state.not_in(DONE))
    shown = joinedload(Milestone.project).joinedload(Project.challenge)
    rows = session.scalars(late.options(shown).order_by(Milestone.cur_due, Milestone.id))
    return [
        {
            "project_id": one.project_id,
            "title": one.project.challenge.title,
            "node": one.name,
            "due_on": one.cur_due.isoformat(),
            "days_late": (clock.today() - one.cur_due).days,
        }
        for one in rows
        if one.cur_due is not None
    ]


def _red_lights(session: Session) -> list[dict[str, Any]]:
    query = select(Project).where(Project.state.in_(UNDER_WAY), Project.rag == "red").order_by(Project.id)
    rows = session.scalars(query.options(joinedload(Project.challenge), joinedload(Project.leader)))
    return [{"project_id": one.id, "title": one.challenge.title, "leader": one.leader.name} for one in rows]


def _open_items(session: Session) -> list[dict[str, Any]]:
    still_open = ActionItem.state.in_((ItemState.OPEN, ItemState.REPORTED))
    query = select(ActionItem).where(still_open).order_by(ActionItem.due_on, ActionItem.id)
    return [
        {"id": one.id, "what": one.what, "owner": one.owner.name, "due_on": one.due_on.isoformat()}
        for one in session.scalars(query.options(joinedload(ActionItem.owner)))
    ]


def _vetoes(session: Session, year: CampaignYear) -> list[dict[str, Any]]:
    """Those in force or restored that took effect in the year."""
    counted = VetoEvent.state.in_((VetoState.CONFIRMED, VetoState.RESTORED))
    first, last = dt.date(year.year, 1, 1), dt.date(year.year, 12, 31)
    query = select(VetoEvent).where(counted, VetoEvent.effective_on.between(first, last))
    rows = session.scalars(query.order_by(VetoEvent.effective_on, VetoEvent.id))
    return [
        {
            "clause": one.clause,
            "of": one.unit.name
            if one.unit is not None
            else one.project.challenge.title
            if one.project
            else "",
            "effective_on": one.effective_on.isoformat(),
        }
        for one in rows
    ]


def pool(session: Session, year: CampaignYear) -> dict[str, int]:
    """What of the year's pool is bound by rewards that were not refused, and what was paid, pre-payments included; 分."""
    ids = select(Project.id).join(Challenge, Project.challenge_id == Challenge.id).where(of_year_sql(year))
    not_refused = or_(RewardCase.state != RewardState.CLOSED, RewardCase.settled_at.is_not(None))
    bound = select(func.sum(RewardCase.total_fen)).where(RewardCase.project_id.in_(ids), not_refused)
    paid = (
        select(func.sum(PayoutBatch.amount_fen))
        .join(RewardCase, PayoutBatch.case_id == RewardCase.id)
        .where(RewardCase.project_id.in_(ids), PayoutBatch.paid_at.is_not(None))
    )
    early = select(func.sum(Prepayment.amount_fen)).where(Prepayment.project_id.in_(ids))
    sums = [int(session.scalar(one) or 0) for one in (bound, paid, early)]
    return {"pool_fen": year.pool_fen, "bound_fen": sums[0], "paid_fen": sums[1] + sums[2]}
