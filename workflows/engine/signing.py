"""What else may become of a work item than being done: 转办, 委派, 加签, 减签, 催办. Whether one may, work asks."""

import datetime as dt
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select, update

from workflows import clock
from workflows.engine import people
from workflows.engine.people import NOT_ENDED, WAITING
from workflows.engine.registry import HOOKS
from workflows.engine.tables import CANCELLED, OPEN, Round, WorkCandidate, WorkItem
from workflows.errors import Conflict, Invalid

if TYPE_CHECKING:
    from workflows.engine.runtime import Run


def transfer(run: "Run", item: WorkItem, *, to_user_id: int, actor_id: int, reason: str) -> None:
    """转办: give an open item to another person for good; what was delegated still goes back to the delegator.

    Raises Conflict when it is not open, or that person signs in its round already; Invalid without a reason.
    """
    _check(run, item, to_user_id, reason)
    if to_user_id == item.delegated_by_id:
        item.delegated_by_id = None
    _hand_over(run, item, "transfer", to_user_id, actor_id=actor_id, reason=reason)


def delegate(run: "Run", item: WorkItem, *, to_user_id: int, actor_id: int, reason: str) -> None:
    """委派: let another person give an opinion on an open item, which then comes back to ``actor_id`` to decide.

    Raises as ``transfer``, and Conflict for what has been delegated already.
    """
    if item.delegated_by_id is not None:
        raise Conflict("本任务是委派给您的，不能再次委派，请办理或转办。")
    if to_user_id == actor_id:
        raise Invalid({"user": ["不能委派给自己。"]})
    _check(run, item, to_user_id, reason)
    item.delegated_by_id = actor_id
    _hand_over(run, item, "delegate", to_user_id, actor_id=actor_id, reason=reason)


def answer_delegation(run: "Run", item: WorkItem, *, actor_id: int, opinion: str | None) -> None:
    """Give a delegated item back to the delegator, with the delegate's opinion in the history; it stays open.

    Raises Conflict when it is not open, or was delegated by nobody.
    """
    _check_open(item)
    if item.delegated_by_id is None:
        raise Conflict("本任务不是委派的任务，请直接办理。")
    back_to, item.delegated_by_id = item.delegated_by_id, None
    _hand_over(run, item, "answer", back_to, actor_id=actor_id, reason=opinion or "")


def add_signer(
    run: "Run", item: WorkItem, *, user_id: int, before: bool, actor_id: int, reason: str
) -> WorkItem:
    """加签: ask one more person in the round of an open item; the new item, of the same role, weight and due date.

    ``before``: ``item`` waits until the new one is done. Otherwise the new one comes next in a sequential round,
    and is asked at once in any other. Raises Conflict when the item is not open or in no round, or that person
    signs in it already; Invalid without a reason.
    """
    round_ = _round_of(run, item)
    _check(run, item, user_id, reason)
    seq = item.seq if before else item.seq + 1
    later = update(WorkItem).where(WorkItem.round_id == round_.id, WorkItem.seq >= seq)
    run.session.execute(later.values(seq=WorkItem.seq + 1))
    comes_later = round_.policy == "sequential" and not before
    added = people.add_beside(run, item, f"user:{user_id}", seq=seq, status=WAITING if comes_later else OPEN)
    if before:
        item.status, item.waits_for_id, item.claimed_by_id = WAITING, added.id, None
    after = {"item_id": added.id, "audience": added.audience, "is_before": before}
    _tell(run, item, "add_signer", actor_id=actor_id, reason=reason, after=after)
    return added


def remove_signer(run: "Run", item: WorkItem, *, actor_id: int, reason: str) -> None:
    """减签: take an open or waiting item out of its round, and decide the round anew, which may move the token.

    Raises Conflict when it has ended or is in no round, for the last signer, and for the last of a side of a dual
    round; Invalid without a reason.
    """
    round_ = _round_of(run, item)
    if item.status not in NOT_ENDED:
        raise Conflict("本任务已经办结，不能减签，请刷新页面。")
    _check_reason(reason)
    others = [one for one in _signers(run, round_) if one.id != item.id]
    if not others:
        raise Conflict("这是本轮会签的最后一人，不能减签，请改为转办。")
    if round_.policy == "dual" and item.role not in {one.role for one in others}:
        raise Conflict("联签的每一方至少要有一人，不能减签，请改为转办。")
    before, item.status = {"status": item.status, "audience": item.audience}, CANCELLED
    item.next_try_at = None
    run.record(
        "remove_signer",
        item.node,
        actor_id=actor_id,
        item_id=item.id,
        reason=reason,
        before=before,
        after={"status": CANCELLED},
    )
    people.count(run, item)


def urge(run: "Run", item: WorkItem, *, actor_id: int, reason: str = "") -> None:
    """催办: remind whoever is asked of an open item, not twice within HOOKS.urge_every. Raises Conflict telling when."""
    _check_open(item)
    every = dt.timedelta() if HOOKS.urge_every is None else HOOKS.urge_every(run.session)
    if item.urged_at is not None and clock.now() < item.urged_at + every:
        again = clock.local(item.urged_at + every)
        hours = every // dt.timedelta(hours=1)
        raise Conflict(f"{hours} 小时内已经催办过，{again:%Y-%m-%d %H:%M} 之后可以再次催办。")
    item.urged_at = clock.now()
    if HOOKS.remind is not None:
        HOOKS.remind(run.session, item, "urge")
    _tell(run, item, "urge", actor_id=actor_id, reason=reason, after={"audience": item.audience})


def _hand_over(run: "Run", item: WorkItem, verb: str, user_id: int, *, actor_id: int, reason: str) -> None:
    before, after = {"audience": item.audience}, {"audience": f"user:{user_id}"}
    if item.audience == people.LISTED:
        run.session.execute(delete(WorkCandidate).where(WorkCandidate.item_id == item.id))
    item.audience, item.claimed_by_id = after["audience"], None
    _tell(run, item, verb, actor_id=actor_id, reason=reason, before=before, after=after)


def _tell(run: "Run", item: WorkItem, verb: str, **entry: Any) -> None:
    run.chain.add(verb, item.node, item_id=item.id, **entry)
    run.write_history()


def _check(run: "Run", item: WorkItem, user_id: int, reason: str) -> None:
    """Whether ``item`` may go to, or be joined by, the person ``user_id``."""
    _check_open(item)
    _check_reason(reason)
    if item.audience == f"user:{user_id}":
        raise Conflict("本任务已经由该人员办理，请另选他人。")
    if item.round_id is not None:
        for one in _signers(run, run.session.get_one(Round, item.round_id)):
            if one.id != item.id and (one.audience == f"user:{user_id}" or one.done_by_id == user_id):
                raise Conflict("该人员已在本轮会签中，请另选他人。")


def _check_open(item: WorkItem) -> None:
    if item.status != OPEN:
        raise Conflict("本任务不在办理中，请刷新页面。")


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise Invalid({"reason": ["请写明理由。"]})


def _round_of(run: "Run", item: WorkItem) -> Round:
    if item.round_id is None:
        raise Conflict("本任务不是会签，不能加签或减签，可以转办或委派。")
    return run.session.get_one(Round, item.round_id)


def _signers(run: "Run", round_: Round) -> list[WorkItem]:
    query = select(WorkItem).where(WorkItem.round_id == round_.id, WorkItem.status != CANCELLED)
    return list(run.session.scalars(query.order_by(WorkItem.seq)))
