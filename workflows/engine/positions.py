"""Where the tokens of an instance stand, where they went, and whom they may reach next: for its pictures."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any

from SpiffWorkflow.util.task import TaskState
from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows.engine import codec
from workflows.engine.definitions import LIBRARY, Definition, read_xml
from workflows.engine.parser import BPMN
from workflows.engine.specs import HumanTask
from workflows.engine.tables import LIVE, HistoryEntry, Process

STANDING = TaskState.READY | TaskState.WAITING | TaskState.STARTED


@dataclass(frozen=True)
class Sheet:
    """One diagram of an instance. ``done`` and ``now`` are ids of its boxes, ``now`` with the calls it is inside of."""

    file: str
    title: str
    xml: str
    done: frozenset[str]
    now: frozenset[str]


def sheets(session: Session, process: Process) -> list[Sheet]:
    """The diagrams in which the process stands or through which it went, its own first."""
    definition = LIBRARY.get(session, process.digest)
    workflow = codec.of(process, definition)
    entries = select(HistoryEntry.node).where(HistoryEntry.process_id == process.id).distinct()
    gone = set(session.scalars(entries)) | workflow.passed
    return drawn(definition, workflow, gone, is_live=process.status in LIVE)


def drawn(
    definition: Definition, workflow: codec.Instance, gone: AbstractSet[str], *, is_live: bool = True
) -> list[Sheet]:
    """The diagrams in which an instance stands or through which it went (``gone``), its own first."""
    now = set(_standing(workflow)) if is_live else set()
    found = [
        _sheet(file, content, gone, now)
        for file, content in definition.files.items()
        if file.endswith(".bpmn")
    ]
    own = f"{definition.process}.bpmn"
    return sorted(
        (one for one in found if one.file == own or one.done or one.now), key=lambda one: one.file != own
    )


@dataclass(frozen=True)
class Blank:
    """A diagram with nothing in it, the ids of its boxes, and whether it is that of the process itself."""

    sheet: Sheet
    boxes: frozenset[str]
    is_own: bool


def blank(definition: Definition) -> list[Blank]:
    """The diagrams of a process and of what it calls, its own first."""
    own = f"{definition.process}.bpmn"
    drawn = [
        Blank(_sheet(file, content, set(), set()), frozenset(_boxes(read_xml(content))), file == own)
        for file, content in definition.files.items()
        if file.endswith(".bpmn")
    ]
    return sorted(drawn, key=lambda one: not one.is_own)


def names(definition: Definition) -> dict[str, str]:
    """What the boxes of all its diagrams are called, by their ids; those without a name are left out."""
    return {
        node.get("id", ""): node.get("name", "")
        for file, content in definition.files.items()
        if file.endswith(".bpmn")
        for node in read_xml(content).iterfind(f"{{{BPMN}}}process//")
        if node.get("name")
    }


def _standing(workflow: codec.Instance) -> Iterator[str]:
    for scope in (workflow, *workflow.subprocesses.values()):
        for task in scope.tasks.values():
            node = getattr(task.task_spec, "bpmn_id", None)
            if node is not None and task.has_state(STANDING):
                yield node


def _sheet(file: str, content: bytes, gone: AbstractSet[str], now: AbstractSet[str]) -> Sheet:
    root = read_xml(content)
    boxes = _boxes(root)
    title = next((node.get("name", "") for node in root.iter(f"{{{BPMN}}}process")), file)
    standing = frozenset(boxes & now)
    return Sheet(file, title, content.decode(), frozenset(boxes & gone) - standing, standing)


def _boxes(root: Any) -> set[str]:
    return {node.get("id", "") for node in root.iterfind(f"{{{BPMN}}}process//")}


def following(definition: Definition, node: str) -> list[HumanTask]:
    """The user tasks that a token may reach next from ``node`` without another person, the nearest first."""
    start = definition.humans.get(node)
    if start is None:
        return []
    found: dict[str, HumanTask] = {}
    seen, waiting = set[str](), [(start, start._wf_spec)]
    while waiting:
        box, scope = waiting.pop(0)
        for after, within in _after(definition, box, scope):
            if (key := f"{within.name}/{after.name}") in seen:
                continue
            seen.add(key)
            if isinstance(after, HumanTask):
                found.setdefault(after.bpmn_id, after)
            else:
                waiting.append((after, within))
    return list(found.values())


def _after(definition: Definition, box: Any, scope: Any) -> Iterator[tuple[Any, Any]]:
    """What comes after a box: the first box of what it calls, its outputs, or at an end what follows the calls."""
    called = definition.parts.get(getattr(box, "spec", None) or "")
    if called is not None:
        yield called.start, called
        return
    yield from ((one, scope) for one in box.outputs)
    if not box.outputs and scope is not definition.spec:
        for caller in (definition.spec, *definition.parts.values()):
            for each in caller.task_specs.values():
                if getattr(each, "spec", None) == scope.name:
                    yield from ((one, caller) for one in each.outputs)
