"""How the boxes of a diagram are wired: starts, ends, gateways, and that every box lies on a way to an end."""

from collections import defaultdict
from dataclasses import dataclass

from lxml import etree

from workflows.engine.gate.diagrams import (
    GATEWAYS,
    Diagram,
    children,
    id_of,
    is_event_subprocess,
    kind_of,
    nodes_in,
    tag,
)

CHOOSING = ("exclusiveGateway", "inclusiveGateway")
WAITING = ("userTask", "receiveTask", "callActivity", "subProcess")


@dataclass
class Graph:
    """The nodes of one process or sub-process by id, and the flows between them that are right."""

    diagram: Diagram
    scope: etree._Element
    nodes: dict[str, etree._Element]
    into: dict[str, list[etree._Element]]
    out: dict[str, list[etree._Element]]


def check(diagram: Diagram) -> None:
    for scope in diagram.scopes():
        graph = _graph(diagram, scope)
        _check_starts_and_ends(graph)
        for node in graph.nodes.values():
            _check_node(graph, node)
        _check_ways(graph)


def _graph(diagram: Diagram, scope: etree._Element) -> Graph:
    graph = Graph(
        diagram, scope, {id_of(node): node for node in nodes_in(scope)}, defaultdict(list), defaultdict(list)
    )
    pairs = set()
    for flow in children(scope, "sequenceFlow"):
        pair = (flow.get("sourceRef", ""), flow.get("targetRef", ""))
        unknown = [end for end in pair if end not in graph.nodes]
        if unknown:
            diagram.complain(flow, "flow_end_unknown", end=unknown[0] or ("(空)", "(empty)"))
            continue
        if pair in pairs:
            diagram.complain(flow, "flow_twice", source=pair[0], target=pair[1])
        pairs.add(pair)
        graph.out[pair[0]].append(flow)
        graph.into[pair[1]].append(flow)
    return graph


def _check_starts_and_ends(graph: Graph) -> None:
    starts = [node for node in graph.nodes.values() if tag(node) == "startEvent"]
    if not starts:
        graph.diagram.complain(graph.scope, "no_start")
    elif len(starts) > 1 and tag(graph.scope) == "subProcess":
        graph.diagram.complain(graph.scope, "start_several")
    elif len(starts) > 1 and not all(kind_of(start) == "message" for start in starts):
        graph.diagram.complain(starts[1], "start_mixed")
    if not any(tag(node) == "endEvent" for node in graph.nodes.values()):
        graph.diagram.complain(graph.scope, "no_end")


def _check_node(graph: Graph, node: etree._Element) -> None:
    diagram, name = graph.diagram, tag(node)
    into, out = graph.into[id_of(node)], graph.out[id_of(node)]
    if is_event_subprocess(node):
        if into or out:
            diagram.complain(node, "event_subprocess_flow")
        return
    if into and name in ("startEvent", "boundaryEvent"):
        diagram.complain(node, "event_incoming")
    if name == "boundaryEvent":
        _check_attachment(graph, node)
    if name == "endEvent":
        if out:
            diagram.complain(node, "end_outgoing")
    elif not out:
        diagram.complain(node, "no_outgoing")
    elif name not in GATEWAYS and len(out) > 1:
        diagram.complain(node, "outgoing_several")
    if name in CHOOSING:
        _check_choice(graph, node)
    else:
        for flow in out:
            if children(flow, "conditionExpression"):
                diagram.complain(flow, "condition_position")
    if name == "eventBasedGateway":
        _check_race(graph, node)


def _check_attachment(graph: Graph, event: etree._Element) -> None:
    holder = graph.nodes.get(event.get("attachedToRef", ""))
    if holder is None:
        graph.diagram.complain(
            event, "attached_unknown", holder=event.get("attachedToRef") or ("(空)", "(empty)")
        )
    elif tag(holder) not in WAITING or is_event_subprocess(holder):
        graph.diagram.complain(event, "attached_automatic")


def _check_choice(graph: Graph, gateway: etree._Element) -> None:
    diagram, out = graph.diagram, graph.out[id_of(gateway)]
    default = gateway.get("default")
    if default is not None and default not in [id_of(flow) for flow in out]:
        diagram.complain(gateway, "default_unknown", default=default)
    elif default is None and len(out) > 1 and diagram.names is not None:
        diagram.complain(gateway, "no_default")
    for flow in out:
        conditions = children(flow, "conditionExpression")
        if id_of(flow) == default or len(out) == 1:
            if conditions:
                diagram.complain(flow, "condition_default")
        elif not conditions:
            diagram.complain(flow, "no_condition")
        elif len(conditions) > 1:
            diagram.complain(flow, "condition_several")


def _check_race(graph: Graph, gateway: etree._Element) -> None:
    for flow in graph.out[id_of(gateway)]:
        target = graph.nodes[flow.get("targetRef", "")]
        if tag(target) != "intermediateCatchEvent" or kind_of(target) not in ("message", "timer"):
            graph.diagram.complain(target, "race_target")
        elif len(graph.into[id_of(target)]) > 1:
            graph.diagram.complain(target, "race_incoming")


def _check_ways(graph: Graph) -> None:
    """Every node is reached from a start and reaches an end."""
    onward, back = defaultdict(set), defaultdict(set)
    edges = [
        (flow.get("sourceRef", ""), flow.get("targetRef", ""))
        for flows in graph.out.values()
        for flow in flows
    ]
    attached = [
        (node.get("attachedToRef", ""), id_)
        for id_, node in graph.nodes.items()
        if tag(node) == "boundaryEvent"
    ]
    for source, target in [*edges, *attached]:
        onward[source].add(target)
        back[target].add(source)
    own = {id_ for id_, node in graph.nodes.items() if not is_event_subprocess(node)}
    reached = _closure({id_ for id_ in own if tag(graph.nodes[id_]) == "startEvent"}, onward)
    ending = _closure({id_ for id_ in own if tag(graph.nodes[id_]) == "endEvent"}, back)
    for id_ in own - reached:
        graph.diagram.complain(graph.nodes[id_], "unreachable")
    for id_ in own - ending:
        graph.diagram.complain(graph.nodes[id_], "no_way_out")


def _closure(first: set[str], onward: dict[str, set[str]]) -> set[str]:
    found, pending = set(first), list(first)
    while pending:
        new = onward[pending.pop()] - found
        found |= new
        pending += new
    return found
