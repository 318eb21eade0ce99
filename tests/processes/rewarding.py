"""A project that has been judged, and its reward played step by step, for the tests of the reward and of vetoes."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as play_cast
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.domain import projects
from workflows.domain.calculation import FEN_PER_WAN
from workflows.engine.tables import Process
from workflows.models import (
    Acceptance,
    Appraisal,
    AppraisalState,
    BenefitAudit,
    CategoryScore,
    Challenge,
    Mode,
    PostEvaluation,
    Prepayment,
    Project,
    ProjectState,
    Publicity,
    RewardCase,
    User,
)

CHECKERS = ("hse", "supervision", "finance", "hr")
AWARDS = {"A": ("12", "40"), "B": ("5", "20"), "C": ("1.5", "6")}  # fixed award and benefit cap, 万元
PCTS = ("30", "25", "20", "15", "10")
DAY = dt.date(2026, 11, 20)


@dataclass(frozen=True)
class Team:
    """Ids: the judged project and who is asked about it beside the cast."""

    project_id: int
    challenge_id: int
    assessment: int


def gather(
    database: Database,
    cast: Cast,
    *,
    level: str = "B",
    state: ProjectState = ProjectState.ACCEPTED,
    score: int = 85,
    benefit_wan: int = 100,
    prepaid_yuan: int = 10_000,
    is_appraised: bool = True,
    mode: Mode = Mode.SINGLE,
    on: int | None = None,
) -> Team:
    """A project of ``cast.leader`` with an acceptance on its deadline; its unit has 85 points on both sides."""
    with database.transaction() as session:
        leader, *members = (session.get_one(User, one) for one in (cast.leader, *cast.members))
        listed = factories.challenge(session) if on is None else session.get_one(Challenge, on)
        fixed, cap = (int(Decimal(one) * FEN_PER_WAN) for one in AWARDS[level])
        listed.level, listed.fixed_award_fen, listed.benefit_cap_fen, listed.mode = level, fixed, cap, mode
        listed.cap_fen, listed.est_benefit_fen = (fixed + cap) * 12 // 10, benefit_wan * FEN_PER_WAN
        listed.sponsor_unit_id, listed.deadline = cast.sponsor_unit_id, DAY
        session.flush()
        made = factories.project(session, on=listed, leader=leader, members=members, state=state, due=[DAY])
        made.started_on, made.deadline, made.ended_on = dt.date(2026, 1, 5), DAY, clock.today()
        session.add(_acceptance(made, score))
        session.add(BenefitAudit(project_id=made.id, net_benefit_fen=benefit_wan * FEN_PER_WAN))
        if prepaid_yuan and level != "C":
            node = {"project_id": made.id, "milestone_id": made.milestones[0].id, "paid_on": DAY}
            by = {"recorded_by_id": cast.finance, "recorded_at": clock.now()}
            session.add(Prepayment(**node, **by, amount_fen=prepaid_yuan * 100))
        if is_appraised:
            session.add(appraisal(cast, made.unit_id))
        assessment = factories.user(session, roles=["assessment"]).id
        return Team(made.id, listed.id, assessment)


def _acceptance(project: Project, score: int) -> Acceptance:
    return Acceptance(
        project_id=project.id, score=Decimal(score), hard_ok=True, met_ratio=Decimal(1), received_on=DAY
    )


def appraisal(cast: Cast, unit_id: int, points: int = 85) -> Appraisal:
    """A published appraisal of the year with ``points`` everywhere."""
    made = Appraisal(
        unit_id=unit_id,
        period="2026",
        period_from=dt.date(2026, 1, 1),
        period_to=dt.date(2026, 12, 31),
        state=AppraisalState.PUBLISHED,
        opened_at=clock.now(),
        opened_by_id=cast.office,
        published_at=clock.now(),
        p=Decimal(points),
        b=Decimal(points),
    )
    made.scores = [
        CategoryScore(
            category=code,
            owner="office",
            score=Decimal(points),
            scored_by_id=cast.office,
            scored_at=clock.now(),
        )
        for code in [*(f"A{n}" for n in range(1, 7)), *(f"B{n}" for n in range(1, 8))]
    ]
    return made


def begin(database: Database, team: Team, message: str = "MSG_ACCEPTED") -> int:
    """Let the acceptance tell its end; the id of the reward's process."""
    with database.read() as session:
        payload = projects.variables(session.get_one(Project, team.project_id))
    with database.transaction() as session:
        # An instant cannot travel as JSON: the reward reads it from the project.
        payload = {name: value for name, value in payload.items() if name != "rules_at"}
    play.send(database, message, key="project_id", **payload)
    return newest(database, "reward")


