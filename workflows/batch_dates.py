"""批次 opened early, closed or moved by the office: the row and the clock of its process, in one transaction."""

import datetime as dt
from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import batch_plans, campaigns
from workflows.engine import due
from workflows.engine.runtime import Run
from workflows.engine.tables import LIVE, Due, Process
from workflows.errors import Conflict
from workflows.models import Batch, User

BEGINS, ENDS = "intake_begins", "intake_ends"  # timers of bpmn/campaign/batch.bpmn


def open_early(session: Session, batch_id: int, *, actor: User, reason: str) -> Batch:
    """提前开始: problems are taken in from now on. Raises as ``batch_plans.check_moves`` and ``open_early``."""
    batch, run = _held(session, batch_id, actor=actor, reason=reason)
    before = {"intake_from": batch.intake_from}
    batch_plans.open_early(batch)
    batch_plans.settle(session, batch, "batch_open", before=before, actor=actor, reason=reason)
    _strike(session, run, BEGINS, actor=actor, reason=reason)
    return batch


def close_now(session: Session, batch_id: int, *, actor: User, reason: str) -> Batch:
    """提前截止: no problem joins it any more. Raises as ``batch_plans.check_moves`` and ``close_now``."""
    batch, run = _held(session, batch_id, actor=actor, reason=reason)
    before = {"intake_to": batch.intake_to}
    batch_plans.close_now(batch)
    batch_plans.settle(session, batch, "batch_close", before=before, actor=actor, reason=reason)
    _strike(session, run, ENDS, actor=actor, reason=reason)
    return batch


def move(
    session: Session, batch_id: int, wanted: Mapping[str, dt.date | None], *, actor: User, reason: str
) -> Batch:
    """改期: the batch follows other days from now on. Raises as ``batch_plans.check_moves`` and ``move``."""
    batch, run = _held(session, batch_id, actor=actor, reason=reason)
    before = batch_plans.move(session, batch, wanted)
    if not before:
        raise Conflict("日期没有改动。")
    if "intake_from" in before:
        due.move(_needed(run), BEGINS, clock.start_of(batch.intake_from), actor_id=actor.id, reason=reason)
    if "intake_to" in before and batch.state == batch_plans.OPEN:
        due.move(_needed(run), ENDS, clock.end_of(batch.intake_to), actor_id=actor.id, reason=reason)
    batch_plans.settle(session, batch, "batch_move", before=before, actor=actor, reason=reason)
    return batch


def _held(session: Session, batch_id: int, *, actor: User, reason: str) -> tuple[Batch, Run | None]:
    """The batch as nobody else moves it now: first its process, if one runs, then its row."""
    batch = campaigns.batch(session, batch_id, actor=actor)
    batch_plans.check_moves(session, batch, actor=actor, reason=reason)
    run = _run_of(session, batch)
    session.refresh(batch, with_for_update=True)
    return batch, run


def _run_of(session: Session, batch: Batch) -> Run | None:
    """The process of ``batch``, taken; those of the year's other batches are only looked into."""
    of_year = (Process.name == "batch", Process.subject_path == f"/campaigns/{batch.year_id}")
    query = select(Process).where(*of_year, Process.status.in_(LIVE)).order_by(Process.id)
    for process in session.scalars(query).all():
        if Run.resume(session, process).workflow.task_tree.data.get("batch_id") == batch.id:
            return Run.take(session, process.id)
    return None


def _needed(run: Run | None) -> Run:
    if run is None:
        raise Conflict("这一批次的流程还没有开始或已经结束，请稍后刷新页面再试。")
    return run


def _strike(session: Session, run: Run | None, node: str, *, actor: User, reason: str) -> None:
    """Let the timer at ``node`` go off now."""
    held = _needed(run)
    due.move(held, node, clock.now(), actor_id=actor.id, reason=reason)
    session.flush()
    waiting = select(Due.id).where(Due.process_id == held.process.id, Due.node == node)
    for due_id in session.scalars(waiting).all():
        due.wake(session, due_id)
