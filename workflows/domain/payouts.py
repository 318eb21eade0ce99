"""发放与追回: what is still due of a reward, paid to the members in batches or taken back."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import clock
from workflows.domain import (
    calculation,
    notices,
    paging,
    permissions,
    portions,
    projects,
    reward_facts,
    rewards,
    splits,
)
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import ClawBack, PayoutBatch, PayoutRow, Project, RewardCase, RewardState, User

KINDS = {"acceptance": "验收兑现", "post_evaluation": "后评价兑现", "difference": "补发差额"}


def balance_fen(session: Session, case: RewardCase) -> int:
    """What is due at this stage by the last measurement, less what was pre-paid, paid or taken back; may be negative.

    Open batches and claw-backs count as done, so that nothing is paid twice.
    """
    due = [one.amount_fen for one in case.instalments if one.kind != calculation.POST or case.is_evaluated]
    paid = sum(one.amount_fen for one in case.payouts)
    taken = sum(one.amount_fen for one in case.clawbacks)
    return sum(due) - reward_facts.prepaid_fen(session, case.project) - paid + taken


def prepare(session: Session, case: RewardCase) -> str:
    """Settle the balance of ``case``: "pay" with an open batch, "collect" with an open claw-back, or "nothing".

    "measure" when veto events have come since the measurement: nothing is made then.
    """
    projects.hold(session, case.project)
    if rewards.is_stale(session, case):
        return "measure"
    balance = balance_fen(session, case)
    if balance > 0:
        _open_batch(session, case, balance)
        return "pay"
    if balance < 0:
        take_back(session, case, -balance, reason=f"应兑现少于已付，须退回（第 {case.measurement} 次测算）")
        return "collect"
    return "nothing"


def take_back(session: Session, case: RewardCase, amount_fen: int, *, reason: str) -> ClawBack:
    """追回: the team owes ``amount_fen``; leader and finance are told."""
    clawback = ClawBack(amount_fen=amount_fen, reason=reason, made_at=clock.now())
    case.clawbacks.append(clawback)
    session.flush()
    text = f"激励须退回 {amount_fen // 100} 元：{reason}"
    notices.send(session, case.project.leader_id, text=text[:200], link=rewards.path(case), kind="payment")
    return clawback


def check_tax(session: Session, case: RewardCase, *, actor: User) -> None:
    """人力资源核对名单与个税. Raises Forbidden for one of the team, Conflict without an open batch."""
    projects.expect_apart(actor, case.project)
    for batch in _open(case):
        batch.tax_checked = True


def hand_in_receipts(session: Session, case: RewardCase, *, receipts: Sequence[int], actor: User) -> None:
    """财务交回单. Raises Forbidden for one of the team, Conflict without an open batch, Invalid without a receipt."""
    projects.expect_apart(actor, case.project)
    if not receipts:
        raise Invalid({"receipts": ["请上传回单。"]})
    for batch in _open(case):
        batch.receipts = list(receipts)


def pay(session: Session, case: RewardCase) -> bool:
    """发放: every open batch whose list is checked and whose receipts are in is paid; the members are told.

    False, and the batches are dropped, when veto events have come since the measurement.
    Raises Conflict while a batch lacks its check or its receipts.
    """
    projects.hold(session, case.project)
    batches = _open(case)
    rewards.settle(case)
    if rewards.is_stale(session, case):
        for batch in batches:
            case.payouts.remove(batch)
        session.flush()
        return False
    for batch in batches:
        if not batch.tax_checked or not batch.receipts:
            raise Conflict("名单未核对或缺少回单，不能发放。")
        batch.paid_at = clock.now()
        for row in batch.rows:
            text = f"激励已发放：{KINDS[batch.kind]} {row.amount_fen // 100} 元（税前）。"
            notices.send(session, row.user_id, text=text, link=rewards.path(case), kind="payment")
    return True


def collect(session: Session, clawbacks: Sequence[ClawBack], *, receipts: Sequence[int], actor: User) -> None:
    """收回: finance has the money. Raises Forbidden for one of the team, Conflict when nothing is open."""
    still_open = [one for one in clawbacks if one.collected_at is None]
    if not still_open:
        raise Conflict("没有待收回的款项，请刷新页面。")
    if not receipts:
        raise Invalid({"receipts": ["请上传回单。"]})
    for one in still_open:
        projects.expect_apart(actor, one.case.project)
        one.receipts, one.collected_at = list(receipts), clock.now()


def after_veto(session: Session, project_id: int) -> ClawBack | None:
    """What a veto takes back from a project whose reward process has ended; None where nothing is owed."""
    case = rewards.of_project(session, project_id)
    if case is None:
        return None
    projects.hold(session, case.project)  # as whoever closes a case does: one of the two sees the other
    session.refresh(case, ["state"])
    if case.state != RewardState.CLOSED or not case.measurement:
        return None
    rewards.measure(session, case)
    balance = balance_fen(session, case)
    return take_back(session, case, -balance, reason="兑现后确认否决事项") if balance < 0 else None


def get(session: Session, batch_id: int, *, actor: User) -> PayoutBatch:
    """Raises NotFound for one that ``actor`` may not see."""
    query = select(PayoutBatch).where(PayoutBatch.id == batch_id).options(*_SHOWN)
    batch = session.scalars(query).one_or_none()
    if batch is None or not permissions.may_see_reward(session, actor, batch.case):
        raise NotFound("没有找到这个发放批次。")
    return batch


def listing(
    session: Session, *, actor: User, is_paid: bool | None = None, page: int = 1, size: int = 20
) -> tuple[Sequence[PayoutBatch], int]:
    """Batches, the newest first, with how many there are; pages count from 1. Raises Forbidden to outsiders."""
    if not permissions.reads_rewards(session, actor):
        raise Forbidden("您无权查看发放清单。")
    query = select(PayoutBatch)
    if is_paid is not None:
        query = query.where(PayoutBatch.paid_at.is_not(None) if is_paid else PayoutBatch.paid_at.is_(None))
    return paging.page_of(
        session, query.order_by(PayoutBatch.id.desc()).options(*_SHOWN), page=page, size=size
    )


_SHOWN: Any = (
    joinedload(PayoutBatch.case).joinedload(RewardCase.project).joinedload(Project.challenge),
    joinedload(PayoutBatch.case).joinedload(RewardCase.project).joinedload(Project.leader),
    selectinload(PayoutBatch.rows).joinedload(PayoutRow.user),
)


def _open_batch(session: Session, case: RewardCase, amount_fen: int) -> None:
    split = splits.agreed(case)
    if split is None:
        raise Conflict("还没有成员通过的分配方案，不能发放。")
    is_first = not case.payouts and not case.clawbacks
    has_last = any(one.kind == "post_evaluation" for one in case.payouts)
    kind = (
        "post_evaluation"
        if case.is_evaluated and not has_last
        else "acceptance"
        if is_first
        else "difference"
    )
    batch = PayoutBatch(kind=kind, amount_fen=amount_fen, made_at=clock.now())
    amounts = portions.shares(amount_fen, [row.pct for row in split.rows])
    batch.rows = [
        PayoutRow(user_id=row.user_id, amount_fen=amount)
        for row, amount in zip(split.rows, amounts, strict=True)
        if amount
    ]
    case.state = RewardState.PAYING
    case.payouts.append(batch)
    session.flush()


def _open(case: RewardCase) -> list[PayoutBatch]:
    found = [one for one in case.payouts if one.paid_at is None]
    if not found:
        raise Conflict("没有待发放的批次，请刷新页面。")
    return found
