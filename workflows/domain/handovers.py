"""换帅交接: both leaders sign that everything on the list has been handed over."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from workflows import clock
from workflows.errors import Invalid
from workflows.models import ChangeRequest, HandoverSignature, User

CHECKLIST = {
    "documents": "技术资料与试验数据",
    "funds": "经费账目与合同",
    "equipment": "物资设备",
    "open_work": "在办节点与督办事项",
}


def sign(
    session: Session, change: ChangeRequest, *, is_new: bool, values: Mapping[str, Any], actor: User
) -> HandoverSignature:
    """One side's signature; ``values`` hold CHECKLIST (bool) and open_points.

    Raises Invalid at every point of the list that is not handed over yet.
    """
    missing = {name: ["请交接完成后再签字。"] for name in CHECKLIST if not values[name]}
    if missing:
        raise Invalid(missing)
    signature = HandoverSignature(change=change, side="to" if is_new else "from", user=actor)
    signature.checklist = {name: values[name] for name in CHECKLIST}
    signature.open_points, signature.signed_at = values["open_points"], clock.now()
    session.add(signature)
    return signature
