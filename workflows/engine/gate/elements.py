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
WHY = {
    "scriptTask": "不允许脚本任务，请改用服务任务",
    "script": "不允许脚本",
    "preScript": "不允许前置脚本，请改用服务任务",
    "postScript": "不允许后置脚本，请改用服务任务",
    "signalEventDefinition": "不支持信号，请改用带关联键的消息",
    "signal": "不支持信号，请改用带关联键的消息",
    "task": "未定类型的任务不会执行，请改为用户任务或服务任务",
    "manualTask": "手工任务不会执行，请改为用户任务",
    "completionCondition": "不支持多实例的完成条件：引擎只看最后一个实例",
    "loopDataOutputRef": "不支持多实例的结果列表，请在服务任务中保存结果",
    "outputDataItem": "不支持多实例的结果列表，请在服务任务中保存结果",
    "eventDefinitionRef": "不支持引用的事件定义，请把定义写在事件内",
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
        diagram.complain(parent, f"{tag(parent)} 内只能是文字")
        return False
    if not is_element(child):
        return False
    if name == "documentation":
        return True
    if name == "extensionElements":
        _check_extensions(diagram, parent, child)
        return False
    if name and name in CHILDREN.get(tag(parent), ()):
        return True
    full = etree.QName(child)
    is_layout = full.namespace == DI and tag(parent) == "definitions"
    if not is_layout:
        diagram.complain(child, WHY.get(full.localname, f"此处不支持 {full.localname}"))
    return False


def _check_attributes(diagram: Diagram, element: etree._Element) -> None:
    name = tag(element)
    known = ATTRIBUTES.get(name, frozenset()) | {"id"} | ({"name"} if name in NAMED else set())
    for key, value in element.attrib.items():
        key, value = str(key), str(value)
        if key == XSI_TYPE and name in TEXTS:
            if value.rpartition(":")[2] != "tFormalExpression":
                diagram.complain(element, f"表达式的类型 {value} 不受支持")
        elif key in DEFAULTS:
            if value != DEFAULTS[key]:
                diagram.complain(element, f"不支持 {key}={value}")
        elif key not in known and not (name == "definitions" and key.startswith("{")):
            diagram.complain(element, f"{name} 不支持属性 {etree.QName(key).localname}")
        elif key in BOOLEAN and value not in ("true", "false"):
            diagram.complain(element, f"{key} 只能是 true 或 false")


def _check_extensions(diagram: Diagram, holder: etree._Element, extensions: etree._Element) -> None:
    allowed = EXTENSIONS.get(tag(holder), frozenset())
    seen = set()
    for child in extensions:
        if not is_element(child):
            continue
        name = etree.QName(child).localname
        if etree.QName(child).namespace != SPIFF or name not in allowed:
            diagram.complain(child, WHY.get(name, f"扩展 {name} 在此处不起作用"))
        elif name in seen:
            diagram.complain(child, f"{name} 只能有一个")
        elif name == "properties":
            _check_properties(diagram, holder, child)
        elif len(child) or set(child.attrib) - {"id"}:
            diagram.complain(child, f"{name} 内不支持其他内容")
        seen.add(name)


def _check_properties(diagram: Diagram, holder: etree._Element, properties: etree._Element) -> None:
    seen = set()
    for one in properties:
        if not is_element(one):
            continue
        name = str(one.get("name"))
        if one.tag != f"{{{SPIFF}}}property" or len(one) or set(one.attrib) != {"name", "value"}:
            diagram.complain(one, "属性只能写成 name 与 value")
        elif name not in PROPERTIES[tag(holder)]:
            diagram.complain(one, f"不认识的属性 {name}，可用：{'、'.join(sorted(PROPERTIES[tag(holder)]))}")
        elif name in seen:
            diagram.complain(one, f"属性 {name} 写了两次")
        seen.add(name)


def _check_ids(diagram: Diagram) -> None:
    elements = [element for element in diagram.root.iter() if is_element(element)]
    counts = Counter(element.get("id") for element in elements)
    for element in elements:
        id_ = element.get("id")
        if id_ is None:
            if tag(element) in NODES | {"process", "sequenceFlow", "message", "error", "escalation"}:
                diagram.complain(element, f"{tag(element)} 没有编号")
            continue
        if counts[id_] > 1 and etree.QName(element).namespace != SPIFF:
            diagram.complain(element, f"编号 {id_} 重复")
        if tag(element):
            _check_id(diagram, element, id_)


def _check_id(diagram: Diagram, element: etree._Element, id_: str) -> None:
    names = diagram.names
    if id_ in RESERVED or any(part in id_ for part in RESERVED_PARTS):
        diagram.complain(element, f"编号 {id_} 由引擎保留，请换一个")
    elif not IDENTIFIER.fullmatch(id_):
        diagram.complain(element, f"编号 {id_} 只能由字母、数字、下划线和连字符组成，且不以数字开头")
    elif names is not None and id_ in names.human | names.service:
        diagram.complain(element, f"编号 {id_} 与步骤同名，请换一个")


def _check_loop(diagram: Diagram, node: etree._Element) -> None:
    """Markers on sub-processes, call activities and service tasks; on a user task one is a round (tasks)."""
    markers = children(node, MULTIPLE, LOOP)
    if not markers:
        return
    if len(markers) > 1:
        diagram.complain(node, "只能有一个循环或多实例标记")
    if is_event_subprocess(node):
        diagram.complain(node, "事件子流程不能循环")
    for marker in markers:
        if tag(marker) == LOOP:
            _check_standard_loop(diagram, marker)
        elif tag(node) in CONTAINERS:
            _check_multiple(diagram, marker)


def _check_standard_loop(diagram: Diagram, marker: etree._Element) -> None:
    maximum = marker.get("loopMaximum")
    conditions = children(marker, "loopCondition")
    if maximum is None and not conditions:
        diagram.complain(marker, "循环需要 loopMaximum 或 loopCondition")
    if maximum is not None and not re.fullmatch(r"[1-9][0-9]{0,3}", maximum):
        diagram.complain(marker, "loopMaximum 须为 1 至 9999 的整数")
    if len(conditions) > 1:
        diagram.complain(marker, "循环只能有一个条件")


def _check_multiple(diagram: Diagram, marker: etree._Element) -> None:
    if marker.get("isSequential") != "true":
        diagram.complain(marker, "子流程和调用活动不支持并行多实例，请改为顺序多实例或分开的流程")
    parts = children(marker, "loopCardinality", "loopDataInputRef")
    if len(parts) != 1:
        diagram.complain(marker, "多实例需要且只能有一个 loopCardinality 或 loopDataInputRef")
    for part in parts:
        if tag(part) == "loopDataInputRef" and not (part.text or "").isidentifier():
            diagram.complain(part, "loopDataInputRef 须是一个变量名")
    items = children(marker, "inputDataItem")
    if len(items) > 1 or not all((item.get("id") or "").isidentifier() for item in items):
        diagram.complain(marker, "多实例的元素变量只能有一个 inputDataItem,其编号须是变量名")
