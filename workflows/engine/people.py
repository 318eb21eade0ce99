"""Whom a user task asks: work items, alone or in a round, and what becomes of them."""

import datetime as dt
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, insert, inspect, select, update
from sqlalchemy.orm.attributes import set_committed_value

from workflows import clock
from workflows.engine.errors import StepFailed
from workflows.engine.expressions import evaluate
from workflows.engine.registry import HOOKS, Vote
from workflows.engine.rounds import Ballot, decide
from workflows.engine.specs import SOLO, Human
from workflows.engine.tables import CANCELLED, DONE, OPEN, Due, Round, WorkCandidate, WorkItem
from workflows.errors import Conflict

if TYPE_CHECKING:
    from workflows.engine.runtime import Run

WAITING = "waiting"  # in a sequential round: not yet its turn
NOT_ENDED = (OPEN, WAITING)
LISTED = "listed"

# Built once: every completion runs them, and building a statement costs as much as running it.
_ITEMS: Any = inspect(WorkItem).local_table
_MARK_DONE = (
    update(_ITEMS)
    .where(_ITEMS.c.id == bindparam("item_id"), _ITEMS.c.status == OPEN)
    .values({name: bindparam(name) for name in ("status", "done_at", "done_by_id", "opinion", "agree")})
)
_VOTES = (
    select(Round, WorkItem.id, WorkItem.status, WorkItem.agree, WorkItem.weight, WorkItem.role)
    .join(WorkItem, WorkItem.round_id == Round.id)
    .where(Round.id == bindparam("round_id"), WorkItem.status != CANCELLED)
    .order_by(WorkItem.seq)
)


def is_passed_over(task: Any) -> bool:
    """Whether this is a round that may be empty, and is."""
    human: Human = task.task_spec.human
    if human.policy == SOLO or not human.may_be_empty:
        return False
    return not _audiences(task)


def ask(run: "Run", tasks: Mapping[int, Any]) -> None:
    """Open the work items of user tasks that the token has just reached, by serial."""
    items: list[WorkItem] = []
    candidates: list[tuple[WorkItem, list[int]]] = []
    for token, task in tasks.items():
        human: Human = task.task_spec.human
        audiences, due_at = _audiences(task), _due_at(run, task)
        if not audiences:
            raise StepFailed(task.task_spec.bpmn_id, "there is nobody to ask")
        common: dict[str, Any] = {
            "process_id": run.process.id,
            "token": token,
            "node": task.task_spec.bpmn_id,
            "step": human.step,
        }
        common |= {"created_at": clock.now(), "due_at": due_at}
        if human.policy != SOLO:
            items += _open_round(run, task, audiences, common)
        elif len(audiences) == 1:
            items.append(WorkItem(**common, role=human.lane, audience=audiences[0][0]))
        else:
            item = WorkItem(**common, role=human.lane, audience=LISTED)
            items.append(item)
            candidates.append((item, [int(audience.removeprefix("user:")) for audience, _ in audiences]))
    if not items:
        return
    run.session.add_all(items)
    run.session.flush()
    listed = [{"item_id": item.id, "user_id": user_id} for item, users in candidates for user_id in users]
    if listed:
        run.session.execute(insert(WorkCandidate), listed)
    _plan_reminders(run, items)


def finish(
    run: "Run", item: WorkItem, outcome: dict[str, Any] | Vote | None, *, actor_id: int, opinion: str | None
) -> None:
    """Write that ``actor_id`` has done ``item``, and let the token move if that decides it.

    Raises Conflict if another has done it.
    """
    agree = outcome.agree if isinstance(outcome, Vote) else None
    _mark_done(run, item, actor_id=actor_id, opinion=opinion, agree=agree)
    entry: dict[str, Any] = {"actor_id": actor_id, "item_id": item.id, "reason": opinion or ""}
    if item.round_id is None:
        run.ended.add(item.token)
        run.complete_human(item.token, outcome if isinstance(outcome, dict) else {}, **entry)
        run.save()
        return
    run.record("vote", item.node, after={"agree": agree}, **entry)
    result = _decide(run, item)
    if result is None:
        run.write_history()
    else:
        run.complete_human(item.token, run.end_round(item.token, result), verb="round")
        run.save()


def _mark_done(run: "Run", item: WorkItem, *, actor_id: int, opinion: str | None, agree: bool | None) -> None:
    values = {
        "status": DONE,
        "done_at": clock.now(),
        "done_by_id": actor_id,
        "opinion": opinion,
        "agree": agree,
    }
    taken = run.session.execute(_MARK_DONE, {"item_id": item.id, **values})
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("本任务已被他人处理，请刷新页面。")
    for name, value in values.items():
        set_committed_value(item, name, value)
    if item.due_at is not None:
        run.session.execute(delete(Due).where(Due.item_id == item.id))


