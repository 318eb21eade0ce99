"""A unit's two heads (党政主要负责人), and who is asked where one is missing."""

from typing import Any

from sqlalchemy.orm import Session

from workflows.domain import permissions

HEADS = ("party_secretary", "admin_head")


def stage(session: Session, unit_id: int) -> dict[str, Any]:
    """The terms of a round that asks both heads of the unit: {policy, signers: [{role, unit}]}.

    空审批人: the campaign office is asked in place of a head that the unit does not have.
    """
    asked = [
        {"role": role, "unit": unit_id} if permissions.holders(session, role, unit_id) else {"role": "office"}
        for role in HEADS
    ]
    signers = [one for place, one in enumerate(asked) if one not in asked[:place]]
    return {"policy": "dual" if len(signers) == len(HEADS) else "all", "signers": signers}
