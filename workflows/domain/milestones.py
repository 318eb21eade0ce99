"""Nodes (节点): which one is at work, handed in, assessed (D8), and what follows from that."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from workflows import calendar, clock
from workflows.domain import challenges, funds, notices, permissions, projects, races, rag, reports, rules
from workflows.errors import Conflict, Invalid
from workflows.models import (
    Milestone,
    MilestoneState,
    NodeSubmission,
    NodeValue,
    NodeVerification,
    Project,
    ProjectState,
    User,
)

WORK, VERIFY, ASSESS, RELEASE, RECTIFY, REVIEW = "work", "verify", "assess", "release", "rectify", "review"
READY, ELIMINATED = "ready", "eliminated"
PASSED = ("pass", "pass_with_point")
REVIEWS = ("terminate_review", "change_leader_review")
FINISHED = (MilestoneState.PASSED, MilestoneState.WAIVED)


def next_step(session: Session, project: Project) -> tuple[Milestone | None, str]:
    """Where the project stands: its first node with something left to do, and what; READY or ELIMINATED without.

    It follows from the rows alone, so that work goes on rightly after a suspension.
    """
    if project.state == ProjectState.ELIMINATED:
        return None, ELIMINATED
    for milestone in project.milestones:
        if milestone.released_pct and funds.is_due(session, milestone):
            return milestone, RELEASE
        if milestone.state not in FINISHED:
            return milestone, _step_of(session, milestone)
    return None, READY


def _step_of(session: Session, milestone: Milestone) -> str:
    if milestone.state == MilestoneState.CONDITIONAL:
        return RECTIFY
    if milestone.state == MilestoneState.FAILED:
        return REVIEW
    if milestone.state == MilestoneState.SUBMITTED:
        return VERIFY if races.submission(session, milestone).verified_at is None else ASSESS
    return WORK


def take_up(milestone: Milestone) -> None:
    """进行: the node is worked on from now."""
    if milestone.state == MilestoneState.PLANNED:
        milestone.state = MilestoneState.IN_PROGRESS


def submit(
    session: Session, milestone: Milestone, *, values: Mapping[str, Any], actor: User
) -> NodeSubmission:
    """提交节点: {summary, values [{indicator_id, value}] of every indicator once, evidence}; late is not refused.

    Raises Invalid for a missing or repeated indicator, Conflict unless the node is being worked on.
    """
    project = milestone.project
    projects.expect_team(session, actor, project)
    if project.state not in projects.AT_WORK or milestone.state != MilestoneState.IN_PROGRESS:
        raise Conflict("这个节点现在不能提交，请刷新页面。")
    reports.check_values(project, values["values"])
    told = {row["indicator_id"] for row in values["values"]}
    missing = [one.name for one in project.challenge.indicators if one.id not in told]
    if missing:
        raise Invalid({"values": [f"还没有填报的指标：{'、'.join(missing)}。"]})
    made = NodeSubmission(milestone=milestone, attempt=milestone.attempts + 1, summary=values["summary"])
    made.evidence, made.submitted_by_id, made.submitted_at = values["evidence"], actor.id, clock.now()
    made.values = [NodeValue(**row) for row in values["values"]]
    milestone.state = MilestoneState.SUBMITTED
    session.add(made)
    session.flush()
    rag.ease(session, project)
    return made


def submissions(session: Session, project: Project) -> Sequence[NodeSubmission]:
    """Everything handed in for the nodes of a project, in order, with what was verified."""
    query = select(NodeSubmission).join(Milestone).where(Milestone.project_id == project.id)
    checked = selectinload(NodeSubmission.verifications).selectinload(NodeVerification.verifier)
    query = query.options(checked, selectinload(NodeSubmission.values))
    return session.scalars(query.order_by(NodeSubmission.id)).all()


def verifiers(session: Session, project: Project) -> list[dict[str, Any]]:
    """Who verifies: {role, unit, indicator_ids}, nobody twice; the sponsor answers for the whole, without ids.

    Where nobody holds ``verifier`` (or ``sponsor``) in the unit its administrative head does it, and without one
    production does.
    """
    challenge = project.challenge
    asked = [("verifier", one.verifier_unit_id, [one.id]) for one in challenge.indicators]
    found: dict[tuple[str, int | None], list[int]] = {}
    for role, unit_id, indicator_ids in [*asked, ("sponsor", challenge.sponsor_unit_id, [])]:
        found.setdefault(_who(session, role, unit_id), []).extend(indicator_ids)
    return [{"role": role, "unit": unit, "indicator_ids": ids} for (role, unit), ids in found.items()]


def _who(session: Session, role: str, unit_id: int) -> tuple[str, int | None]:
    for one in (role, "admin_head"):
        if permissions.holders(session, one, unit_id):
            return one, unit_id
    return "production", None


def verify(
    session: Session,
    milestone: Milestone,
    *,
    indicator_ids: Sequence[int],
    values: Mapping[str, Any],
    actor: User,
) -> bool:
    """节点核验: {rows [{indicator_id, measured, agree}], agree, opinion} on ``indicator_ids``; whether all agree.

    Raises Invalid unless each of them stands once in the rows and no other, or a refusal gives no reason;
    Forbidden for one of the team.
    """
    projects.expect_apart(actor, milestone.project)
    if milestone.state != MilestoneState.SUBMITTED:
        raise Conflict("这个节点不在核验中，请刷新页面。")
    rows = values.get("rows", [])
    if sorted(row["indicator_id"] for row in rows) != sorted(indicator_ids):
        raise Invalid({"rows": ["请逐项填写由您核验的指标，每项一行。"]})
    agree = values.get("agree", True) and all(row["agree"] for row in rows)
    if not agree and not values["opinion"].strip():
        raise Invalid({"opinion": ["核验不认可的，请写明理由。"]})
    made = races.submission(session, milestone)
    told_of: Sequence[int | None] = indicator_ids or [None]  # the sponsor answers for the whole
    for earlier in [one for one in made.verifications if one.indicator_id in told_of]:
        made.verifications.remove(earlier)  # of a round that a suspension broke off
    told = rows or [{"indicator_id": None, "measured": None, "agree": agree}]
    for row in told:
        checked = NodeVerification(opinion=values["opinion"], **row)
        checked.verifier_id, checked.verified_at = actor.id, clock.now()
        made.verifications.append(checked)
    session.flush()
    return bool(agree)


def end_verification(session: Session, milestone: Milestone) -> None:
    """Everybody asked has verified: the node goes to its assessment."""
    races.submission(session, milestone).verified_at = clock.now()


def facts(session: Session, milestone: Milestone, *, score: Decimal) -> dict[str, Any]:
    """What D8 asks about an assessment with ``score`` (0..100). Raises Conflict unless the node is being assessed."""
    if milestone.state != MilestoneState.SUBMITTED:
        raise Conflict("这个节点不在考核中，请刷新页面。")
    challenges.hold(
        session, milestone.project.challenge
    )  # of two teams assessed at once, one sees the other's
    return races.facts(session, milestone, score=score, attempts=milestone.attempts + 1)


def settle(session: Session, milestone: Milestone, *, score: Decimal, outcome: Mapping[str, Any]) -> None:
    """考核处理: what D8 said of an assessment: {action, release, points}."""
    project = milestone.project
    action = str(outcome["action"])
    milestone.attempts += 1
    milestone.score, milestone.action = score, action
    milestone.released_pct, milestone.points = int(outcome["release"]), int(outcome["points"])
    if action in PASSED:
        _pass(milestone)
    elif action == "conditional":
        milestone.state = MilestoneState.CONDITIONAL
        projects.move(session, project, ProjectState.RECTIFYING, out_of=projects.AT_WORK)
    elif action == "retry":
        _again(session, milestone)
    else:
        milestone.state = MilestoneState.FAILED
        _give_up_or_review(session, milestone, action)
    projects.raise_progress(session, project)
    rag.ease(session, project)


def eliminate_last(session: Session, milestone: Milestone) -> Project | None:
    """赛马排名, after an assessment of ``milestone``: the team that has become the last of its race at this node is out.

    Every team at work that has been assessed at the node is asked D8 anew, so that it does not matter who was
    assessed first. A team whose next attempt is handed in waits for that; a waived node is not held against a team.
    """
    challenges.hold(session, milestone.project.challenge)
    rows = select(Milestone).join(Project).where(Project.challenge_id == milestone.project.challenge_id)
    rows = rows.where(Project.state.in_(projects.AT_WORK), Milestone.seq == milestone.seq)
    waiting = (MilestoneState.SUBMITTED, MilestoneState.WAIVED)
    rows = rows.where(Milestone.score.is_not(None), Milestone.state.not_in(waiting))
    for node in session.scalars(rows.order_by(Milestone.id)).all():
        told = races.facts(session, node, score=node.score or Decimal(0), attempts=node.attempts)
        found = rules.decide(session, "node_action", told, at=node.project.rules_at).value
        if found["action"] == races.ELIMINATE:
            node.action = races.ELIMINATE
            _eliminate(session, node)
            return node.project
    return None


def rectify_by(session: Session, milestone: Milestone) -> dt.date:
    """The last day to put right what an assessment found, if it begins today."""
    days = rules.days(session, "node_rectify_workdays", at=milestone.project.rules_at)
    return calendar.add_workdays(session, clock.today(), days)


def rectify(session: Session, milestone: Milestone, *, actor: User) -> None:
    """整改: the leader has put right what was found; the node has passed."""
    projects.expect_team(session, actor, milestone.project)
    if milestone.state != MilestoneState.CONDITIONAL:
        raise Conflict("这个节点没有待整改的事项。")
    _pass(milestone)
    projects.move(session, milestone.project, ProjectState.RUNNING, out_of=projects.AT_WORK)
    projects.raise_progress(session, milestone.project)


def check_review(milestone: Milestone, *, decision: str, new_due: dt.date | None, actor: User) -> None:
    """终止或换帅评估, as the sponsor proposes it: go_on once more, waive the node, or ask for a change.

    Raises Invalid for a new due day that is missing (unless waived), past, or after the deadline.
    """
    project = milestone.project
    projects.expect_apart(actor, project)
    _expect_failed(milestone)
    latest = max(project.deadline, clock.today())
    if decision != "waive" and (new_due is None or not clock.today() <= new_due <= latest):
        raise Invalid({"new_due": [f"请填写今天至 {latest:%Y-%m-%d} 之间的日期。"]})


def decide_review(
    session: Session, milestone: Milestone, *, decision: str, new_due: dt.date | None, actor: User
) -> None:
    """What the office has confirmed of a review: the node is waived, or worked on once more until ``new_due``."""
    project = milestone.project
    projects.expect_apart(actor, project)
    _expect_failed(milestone)
    if decision == "waive":
        milestone.state, milestone.done_on = MilestoneState.WAIVED, clock.today()
        return
    milestone.state, milestone.cur_due = MilestoneState.IN_PROGRESS, new_due
    if decision == "change":
        text = f"“{project.challenge.title}”的节点“{milestone.name}”须发起终止或换帅变更，请办理。"
        _tell_office(session, project, text)


def _expect_failed(milestone: Milestone) -> None:
    if milestone.state != MilestoneState.FAILED:
        raise Conflict("这个节点没有待评估的事项。")


def _pass(milestone: Milestone) -> None:
    milestone.state, milestone.done_on = MilestoneState.PASSED, clock.today()


def _again(session: Session, milestone: Milestone) -> None:
    """整改复考: the node is worked on again, with time to put it right."""
    milestone.state = MilestoneState.IN_PROGRESS
    again = rectify_by(session, milestone)
    milestone.cur_due = max(again, milestone.cur_due or again)


def _give_up_or_review(session: Session, milestone: Milestone, action: str) -> None:
    project = milestone.project
    if action in REVIEWS:
        text = f"“{project.challenge.title}”的节点“{milestone.name}”两次考核不通过，请评估是否终止或换帅；未整改的按否决条款处理。"
        _tell_office(session, project, text)
        return
    _eliminate(session, milestone)


def _eliminate(session: Session, milestone: Milestone) -> None:
    project = milestone.project
    projects.move(session, project, ProjectState.ELIMINATED, out_of=projects.AT_WORK)
    text = f"“{project.challenge.title}”的节点“{milestone.name}”考核后，您的团队被淘汰。"
    for user_id in [one.user_id for one in project.members if one.left_on is None]:
        notices.send(session, user_id, text=text, link=f"/projects/{project.id}", kind="result")


def _tell_office(session: Session, project: Project, text: str) -> None:
    for one in permissions.holders(session, "office", None):
        notices.send(session, one.id, text=text, link=f"/projects/{project.id}", kind="project")
