"""Diagrams from a line of text: ``s>p p>u1 p>u2 u1>q u2>q q>e``; the first letters of an id tell what it is."""

import re

KINDS = {
    "s": "startEvent", "e": "endEvent", "u": "userTask", "v": "serviceTask", "x": "exclusiveGateway",
    "o": "inclusiveGateway", "p": "parallelGateway", "g": "eventBasedGateway", "t": "intermediateCatchEvent",
    "m": "intermediateCatchEvent", "r": "receiveTask", "c": "callActivity", "b": "boundaryEvent", "k": "endEvent",
    "z": "endEvent", "a": "task",
}  # fmt: skip
BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
SPIFF = "http://spiffworkflow.org/bpmn/schema/1.0/core"
MESSAGE = (
    '<message id="message" name="MESSAGE"><extensionElements><f:properties><f:property name="key" value="case_id" />'
    '</f:properties></extensionElements></message><error id="error" name="error" errorCode="WRONG" />'
)
CALLED = (
    '<process id="called" isExecutable="true"><startEvent id="called_s" /><userTask id="called_u" /><endEvent id="called_e" />'
    '<sequenceFlow id="called_1" sourceRef="called_s" targetRef="called_u" />'
    '<sequenceFlow id="called_2" sourceRef="called_u" targetRef="called_e" /></process>'
)
INSIDE = {
    "t": '<timerEventDefinition id="d_{id}"><timeDuration>PT1H</timeDuration></timerEventDefinition>',
    "m": '<messageEventDefinition id="d_{id}" messageRef="message" />',
    "k": '<terminateEventDefinition id="d_{id}" />',
    "z": '<errorEventDefinition id="d_{id}" errorRef="error" />',
}


def body(text: str, **inner: str) -> str:
    """The nodes and flows of one scope. ``w…`` is a sub-process with the sketch ``inner[id]``; ``w…!`` in ``inner``
    makes it an event sub-process. A boundary is written ``b1@u1`` (timer), ``b1@w1z`` (error), ``b1@u1+`` (beside).
    """
    flows = [pair.split(">") for pair in re.findall(r"\S+>\S+", text)]
    nodes = list(dict.fromkeys([end for pair in flows for end in pair] + text.split()))
    parts = [_node(node, inner) for node in nodes if ">" not in node]
    out: dict[str, int] = {}
    for number, (source, target) in enumerate(flows):
        first, out[source] = source not in out, out.get(source, 0) + 1
        chooses = source[0] in "xo" and sum(one[0] == source for one in flows) > 1
        condition = "<conditionExpression>a</conditionExpression>" if chooses and not first else ""
        ends = f'sourceRef="{_id(source)}" targetRef="{_id(target)}"'
        prefix = _id(nodes[0])
        parts.append(f'<sequenceFlow id="f_{prefix}_{number}" {ends}>{condition}</sequenceFlow>')
        if chooses and first:
            gateway = parts.index(next(one for one in parts if f'id="{source}"' in one))
            parts[gateway] = parts[gateway].replace(" id=", f' default="f_{prefix}_{number}" id=', 1)
    return "".join(parts)


def _id(node: str) -> str:
    return node.partition("@")[0]


def _node(node: str, inner: dict[str, str]) -> str:
    id_, _, at = node.partition("@")
    if id_[0] == "w":
        event = ' triggeredByEvent="true"' if id_.endswith("_on") else ""
        return f'<subProcess id="{id_}"{event}>{body(inner[id_], **inner)}</subProcess>'
    if id_[0] == "b":
        beside = ' cancelActivity="false"' if at.endswith("+") else ""
        kind = "z" if at.endswith("z") else "t"
        return (
            f'<boundaryEvent id="{id_}" attachedToRef="{at.rstrip("+z")}"{beside}>'
            f"{INSIDE[kind].format(id=id_)}</boundaryEvent>"
        )
    more = {"r": ' messageRef="message"', "c": ' calledElement="called"'}.get(id_[0], "")
    kind, inside = KINDS[id_[0]], INSIDE.get(id_[0], "").format(id=id_)
    if id_.startswith("sm"):
        inside = INSIDE["m"].format(id=id_)
    return f'<{kind} id="{id_}"{more}>{inside}</{kind}>'


def sketch(text: str, **inner: str) -> bytes:
    """A whole diagram: the process ``process``, and ``called`` for those that call it."""
    return (
        f'<definitions xmlns="{BPMN}" xmlns:f="{SPIFF}" id="d" targetNamespace="t">{MESSAGE}'
        f'<process id="process" isExecutable="true">{body(text, **inner)}</process>{CALLED}</definitions>'
    ).encode()
