"""The facts that table D3 judges, and what it found."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from workflows import clock
from workflows.domain import challenges, permissions
from workflows.models import Bid, EligibilityCheck, Indicator

SELF, OPENED, REVIEWED = "self", "opened", "reviewed"


def facts(bid: Bid) -> dict[str, Any]:
    """The inputs of D3 for ``bid`` as it stands.

    Facts that no stored row can tell yet (running projects, the justification score of the challenge, safety
    vetoes of the unit) begin with the projects and appraisals; until there are any they are 0 or false.
    """
    leader = bid.leader
    return {
        "leader_on_duty": leader.on_duty,
        "leader_banned": leader.banned_until is not None
        and leader.banned_until >= challenges.last_day(bid.challenge),
        "leader_running_projects": 0,
        "member_running_projects": 0,
        "team_size": len(bid.members),
        "unit_count": len({member.user.unit_id for member in bid.members}),
        "level": bid.challenge.level,
        "pledge_worse_on_hard": _is_worse_on_hard(bid),
        "leader_judged_challenge": False,
        "unit_safety_veto": False,
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
