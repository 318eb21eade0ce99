"""The figures of a campaign year: for its monthly meetings as of today, and for its summary."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import and_, case, func, or_, select
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
        "funnel": funnel(session, year, by_category(session, year)),
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


def published_sql(year: CampaignYear) -> Any:
    """The SQL condition for those of its lists that have been published."""
    return and_(of_year_sql(year), Challenge.published_at.is_not(None))


def _lists(session: Session, year: CampaignYear) -> Sequence[Challenge]:
    return session.scalars(select(Challenge).where(published_sql(year)).order_by(Challenge.id)).all()


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


def by_category(session: Session, year: CampaignYear) -> dict[str, dict[str, int]]:
    """The published lists of the year counted in one pass, by category; a category without any is left out.

    ``posted``, ``taken_up`` and ``accepted`` count lists; ``bids`` (sealed), ``projects`` and ``done`` (accepted
    projects) what belongs to them, of which a list may have several.
    """
    bids = select(Bid.challenge_id, func.count().label("n")).where(Bid.sealed_at.is_not(None))
    bid = bids.group_by(Bid.challenge_id).subquery()
    done = func.count(case((Project.state.in_(ACCEPTED), 1))).label("done")
    projects = select(Project.challenge_id, func.count().label("n"), done)
    project = projects.group_by(Project.challenge_id).subquery()
    counts = {
        "posted": func.count(),
        "taken_up": func.count(project.c.n),
        "accepted": func.count(case((project.c.done > 0, 1))),
        "bids": func.sum(bid.c.n),
        "projects": func.sum(project.c.n),
        "done": func.sum(project.c.done),
    }
    rows = select(Challenge.category, *counts.values()).where(published_sql(year))
    rows = rows.outerjoin(bid, bid.c.challenge_id == Challenge.id)
    rows = rows.outerjoin(project, project.c.challenge_id == Challenge.id)
    return {
        category: {name: int(one or 0) for name, one in zip(counts, figures, strict=True)}
        for category, *figures in session.execute(rows.group_by(Challenge.category))
    }


def funnel(session: Session, year: CampaignYear, lists: Mapping[str, Mapping[str, int]]) -> dict[str, int]:
    """From problems to accepted projects, of the year; ``lists`` as ``by_category`` tells them."""
    since, until = _span(year)
    raised = select(func.count(), func.count(case((Problem.state.in_(REPORTED), 1))))
    raised = raised.where(Problem.submitted_at >= since, Problem.submitted_at < until)
    problems, reported = session.execute(raised).one()
    shown = {"posted": "posted", "bids": "bids", "projects": "projects", "accepted": "done"}
    sums = {name: sum(row[one] for row in lists.values()) for name, one in shown.items()}
    return {"raised": problems, "reported": reported, **sums}


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
