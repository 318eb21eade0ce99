"""The schema of BPMN 2.0, as the OMG published it and SpiffWorkflow brings it: what is no BPMN at all is refused."""

import re
import threading
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

import SpiffWorkflow
from lxml import etree

from workflows.engine.gate.diagrams import Diagram, id_of, line_of
from workflows.engine.gate.foreign import told

XSD = Path(SpiffWorkflow.__file__).parent / "bpmn" / "parser" / "schema" / "BPMN20.xsd"
STEP = re.compile(r"/([^/\[]+)(?:\[(\d+)\])?")
MOST = 20  # errors of one file that are told
_ONE_AT_A_TIME = threading.Lock()  # a schema keeps the errors of its last validation


@cache
def _schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(XSD))


def check(diagram: Diagram) -> None:
    """Complain of what the schema does not allow, but not again of an element that another rule has refused."""
    with _ONE_AT_A_TIME:
        schema = _schema()
        if schema.validate(diagram.root):
            return
        log: Any = schema.error_log  # the stubs do not know that it is a sequence
        errors = [(log[number].path, log[number].message) for number in range(min(len(log), MOST))]
    refused = {(one.element, one.line) for one in diagram.defects}
    for path, message in errors:
        element = _at(diagram.root, path or "")
        if (id_of(element), line_of(element)) not in refused:
            diagram.complain(element, "schema", error=told(_short(message)))


def _at(root: etree._Element, path: str) -> etree._Element:
    """The element at a path as libxml2 writes it: ``/*/*[3]/bpmn:task[2]``."""
    element = root
    for name, number in STEP.findall(path)[1:]:
        local = name.rpartition(":")[2]
        fitting = (
            child
            for child in element.iterchildren(etree.Element)
            if local in ("*", etree.QName(child).localname)
        )
        element = next(islice(fitting, int(number or 1) - 1, None), element)
    return element


def _short(message: str) -> str:
    """Without namespaces, which say nothing to people."""
    parts = message.split("{")
    return parts[0] + "".join(part.partition("}")[2] for part in parts[1:])
