"""What diagrams share: processes that call one another, messages, and ids that meet in one definition."""

import graphlib
from collections.abc import Iterator, Mapping, Sequence

from lxml import etree

from workflows.engine.gate.diagrams import NODES, Diagram, children, id_of, is_event_subprocess, kind_of, tag
from workflows.engine.gate.events import CODES, WORDS, catches, thrown_in
from workflows.engine.parser import properties

Processes = Mapping[str, tuple[Diagram, etree._Element]]


def check(diagrams: Sequence[Diagram]) -> None:
    processes: dict[str, tuple[Diagram, etree._Element]] = {}
    for diagram in diagrams:
        _collect(diagram, processes)
    for diagram in diagrams:
        _check_called(diagram, processes)
    _check_circles(processes)
    _check_keys(diagrams)
    _check_shared_ids(diagrams, processes)
    _check_caught(diagrams)


def _collect(diagram: Diagram, processes: dict[str, tuple[Diagram, etree._Element]]) -> None:
    found = diagram.all("process")
    if not found:
        diagram.complain(diagram.root, "no_process")
    for process in found:
        id_ = process.get("id", "")
        if process.get("isExecutable") != "true":
            diagram.complain(process, "not_executable")
        if id_ in processes and processes[id_][0] is not diagram:
            diagram.complain(process, "process_twice", id=id_, file=processes[id_][0].file)
        processes.setdefault(id_, (diagram, process))
    for participant in diagram.all("participant"):
        ref = participant.get("processRef")
        if ref is not None and ref not in [process.get("id") for process in found]:
            diagram.complain(participant, "unknown_participant", ref=ref)


def _check_called(diagram: Diagram, processes: Processes) -> None:
    for call in diagram.all("callActivity"):
        called = call.get("calledElement")
        if not called:
            diagram.complain(call, "no_called_element")
        elif called not in processes:
            diagram.complain(call, "unknown_process", called=called)
        elif not any(kind_of(start) == "" for start in children(processes[called][1], "startEvent")):
            diagram.complain(call, "called_needs_message", called=called)


def _calls(process: etree._Element) -> list[etree._Element]:
    return [element for element in process.iter() if tag(element) == "callActivity"]


def _check_circles(processes: Processes) -> None:
    graph = {
        id_: [call.get("calledElement", "") for call in _calls(one)] for id_, (_, one) in processes.items()
    }
    try:
        graphlib.TopologicalSorter(graph).prepare()
    except graphlib.CycleError as error:
        circle: list[str] = error.args[1]
        for call in _calls(processes[circle[1]][1]):
            if call.get("calledElement") == circle[0]:
                diagram = processes[circle[1]][0]
                diagram.complain(call, "call_circle", circle=" → ".join(reversed(circle)))


def _check_keys(diagrams: Sequence[Diagram]) -> None:
    keys: dict[str, tuple[str, str]] = {}
    for diagram in diagrams:
        for message in diagram.all("message"):
            name, key = message.get("name", ""), properties(message).get("key", "")
            known, file = keys.setdefault(name, (key, diagram.file))
            if known != key:
                diagram.complain(message, "message_keys_differ", name=name, key=key, file=file, known=known)


def _check_shared_ids(diagrams: Sequence[Diagram], processes: Processes) -> None:
    """A process is built together with all that it calls: there an id may mean one thing only."""
    told = set()
    for diagram in diagrams:
        seen: dict[str, tuple[str, object]] = {}
        for other in _bundle(diagram, processes):
            for element, meaning in _meanings(other):
                first, known = seen.setdefault(id_of(element), (other.file, meaning))
                if known != meaning and (other.file, element) not in told:
                    told.add((other.file, element))
                    other.complain(element, "id_shared", id=id_of(element), first=first)


def _bundle(diagram: Diagram, processes: Processes) -> list[Diagram]:
    found, pending = [diagram], [diagram]
    while pending:
        for call in pending.pop().all("callActivity"):
            called = processes.get(call.get("calledElement", ""))
            if called is not None and called[0] not in found:
                found.append(called[0])
                pending.append(called[0])
    return found


def _meanings(diagram: Diagram) -> Iterator[tuple[etree._Element, object]]:
    """Each element that the engine finds by id, with what must be equal wherever the id is used again."""
    for element in diagram.all(*NODES, "process"):
        yield element, (diagram.file, id_of(element))
    for element in diagram.all("message", *CODES):
        attributes = sorted((str(key), str(value)) for key, value in element.attrib.items())
        yield element, (tag(element), attributes, sorted(properties(element).items(), key=str))


def _check_caught(diagrams: Sequence[Diagram]) -> None:
    """An error or escalation is caught where the sub-process or call that it leaves is attached."""
    calls = [(diagram, call) for diagram in diagrams for call in diagram.all("callActivity")]
    for diagram in diagrams:
        for scope in diagram.scopes():
            holders = [(diagram, scope)]
            if tag(scope) == "process":
                holders = [one for one in calls if one[1].get("calledElement") == scope.get("id")]
            for kind in CODES:
                for event, code in thrown_in(diagram, scope, kind):
                    if is_event_subprocess(scope) or not holders or not _is_caught(holders, kind, code):
                        diagram.complain(
                            event,
                            "uncaught",
                            kind=WORDS[kind],
                        )


def _is_caught(holders: Sequence[tuple[Diagram, etree._Element]], kind: str, code: str) -> bool:
    return all(catches(diagram, holder, kind, code) for diagram, holder in holders)
