"""Which elements and attributes may stand where; all others are refused, because they would do nothing in silence."""

import re
from collections import Counter

from lxml import etree

from workflows.engine.gate.diagrams import (
    CONTAINERS,
    EVENTS,
    GATEWAYS,
    NODES,
    TASKS,
    Diagram,
    children,
    is_element,
    is_event_subprocess,
    tag,
)
from workflows.engine.parser import SPIFF

DI = "http://www.omg.org/spec/BPMN/20100524/DI"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
RESERVED = frozenset({"Start", "End", "StartEventSplit", "StartEventJoin"})
RESERVED_PARTS = (".EndJoin", ".BoundaryEvent", " [child]")

DRAWN = frozenset({"sequenceFlow", "textAnnotation", "association", "group"})
WIRES = frozenset({"incoming", "outgoing"})
MULTIPLE, LOOP = "multiInstanceLoopCharacteristics", "standardLoopCharacteristics"
DEFINITIONS = frozenset(
    f"{kind}EventDefinition" for kind in ("message", "timer", "error", "escalation", "terminate")
)
TIMES = ("timeDate", "timeDuration", "timeCycle")

CHILDREN: dict[str, frozenset[str]] = {
    "definitions": frozenset({"message", "error", "escalation", "collaboration", "process", "category"}),
    "collaboration": frozenset({"participant", "messageFlow", "textAnnotation", "association", "group"}),
    "category": frozenset({"categoryValue"}),
    "process": NODES | DRAWN | {"laneSet"},
    "subProcess": NODES | DRAWN | WIRES | {MULTIPLE, LOOP},
    "callActivity": WIRES | {MULTIPLE, LOOP},
    "laneSet": frozenset({"lane"}),
    "lane": frozenset({"flowNodeRef"}),
    "textAnnotation": frozenset({"text"}),
    "sequenceFlow": frozenset({"conditionExpression"}),
    "timerEventDefinition": frozenset(TIMES),
    MULTIPLE: frozenset({"loopCardinality", "loopDataInputRef", "inputDataItem"}),
    LOOP: frozenset({"loopCondition"}),
    **dict.fromkeys(GATEWAYS | TASKS, WIRES),
    **dict.fromkeys(EVENTS, WIRES | DEFINITIONS),
    "userTask": WIRES | {MULTIPLE},
    "serviceTask": WIRES | {LOOP},
}
TEXTS = frozenset(
    {"documentation", "incoming", "outgoing", "flowNodeRef", "text", "conditionExpression", "loopCardinality",
     "loopDataInputRef", "loopCondition", *TIMES}
)  # fmt: skip

NAMED = NODES | {"definitions", "process", "collaboration", "participant", "messageFlow", "laneSet", "lane", "message",
                 "error", "escalation", "sequenceFlow", "category", "inputDataItem"}  # fmt: skip
