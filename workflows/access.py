"""Who is asked, and who may see what of a process: its tasks, and the files that were handed in with them."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import files, permissions
from workflows.domain.permissions import Grants
from workflows.engine import ballots, history, people
from workflows.engine.registry import HUMAN
from workflows.engine.runtime import Run
from workflows.engine.tables import OPEN, SUSPENDED, Process, ProcessKey, WorkCandidate, WorkItem
from workflows.errors import Conflict, Forbidden, NotFound
from workflows.models import Bid, CopyTo, FileLink, StoredFile, User


def is_mine(held: Grants) -> Any:
    """The SQL condition that an item is for the holder of ``held`` and not taken by somebody else."""
    return people.is_for(held.people, held.audiences)


def are_open_and_mine(held: Grants) -> Any:
    """The SQL condition that items are open, for the holder of ``held``, and not taken by somebody else."""
    return people.are_open_for(held.people, held.audiences)


def is_asked(session: Session, item: WorkItem, held: Grants) -> bool:
    """Whether ``item`` is addressed to the holder of ``held``, or to somebody whose substitute they are."""
    return any(_is_asked(session, item, one) for one in (held, *held.principals))


def principal_of(session: Session, item: WorkItem, held: Grants) -> int | None:
    """In whose place the holder of ``held`` would do ``item``; None in their own right, or if they are not asked."""
    if _is_asked(session, item, held):
        return None
    return next((one.user_id for one in held.principals if _is_asked(session, item, one)), None)


def _is_barred(taken: "Taken", session: Session, actor: User) -> bool:
    """Whether a substitute may not do this one: they belong to the team that is judged, or would speak twice."""
    item = taken.item
    if taken.for_id is not None:
        about = subject_of(session, taken.run, item)
        if not permissions.may_sign(actor, role=item.role, subject=about):
            return True
    if item.round_id is None:
        return False
    said = [one.done_for_id for one in ballots.read(taken.run, item)[1] if one.done_by_id == actor.id]
    return bool(said) and (taken.for_id is not None or any(one is not None for one in said))


def data_of(run: Run, item: WorkItem) -> Mapping[str, Any]:
    """The variables of the process where the item stands, or those of its start once the token has gone on."""
    if item.token in run.before.humans:
        return run.before.humans[item.token].data  # type: ignore[no-any-return]
    return run.workflow.task_tree.data  # type: ignore[no-any-return]


def subject_of(session: Session, run: Run, item: WorkItem) -> Any:
    """The object that an item is about: a bid, a challenge, a project."""
    return HUMAN[item.step].about(session, data_of(run, item))


@dataclass(frozen=True)
class Taken:
    """An open item with its process, both held by this transaction, for somebody who is asked.

    ``for_id`` is in whose place they act, None in their own right.
    """

    run: Run
    item: WorkItem
    held: Grants
    for_id: int | None


def take(session: Session, item_id: int, *, actor: User) -> Taken:
    """Take an open item for an act of ``actor``.

    Raises NotFound if it is not theirs to see, Conflict if it is no longer open, its process is suspended or somebody
    else has claimed it, Forbidden if they are not asked, or may not do this one as a substitute.
    """
    held = permissions.grants(session, actor)
    run, item = Run.take_item(session, item_id, people=held.people, audiences=held.audiences)
    if not may_see(session, item, held):
        raise NotFound("没有找到这个任务。")
    _check_taking(session, item, held)
    check_goes_on(session, run.process)
    taken = Taken(run, item, held, principal_of(session, item, held))
    if _is_barred(taken, session, actor):
        raise Forbidden("按回避与职责分离的要求，您不能代理这项任务，请由本人或其他人办理。")
    return taken


def check_asked(session: Session, item_id: int, *, actor: User, may_rest: bool = False) -> None:
    """Raises as ``take`` unless ``actor`` may do the item now, and holds nothing.

    ``may_rest``: its process may be suspended; what is typed meanwhile is for when it goes on.
    """
    held, item = permissions.grants(session, actor), session.get(WorkItem, item_id)
    if item is None or not may_see(session, item, held):
        raise NotFound("没有找到这个任务。")
    _check_taking(session, item, held)
    if not may_rest:
        check_goes_on(session, item.process)


def _check_taking(session: Session, item: WorkItem, held: Grants) -> None:
    check_open(session, item)
    if not is_asked(session, item, held):
        raise Forbidden("这个任务不是由您办理的。")
    if item.claimed_by_id is not None and item.claimed_by_id not in held.people:
        raise Conflict(f"本任务已由{session.get_one(User, item.claimed_by_id).name}签收。")


def why_suspended(session: Session, process: Process) -> str | None:
    """Why nobody may do anything in ``process`` for now; None when it is not suspended."""
    if process.status != SUSPENDED:
        return None
    return history.last_reason(session, process.id, "suspend")


def check_goes_on(session: Session, process: Process) -> None:
    """Raises Conflict, saying why, while ``process`` is suspended."""
    reason = why_suspended(session, process)
    if reason is not None:
        raise Conflict(f"流程已暂停，恢复之后才能办理。暂停原因：{reason}")


def check_open(session: Session, item: WorkItem) -> None:
    """Raises Conflict, saying what became of it, unless ``item`` is open."""
    if item.status != OPEN:
        raise Conflict(_what_became_of(session, item))


def _what_became_of(session: Session, item: WorkItem) -> str:
    if item.done_by_id is not None and item.done_at is not None:
        who = session.get_one(User, item.done_by_id).name
        return f"本任务已由{who}于 {clock.local(item.done_at):%Y-%m-%d %H:%M} 办理，无需再办。"
    if item.status == people.WAITING:
        return "还没有轮到您办理。"
    return "本任务已随流程的进展取消，无需再办。"


def _is_asked(session: Session, item: WorkItem, held: Grants) -> bool:
    if item.audience == people.LISTED:
        return session.get(WorkCandidate, (item.id, held.user_id)) is not None
    return item.audience in held.own_audiences


def may_see(session: Session, item: WorkItem, held: Grants) -> bool:
    """Whoever is asked, has done it or delegated it, started the process, was sent a copy, or reads all."""
    if held.user_id in (
        item.done_by_id,
        item.claimed_by_id,
        item.delegated_by_id,
        item.process.started_by_id,
    ):
        return True
    if is_asked(session, item, held) or held.is_any(permissions.READ_ALL):
        return True
    copied = select(CopyTo.id).where(CopyTo.item_id == item.id, CopyTo.user_id == held.user_id)
    return session.scalar(copied) is not None


def may_see_process(session: Session, process: Process, held: Grants) -> bool:
    """Whoever started it, is or was asked in it, did something in it, was sent a copy, or reads all."""
    if process.started_by_id == held.user_id or held.is_any(permissions.READ_ALL):
        return True
    copied = select(CopyTo.id).where(CopyTo.process_id == process.id, CopyTo.user_id == held.user_id).limit(1)
    return takes_part(session, process.id, held) or session.scalar(copied) is not None


def takes_part(session: Session, process_id: int, held: Grants) -> bool:
    """Whether the holder of ``held`` is or was asked in a process, or has done something in it."""
    part = is_mine(held) | (WorkItem.done_by_id == held.user_id)
    return (
        session.scalar(select(WorkItem.id).where(WorkItem.process_id == process_id, part).limit(1))
        is not None
    )


def is_hidden(step: str | None, doers: Collection[int | None], held: Grants) -> bool:
    """Whether ``step`` is confidential to the holder of ``held``, who is none of ``doers`` and does not read all."""
    if step is None or step not in HUMAN or not HUMAN[step].confidential:
        return False
    return not set(held.people) & set(doers) and not held.is_any(permissions.READ_ALL)


def file(session: Session, file_id: int, *, actor: User) -> StoredFile:
    """A file that ``actor`` may read. Raises NotFound for any other."""
    found = readable(session, [file_id], actor=actor)
    if not found:
        raise NotFound("没有找到这个附件，或者您无权查看。")
    return found[file_id]


def readable(session: Session, file_ids: Collection[int], *, actor: User) -> dict[int, StoredFile]:
    """Those of ``file_ids`` that ``actor`` may read.

    One's own, and those of processes that one may see; those of a bid as its document: while it is sealed nobody.
    """
    known = files.found(session, file_ids)
    held = permissions.grants(session, actor)
    links = _without_hidden(session, files.links(session, known), held)
    bids = _bids(session, {link.process_id for link in links})

    def may_read(one: StoredFile) -> bool:
        process_ids = {link.process_id for link in links if link.file_id == one.id}
        if any(permissions.is_sealed(bids[process_id]) for process_id in process_ids & bids.keys()):
            return False
        if one.uploaded_by_id == actor.id:
            return True
        return any(
            _shows(session, process_id, bids.get(process_id), held, actor) for process_id in process_ids
        )

    return {one.id: one for one in known.values() if may_read(one)}


def attachments(session: Session, process_id: int, *, actor: User) -> list[FileLink]:
    """The files handed in with a process that ``actor`` may see, in order; of a sealed bid none."""
    bid = _bids(session, {process_id}).get(process_id)
    if bid is not None and not permissions.may_read_document(session, actor, bid):
        return []
    held = permissions.grants(session, actor)
    return _without_hidden(session, list(files.of_process(session, process_id)), held)


def may_see_reasons(session: Session, process: Process, *, actor: User) -> bool:
    """Whether ``actor`` may read what the tables of a process were asked: who started it, and who reads all.

    What D3 was asked of a bid tells of its pledges: that is for ``permissions.may_see_findings``.
    """
    if process.name == "bid":
        bid = session.get_one(Bid, int(process.subject_path.rpartition("/")[2]))
        return permissions.may_see_findings(session, actor, bid)
    is_all = permissions.grants(session, actor).is_any(permissions.READ_ALL)
    return is_all or process.started_by_id == actor.id


def processes_of_project(project_id: int) -> Any:
    """SQL for the ids of the processes of a project: those about it, and those that its messages find."""
    keyed = select(ProcessKey.process_id).where(
        ProcessKey.key == "project_id", ProcessKey.value == str(project_id)
    )
    about = Process.subject_path == f"/projects/{project_id}"
    return select(Process.id).where(or_(about, Process.id.in_(keyed)))


def files_of_project(session: Session, project_id: int, *, actor: User) -> list[StoredFile]:
    """What was handed in with the processes of a project that ``actor`` sees, the newest first."""
    held = permissions.grants(session, actor)
    links = files.of_processes(session, processes_of_project(project_id))
    ids = {link.process_id for link in links}
    seen = {one for one in ids if may_see_process(session, session.get_one(Process, one), held)}
    shown = _without_hidden(session, [link for link in links if link.process_id in seen], held)
    found = {link.file_id: link.file for link in shown}
    return sorted(found.values(), key=lambda file: file.uploaded_at, reverse=True)


def _without_hidden(session: Session, links: Sequence[FileLink], held: Grants) -> list[FileLink]:
    """``links`` but for those of confidential tasks of others."""
    confidential = [name for name, step in HUMAN.items() if step.confidential]
    item_ids = {link.item_id for link in links if link.item_id is not None}
    if not item_ids or held.is_any(permissions.READ_ALL):
        return list(links)
    others = select(WorkItem.id).where(WorkItem.id.in_(item_ids), WorkItem.step.in_(confidential))
    hidden = set(session.scalars(others.where(WorkItem.done_by_id.not_in(held.people))))
    return [link for link in links if link.item_id not in hidden]


def _shows(session: Session, process_id: int, bid: Bid | None, held: Grants, actor: User) -> bool:
    if bid is not None:
        return permissions.may_read_document(session, actor, bid)
    return may_see_process(session, session.get_one(Process, process_id), held)


def _bids(session: Session, process_ids: Collection[int]) -> dict[int, Bid]:
    """The bids of those of the processes in which one is prepared, by process."""
    if not process_ids:
        return {}
    key = (ProcessKey.process_id == Process.id) & (ProcessKey.key == "bid_id")
    query = select(Process.id, ProcessKey.value).join(ProcessKey, key)
    found = session.execute(query.where(Process.id.in_(process_ids), Process.name == "bid")).all()
    return {process_id: session.get_one(Bid, int(value)) for process_id, value in found}
