"""Events: which kind may stand where, and the messages, errors and escalations that they name.

The table holds what our engine was seen to do right. It loses the second of two messages or escalations at a
boundary that does not interrupt, runs an event sub-process that starts on an error at once, and finishes an inner
sub-process as if nothing had happened when its error is caught further out.
"""

from lxml import etree

from workflows.engine.gate.diagrams import (
    CONTAINERS,
    EVENTS,
    Diagram,
    around,
    definition_of,
    id_of,
    is_event_subprocess,
    kind_of,
    nodes_in,
    tag,
)
from workflows.engine.gate.elements import LOOP, MULTIPLE
from workflows.engine.parser import properties

ALLOWED: dict[str, tuple[str, ...]] = {
    "process": ("", "message"),
    "subProcess": ("",),
    "event sub-process": ("message",),
    "intermediateCatchEvent": ("message", "timer"),
    "intermediateThrowEvent": ("", "message", "escalation"),
    "endEvent": ("", "message", "terminate", "error", "escalation"),
    "boundaryEvent": ("message", "timer", "error", "escalation"),
}
WORDS = {
    "message": ("消息", "message"),
    "timer": ("定时", "timer"),
    "error": ("错误", "error"),
    "escalation": ("升级", "escalation"),
    "terminate": ("终止", "terminate"),
    "": ("空", "none"),
}
CODES = {"error": "errorCode", "escalation": "escalationCode"}


def check(diagram: Diagram) -> None:
    _check_roots(diagram)
    for node in diagram.nodes():
        if tag(node) in EVENTS:
            _check_event(diagram, node)
        elif tag(node) in ("sendTask", "receiveTask"):
            _check_message_ref(diagram, node, node.get("messageRef"))
        if tag(node) in CONTAINERS:
            _check_catchers(diagram, node)


def _check_roots(diagram: Diagram) -> None:
    for message in diagram.all("message"):
        said = properties(message)
        names = [said.get("key", ""), *said.get("carries", "").replace(",", " ").split()]
        if not (message.get("name") or "").isidentifier():
            diagram.complain(message, "message_name")
        if not said.get("key"):
            if diagram.names is not None:
                diagram.complain(message, "message_key")
        elif not all(name.isidentifier() for name in names):
            diagram.complain(message, "message_variables")
    for kind, code in CODES.items():
        for root in diagram.all(kind):
            if not root.get(code):
                diagram.complain(root, "no_code", kind=WORDS[kind], attribute=code)


def _check_event(diagram: Diagram, event: etree._Element) -> None:
    definitions = [child for child in event if tag(child).endswith("EventDefinition")]
    place = _place(event)
    kind = kind_of(event)
    if len(definitions) > 1:
        diagram.complain(event, "definitions_several")
    elif kind not in ALLOWED[place]:
        could = [WORDS[one] for one in ALLOWED[place]]
        diagram.complain(event, "event_position", kind=WORDS.get(kind, kind), could=could)
    for definition in definitions:
        one = tag(definition).removesuffix("EventDefinition")
        if one == "message":
            _check_message_ref(diagram, event, definition.get("messageRef"))
        elif one in CODES:
            _check_code_ref(diagram, event, one)
    if tag(event) == "boundaryEvent" and event.get("cancelActivity") == "false" and kind != "timer":
        diagram.complain(event, "boundary_beside")
    if event.get("isInterrupting") == "false" and place != "event sub-process":
        diagram.complain(event, "interrupting_position")


def _place(event: etree._Element) -> str:
    if tag(event) != "startEvent":
        return tag(event)
    scope = around(event)
    if scope is None:
        return "process"
    return "event sub-process" if is_event_subprocess(scope) else tag(scope)


def _check_message_ref(diagram: Diagram, node: etree._Element, ref: str | None) -> None:
    if not ref:
        diagram.complain(node, "no_message_ref")
    elif ref not in diagram.by_id("message"):
        diagram.complain(node, "unknown_message", ref=ref)


def _check_code_ref(diagram: Diagram, event: etree._Element, kind: str) -> None:
    definition = definition_of(event)
    ref = None if definition is None else definition.get(f"{kind}Ref")
    if ref is not None and ref not in diagram.by_id(kind):
        diagram.complain(event, "unknown_code", kind=WORDS[kind], ref=ref)
    if tag(event) != "boundaryEvent":
        if ref is None:
            diagram.complain(event, "no_code_ref", kind=WORDS[kind], name=kind)
        return
    if not any(
        id_of(node) == event.get("attachedToRef") and tag(node) in CONTAINERS for node in diagram.nodes()
    ):
        diagram.complain(event, "code_boundary", kind=WORDS[kind])


def _check_catchers(diagram: Diagram, holder: etree._Element) -> None:
    """Two boundaries that catch the same error would both go on."""
    for kind in CODES:
        codes = caught_by(diagram, holder, kind)
        if len(codes) != len(set(codes)) or ("" in codes and len(codes) > 1):
            diagram.complain(holder, "caught_twice", kind=WORDS[kind])


def caught_by(diagram: Diagram, holder: etree._Element, kind: str) -> list[str]:
    """The codes that boundaries of ``holder`` catch; the empty one catches all."""
    scope = around(holder)
    if scope is None:
        return []
    boundaries = [
        node
        for node in nodes_in(scope)
        if tag(node) == "boundaryEvent"
        and node.get("attachedToRef") == id_of(holder)
        and kind_of(node) == kind
    ]
    return [code_of(diagram, boundary, kind) for boundary in boundaries]


def thrown_in(diagram: Diagram, scope: etree._Element, kind: str) -> list[tuple[etree._Element, str]]:
    """The events directly in ``scope`` that throw an error or escalation, each with its code."""
    return [
        (node, code_of(diagram, node, kind))
        for node in nodes_in(scope)
        if tag(node) in ("endEvent", "intermediateThrowEvent") and kind_of(node) == kind
    ]


def code_of(diagram: Diagram, event: etree._Element, kind: str) -> str:
    definition = definition_of(event)
    ref = None if definition is None else definition.get(f"{kind}Ref")
    root = diagram.by_id(kind).get(ref or "")
    return "" if root is None else root.get(CODES[kind], "")


def catches(diagram: Diagram, holder: etree._Element, kind: str, code: str) -> bool:
    """Whether an error or escalation that leaves ``holder`` is caught at its boundary, and done right."""
    is_looped = any(tag(child) in (LOOP, MULTIPLE) for child in holder)
    return not is_looped and bool({"", code} & set(caught_by(diagram, holder, kind)))
