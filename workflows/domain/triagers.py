"""点题: who is asked to triage a problem."""

from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import permissions
from workflows.models import Problem

HEADS = ("party_secretary", "admin_head")  # of a unit


def signers(session: Session, problem: Problem) -> list[dict[str, Any]]:
    """Any one of whom triages, as signers: the unit's business department, else its two heads, else the campaign office.

    The proposer is not asked. Who is asked must not tell who raised an anonymous problem: there the roles are asked,
    and one held by a single person is not asked alone.
    """
    asked: list[dict[str, Any]] = []
    able: set[int] = set()
    for roles, unit_id in (("sponsor",), problem.unit_id), (HEADS, problem.unit_id), (("office",), None):
        for role in roles:
            people = {one.id for one in permissions.holders(session, role, unit_id)}
            asked += _signers(problem, role, unit_id, people)
            able |= people
        if len(able) > 1 if problem.anonymous else asked:
            return asked
    return asked or [{"role": "office", "unit": None}]


def _signers(problem: Problem, role: str, unit_id: int | None, people: set[int]) -> list[dict[str, Any]]:
    """The holders of a role as signers: the role, or each of them when the proposer is one and may be known."""
    if problem.anonymous or problem.proposer_id not in people:
        return [{"role": role, "unit": unit_id}] if people else []
    return [{"role": role, "unit": unit_id, "user": one} for one in sorted(people - {problem.proposer_id})]
