"""An instance as a marking of the token games of its processes: whether it can still end from where it stands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from lxml import etree
from SpiffWorkflow.bpmn.specs.control import BoundaryEventSplit
from SpiffWorkflow.bpmn.specs.defaults import BoundaryEvent, CallActivity

from workflows.engine.codec import Instance
from workflows.engine.definitions import Files, read_xml
from workflows.engine.gate.compiling import compile_net
from workflows.engine.gate.diagrams import NODES, Diagram, children, id_of, is_event_subprocess, tag
from workflows.engine.gate.games import Clock, Finding, Game
from workflows.engine.gate.nets import Net, contract_of
from workflows.engine.gate.wiring import Wiring
from workflows.engine.joins import ARRIVED, STANDING, EndMeeting

DOUBLED = ("unsafe", "improper")  # two tokens where the game lets one
Place = tuple[str, str]  # kind and id, as in Net.places


@dataclass(frozen=True)
class Playing:
    """The token game of one process, its flows by the boxes that they join, and the boxes ``aside`` of its main way.

    What a boundary event or a message begins aside may be under way several times at once; the game lets it once.
    """

    net: Net
    flows: Mapping[tuple[str, str], list[str]]
    aside: frozenset[str]

    def marking(self, places: Iterable[Place]) -> int:
        """The marking with a token on each of ``places``; what the game has no place for is left out."""
        wanted = set(places)
        return sum(1 << bit for bit, place in enumerate(self.net.places) if place in wanted)

    def main(self, marking: int) -> int:
        """``marking`` without what is under way aside."""
        kept = [bit for bit, (kind, id_) in enumerate(self.net.places) if not self._is_aside(kind, id_)]
        return sum(1 << bit for bit in kept if marking >> bit & 1)

    def _is_aside(self, kind: str, id_: str) -> bool:
        return (self.net.targets.get(id_, "") if kind == "flow" else id_) in self.aside

    def into(self, box: str) -> Place:
        """A flow that leads to ``box``: where a token stands that is about to reach it."""
        return next(("flow", flow) for flow, target in self.net.targets.items() if target == box)


def playing(files: Files, process: str) -> Playing:
    """The token game of ``process``, whose diagram is among ``files`` with all that it calls."""
    return _all_playing(tuple(files.items()))[process]


@lru_cache(maxsize=32)
def _all_playing(files: tuple[tuple[str, bytes], ...]) -> dict[str, Playing]:
    diagrams = [Diagram(name, read_xml(text), None) for name, text in files if name.endswith(".bpmn")]
    processes = {id_of(one): (diagram, one) for diagram in diagrams for one in diagram.all("process")}
    contracts = {id_: contract_of(diagram, one) for id_, (diagram, one) in processes.items()}
    found = {}
    for id_, (diagram, process) in processes.items():
        flows: dict[tuple[str, str], list[str]] = {}
        for flow in process.iter("{*}sequenceFlow"):
            ends = (flow.get("sourceRef", ""), flow.get("targetRef", ""))
            flows.setdefault(ends, []).append(id_of(flow))
        found[id_] = Playing(
            compile_net(diagram, process, contracts), flows, frozenset(_aside(diagram, process))
        )
    return found


def _aside(diagram: Diagram, process: etree._Element) -> Iterator[str]:
    """The boxes that only boundary events that do not interrupt lead to, and those of event sub-processes."""
    for scope in (one for one in process.iter() if tag(one) in ("process", "subProcess")):
        if is_event_subprocess(scope) and not any(
            start.get("isInterrupting", "true") == "true" for start in children(scope, "startEvent")
        ):
            yield from (id_of(one) for one in scope.iter() if tag(one) in NODES)
        wiring = Wiring(diagram, scope)
        for id_ in wiring.beside & wiring.reached([*map(id_of, _beside(wiring))]):
            yield from (id_of(one) for one in wiring.nodes[id_].iter() if tag(one) in NODES)


def _beside(wiring: Wiring) -> Iterator[etree._Element]:
    """The boundary events that do not interrupt."""
    for events in wiring.boundaries.values():
        yield from (one for one in events if one.get("cancelActivity") == "false")


def trouble(files: Files, process: str, marking: int, *, several_aside: bool = True) -> Finding | None:
    """Why ``process`` cannot end properly from ``marking``; None when it can, whatever happens. Raises TooLarge.

    ``several_aside``: what is aside may be under way more than once, as boundary events and messages begin it.
    """
    return _judged(tuple(files.items()), process, marking, several_aside)


@lru_cache(maxsize=2048)
def _judged(
    files: tuple[tuple[str, bytes], ...], process: str, marking: int, several_aside: bool
) -> Finding | None:
    play = _all_playing(files)[process]
    found = _played(play.net, marking)
    if several_aside and found:
        found = [one for one in found if one.node not in play.aside or one.code not in DOUBLED]
        found = found or _played(play.net, play.main(marking))
    return found[0] if found else None


def _played(net: Net, marking: int) -> list[Finding]:
    found = Game(replace(net, starts=[("", marking)]), Clock()).play()
    return [one for one in found if one.code != "dead"]


def processes_of(workflow: Instance) -> dict[Any, list[Any]]:
    """The running processes of an instance, its own and those called, each with its scopes, itself first."""
    found: dict[Any, list[Any]] = {workflow: [workflow]}
    home = {id(workflow): workflow}
    for part in sorted(workflow.subprocesses.values(), key=lambda one: one.depth):
        if part.completed:
            continue
        holder = workflow.get_task_from_id(part.parent_task_id)
        own = part if isinstance(holder.task_spec, CallActivity) else home[id(holder.workflow)]
        home[id(part)] = own
        found.setdefault(own, []).append(part)
    return found


def places(play: Playing, scopes: Iterable[Any], *, without: frozenset[Any] = frozenset()) -> set[Place]:
    """The places of the game that hold a token while its process stands as ``scopes`` do.

    ``without``: ids of tasks that are left out, each with what is inside of it.
    """
    found: set[Place] = {("in", play.net.process)}
    left_out = set(without)
    for scope in scopes:
        if getattr(scope, "parent_task_id", None) in left_out:
            left_out |= set(scope.tasks)
        for task in scope.tasks.values():
            if task.id not in left_out:
                found.update(_of_task(play, task))
    return found


def _of_task(play: Playing, task: Any) -> Iterator[Place]:
    spec: Any = task.task_spec
    if isinstance(spec, BoundaryEventSplit):
        there = {child.task_spec.name for child in task.children}
        yield from (
            ("once", box.bpmn_id)
            for box in spec.outputs
            if isinstance(box, BoundaryEvent) and box.name not in there
        )
    if not task.has_state(STANDING):
        return
    if ARRIVED in task.internal_data:
        for name, number in task.internal_data[ARRIVED].items():
            box = box_id(task.workflow.spec.task_specs[name])
            if isinstance(spec, EndMeeting):
                yield ("done", box)
            else:
                yield from (("flow", flow) for flow in play.flows.get((box, spec.bpmn_id), [])[:number])
    elif spec.bpmn_id is not None:
        yield from ((kind, spec.bpmn_id) for kind in ("busy", "in"))


def box_id(spec: Any) -> str:
    """The id of the box in the diagram that a box of the specification stands for."""
    return str(
        spec.bpmn_id or spec.name.removesuffix(".BoundaryEventJoin").removesuffix(".BoundaryEventSplit")
    )


def trouble_of(files: Files, workflow: Instance) -> Finding | None:
    """Why an instance cannot end properly from where it stands, its called processes included. Raises TooLarge."""
    for process, scopes in processes_of(workflow).items():
        play = playing(files, process.spec.name)
        found = trouble(files, process.spec.name, play.marking(places(play, scopes)))
        if found is not None:
            return found
    return None
