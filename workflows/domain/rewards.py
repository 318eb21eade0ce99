"""激励案: a project's reward, from what its acceptance, benefit, appraisal and vetoes say to a sheet that explains itself."""

from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import clock
from workflows.domain import (
    appraisals,
    calculation,
    challenges,
    notices,
    permissions,
    portions,
    projects,
    reward_facts,
    vetoes,
)
from workflows.errors import Conflict, Forbidden, NotFound
from workflows.models import (
    AppealState,
    Challenge,
    Mode,
    Project,
    ProjectState,
    RaceResult,
    RewardCase,
    RewardInstalment,
    RewardLine,
    RewardState,
    SplitState,
    Unit,
    User,
)

SETTLED = (RewardState.PAID, RewardState.POST_PAID)
CLOSED, PENDING, DUE = "closed", "pending", "due"  # what came of closing a case


def begin(session: Session, project: Project) -> RewardCase:
    """The case of ``project``, accepted or not. Raises Conflict when it has one already."""
    if session.scalar(select(RewardCase.id).where(RewardCase.project_id == project.id)) is not None:
        raise Conflict("这个项目的激励已经开始办理。")
    challenges.hold(session, project.challenge)
    case = RewardCase(project=project, opened_at=clock.now(), state=RewardState.MEASURING)
    session.add(case)
    challenges.follow_projects(session, project.challenge)
    return case


def is_race_settled(session: Session, case: RewardCase) -> bool:
    """Whether the project's race is over (or none was run); then it is known whether it was beaten.

    Holds the challenge, as whoever settles a race does: the news cannot pass between this look and the wait.
    """
    project = case.project
    if project.challenge.mode != Mode.RACE or not is_accepted(project):
        return True
    challenges.hold(session, project.challenge)
    result = session.get(RaceResult, project.challenge_id)
    if result is None:
        return False
    case.is_beaten = result.project_id != project.id
    return True


def is_accepted(project: Project) -> bool:
    return project.state in (ProjectState.ACCEPTED, ProjectState.CLOSED)


def find_appraisal(session: Session, case: RewardCase) -> bool:
    """Whether the unit has a published appraisal; that of the acceptance's day is taken, or the latest.

    Holds the unit, as whoever publishes does.
    """
    project = case.project
    session.refresh(project.unit, with_for_update={"of": Unit})
    found = appraisals.serving(session, project.unit_id, on=project.ended_on)
    if found is None:
        if case.state != RewardState.COEFFICIENT:
            _ask_for_appraisal(session, case)
        case.state = RewardState.COEFFICIENT
        return False
    case.appraisal_id = found.id
    return True


def _ask_for_appraisal(session: Session, case: RewardCase) -> None:
    text = f"“{title(case)}”的激励等待{case.project.unit.name}的考评结果，请完成该单位的双挂钩考评。"
    for one in permissions.holders(session, "assessment", None):
        notices.send(session, one.id, text=text, link=path(case), kind="payment")


def check_vetoes(case: RewardCase) -> None:
    """否决审查: the departments are asked whether the list of veto events is complete."""
    case.state = RewardState.VETO_CHECK


def measure(session: Session, case: RewardCase) -> None:
    """测算: work out the total anew from the facts of now and the rules of the project; earlier lines are kept.

    A veto that has been counted stays, even when it is restored. A split that the members have agreed to keeps its percentages; its amounts follow the new total.
    """
    project = case.project
    events = vetoes.of_project(session, project, counted=case.vetoes)
    ask = appraisals.rules_of(session, project.rules_at)
    facts = reward_facts.gather(session, case, vetoes.as_facts(events))
    sheet = calculation.measure(ask, facts)
    case.measurement += 1
    case.measured_at, case.vetoes = clock.now(), [one.id for one in events]
    case.verdict, case.kc, case.kt, case.kdual, case.v = (
        sheet.verdict,
        sheet.kc,
        sheet.kt,
        sheet.kdual,
        sheet.v,
    )
    case.p, case.b, case.total_fen = facts.p, facts.b, sheet.total_fen
    realised = reward_facts.realised_fen(session, project) if case.is_evaluated else None
    planned = calculation.instalments(ask, facts, sheet, realised_fen=realised)
    plan = calculation.plan_line(ask, facts, planned)
    case.lines += [
        RewardLine(
            measurement=case.measurement,
            factor=one.factor,
            value=one.value,
            text=one.text,
            file=one.file,
            version=one.version,
            rows=list(one.rows),
            inputs=dict(one.inputs),
        )
        for one in (*reward_facts.rate_lines(session, case), *sheet.lines, plan)
    ]
    case.instalments.clear()
    session.flush()
    case.instalments += [
        RewardInstalment(seq=seq, kind=one.kind, amount_fen=one.fen)
        for seq, one in enumerate(planned, start=1)
    ]
    _follow_total(case)
    session.flush()


