"""Whom a user task asks: work items, alone or in a round, and what becomes of them."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, delete, exists, insert, inspect, select, update
from sqlalchemy.orm import aliased
from sqlalchemy.orm.attributes import set_committed_value

from workflows import clock
from workflows.db import AmongFew
from workflows.engine import asking, ballots, reminding
from workflows.engine.asking import Signer, Terms
from workflows.engine.registry import HOOKS, Vote
from workflows.engine.rounds import Ballot, decide
from workflows.engine.specs import SOLO, Human
from workflows.engine.tables import DONE, OPEN, Round, WorkCandidate, WorkItem
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
    .values(
        {
            name: bindparam(name)
            for name in ("status", "done_at", "done_by_id", "done_for_id", "opinion", "agree", "next_try_at")
        }
    )
)
_ROUNDS: Any = inspect(Round).local_table
_ADD_ROUND = insert(_ROUNDS).returning(_ROUNDS.c.id)
_ADD_ITEMS = insert(_ITEMS).returning(_ITEMS.c.id, sort_by_parameter_order=True)
_ALONE = {"round_id": None, "seq": 0, "weight": "1", "status": OPEN}  # an item that is in no round


def is_for(person_ids: Any, audiences: Any, *, of: Any = WorkItem) -> Any:
    """The SQL condition that an item ``of`` is for those people, lists or bound parameters of lists, and not taken
    by somebody else.
    """
    listed = exists().where(WorkCandidate.item_id == of.id, WorkCandidate.user_id.in_(person_ids))
    return _asks(of, person_ids, audiences, (of.audience == LISTED) & listed)


def are_open_for(person_ids: Sequence[int], audiences: Sequence[str]) -> Any:
    """The SQL condition that items are open, for those people, and not taken by somebody else: ``is_for``, for lists.

    It asks for the items that list somebody first: to look at every listed item of the plant takes longer the more
    others have to do.
    """
    item = aliased(WorkItem)
    listing = select(item.id).join(WorkCandidate, WorkCandidate.item_id == item.id)
    theirs = listing.where(
        item.status == OPEN, item.audience == LISTED, WorkCandidate.user_id.in_(person_ids)
    )
    are_listed = AmongFew(WorkItem.id, theirs.scalar_subquery())
    return (WorkItem.status == OPEN) & _asks(WorkItem, person_ids, audiences, are_listed)


def _asks(of: Any, person_ids: Any, audiences: Any, is_listed: Any) -> Any:
    is_free = of.claimed_by_id.is_(None) | of.claimed_by_id.in_(person_ids)
    return (of.audience.in_(audiences) | is_listed) & is_free


def ask(run: "Run", tasks: Mapping[int, Any]) -> None:
    """Open the work items of user tasks that the token has just reached, by serial."""
    items: list[dict[str, Any]] = []
    listed: list[Sequence[int]] = []  # for each item the people among whom it is listed
    for token, task in tasks.items():
        human: Human = task.task_spec.human
        terms = asking.terms_of(task)
        due_at = asking.due_at(run.session, task, terms)
        common: dict[str, Any] = {
            "process_id": run.process.id,
            "token": token,
            "node": task.task_spec.bpmn_id,
            "step": human.step,
            "created_at": clock.now(),
            "due_at": due_at,
            **reminding.columns(run.session, human.step, due_at),
        }
        if terms.policy != SOLO:
            opened = _open_round(run, terms, common)
        elif len(terms.signers) == 1:
            opened = [{**_ALONE, **common, "role": human.lane, "audience": terms.signers[0].audience}]
        else:
            opened = [{**_ALONE, **common, "role": human.lane, "audience": LISTED}]
        is_listed = terms.policy == SOLO and len(terms.signers) > 1
        items += opened
        listed += [_ids(terms.signers) if is_listed else ()] * len(opened)
    if not items:
        return
    ids = list(run.session.scalars(_ADD_ITEMS, items))
    candidates = [
        {"item_id": id_, "user_id": user_id}
        for id_, users in zip(ids, listed, strict=True)
        for user_id in users
    ]
    if candidates:
        run.session.execute(insert(WorkCandidate), candidates)
    for id_, item, users in zip(ids, items, listed, strict=True):
        run.asked.add(id_, item["audience"], users, is_open=item["status"] == OPEN)
    _tell_arrived(run, ids)


def finish(
    run: "Run",
    item: WorkItem,
    outcome: dict[str, Any] | Vote | None,
    *,
    actor_id: int,
    for_id: int | None = None,
    opinion: str | None,
) -> None:
    """Write that ``actor_id`` has done ``item``, as the substitute of ``for_id`` if of anybody, and let the token
    move if that decides it.

    Raises Conflict if another has done it.
    """
    agree = outcome.agree if isinstance(outcome, Vote) else None
    _mark_done(run, item, actor_id=actor_id, for_id=for_id, opinion=opinion, agree=agree)
    entry: dict[str, Any] = {
        "actor_id": actor_id,
        "for_id": for_id,
        "item_id": item.id,
        "reason": opinion or "",
    }
    if item.round_id is None:
        run.ended.add(item.token)
        run.complete_human(item.token, outcome if isinstance(outcome, dict) else {}, **entry)
        run.save()
        return
    run.record("vote", item.node, after={"agree": agree}, **entry)
    count(run, item)


def count(run: "Run", item: WorkItem) -> None:
    """Let the token move if the round of ``item`` is decided as it now stands; otherwise ask whose turn it is."""
    result = _decide(run, item)
    if result is None:
        run.write_history()
    else:
        run.complete_human(item.token, run.end_round(item.token, result), verb="round")
        run.save()


def _mark_done(
    run: "Run", item: WorkItem, *, actor_id: int, for_id: int | None, opinion: str | None, agree: bool | None
) -> None:
    values = {
        "status": DONE,
        "done_at": clock.now(),
        "done_by_id": actor_id,
        "done_for_id": for_id,
        "opinion": opinion,
        "agree": agree,
        "next_try_at": None,
    }
    taken = run.session.execute(_MARK_DONE, {"item_id": item.id, **values})
    if taken.rowcount != 1:  # type: ignore[attr-defined]
        raise Conflict("本任务已被他人处理，请刷新页面。")
    for name, value in values.items():
        set_committed_value(item, name, value)


def _decide(run: "Run", item: WorkItem) -> str | None:
    """The result of the item's round as its votes now stand; otherwise whose turn it is next is asked."""
    round_, rows = ballots.read(run, item)
    cast = [Ballot(row.status == DONE, row.agree, Decimal(row.weight), row.role) for row in rows]
    ratio = Decimal(round_.ratio) if round_.ratio is not None else None
    round_.result = decide(round_.policy, cast, ratio=ratio, veto=round_.veto)
    if round_.result is not None and all(ballot.is_done for ballot in cast):
        run.ended.add(item.token)
    next_ids = _next_ids(round_.policy, rows)
    if round_.result is None and next_ids:
        opened = {"status": OPEN, "created_at": clock.now()}
        run.session.execute(update(WorkItem).where(WorkItem.id.in_(next_ids)).values(**opened))
        run.asked.is_stale = True
        _tell_arrived(run, next_ids)
    return round_.result