def _decide(run: "Run", item: WorkItem) -> str | None:
    """The result of the item's round as its votes now stand; otherwise whose turn it is next is asked."""
    rows = run.session.execute(_VOTES, {"round_id": item.round_id}).all()
    round_: Round = rows[0][0]
    ballots = [
        Ballot(status == DONE, agree, Decimal(weight), role) for _, _, status, agree, weight, role in rows
    ]
    ratio = Decimal(round_.ratio) if round_.ratio is not None else None
    round_.result = decide(round_.policy, ballots, ratio=ratio, veto=round_.veto)
    if round_.result is not None and all(ballot.is_done for ballot in ballots):
        run.ended.add(item.token)
    waiting = [item_id for _, item_id, status, *_ in rows if status == WAITING]
    if round_.result is None and waiting:
        opened = {"status": OPEN, "created_at": clock.now()}
        run.session.execute(update(WorkItem).where(WorkItem.id == waiting[0]).values(**opened))
    return round_.result


def _open_round(
    run: "Run", task: Any, audiences: list[tuple[str, str]], common: dict[str, Any]
) -> list[WorkItem]:
    human: Human = task.task_spec.human
    ratio = (
        None if human.ratio is None else str(evaluate(human.ratio, task.data, place=task.task_spec.bpmn_id))
    )
    round_ = Round(
        process_id=run.process.id, token=common["token"], policy=human.policy, ratio=ratio, veto=human.veto
    )
    run.session.add(round_)
    run.session.flush()
    weights = ["1"] * len(audiences)
    if human.weights is not None:
        weights = [str(one) for one in evaluate(human.weights, task.data, place=task.task_spec.bpmn_id)]
    if len(weights) != len(audiences):
        raise StepFailed(task.task_spec.bpmn_id, f"{len(audiences)} signers, but {len(weights)} weights")
    in_turn = human.policy == "sequential"
    return [
        WorkItem(
            **common,
            round_id=round_.id,
            role=role,
            audience=audience,
            seq=seq,
            weight=weight,
            status=WAITING if in_turn and seq else OPEN,
        )
        for seq, ((audience, role), weight) in enumerate(zip(audiences, weights, strict=True))
    ]


def _audiences(task: Any) -> list[tuple[str, str]]:
    """Whom the task asks, each with the role that is asked: people by id, a post, or a role in a unit."""
    human: Human = task.task_spec.human
    place = task.task_spec.bpmn_id

    def number(text: str) -> int:
        return _as_id(evaluate(text, task.data, place=place), place)

    if human.assignees is not None:
        value = evaluate(human.assignees, task.data, place=place)
        people = value if isinstance(value, list) else [value]
        return [(f"user:{_as_id(one, place)}", human.lane) for one in dict.fromkeys(people)]
    if human.post is not None:
        return [(f"post:{number(human.post)}", human.lane)]
    suffix = f"@{number(human.unit)}" if human.unit is not None else ""
    return [(f"role:{role}{suffix}", role) for role in human.lanes or (human.lane,)]


def _as_id(value: Any, place: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or value != int(value):
        raise StepFailed(place, f"{value!r} is not an id")
    return int(value)


def _due_at(run: "Run", task: Any) -> dt.datetime | None:
    human: Human = task.task_spec.human
    place = task.task_spec.bpmn_id
    if human.due_workdays is not None:
        if HOOKS.deadline_after is None:
            raise StepFailed(place, "no work calendar is known")
        return HOOKS.deadline_after(
            run.session, _as_id(evaluate(human.due_workdays, task.data, place=place), place)
        )
    if human.due is None:
        return None
    value = evaluate(human.due, task.data, place=place)
    if isinstance(value, dt.timedelta):
        return clock.now() + value
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        return value
    raise StepFailed(place, f"a due date is an instant with a zone or a duration, not {value!r}")


def _plan_reminders(run: "Run", items: Collection[WorkItem]) -> None:
    """Write the due rows of D15 for each item with a due date; those already past are left out."""
    if HOOKS.reminders is None or HOOKS.remind_at is None:
        return
    rows = []
    for item in items:
        if item.due_at is None:
            continue
        for offset, action in HOOKS.reminders(item.step):
            at = HOOKS.remind_at(run.session, item.due_at, offset)
            if at > clock.now():
                about = {"process_id": item.process_id, "item_id": item.id, "action": action}
                rows.append({**about, "offset_days": offset, "due_at": at, "next_try_at": at})
    if rows:
        run.session.execute(insert(Due), rows)


def move_due(run: "Run", item: WorkItem, due_at: dt.datetime, *, actor_id: int, reason: str) -> None:
    """Give an open item another due date; its reminders move with it."""
    before, item.due_at = item.due_at, due_at
    run.session.execute(delete(Due).where(Due.item_id == item.id))
    _plan_reminders(run, [item])
    change: dict[str, Any] = {"before": {"due_at": before}, "after": {"due_at": due_at}}
    run.chain.add("move_due", item.node, actor_id=actor_id, item_id=item.id, reason=reason, **change)
    run.write_history()