def show_sheet(case: RewardCase) -> None:
    """核对测算表: the leader is shown the sheet."""
    case.state = RewardState.CONFIRMING


def take_as_confirmed(session: Session, case: RewardCase) -> None:
    """逾期未答复: after its reminders silence counts as the leader's word; the leader is told."""
    text = "测算表在期限内没有答复，视为确认；兑现后仍可申诉。"
    notices.send(session, case.project.leader_id, text=text, link=path(case), kind="payment")


def expect_leader(session: Session, case: RewardCase, actor: User) -> None:
    """Raises Forbidden unless ``actor`` leads the project or stands in for its leader."""
    if case.project.leader_id not in permissions.grants(session, actor).people:
        raise Forbidden("只有挂帅人可以办理这一项。")


def is_stale(session: Session, case: RewardCase) -> bool:
    """Whether veto events have come since the last measurement."""
    return any(one.id not in case.vetoes for one in vetoes.of_project(session, case.project))


def evaluate(session: Session, case: RewardCase) -> None:
    """后评价: the last instalment is due, cut by what was realised."""
    projects.hold(session, case.project)
    case.is_evaluated = True
    measure(session, case)


def has_last_instalment(case: RewardCase) -> bool:
    """Whether something waits for the post-evaluation."""
    return any(one.kind == calculation.POST and one.amount_fen > 0 for one in case.instalments)


def settle(case: RewardCase) -> None:
    """已兑现: what was due at this stage is paid or taken back; from now on the period of appeal runs."""
    case.state = RewardState.POST_PAID if case.is_evaluated else RewardState.PAID
    case.settled_at = clock.now()


def close(session: Session, case: RewardCase) -> str:
    """关闭: CLOSED, or why not yet.

    PENDING while an appeal is not decided, what it gave is not split, or money is on its way. DUE when a veto has
    just come, by which the case is measured anew and has to be settled first, and when after an appeal that was
    won the last instalment waits for the post-evaluation.
    """
    challenges.hold(session, case.project.challenge)
    projects.hold(session, case.project)
    if case.state == RewardState.CLOSED:  # those who approve refused what an appeal had given
        return CLOSED
    undecided = any(one.state in (AppealState.OPEN, AppealState.HEARD) for one in case.appeals)
    unsplit = case.total_fen > 0 and all(one.state != SplitState.AGREED for one in case.splits)
    if undecided or unsplit or any(one.paid_at is None for one in case.payouts):
        return PENDING
    if is_stale(session, case):
        measure(session, case)
        return DUE
    if has_last_instalment(case) and not case.is_evaluated:
        return DUE
    case.state, case.closed_at = RewardState.CLOSED, clock.now()
    challenges.follow_projects(session, case.project.challenge)
    return CLOSED


def weigh_veto(session: Session, case: RewardCase) -> bool:
    """Whether a veto finds the case paid already, and so measured anew; otherwise it counts before the pay-out."""
    projects.hold(session, case.project)
    if case.state not in SETTLED:
        return False
    measure(session, case)
    return True


def of_project(session: Session, project_id: int) -> RewardCase | None:
    return session.scalars(select(RewardCase).where(RewardCase.project_id == project_id)).one_or_none()


def sheet(case: RewardCase) -> list[RewardLine]:
    """The lines of the last measurement, in order."""
    return [one for one in case.lines if one.measurement == case.measurement]


def get(session: Session, case_id: int, *, actor: User) -> RewardCase:
    """With lines, instalments and splits. Raises NotFound for one that ``actor`` may not see."""
    query = select(RewardCase).where(RewardCase.id == case_id).options(*SHOWN, selectinload(RewardCase.lines))
    parts = (
        RewardCase.instalments,
        RewardCase.splits,
        RewardCase.payouts,
        RewardCase.clawbacks,
        RewardCase.appeals,
    )
    case = session.scalars(query.options(*(selectinload(part) for part in parts))).one_or_none()
    if case is None or not permissions.may_see_reward(session, actor, case):
        raise NotFound("没有找到这个激励案。")
    return case


SHOWN: Any = (
    joinedload(RewardCase.project).joinedload(Project.challenge),
    joinedload(RewardCase.project).joinedload(Project.leader),
    joinedload(RewardCase.project).joinedload(Project.unit),
)


def is_seen(session: Session, case: RewardCase, *, actor: User) -> bool:
    return permissions.may_see_reward(session, actor, case)


def path(case: RewardCase) -> str:
    return f"/rewards/{case.id}"


def title(case: RewardCase) -> str:
    challenge: Challenge = case.project.challenge
    return f"{challenge.title} · {case.project.leader.name}"


def _follow_total(case: RewardCase) -> None:
    agreed = next((one for one in reversed(case.splits) if one.state == SplitState.AGREED), None)
    if agreed is None:
        return
    amounts = portions.shares(case.total_fen, [Decimal(row.pct) for row in agreed.rows])
    for row, amount in zip(agreed.rows, amounts, strict=True):
        row.amount_fen = amount