def _next_ids(policy: str, rows: Sequence[ballots.Signed]) -> list[int]:
    """The items whose turn has come: in a sequential round the next one, else those that waited for one signer."""
    waiting = [row for row in rows if row.status == WAITING]
    asked = {row.id for row in rows if row.status in NOT_ENDED}
    if policy == "sequential":
        return [] if any(row.status == OPEN for row in rows) else [row.id for row in waiting[:1]]
    return [row.id for row in waiting if row.waits_for_id not in asked]


def _open_round(run: "Run", terms: Terms, common: dict[str, Any]) -> list[dict[str, Any]]:
    round_ = {
        "process_id": run.process.id,
        "token": common["token"],
        "policy": terms.policy,
        "ratio": terms.ratio,
        "veto": terms.veto,
    }
    round_id = run.session.scalars(_ADD_ROUND, [round_]).one()
    in_turn = terms.policy == "sequential"
    return [
        {
            **common,
            "round_id": round_id,
            "role": signer.role,
            "audience": signer.audience,
            "seq": seq,
            "weight": signer.weight,
            "status": WAITING if in_turn and seq else OPEN,
        }
        for seq, signer in enumerate(terms.signers)
    ]


def _tell_arrived(run: "Run", item_ids: Sequence[int]) -> None:
    """Those of the items that are open have just reached whoever they ask."""
    if HOOKS.arrived is not None:
        HOOKS.arrived(run.session, item_ids)


