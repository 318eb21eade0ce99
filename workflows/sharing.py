"""What people do with a task other than doing it: 转办, 委派, 加签, 减签, 催办, 抄送, 回避."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import access, clock
from workflows.domain import drafts, notices, permissions, recusals
from workflows.domain.permissions import Grants
from workflows.engine import signing
from workflows.engine.people import NOT_ENDED
from workflows.engine.registry import HUMAN
from workflows.engine.runtime import Run
from workflows.engine.tables import OPEN, SUSPENDED, HistoryEntry, WorkItem
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import CopyTo, Panel, User

PERSONAL = ("leader", "member")  # whose tasks are theirs alone: they lead, or join, in person
JUDGED = ("selection.preview", "selection.score", "acceptance.score")  # by the seats of a panel
SEATED = (*JUDGED, "selection.declare", "selection.reconsider")  # for the expert alone who was drawn
MOST_COPIES = 50


@dataclass(frozen=True)
class Offered:
    """Which of these acts somebody may do on a task now."""

    transfer: bool
    delegate: bool
    add: bool
    remove: bool
    urge: bool
    copy: bool
    step_down: bool

    @property
    def is_any(self) -> bool:
        return any(
            (self.transfer, self.delegate, self.add, self.remove, self.urge, self.copy, self.step_down)
        )


def transfer(session: Session, item_id: int, user_id: int, *, actor: User, reason: str) -> None:
    """转办: the task is now for another person. Raises as ``delegate``, and Conflict for a leader's or member's."""
    taken = access.take(session, item_id, actor=actor)
    _expect_no_seat(taken.item, "转办")
    if taken.item.role in PERSONAL:
        raise Conflict("本任务须由挂帅人或团队成员本人办理，不能转办。")
    other = _other(session, taken.run, taken.item, user_id, actor=actor)
    drafts.forget(session, item_id)
    signing.transfer(taken.run, taken.item, to_user_id=other.id, actor_id=actor.id, reason=reason)
    _tell(session, taken.item, other.id, f"{actor.name}转办给您", kind="task")


def delegate(session: Session, item_id: int, user_id: int, *, actor: User, reason: str) -> None:
    """委派: another person gives an opinion, then the task comes back to ``actor`` to decide.

    Raises as ``access.take``; Invalid without a reason, for an unknown person, oneself, or one whom duty bars;
    Conflict for one who signs in the round already, for what has been delegated, and for the task of a panel's seat.
    """
    taken = access.take(session, item_id, actor=actor)
    _expect_no_seat(taken.item, "委派")
    other = _other(session, taken.run, taken.item, user_id, actor=actor)
    drafts.forget(session, item_id)
    signing.delegate(taken.run, taken.item, to_user_id=other.id, actor_id=actor.id, reason=reason)
    _tell(session, taken.item, other.id, f"{actor.name}委派给您", kind="task")


def add_signer(
    session: Session, item_id: int, user_id: int, *, before: bool, actor: User, reason: str
) -> None:
    """加签: one more person in the round, ``before`` oneself or after. Raises as ``delegate``, Conflict without a round."""
    taken = access.take(session, item_id, actor=actor)
    _expect_no_seat(taken.item, "加签")
    if taken.item.role in PERSONAL:
        raise Conflict("本任务须由团队成员本人办理，不能加签。")
    other = _other(session, taken.run, taken.item, user_id, actor=actor)
    added = signing.add_signer(
        taken.run, taken.item, user_id=other.id, before=before, actor_id=actor.id, reason=reason
    )
    _tell(session, added, other.id, f"{actor.name}请您会签", kind="task")


def remove_signer(session: Session, item_id: int, *, actor: User, reason: str) -> None:
    """减签: take one signer out of a round. Raises Forbidden unless ``actor`` added them or is the office."""
    run, item, held = _seen(session, item_id, actor)
    if not _may_remove(session, item, held):
        raise Forbidden("只有加签人和办公室可以减签。")
    access.check_goes_on(session, run.process)
    drafts.forget(session, item_id)
    signing.remove_signer(run, item, actor_id=actor.id, reason=reason)


def step_down(session: Session, item_id: int, *, relation: str, actor: User, reason: str) -> None:
    """回避: an expert who finds a conflict of interest while judging leaves the panel; the others go on.

    Raises as ``access.take`` and ``recusals.step_down``; NotFound for a task that no seat of a panel does.
    """
    taken = access.take(session, item_id, actor=actor)
    if taken.item.step not in JUDGED:
        raise NotFound("这项任务不是评审组专家的任务，不能回避。")
    data = access.data_of(taken.run, taken.item)
    panel, at = session.get_one(Panel, data["panel_id"]), data.get("rules_at")
    is_redrawn = taken.item.step == "selection.preview" and "preview_ids" in data
    recusals.step_down(
        session, panel, relation=relation, reason=reason, is_redrawn=is_redrawn, actor=actor, at=at
    )
    drafts.forget(session, item_id)
    signing.remove_signer(taken.run, taken.item, actor_id=actor.id, reason=panel_reason(panel, actor))


def panel_reason(panel: Panel, actor: User) -> str:
    """Why ``actor`` left the panel."""
    return next(one.recuse_reason for one in panel.members if one.user_id == actor.id)


def urge(session: Session, item_id: int, *, actor: User, reason: str) -> None:
    """催办: remind whoever is asked. Raises Forbidden unless ``actor`` started the process, takes part, or is the office."""
    run, item, held = _seen(session, item_id, actor)
    access.check_open(session, item)
    if not _may_urge(session, item, held):
        raise Forbidden("只有发起人、参与办理的人员和办公室可以催办。")
    access.check_goes_on(session, run.process)
    signing.urge(run, item, actor_id=actor.id, reason=reason)


def copy(session: Session, item_id: int, user_ids: Collection[int], *, actor: User, note: str) -> None:
    """抄送: let others see the task, and tell them; who has a copy already is not told again.

    Raises Forbidden unless ``actor`` is asked, has done it or is the office; Invalid and Conflict as ``delegate``.
    """
    run, item, held = _seen(session, item_id, actor)
    if not _may_copy(session, item, held):
        raise Forbidden("只有办理人和办公室可以抄送。")
    _expect_no_seat(item, "抄送")
    if not 1 <= len(user_ids) <= MOST_COPIES:
        raise Invalid({"user_ids": [f"请选择 1 至 {MOST_COPIES} 人。"]})
    known = set(session.scalars(select(CopyTo.user_id).where(CopyTo.item_id == item.id)))
    fresh = [
        _other(session, run, item, user_id, actor=actor, field="user_ids")
        for user_id in dict.fromkeys(user_ids)
        if user_id not in known
    ]
    for other in fresh:
        made = CopyTo(item_id=item.id, process_id=item.process_id, user_id=other.id, copied_by_id=actor.id)
        made.copied_at = clock.now()
        session.add(made)
        _tell(session, item, other.id, f"{actor.name}抄送您", kind="other")
    about = {"user_ids": [other.id for other in fresh]}
    run.chain.add("copy", item.node, actor_id=actor.id, item_id=item.id, reason=note, after=about)
    run.write_history()


def offered(session: Session, item: WorkItem, *, may_complete: bool, actor: User) -> Offered:
    """What the page of a task offers ``actor``, who may see it; ``may_complete`` as its page says."""
    held = permissions.grants(session, actor)
    is_open = item.status == OPEN and item.process.status != SUSPENDED
    is_personal, is_in_round = item.role in PERSONAL, item.round_id is not None
    is_seated = item.step in SEATED
    return Offered(
        transfer=may_complete and not is_personal and not is_seated,
        delegate=may_complete and item.delegated_by_id is None and not is_seated,
        add=may_complete and is_in_round and not is_personal and not is_seated,
        remove=is_in_round and _may_be_removed(item) and _may_remove(session, item, held),
        urge=is_open and not may_complete and _may_urge(session, item, held),
        copy=_may_copy(session, item, held) and not is_seated,
        step_down=may_complete and item.step in JUDGED,
    )


def _seen(session: Session, item_id: int, actor: User) -> tuple[Run, WorkItem, Grants]:
    """An item of a process that ``actor`` may see, held. Raises NotFound."""
    held = permissions.grants(session, actor)
    run, item = Run.take_item(session, item_id)
    if not access.may_see(session, item, held) and not access.may_see_process(session, run.process, held):
        raise NotFound("没有找到这个任务。")
    return run, item, held


def _expect_no_seat(item: WorkItem, act: str) -> None:
    """Raises Conflict for what only the expert may do who was drawn onto a panel; ``act`` is what was tried."""
    if item.step in SEATED:
        raise Conflict(f"本任务须由抽取的评审组专家本人办理，不能{act}。有利益关系的，请由本人回避。")


def _other(
    session: Session, run: Run, item: WorkItem, user_id: int, *, actor: User, field: str = "user_id"
) -> User:
    other = session.get(User, user_id)
    if other is None or not other.is_active:
        raise Invalid({field: ["没有这个人员。"]})
    if other.id == actor.id:
        raise Invalid({field: ["不能选择自己。"]})
    if not permissions.may_sign(other, role=item.role, subject=access.subject_of(session, run, item)):
        raise Invalid({field: ["按回避要求，所选人员不能参与本任务，请另选他人。"]})
    return other


def _may_be_removed(item: WorkItem) -> bool:
    return item.status in NOT_ENDED and item.process.status != SUSPENDED


def _may_remove(session: Session, item: WorkItem, held: Grants) -> bool:
    if held.is_any(["office"]):
        return True
    added = select(HistoryEntry).where(
        HistoryEntry.process_id == item.process_id,
        HistoryEntry.verb == "add_signer",
        HistoryEntry.actor_id == held.user_id,
    )
    return any(entry.after.get("item_id") == item.id for entry in session.scalars(added))


def _may_urge(session: Session, item: WorkItem, held: Grants) -> bool:
    if held.user_id == item.process.started_by_id or held.is_any(["office"]):
        return True
    return access.takes_part(session, item.process_id, held)


def _may_copy(session: Session, item: WorkItem, held: Grants) -> bool:
    is_doer = held.user_id == item.done_by_id or access.is_asked(session, item, held)
    return is_doer or held.is_any(["office"])


def _tell(session: Session, item: WorkItem, user_id: int, what: str, *, kind: str) -> None:
    text = f"{what}：{HUMAN[item.step].title}（{item.process.subject}）"
    notices.send(session, user_id, text=text[:300], link=f"/work/{item.id}", kind=kind)
