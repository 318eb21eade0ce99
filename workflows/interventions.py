"""What OPERATORS do to one running process by hand: 暂停, 恢复, 终止, 移动令牌, 跳过, 重办, 调整期限, each with its reason."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.domain import permissions
from workflows.engine import due, people, tokens
from workflows.engine import interventions as acts
from workflows.engine.errors import StepFailed
from workflows.engine.expressions import evaluate
from workflows.engine.gate.reading import read_after
from workflows.engine.people import NOT_ENDED
from workflows.engine.runtime import Run
from workflows.engine.tables import LIVE, RUNNING, Process, WorkItem
from workflows.errors import Conflict, Invalid, NotFound
from workflows.models import User
from workflows.steps.variables import VARIABLES

MOST_REASON = 200  # characters
MOST_VALUES = 30  # variables set with one act
LONGEST_VALUE = 1000  # characters of one


@dataclass(frozen=True)
class Standing:
    """A token, the boxes that it can be moved or sent back to (id -> name), and the variables read behind its box."""

    token: int
    node: str
    title: str
    can_skip: bool
    targets: dict[str, str]
    passed: dict[str, str]  # of ``targets`` those that were passed before
    asked: list[str]  # names that the process does not know yet


def process_of(session: Session, process_id: int, *, actor: User) -> Process:
    """A process as operators see it. Raises Forbidden unless ``actor`` administers, NotFound."""
    permissions.check_operates(session, actor)
    process = session.get(Process, process_id)
    if process is None:
        raise NotFound("没有找到这个流程。")
    return process


def standing(session: Session, process: Process) -> list[Standing]:
    """The tokens of a process that can be moved now; none of one that is not running."""
    if process.status != RUNNING:
        return []
    run = Run.resume(session, process)
    return [_standing(run, one) for one in tokens.standing(run.workflow)]


def _standing(run: Run, token: tokens.Token) -> Standing:
    known = tokens.find(run.workflow, token.serial).data
    targets = {node: acts.label(run, node) for node in token.targets}
    return Standing(
        token=token.serial,
        node=token.node,
        title=acts.label(run, token.node),
        can_skip=token.can_skip,
        targets=targets,
        passed={node: title for node, title in targets.items() if node in run.workflow.passed},
        asked=[name for name in read_after(run.definition.files, token.node) if name not in known],
    )


def suspend(session: Session, process_id: int, *, version: int, reason: str, actor: User) -> None:
    """暂停: nobody and nothing moves the process until it is resumed.

    ``version`` is that of the process as the operator saw it. Raises Forbidden unless ``actor`` administers, NotFound,
    Invalid without a reason, Conflict when the process has changed since or its state does not allow it; so do all.
    """
    run = _taken(session, process_id, version=version, reason=reason, actor=actor)
    acts.suspend(run, actor_id=actor.id, reason=reason.strip())


def resume(session: Session, process_id: int, *, version: int, reason: str, actor: User) -> None:
    """恢复: the process goes on; what has fallen due and arrived meanwhile comes at once, deadlines stay."""
    run = _taken(session, process_id, version=version, reason=reason, actor=actor)
    acts.resume(run, actor_id=actor.id, reason=reason.strip())


def terminate(session: Session, process_id: int, *, version: int, reason: str, actor: User) -> None:
    """终止: the process ends for good where it stands."""
    run = _taken(session, process_id, version=version, reason=reason, actor=actor)
    acts.terminate(run, actor_id=actor.id, reason=reason.strip())


def move(
    session: Session,
    process_id: int,
    *,
    token: int,
    target: str,
    values: Mapping[str, str],
    version: int,
    reason: str,
    actor: User,
    is_repeat: bool = False,
) -> None:
    """移动令牌, or 重办 a step that was passed: the token leaves its box and comes to ``target``.

    ``values`` are FEEL texts by the name of a declared variable. Raises also Invalid for a box or value that cannot be
    taken, Conflict where the process could not end properly from there or what follows fails.
    """
    run = _taken(session, process_id, version=version, reason=reason, actor=actor)
    given = read_values(values)
    about: dict[str, Any] = {"actor_id": actor.id, "reason": reason.strip(), "is_repeat": is_repeat}
    try:
        acts.move(run, token, target, given, **about)
    except StepFailed as failed:
        raise _cannot_go_on(failed) from failed


def skip(
    session: Session,
    process_id: int,
    *,
    token: int,
    values: Mapping[str, str],
    version: int,
    reason: str,
    actor: User,
) -> None:
    """跳过: the token leaves its box without its outcome, instead of which ``values`` are set. Raises as ``move``."""
    run = _taken(session, process_id, version=version, reason=reason, actor=actor)
    given = read_values(values)
    try:
        acts.skip(run, token, given, actor_id=actor.id, reason=reason.strip())
    except StepFailed as failed:
        raise _cannot_go_on(failed) from failed


def move_timer(
    session: Session,
    process_id: int,
    *,
    node: str,
    due_at: dt.datetime,
    version: int,
    reason: str,
    actor: User,
) -> None:
    """调整定时: the timer at ``node`` goes off at another instant, at once when that is past."""
    run = _taken(session, process_id, version=version, reason=reason, actor=actor)
    _expect_live(run)
    due.move(run, node, due_at, actor_id=actor.id, reason=reason.strip())


def move_due(
    session: Session,
    process_id: int,
    *,
    item_id: int,
    due_at: dt.datetime,
    version: int,
    reason: str,
    actor: User,
) -> None:
    """调整期限: a task has another due date, and its reminders with it. Raises also Conflict for one that has ended."""
    run = _taken(session, process_id, version=version, reason=reason, actor=actor)
    _expect_live(run)
    query = select(WorkItem).where(WorkItem.id == item_id, WorkItem.process_id == process_id)
    item = session.scalars(query.where(WorkItem.status.in_(NOT_ENDED))).one_or_none()
    if item is None:
        raise Conflict("这项任务不在办理中，请刷新页面。")
    people.move_due(run, item, due_at, actor_id=actor.id, reason=reason.strip())


def read_values(values: Mapping[str, str]) -> dict[str, Any]:
    """What FEEL texts say, by the name of a declared variable; an empty text sets nothing. Raises Invalid."""
    given, wrong = {}, {}
    if len(values) > MOST_VALUES:
        raise Invalid({"values": [f"一次最多给出 {MOST_VALUES} 个变量。"]})
    for name, text in values.items():
        if not text.strip():
            continue
        if name not in VARIABLES and not name.endswith("_result"):
            wrong[f"values.{name}"] = ["没有这个变量。"]
        elif len(text) > LONGEST_VALUE:
            wrong[f"values.{name}"] = [f"不能超过 {LONGEST_VALUE} 个字符。"]
        else:
            try:
                given[name] = _plain(evaluate(text, {}, place=name))
            except StepFailed:
                wrong[f"values.{name}"] = ['请写成 FEEL 值：true、12、"agreed"、date("2026-12-01")。']
    if wrong:
        raise Invalid(wrong)
    return given


def _plain(value: Any) -> Any:
    """Whole numbers as steps give them: ids are not decimals."""
    if isinstance(value, Decimal) and value == value.to_integral_value():
        return int(value)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    return value


def _taken(session: Session, process_id: int, *, version: int, reason: str, actor: User) -> Run:
    permissions.check_operates(session, actor)
    check_reason(reason)
    run = Run.take(session, process_id)
    if run.process.version != version:
        raise Conflict("流程在您打开页面之后有了变化，请刷新页面，看过现状再办。")
    return run


def check_reason(reason: str) -> None:
    """Raises Invalid for none, and for one that is too long."""
    if not reason.strip():
        raise Invalid({"reason": ["请写明理由。"]})
    if len(reason.strip()) > MOST_REASON:
        raise Invalid({"reason": [f"理由不能超过 {MOST_REASON} 个字。"]})


def _expect_live(run: Run) -> None:
    if run.process.status not in LIVE:
        raise Conflict("流程已经办结，不能再调整。")


def _cannot_go_on(failed: StepFailed) -> Conflict:
    return Conflict(f"流程不能这样继续，什么都没有改变：{failed}")
