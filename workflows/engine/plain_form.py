"""Other ways to draw what the engine knows, written as it knows them, before anything looks at a diagram.

SpiffWorkflow 3.2.0 reads these silently wrong: it takes an event whose definition stands elsewhere for one without
any, loses what a link throws, and of the conditions on flows out of a task it asks none. Here

- an ``eventDefinitionRef`` becomes the definition that it names;
- a pair of link events becomes two events with a flow between them;
- several flows out of a task or event leave it through a gateway: parallel ones without conditions, inclusive with.

What is not drawn rightly stays as it is, for the gate to refuse.
"""

from collections import defaultdict
from copy import deepcopy

from lxml import etree

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SCOPES = (f"{{{BPMN}}}process", f"{{{BPMN}}}subProcess")
GATEWAY = "then__"  # how the ids of gateways that nobody has drawn begin

_LINK, _REF, _FLOW, _CONDITION = (
    f"{{{BPMN}}}{name}"
    for name in ("linkEventDefinition", "eventDefinitionRef", "sequenceFlow", "conditionExpression")
)
_CATCH, _THROW = f"{{{BPMN}}}intermediateCatchEvent", f"{{{BPMN}}}intermediateThrowEvent"
_WHAT_FLOWS_LEAVE = frozenset(
    f"{{{BPMN}}}{name}"
    for name in (
        "task", "userTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask", "subProcess", "callActivity",
        "startEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent",
    )
)  # fmt: skip


def rewrite(root: etree._Element) -> None:
    """Change a diagram in place; line numbers stay, and so does a file without these, such as one of tables."""
    _define(root)
    ids = {str(one.get("id")) for one in root.iter() if one.get("id")}
    for scope in root.iter(*SCOPES):
        _join_links(scope)
        _split(scope, ids)


def is_drawn(node: str) -> bool:
    """Whether the box with this id stands in the diagram."""
    return not node.startswith(GATEWAY)


def _define(root: etree._Element) -> None:
    known = {
        one.get("id", ""): one
        for one in root.iterchildren(f"{{{BPMN}}}*")
        if str(one.tag).endswith("EventDefinition")
    }
    for reference in list(root.iter(_REF)):
        found = known.get((reference.text or "").strip().rpartition(":")[2])
        holder = reference.getparent()
        if found is not None and holder is not None:
            copy = deepcopy(found)
            for one in copy.iter():
                if one.get("id") is not None:
                    del one.attrib["id"]
                one.sourceline = reference.sourceline
            copy.tail = reference.tail
            holder.replace(reference, copy)
            if found.getparent() is not None:
                root.remove(found)


def _join_links(scope: etree._Element) -> None:
    links = [one for event in scope.iterchildren(_CATCH, _THROW) for one in event.iterchildren(_LINK)]
    into: dict[str | None, list[etree._Element]] = defaultdict(list)
    out: dict[str | None, list[etree._Element]] = defaultdict(list)
    for link in links:
        event = link.getparent()
        (out if event is not None and event.tag == _THROW else into)[link.get("name")].append(link)
    wired = {flow.get("targetRef") for flow in scope.iterchildren(_FLOW)}
    for name, (arrival, *others) in into.items():
        target = arrival.getparent()
        if others or not out[name] or target is None or target.get("id") in wired:
            continue
        for link in out[name]:
            source = link.getparent()
            if source is None:
                continue
            ends = source.get("id", ""), target.get("id", "")
            _flow(scope, "__".join(ends), *ends).sourceline = link.sourceline
            source.remove(link)
        target.remove(arrival)
        target.tag = _THROW


def _split(scope: etree._Element, ids: set[str]) -> None:
    flows = defaultdict(list)
    for flow in scope.iterchildren(_FLOW):
        flows[flow.get("sourceRef")].append(flow)
    for node in [one for one in scope if one.tag in _WHAT_FLOWS_LEAVE]:
        leaving = flows[node.get("id")]
        if len(leaving) > 1 and f"{GATEWAY}{node.get('id')}" not in ids:
            _leave_through_gateway(scope, node, leaving)


def _leave_through_gateway(
    scope: etree._Element, node: etree._Element, leaving: list[etree._Element]
) -> None:
    default = node.get("default")
    is_choice = default is not None or any(flow.find(_CONDITION) is not None for flow in leaving)
    kind = "inclusiveGateway" if is_choice else "parallelGateway"
    node_id = node.get("id", "")
    gateway = etree.SubElement(scope, f"{{{BPMN}}}{kind}", id=f"{GATEWAY}{node_id}")
    flow = _flow(scope, f"{GATEWAY}{node_id}_flow", node_id, f"{GATEWAY}{node_id}")
    gateway.sourceline = flow.sourceline = node.sourceline
    if default is not None:
        gateway.set("default", default)
        del node.attrib["default"]
    for flow in leaving:
        flow.set("sourceRef", f"{GATEWAY}{node_id}")
        if is_choice and flow.get("id") != default and flow.find(_CONDITION) is None:
            always = etree.SubElement(flow, _CONDITION)
            always.text, always.sourceline = "true", flow.sourceline
    for element in node.findall(f"{{{BPMN}}}outgoing"):
        node.remove(element)


def _flow(scope: etree._Element, id_: str, source: str, target: str) -> etree._Element:
    return etree.SubElement(scope, _FLOW, {"id": id_, "sourceRef": source, "targetRef": target})
