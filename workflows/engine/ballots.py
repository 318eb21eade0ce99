"""What has been said in a round so far: the items of its signers, read once in a transaction."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, select

from workflows.engine.tables import CANCELLED, Round, WorkItem

if TYPE_CHECKING:
    from workflows.engine.runtime import Run

# Built once: every vote asks it.
_ROUND = (
    select(
        Round,
        WorkItem.id,
        WorkItem.status,
        WorkItem.agree,
        WorkItem.weight,
        WorkItem.role,
        WorkItem.waits_for_id,
        WorkItem.done_by_id,
        WorkItem.done_for_id,
    )
    .join(WorkItem, WorkItem.round_id == Round.id)
    .where(Round.id == bindparam("round_id"), WorkItem.status != CANCELLED)
    .order_by(WorkItem.seq)
)


@dataclass
class Signed:
    """One signer's item in a round: as it was read, or as the act has left it."""

    id: int
    status: str
    agree: bool | None
    weight: str
    role: str
    waits_for_id: int | None
    done_by_id: int | None
    done_for_id: int | None


def read(run: "Run", item: WorkItem) -> tuple[Round, list[Signed]]:
    """The round of ``item`` and the items in it but the cancelled ones, in order; read once in a transaction."""
    if run.round is None:
        rows = run.session.execute(_ROUND, {"round_id": item.round_id}).all()
        run.round = rows[0].Round, [Signed(*row[1:]) for row in rows]
    round_, items = run.round
    for one in items:
        if one.id == item.id:
            one.status, one.agree = item.status, item.agree
    return round_, [one for one in items if one.status != CANCELLED]
