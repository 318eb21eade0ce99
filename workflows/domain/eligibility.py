"""The facts that table D3 judges, and what it found."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
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
    User,
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
GOOD_CORES, GOOD_UNITS = 3, 2  # of advice alone, domain.md P3
SAFETY_CLAUSE = "V01"  # 较大及以上生产安全责任事故, table veto


@dataclass(frozen=True)
class Teammate:
    """One of a team as it stands or is typed."""

    user_id: int
    unit_id: int
    role: str
    pioneer: bool
    is_confirmed: bool


@dataclass(frozen=True)
class Advice:
    """One thing that a good team has (1+N+1); it is advice, only D3 refuses."""

    text: str
    is_met: bool


@dataclass(frozen=True)
class Foreseen:
    """What D3 would find of a bid as it is typed, {code, severity, message} each, and advice about its team."""

    findings: Sequence[Mapping[str, str]]
    advice: Sequence[Advice]


def facts(session: Session, bid: Bid) -> dict[str, Any]:
    """The inputs of D3 for ``bid`` as it stands."""
    return _facts(session, bid, team=team_of(bid), is_worse=_is_worse_on_hard(bid))


def foresee(
    session: Session, bid: Bid, *, team: Sequence[Teammate], pledges: Mapping[int, Decimal | str]
) -> Foreseen:
    """自检 of what is typed: ``pledges`` are values by the id of their indicator. Keeps nothing.

    Unlike ``facts`` it reads the pledges before the opening: show it to those alone who typed them.
    """
    hard = (one for one in bid.challenge.indicators if one.hard and one.id in pledges)
    is_worse = any(not is_as_good(one, pledges[one.id]) for one in hard)
    asked = _facts(session, bid, team=team, is_worse=is_worse)
    found = rules.decide(session, "eligibility", asked, at=bid.challenge.rules_at).value
    return Foreseen(found or [], advise(bid.challenge.level, team))


def team_of(bid: Bid) -> list[Teammate]:
    return [
        Teammate(one.user_id, one.user.unit_id, one.role, one.pioneer, one.confirmed_at is not None)
        for one in bid.members
    ]


def typed_team(session: Session, bid: Bid, rows: Sequence[Mapping[str, Any]]) -> list[Teammate]:
    """The team that ``rows`` {user_id, role, pioneer} name, as far as they can be read; nobody twice."""
    wanted = {row["user_id"]: row for row in rows if isinstance(row.get("user_id"), int)}
    known = dict(iter(session.execute(select(User.id, User.unit_id).where(User.id.in_(wanted)))))
    confirmed = {one.user_id for one in bid.members if one.confirmed_at is not None}
    return [
        Teammate(one, known[one], str(row.get("role", "")), row.get("pioneer") is True, one in confirmed)
        for one, row in wanted.items()
        if one in known
    ]


def advise(level: str, team: Sequence[Teammate]) -> list[Advice]:
    """1 挂帅人 + N 骨干 + 1 导师或党员先锋, and people of two units for a challenge of level A."""
    roles = [one.role for one in team]
    cores, units = roles.count("core"), len({one.unit_id for one in team})
    has_guide = "mentor" in roles or any(one.pioneer for one in team)
    found = [
        Advice("有且只有 1 名挂帅人", roles.count("leader") == 1),
        Advice(f"骨干至少 {GOOD_CORES} 名（现有 {cores} 名）", cores >= GOOD_CORES),
        Advice("有 1 名导师或党员先锋", has_guide),
    ]
    if level == "A":
        found.append(
            Advice(f"A 级榜单有 {GOOD_UNITS} 个以上单位的人员（现有 {units} 个）", units >= GOOD_UNITS)
        )
    return found


def _facts(session: Session, bid: Bid, *, team: Sequence[Teammate], is_worse: bool) -> dict[str, Any]:
    leader = bid.leader
    judged_on = challenges.announced_last_day(session, bid.challenge)
    return {
        "leader_on_duty": leader.on_duty,
        "leader_banned": leader.banned_until is not None and leader.banned_until >= judged_on,
        "leader_running_projects": _led_projects(session, bid),
        "member_running_projects": _joined_projects(session, [one.user_id for one in team]),
        "team_size": len(team),
        "unit_count": len({one.unit_id for one in team}),
        "level": bid.challenge.level,
        "pledge_worse_on_hard": is_worse,
        "leader_judged_challenge": justifications.has_judged(session, bid.challenge, leader.id),
        "unit_safety_veto": _has_safety_veto(session, bid),
        "safety_critical": bid.challenge.safety_critical,
        "unconfirmed_members": sum(not one.is_confirmed for one in team),
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


def _led_projects(session: Session, bid: Bid) -> int:
    """How many running projects the leader leads."""
    led = select(func.count()).where(Project.leader_id == bid.leader_id, Project.state.in_(RUNNING))
    return session.execute(led).scalar_one()


def _joined_projects(session: Session, people: Sequence[int]) -> int:
    """The most running projects that anybody of ``people`` is in."""
    running = Project.state.in_(RUNNING)
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