def newest(database: Database, name: str) -> int:
    """The id of the process of that name that was started last; 0 without any."""
    with database.read() as session:
        query = select(Process.id).where(Process.name == name).order_by(Process.id.desc())
        return session.scalars(query).first() or 0


def receipt(database: Database, by: int) -> list[int]:
    """An uploaded receipt."""
    with database.transaction() as session:
        return [factories.stored_file(session, by=session.get_one(User, by), name="回单.pdf").id]


def check_vetoes(database: Database, cast: Cast, process: int) -> None:
    for role in CHECKERS:
        play.complete(database, "reward.confirm_veto", by=getattr(cast, role), process=process, complete=True)


def confirm_sheet(database: Database, cast: Cast, process: int) -> None:
    """Let the departments confirm the list of vetoes, and the leader the sheet."""
    check_vetoes(database, cast, process)
    play.complete(database, "reward.sheet", by=cast.leader, process=process, confirm=True)


def rows(cast: Cast, pcts: Sequence[str] = PCTS) -> list[dict[str, Any]]:
    """The rows of the split form."""
    people = (cast.leader, *cast.members)
    return [{"user_id": person, "pct": pct} for person, pct in zip(people, pcts, strict=False)]


def split(database: Database, cast: Cast, process: int) -> None:
    """Let the leader propose, two thirds of the members agree, and the unit's heads sign."""
    play.complete(database, "reward.split", by=cast.leader, process=process, rows=rows(cast))
    for member in cast.members[:3]:
        play.complete(database, "reward.confirm_share", by=member, process=process, agree=True)
    for head in (cast.party_secretary, cast.admin_head):
        play.complete(database, "reward.unit", by=head, process=process, agree=True)


def end_publicity(database: Database) -> None:
    """Let the newest publicity run out."""
    with database.read() as session:
        ends_at = session.scalars(select(Publicity.ends_at).order_by(Publicity.id.desc())).first()
    assert ends_at is not None
    play.wait_until(database, ends_at)


def approve(database: Database, process: int) -> None:
    end_publicity(database)
    play_cast.approve(database, process)
    play.settle(database)


def pay(database: Database, cast: Cast, process: int) -> None:
    """Let personnel check the list and finance hand in the receipts."""
    play.complete(database, "reward.batch", by=cast.hr, process=process, checked=True)
    receipts = receipt(database, cast.finance)
    play.complete(database, "reward.batch", by=cast.finance, process=process, receipts=receipts)
    play.settle(database)


def collect(database: Database, cast: Cast, process: int) -> None:
    """Let finance take back what is owed."""
    receipts = receipt(database, cast.finance)
    play.complete(database, "reward.collect", by=cast.finance, process=process, receipts=receipts)
    play.settle(database)


def up_to_pay(database: Database, cast: Cast, process: int) -> None:
    """From the list of vetoes to the approval: what is left is to pay."""
    confirm_sheet(database, cast, process)
    split(database, cast, process)
    approve(database, process)


def evaluate(database: Database, team: Team, realised_wan: int | None) -> None:
    """Let the post-evaluation find ``realised_wan`` a year later."""
    with database.transaction() as session:
        realised = None if realised_wan is None else realised_wan * FEN_PER_WAN
        session.add(PostEvaluation(project_id=team.project_id, realised_fen=realised))
    play.send(database, "MSG_POST_EVAL", key="project_id", project_id=team.project_id)


def yuan(database: Database, team: Team) -> dict[str, Any]:
    """Total, planned instalments, what was paid and taken back, in 元, and the state of the case."""
    with database.read() as session:
        case = session.scalars(select(RewardCase).where(RewardCase.project_id == team.project_id)).one()
        return {
            "state": case.state,
            "total": case.total_fen // 100,
            "planned": [(one.kind, one.amount_fen // 100) for one in case.instalments],
            "paid": [one.amount_fen // 100 for one in case.payouts if one.paid_at is not None],
            "taken": [one.amount_fen // 100 for one in case.clawbacks if one.collected_at is not None],
        }