def move_due(run: "Run", item: WorkItem, due_at: dt.datetime, *, actor_id: int, reason: str) -> None:
    """Give an open item another due date; its reminders move with it."""
    _move_due(run, item, due_at, actor_id=actor_id, reason=reason)
    run.write_history()


def follow_dues(run: "Run", dues: Mapping[int, dt.datetime]) -> None:
    """Give the items of user tasks, by serial, the due dates that their variables now tell; adds to the history."""
    if not dues:
        return
    mine = (WorkItem.process_id == run.process.id, WorkItem.token.in_(dues), WorkItem.status.in_(NOT_ENDED))
    for item in run.session.scalars(select(WorkItem).where(*mine).order_by(WorkItem.id)).all():
        _move_due(run, item, dues[item.token], actor_id=None, reason="")


def follow_people(
    run: "Run", before: Mapping[int, tuple[Signer, ...]], now: Mapping[int, tuple[Signer, ...]]
) -> None:
    """Ask the people that variables ``now`` tell, by serial, instead of those ``before``; adds to the history.

    An item that was handed to somebody else stays with them; one that was delegated goes back to the new person.
    """
    mine = (WorkItem.process_id == run.process.id, WorkItem.token.in_(now), WorkItem.status == OPEN)
    for item in run.session.scalars(select(WorkItem).where(*mine).order_by(WorkItem.id)).all() if now else ():
        old = {one.audience for one in before[item.token]}
        if item.delegated_by_id is not None and f"user:{item.delegated_by_id}" in old:
            item.delegated_by_id = _ids(now[item.token])[0]
        elif item.audience in (*old, LISTED):
            _ask_instead(run, item, now[item.token])


def _ask_instead(run: "Run", item: WorkItem, signers: tuple[Signer, ...]) -> None:
    was = item.audience
    run.session.execute(delete(WorkCandidate).where(WorkCandidate.item_id == item.id))
    item.audience = signers[0].audience if len(signers) == 1 else LISTED
    item.claimed_by_id = None
    if item.audience == LISTED:
        listed = [{"item_id": item.id, "user_id": user_id} for user_id in _ids(signers)]
        run.session.execute(insert(WorkCandidate), listed)
    change: dict[str, Any] = {"before": {"audience": was}, "after": {"audience": item.audience}}
    run.chain.add("transfer", item.node, item_id=item.id, **change)


def _ids(signers: tuple[Signer, ...]) -> list[int]:
    """The people among whom an item is listed."""
    return [int(one.audience.removeprefix("user:")) for one in signers]


def _move_due(run: "Run", item: WorkItem, due_at: dt.datetime, *, actor_id: int | None, reason: str) -> None:
    before, item.due_at = item.due_at, due_at
    reminding.plan(run.session, item)
    change: dict[str, Any] = {"before": {"due_at": before}, "after": {"due_at": due_at}}
    run.chain.add("move_due", item.node, actor_id=actor_id, item_id=item.id, reason=reason, **change)


def add_beside(run: "Run", item: WorkItem, audience: str, *, seq: int, status: str) -> WorkItem:
    """One more item in the round of ``item``, like it but for whom it asks and when."""
    added = WorkItem(
        process_id=item.process_id,
        token=item.token,
        round_id=item.round_id,
        node=item.node,
        step=item.step,
        role=item.role,
        audience=audience,
        seq=seq,
        weight=item.weight,
        status=status,
        created_at=clock.now(),
        due_at=item.due_at,
    )
    reminding.plan(run.session, added)
    run.session.add(added)
    run.session.flush()
    _tell_arrived(run, [added.id])
    return added
