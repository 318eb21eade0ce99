"""激励申诉: against the sheet, or within some days against what was paid; heard by the assessment office, decided by 党委会."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import notices, permissions, projects, rewards, rules
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import Appeal, AppealState, Project, RewardCase, RewardState, User

CORRECTED = ("score", "applied_on", "net_benefit_fen")
UNDECIDED = (AppealState.OPEN, AppealState.HEARD)


def file_on_sheet(
    session: Session, case: RewardCase, *, reason: str, evidence: Sequence[int], actor: User
) -> Appeal:
    """The leader does not accept the sheet. Raises Forbidden, Conflict."""
    rewards.expect_leader(session, case, actor)
    if case.state != RewardState.CONFIRMING:
        raise Conflict("现在不是核对测算表的阶段，请刷新页面。")
    return _file(session, case, reason=reason, evidence=evidence, actor=actor, is_of_sheet=True)


def file_on_payment(
    session: Session, case: RewardCase, *, reason: str, evidence: Sequence[int], actor: User
) -> Appeal:
    """Somebody of the team or a head of its unit does not accept what was paid.

    Raises Forbidden for others, Conflict before the pay-out, after the period, and while an appeal is open.
    """
    project = case.project
    if not permissions.is_on_team(actor, project) and not permissions.is_head_of(
        session, actor, project.unit_id
    ):
        raise Forbidden("只有项目团队成员和所在单位党政负责人可以申诉。")
    projects.hold(session, project)  # as whoever closes a case does: an appeal and the end cannot cross
    session.refresh(case)
    if case.state == RewardState.CLOSED:
        raise Conflict("这项激励已经办结，申诉期限已过。")
    if case.state not in rewards.SETTLED or case.settled_at is None:
        raise Conflict("激励还没有兑现，不能申诉。")
    days = rules.days(session, "appeal_workdays", at=project.rules_at)
    if clock.now() >= calendar.deadline_after(session, days, since=case.settled_at):
        raise Conflict(f"兑现后 {days} 个工作日内可以申诉，现已超过期限。")
    mine = select(Appeal.id).where(Appeal.case_id == case.id, Appeal.state.in_(UNDECIDED))
    if session.scalar(mine.limit(1)) is not None:
        raise Conflict("已有一项申诉正在办理，请等待结果。")
    return _file(session, case, reason=reason, evidence=evidence, actor=actor, is_of_sheet=False)


def hear(session: Session, appeal: Appeal, *, findings: str, actor: User) -> None:
    """核实: what the assessment office found. Raises Forbidden for one of the team, Conflict."""
    projects.expect_apart(actor, appeal.case.project)
    if appeal.state != AppealState.OPEN:
        raise Conflict("这项申诉已经核实，请刷新页面。")
    appeal.findings, appeal.state = findings, AppealState.HEARD


def decide(
    session: Session,
    appeal: Appeal,
    *,
    won: bool,
    reply: str,
    corrections: Mapping[str, Any],
    actor: User,
) -> None:
    """审定: won with the facts that it corrects (CORRECTED; those that are None stay), or lost with a reply.

    Raises Forbidden for one of the team, Conflict, Invalid for one that is won and corrects nothing, or corrects the
    day of application to one to come or before the kick-off.
    """
    projects.expect_apart(actor, appeal.case.project)
    if appeal.state != AppealState.HEARD:
        raise Conflict("这项申诉还没有核实或已经审定，请刷新页面。")
    given = {name: corrections[name] for name in CORRECTED if corrections.get(name) is not None}
    if won and not given:
        raise Invalid({"won": ["申诉成立时，请至少更正一项：验收得分、申请验收日或核定效益。"]})
    _check_day(appeal.case.project, given.get("applied_on"))
    appeal.state = AppealState.WON if won else AppealState.LOST
    appeal.corrections = {name: str(value) for name, value in given.items()} if won else {}
    appeal.reply, appeal.decided_by_id, appeal.decided_at = reply, actor.id, clock.now()
    text = f"您的激励申诉{'成立，将重新测算' if won else '不成立'}：{reply}"
    notices.send(session, appeal.filed_by_id, text=text[:200], link=rewards.path(appeal.case), kind="payment")


def _check_day(project: Project, applied_on: dt.date | None) -> None:
    if applied_on is None:
        return
    if applied_on > clock.today():
        raise Invalid({"applied_on": ["申请验收日不能晚于今天。"]})
    if project.started_on is not None and applied_on < project.started_on:
        raise Invalid({"applied_on": [f"申请验收日不能早于启动日 {project.started_on:%Y-%m-%d}。"]})


def _file(
    session: Session,
    case: RewardCase,
    *,
    reason: str,
    evidence: Sequence[int],
    actor: User,
    is_of_sheet: bool,
) -> Appeal:
    appeal = Appeal(is_of_sheet=is_of_sheet, reason=reason, evidence=list(evidence))
    appeal.filed_by, appeal.filed_at, appeal.state = actor, clock.now(), AppealState.OPEN
    case.appeals.append(appeal)
    session.flush()
    return appeal
