"""What operators do to a running process: halt it, let it go on, end it, and move its tokens by hand.

Each is one act with its reason in the history. Who may do it, and whether the page was still true, is asked before.
"""

from collections.abc import Mapping
from typing import Any

from SpiffWorkflow.bpmn.specs.mixins.subworkflow_task import SubWorkflowTask
from SpiffWorkflow.bpmn.util.event import BpmnEvent
from sqlalchemy import delete, select

from workflows import clock
from workflows.engine import incidents, plain_form, records, tokens, variables
from workflows.engine.gate import markings
from workflows.engine.gate.games import Finding, TooLarge
from workflows.engine.motion import Motion
from workflows.engine.runtime import Run
from workflows.engine.specs import HumanTask
from workflows.engine.tables import LIVE, RUNNING, SUSPENDED, TERMINATED, Delivery, Due
from workflows.engine.waiting import events_of
from workflows.errors import Conflict, Invalid


def suspend(run: Run, *, actor_id: int, reason: str) -> None:
    """Halt the process: nobody and nothing moves it until it is resumed. Raises Conflict unless it is running."""
    if run.process.status != RUNNING:
        raise Conflict("流程不在办理中，不能暂停，请刷新页面。")
    _change(run, "suspend", SUSPENDED, actor_id=actor_id, reason=reason)


def resume(run: Run, *, actor_id: int, reason: str) -> None:
    """Let a suspended process go on; what has fallen due and arrived meanwhile comes at once. Raises Conflict."""
    if run.process.status != SUSPENDED:
        raise Conflict("流程没有暂停，不用恢复，请刷新页面。")
    _change(run, "resume", RUNNING, actor_id=actor_id, reason=reason)


def terminate(run: Run, *, actor_id: int, reason: str) -> None:
    """End the process for good: nobody is asked any more, no timer goes off, no message comes. Raises Conflict."""
    if run.process.status not in LIVE:
        raise Conflict("流程已经办结，不能终止。")
    records.close_items(run.session, run.process, run.before.humans.keys())
    run.session.execute(delete(Due).where(Due.process_id == run.process.id))
    sent = select(Delivery).where(Delivery.process_id == run.process.id)
    for delivery in run.session.scalars(sent.where(Delivery.status.in_(("due", "early")))):
        delivery.status = "void"
    run.process.mail = 0
    incidents.close_all(run.session, run.process)
    _change(run, "terminate", TERMINATED, actor_id=actor_id, reason=reason)


def _change(run: Run, verb: str, status: str, *, actor_id: int, reason: str) -> None:
    process = run.process
    run.chain.add(
        verb,
        process.name,
        actor_id=actor_id,
        reason=reason,
        before={"status": process.status},
        after={"status": status},
    )
    ended_at = process.ended_at if status in LIVE else clock.now()
    run.chain.write(run.session, {"state": process.state, "status": status, "ended_at": ended_at})


def move(
    run: Run,
    serial: int,
    target: str,
    values: Mapping[str, Any],
    *,
    actor_id: int,
    reason: str,
    is_repeat: bool = False,
) -> None:
    """Take a token from its box and put it on the box ``target`` of the same scope, with variables set on the way.

    ``is_repeat``: it goes back to a box that was passed. Raises Conflict unless the process is running and can end
    properly from there, Invalid for a box that cannot be chosen, StepFailed when what follows fails.
    """
    task = _token(run, serial)
    if target not in set(tokens.targets(task)):
        raise Invalid({"target": ["令牌不能移到这个环节，请从列出的环节中选择。"]})
    if is_repeat and target not in run.workflow.passed:
        raise Invalid({"target": ["这个环节还没有办过，不能重办。"]})
    _check_sound(run, task, target)
    verb = "repeat_step" if is_repeat else "move_token"
    _record(run, task, verb, values, actor_id=actor_id, reason=reason, to=target)
    put_on(run, task, target)
    run.save()