ATTRIBUTES: dict[str, frozenset[str]] = {
    "definitions": frozenset({"targetNamespace", "exporter", "exporterVersion"}),
    "process": frozenset({"isExecutable", "processType", "isClosed"}),
    "participant": frozenset({"processRef"}),
    "messageFlow": frozenset({"sourceRef", "targetRef"}),
    "association": frozenset({"sourceRef", "targetRef", "associationDirection"}),
    "sequenceFlow": frozenset({"sourceRef", "targetRef"}),
    "group": frozenset({"categoryValueRef"}),
    "categoryValue": frozenset({"value"}),
    "textAnnotation": frozenset({"textFormat"}),
    "documentation": frozenset({"textFormat"}),
    "error": frozenset({"errorCode"}),
    "escalation": frozenset({"escalationCode"}),
    "messageEventDefinition": frozenset({"messageRef"}),
    "errorEventDefinition": frozenset({"errorRef"}),
    "escalationEventDefinition": frozenset({"escalationRef"}),
    "startEvent": frozenset({"isInterrupting"}),
    "boundaryEvent": frozenset({"attachedToRef", "cancelActivity"}),
    "subProcess": frozenset({"triggeredByEvent"}),
    "callActivity": frozenset({"calledElement"}),
    "sendTask": frozenset({"messageRef"}),
    "receiveTask": frozenset({"messageRef"}),
    "exclusiveGateway": frozenset({"default", "gatewayDirection"}),
    "inclusiveGateway": frozenset({"default", "gatewayDirection"}),
    "parallelGateway": frozenset({"gatewayDirection"}),
    "eventBasedGateway": frozenset({"gatewayDirection"}),
    MULTIPLE: frozenset({"isSequential"}),
    LOOP: frozenset({"testBefore", "loopMaximum"}),
}
BOOLEAN = frozenset(
    {"isExecutable", "isInterrupting", "cancelActivity", "triggeredByEvent", "isSequential", "testBefore"}
)
# Written out by some editors; anything but the default changes what the diagram means.
DEFAULTS = {
    "parallelMultiple": "false",
    "isForCompensation": "false",
    "instantiate": "false",
    "startQuantity": "1",
    "completionQuantity": "1",
    "eventGatewayType": "Exclusive",
}
PROPERTIES: dict[str, frozenset[str]] = {
    "userTask": frozenset(
        {"step", "round", "stage", "ratio", "veto", "roles", "empty", "assignees", "weights", "unit", "post", "due",
         "due_workdays", "result"}
    ),
    "businessRuleTask": frozenset({"result"}),
    "message": frozenset({"key", "carries"}),
}  # fmt: skip
EXTENSIONS: dict[str, frozenset[str]] = {
    "userTask": frozenset({"properties"}),
    "message": frozenset({"properties"}),
    "serviceTask": frozenset({"serviceTaskOperator"}),
    "businessRuleTask": frozenset({"properties", "calledDecisionId"}),
}
WHY = {  # name of an element -> code in WORDS
    "scriptTask": "script_task",
    "script": "script",
    "preScript": "pre_script",
    "postScript": "post_script",
    "signalEventDefinition": "signal",
    "signal": "signal",
    "manualTask": "manual_task",
    "completionCondition": "completion_condition",
    "loopDataOutputRef": "multi_output",
    "outputDataItem": "multi_output",
    "eventDefinitionRef": "definition_ref",
}


def check(diagram: Diagram) -> None:
    _check_ids(diagram)
    pending = [diagram.root]
    while pending:
        element = pending.pop()
        _check_attributes(diagram, element)
        pending += [child for child in element if _is_allowed(diagram, element, child)]
    for node in diagram.all(*CHILDREN):
        _check_loop(diagram, node)


def _is_allowed(diagram: Diagram, parent: etree._Element, child: etree._Element) -> bool:
    """Whether to look into ``child``; what is refused is told once, without its parts."""
    name = tag(child)
    if tag(parent) in TEXTS:
        diagram.complain(parent, "only_text", name=tag(parent))
        return False
    if not is_element(child):
        return False
    if name == "documentation":
        return True
    if name == "extensionElements":
        _check_extensions(diagram, parent, child)
        return False
    if name and name in CHILDREN.get(tag(parent), ()):
        if name == "task" and diagram.names is not None:
            diagram.complain(child, "untyped_task")
        return True
    full = etree.QName(child)
    is_layout = full.namespace == DI and tag(parent) == "definitions"
    if not is_layout:
        diagram.complain(child, WHY.get(full.localname, "unsupported_here"), name=full.localname)
    return False


def _check_attributes(diagram: Diagram, element: etree._Element) -> None:
    name = tag(element)
    known = ATTRIBUTES.get(name, frozenset()) | {"id"} | ({"name"} if name in NAMED else set())
    for key, value in element.attrib.items():
        key, value = str(key), str(value)
        if key == XSI_TYPE and name in TEXTS:
            if value.rpartition(":")[2] != "tFormalExpression":
                diagram.complain(element, "expression_type", value=value)
        elif key in DEFAULTS:
            if value != DEFAULTS[key]:
                diagram.complain(element, "value_unsupported", key=key, value=value)
        elif key not in known and not (name == "definitions" and key.startswith("{")):
            diagram.complain(element, "attribute_unsupported", name=name, key=etree.QName(key).localname)
        elif key in BOOLEAN and value not in ("true", "false"):
            diagram.complain(element, "not_boolean", key=key)


