"""Which variables a process reads from one of its boxes on, until somebody or something is waited for again."""

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from workflows.engine.definitions import Files, read_xml
from workflows.engine.gate.diagrams import NODES, Diagram, around, id_of, tag
from workflows.engine.gate.variables import made, names_in, read
from workflows.engine.gate.wiring import Wiring

WAITING = frozenset(
    {
        "userTask",
        "receiveTask",
        "intermediateCatchEvent",
        "eventBasedGateway",
        "callActivity",
        "subProcess",
        "endEvent",
    }
)
DRAWN = NODES | {"sequenceFlow", "process"}


def read_after(files: Files, node: str) -> list[str]:
    """The names that flows and boxes read from the box ``node`` on, in order; those that it gives itself come first."""
    return _read_after(tuple(files.items()), node)


@lru_cache(maxsize=1024)
def _read_after(files: tuple[tuple[str, bytes], ...], node: str) -> list[str]:
    for name, content in files:
        if not name.endswith(".bpmn"):
            continue
        diagram = Diagram(name, read_xml(content), None)
        element = next((one for one in diagram.nodes() if id_of(one) == node), None)
        if element is not None:
            return list(dict.fromkeys(_names(diagram, element)))
    return []


def _names(diagram: Diagram, element: etree._Element) -> Iterator[str]:
    yield from made([element])
    wiring = Wiring(diagram, _around(element))
    seen, pending, given = {id_of(element)}, [id_of(element)], set[str]()
    while pending:
        for flow in wiring.out[pending.pop(0)]:
            yield from (name for name in _read_in(flow) if name not in given)
            after = flow.get("targetRef", "")
            if after in seen or after not in wiring.nodes:
                continue
            seen.add(after)
            box = wiring.nodes[after]
            for one in (box, *wiring.boundaries[after]):
                yield from (name for name in _read_in(one) if name not in given)
            given |= set(made([box]))
            if tag(box) not in WAITING:
                pending.append(after)


def _read_in(element: etree._Element) -> list[str]:
    """What an element itself reads, not what is drawn inside of it."""
    own = [part for part in element.iter() if tag(part) and _drawn(part) is element]
    return [name for _, text in read(own) for name in sorted(names_in(text))]


def _drawn(part: etree._Element) -> etree._Element:
    """The box or flow that a part of the file belongs to."""
    while tag(part) not in DRAWN:
        part = _around(part)
    return part


def _around(element: etree._Element) -> etree._Element:
    """What holds a box: there is always the process."""
    found = around(element)
    return element if found is None else found
