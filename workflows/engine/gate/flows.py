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
            diagram.complain(flow, f"连线的一端 {unknown[0] or '(空)'} 不在同一个流程或子流程中")
            continue
        if pair in pairs:
            diagram.complain(flow, f"{pair[0]} 到 {pair[1]} 已有一条连线")
        pairs.add(pair)
        graph.out[pair[0]].append(flow)
        graph.into[pair[1]].append(flow)
    return graph


def _check_starts_and_ends(graph: Graph) -> None:
    starts = [node for node in graph.nodes.values() if tag(node) == "startEvent"]
    if not starts:
        graph.diagram.complain(graph.scope, "没有开始事件")
    elif len(starts) > 1 and tag(graph.scope) == "subProcess":
        graph.diagram.complain(graph.scope, "子流程只能有一个开始事件")
    elif len(starts) > 1 and not all(kind_of(start) == "message" for start in starts):
        graph.diagram.complain(starts[1], "多个开始事件只能都是消息开始事件，否则无消息的那个总会先走")
    if not any(tag(node) == "endEvent" for node in graph.nodes.values()):
        graph.diagram.complain(graph.scope, "没有结束事件")


def _check_node(graph: Graph, node: etree._Element) -> None:
    diagram, name = graph.diagram, tag(node)
    into, out = graph.into[id_of(node)], graph.out[id_of(node)]
    if is_event_subprocess(node):
        if into or out:
            diagram.complain(node, "事件子流程不能有连线")
        return
    if into and name in ("startEvent", "boundaryEvent"):
        diagram.complain(node, "开始事件和边界事件不能有入线")
    if name == "boundaryEvent":
        _check_attachment(graph, node)
    if name == "endEvent":
        if out:
            diagram.complain(node, "结束事件不能有出线")
    elif not out:
        diagram.complain(node, "没有出线，流程会停在这里")
    elif name not in GATEWAYS and len(out) > 1:
        diagram.complain(node, "任务和事件只能有一条出线，分支请用网关")
    if name in CHOOSING:
        _check_choice(graph, node)
    else:
        for flow in out:
            if children(flow, "conditionExpression"):
                diagram.complain(flow, "只有排他网关和包容网关的出线可以带条件")
    if name == "eventBasedGateway":
        _check_race(graph, node)


def _check_attachment(graph: Graph, event: etree._Element) -> None:
    holder = graph.nodes.get(event.get("attachedToRef", ""))
    if holder is None:
        graph.diagram.complain(
            event, f"边界事件附着的 {event.get('attachedToRef') or '(空)'} 不在同一个流程或子流程中"
        )
    elif tag(holder) not in WAITING or is_event_subprocess(holder):
        graph.diagram.complain(event, "边界事件只能附着在会等待的节点：用户任务、接收任务、子流程、调用活动")


def _check_choice(graph: Graph, gateway: etree._Element) -> None:
    diagram, out = graph.diagram, graph.out[id_of(gateway)]
    default = gateway.get("default")
    if default is not None and default not in [id_of(flow) for flow in out]:
        diagram.complain(gateway, f"默认连线 {default} 不是本网关的出线")
    elif default is None and len(out) > 1 and diagram.names is not None:
        diagram.complain(gateway, "有多条出线的网关必须有默认连线")
    for flow in out:
        conditions = children(flow, "conditionExpression")
        if id_of(flow) == default or len(out) == 1:
            if conditions:
                diagram.complain(flow, "默认连线或唯一的出线不能带条件")
        elif not conditions:
            diagram.complain(flow, "不是默认连线，缺少条件")
        elif len(conditions) > 1:
            diagram.complain(flow, "一条连线只能有一个条件")


def _check_race(graph: Graph, gateway: etree._Element) -> None:
    for flow in graph.out[id_of(gateway)]:
        target = graph.nodes[flow.get("targetRef", "")]
        if tag(target) != "intermediateCatchEvent" or kind_of(target) not in ("message", "timer"):
            graph.diagram.complain(target, "事件网关之后只能是消息或定时的中间捕获事件")
        elif len(graph.into[id_of(target)]) > 1:
            graph.diagram.complain(target, "事件网关之后的事件不能有别的入线")


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
        graph.diagram.complain(graph.nodes[id_], "从开始事件走不到这里")
    for id_ in own - ending:
        graph.diagram.complain(graph.nodes[id_], "从这里走不到结束事件")


def _closure(first: set[str], onward: dict[str, set[str]]) -> set[str]:
    found, pending = set(first), list(first)
    while pending:
        new = onward[pending.pop()] - found
        found |= new
        pending += new
    return found
