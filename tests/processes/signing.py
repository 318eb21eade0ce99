"""An approval under way: whom it asks, what they sign, how it stands."""

from typing import Any

from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes.cast import Cast
from workflows import work
from workflows.db import Database
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import ApprovalStage, RoleGrant, Signature, User

LARGE = {"budget_fen": 260_000_000}  # 260 万元: both collective bodies decide
AGREE = {"decision": "agreed"}


def begin(campaign: Database, cast: Cast, **changes: Any) -> int:
    """A challenge in its approval; the id of the process."""
    return play_cast.publishing(campaign, play_cast.submit(campaign, cast, **changes))


def asked(campaign: Database, process: int) -> list[tuple[str, str]]:
    """Role and audience of each open signature."""
    with campaign.read() as session:
        items = play.all_items(session, process)
        return [(item.role, item.audience) for item in items if item.status == OPEN]


def item(campaign: Database, process: int, role: str) -> int:
    with campaign.read() as session:
        mine = (WorkItem.process_id == process, WorkItem.status == OPEN, WorkItem.role == role)
        return session.scalars(select(WorkItem.id).where(*mine)).one()


def sign(campaign: Database, process: int, role: str, *, by: int, **changes: Any) -> None:
    """As ``by`` agree for ``role``, or what ``changes`` say."""
    item_id = item(campaign, process, role)
    with campaign.transaction() as session:
        values = play_cast.signature(session, role, uploader=by, **changes)
        work.complete(session, item_id, values, actor=session.get_one(User, by))


def functional(campaign: Database, cast: Cast, process: int) -> None:
    for role in play_cast.FUNCTIONAL:
        sign(campaign, process, role, by=getattr(cast, role))


def stages(campaign: Database) -> list[tuple[str, str | None]]:
    with campaign.read() as session:
        rows = session.scalars(select(ApprovalStage).order_by(ApprovalStage.approval_id, ApprovalStage.seq))
        return [(row.code, row.result) for row in rows]


def signatures(campaign: Database) -> list[tuple[str, int, str, int | None]]:
    with campaign.read() as session:
        rows = session.scalars(select(Signature).order_by(Signature.id))
        return [(row.role, row.user_id, row.decision, row.same_as) for row in rows]


def grant(campaign: Database, user_id: int, role: str) -> None:
    with campaign.transaction() as session:
        session.add(RoleGrant(user_id=user_id, role=role))


def ungrant(campaign: Database, user_id: int, role: str) -> None:
    with campaign.transaction() as session:
        for held in session.get_one(User, user_id).grants:
            if held.role == role:
                session.delete(held)
