"""The facts that table D3 judges, and what it found."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import challenges, justifications, permissions, rules
from workflows.models import (
    Bid,
    EligibilityCheck,
    Indicator,
    Project,
    ProjectMember,
    ProjectState,
    VetoEvent,
    VetoState,
)

SELF, OPENED, REVIEWED = "self", "opened", "reviewed"
RUNNING = (
    ProjectState.INITIATING,
    ProjectState.RUNNING,
    ProjectState.RECTIFYING,
    ProjectState.SUSPENDED,
    ProjectState.ACCEPTING,
)
SAFETY_CLAUSE = "V01"  # 较大及以上生产安全责任事故, table veto


def facts(session: Session, bid: Bid) -> dict[str, Any]:
    """The inputs of D3 for ``bid`` as it stands."""
    leader = bid.leader
    judged_on = challenges.announced_last_day(session, bid.challenge)
    return {
        "leader_on_duty": leader.on_duty,
        "leader_banned": leader.banned_until is not None and leader.banned_until >= judged_on,
        "leader_running_projects": _running_projects(session, bid, led_only=True),
        "member_running_projects": _running_projects(session, bid, led_only=False),
        "team_size": len(bid.members),
        "unit_count": len({member.user.unit_id for member in bid.members}),
        "level": bid.challenge.level,
        "pledge_worse_on_hard": _is_worse_on_hard(bid),
        "leader_judged_challenge": justifications.has_judged(session, bid.challenge, leader.id),
        "unit_safety_veto": _has_safety_veto(session, bid),
        "safety_critical": bid.challenge.safety_critical,
        "unconfirmed_members": sum(member.confirmed_at is None for member in bid.members),
    }


def record(bid: Bid, *, stage: str, findings: Sequence[Mapping[str, str]]) -> bool:
    """Keep what D3 found at ``stage`` in place of what it found there before; whether none of it refuses."""
    for old in [check for check in bid.checks if check.stage == stage]:
        bid.checks.remove(old)
    for found in findings:
        bid.checks.append(
            EligibilityCheck(
                stage=stage,
                code=found["code"],
                severity=found["severity"],
                message=found["message"],
                checked_at=clock.now(),
            )
        )
    return not any(found["severity"] == "refuse" for found in findings)


def add_review(bid: Bid, *, role: str, passed: bool, reason: str, may_cure: bool) -> None:
    """资格复核: keep what one department found, in place of what it found in an earlier round."""
    for old in [check for check in bid.checks if check.stage == REVIEWED and check.code == f"R-{role}"]:
        bid.checks.remove(old)
    if passed:
        return
    bid.checks.append(
        EligibilityCheck(
            stage=REVIEWED,
            code=f"R-{role}",
            severity="cure" if may_cure else "refuse",
            message=f"{permissions.ROLES[role]}：{reason}",
            checked_at=clock.now(),
        )
    )


def may_cure(bid: Bid) -> bool:
    """Whether every department that found the bid ineligible lets it be cured."""
    found = [check for check in bid.checks if check.stage == REVIEWED]
    return bool(found) and all(check.severity == "cure" for check in found)


def is_as_good(indicator: Indicator, promised: Decimal | str) -> bool:
    """Whether ``promised`` (as a document keeps it, or as a number) reaches the indicator's target by its operator."""
    value = Decimal(promised)
    if indicator.op == "≥":
        return value >= indicator.target
    return value <= indicator.target if indicator.op == "≤" else value == indicator.target


def _is_worse_on_hard(bid: Bid) -> bool:
    """Whether a hard indicator is pledged worse than its target.

    False until the bid is opened: what a sealed bid promises must not be read off what is found about it. Before
    that only its own team is warned, beside the document that only they can read.
    """
    return any(one.indicator.hard and not is_as_good(one.indicator, one.value) for one in bid.pledges)


def _running_projects(session: Session, bid: Bid, *, led_only: bool) -> int:
    """How many running projects the leader leads, or otherwise the most that anybody of the team is in."""
    running = Project.state.in_(RUNNING)
    if led_only:
        led = select(func.count()).where(Project.leader_id == bid.leader_id, running)
        return session.execute(led).scalar_one()
    people = [member.user_id for member in bid.members]
    mine = (ProjectMember.user_id.in_(people), ProjectMember.left_on.is_(None), running)
    counted = select(func.count()).select_from(ProjectMember).join(ProjectMember.project).where(*mine)
    return max(session.scalars(counted.group_by(ProjectMember.user_id)), default=0)


def _has_safety_veto(session: Session, bid: Bid) -> bool:
    """Whether the unit had a veto-level safety accident in the days of setting ``safety_veto_days`` up to the last one
    of the bidding.
    """
    days = rules.days(session, "safety_veto_days", at=bid.challenge.rules_at)
    since = challenges.last_day(bid.challenge) - dt.timedelta(days=days)
    accident = (
        VetoEvent.unit_id == bid.unit_id,
        VetoEvent.clause == SAFETY_CLAUSE,
        VetoEvent.state == VetoState.CONFIRMED,
        VetoEvent.effective_on > since,
    )
    return session.execute(select(exists().where(*accident))).scalar_one()