def skip(run: Run, serial: int, values: Mapping[str, Any], *, actor_id: int, reason: str) -> None:
    """Let a token leave its box as if what it waits for had come, with these variables. Raises as ``move``."""
    task = _token(run, serial)
    if not tokens.can_skip(task):
        raise Conflict("这个环节不能跳过，请改为移动令牌。")
    _record(run, task, "skip_step", values, actor_id=actor_id, reason=reason)
    if isinstance(task.task_spec, HumanTask):
        task.run()
    elif isinstance(task.task_spec, SubWorkflowTask):
        run.workflow.subprocesses.pop(task.id).cancel()
        task.complete()
    else:
        for event in events_of(task.task_spec):
            task.task_spec.catch(task, BpmnEvent(event, payload={}))
        task.task_spec._update(task)
    _go_on(run)
    run.save()


def _token(run: Run, serial: int) -> Any:
    if run.process.status == SUSPENDED:
        raise Conflict("流程已经暂停，请先恢复。")
    if run.process.status != RUNNING:
        raise Conflict("流程已经办结，不能再调整。")
    task = tokens.find(run.workflow, serial)
    if task is None:
        raise Conflict("流程已经走过这一步，请刷新页面。")
    return task


def _record(
    run: Run, task: Any, verb: str, values: Mapping[str, Any], *, to: str | None = None, **entry: Any
) -> None:
    """Write down the act, and set the variables that it gives."""
    node = task.task_spec.bpmn_id
    new = variables.check(node, dict(values))
    before = {name: task.data[name] for name in new if name in task.data}
    variables.write(task, new)
    about = {"set": new} if to is None else {"to": to, "set": new}
    run.record(verb, node, before={"set": before}, after=about, **entry)


def put_on(motion: Motion, task: Any, target: str) -> None:
    """Take the token of ``task`` to the box ``target``, and let everything follow that follows by itself."""
    tokens.put(tokens.take_out(task), target)
    _go_on(motion)


def _go_on(motion: Motion) -> None:
    motion.settle()
    motion.collapse()
    tokens.look_again(motion.workflow)
    motion.settle()


def _check_sound(run: Run, task: Any, target: str) -> None:
    """Raise Conflict when the process could not end properly with the token of ``task`` on ``target``."""
    try:
        found = trouble_on(run, task, target)
    except TooLarge as error:
        raise Conflict("移动之后的走法太多，不能证明流程总能走完，不能这样移动。") from error
    if found is not None:
        raise Conflict(f"令牌不能移到“{label(run, target)}”：{told(run, found)}")


def trouble_on(motion: Motion, task: Any, target: str) -> Finding | None:
    """Why the process could not end properly with the token of ``task`` on ``target``. Raises TooLarge."""
    files = motion.definition.files
    process, scopes = next(
        (process, scopes)
        for process, scopes in markings.processes_of(motion.workflow).items()
        if task.workflow in scopes
    )
    play = markings.playing(files, process.spec.name)
    gone = frozenset(one.id for one in tokens.held_by(task))
    left = markings.places(play, scopes, without=gone)
    name, before = process.spec.name, play.marking(markings.places(play, scopes))
    several = markings.trouble(files, name, before, several_aside=False) is not None
    after = play.marking({*left, play.into(target)})
    return markings.trouble(files, name, after, several_aside=several)


def told(run: Run, found: Finding) -> str:
    """Why a process cannot end properly, in words."""
    node = label(run, found.node)
    match found.code:
        case "unsafe":
            return f"“{node}”会同时有两个令牌。"
        case "improper":
            return f"结束“{node}”会到达两次。"
        case _:
            return f"流程会停在“{node}”，再也走不到结束。"


def label(run: Run, node: str) -> str:
    """The name of a box, or its id when it has none; of a gateway that nobody has drawn that of the box before it."""
    drawn = node.removeprefix(plain_form.GATEWAY)
    return run.definition.labels.get(drawn) or drawn