def _check_extensions(diagram: Diagram, holder: etree._Element, extensions: etree._Element) -> None:
    allowed = EXTENSIONS.get(tag(holder), frozenset())
    seen = set()
    for child in extensions:
        if not is_element(child):
            continue
        name = etree.QName(child).localname
        if etree.QName(child).namespace != SPIFF or name not in allowed:
            diagram.complain(child, WHY.get(name, "extension_idle"), name=name)
        elif name in seen:
            diagram.complain(child, "extension_twice", name=name)
        elif name == "properties":
            _check_properties(diagram, holder, child)
        elif len(child) or set(child.attrib) - {"id"}:
            diagram.complain(child, "extension_content", name=name)
        seen.add(name)


def _check_properties(diagram: Diagram, holder: etree._Element, properties: etree._Element) -> None:
    seen = set()
    for one in properties:
        if not is_element(one):
            continue
        name = str(one.get("name"))
        if one.tag != f"{{{SPIFF}}}property" or len(one) or set(one.attrib) != {"name", "value"}:
            diagram.complain(one, "property_form")
        elif name not in PROPERTIES[tag(holder)]:
            diagram.complain(one, "property_unknown", name=name, known=sorted(PROPERTIES[tag(holder)]))
        elif name in seen:
            diagram.complain(one, "property_twice", name=name)
        seen.add(name)


def _check_ids(diagram: Diagram) -> None:
    elements = [element for element in diagram.root.iter() if is_element(element)]
    counts = Counter(element.get("id") for element in elements)
    for element in elements:
        id_ = element.get("id")
        if id_ is None:
            if tag(element) in NODES | {"process", "sequenceFlow", "message", "error", "escalation"}:
                diagram.complain(element, "no_id", name=tag(element))
            continue
        if counts[id_] > 1 and etree.QName(element).namespace != SPIFF:
            diagram.complain(element, "id_twice", id=id_)
        if tag(element):
            _check_id(diagram, element, id_)


def _check_id(diagram: Diagram, element: etree._Element, id_: str) -> None:
    names = diagram.names
    if id_ in RESERVED or any(part in id_ for part in RESERVED_PARTS):
        diagram.complain(element, "id_reserved", id=id_)
    elif not IDENTIFIER.fullmatch(id_):
        diagram.complain(element, "id_form", id=id_)
    elif names is not None and id_ in names.steps:
        diagram.complain(element, "id_is_step", id=id_)


def _check_loop(diagram: Diagram, node: etree._Element) -> None:
    """Markers on sub-processes, call activities and service tasks; on a user task one is a round (tasks)."""
    markers = children(node, MULTIPLE, LOOP)
    if not markers:
        return
    if len(markers) > 1:
        diagram.complain(node, "loop_twice")
    if is_event_subprocess(node):
        diagram.complain(node, "loop_event_subprocess")
    for marker in markers:
        if tag(marker) == LOOP:
            _check_standard_loop(diagram, marker)
        elif tag(node) in CONTAINERS:
            _check_multiple(diagram, marker)


def _check_standard_loop(diagram: Diagram, marker: etree._Element) -> None:
    maximum = marker.get("loopMaximum")
    conditions = children(marker, "loopCondition")
    if maximum is None and not conditions:
        diagram.complain(marker, "loop_endless")
    if maximum is not None and not re.fullmatch(r"[1-9][0-9]{0,3}", maximum):
        diagram.complain(marker, "loop_maximum")
    if len(conditions) > 1:
        diagram.complain(marker, "loop_conditions")


def _check_multiple(diagram: Diagram, marker: etree._Element) -> None:
    if marker.get("isSequential") != "true":
        diagram.complain(marker, "multi_parallel")
    parts = children(marker, "loopCardinality", "loopDataInputRef")
    if len(parts) != 1:
        diagram.complain(marker, "multi_count")
    for part in parts:
        if tag(part) == "loopDataInputRef" and not (part.text or "").isidentifier():
            diagram.complain(part, "multi_collection")
    items = children(marker, "inputDataItem")
    if len(items) > 1 or not all((item.get("id") or "").isidentifier() for item in items):
        diagram.complain(marker, "multi_item")
