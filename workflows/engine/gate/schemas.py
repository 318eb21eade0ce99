"""The schema of BPMN 2.0, as the OMG published it and SpiffWorkflow brings it: what is no BPMN at all is refused."""

import threading
from functools import cache
from pathlib import Path

import SpiffWorkflow
from lxml import etree

from workflows.engine.gate.diagrams import Diagram, id_of, line_of
from workflows.engine.gate.foreign import told

XSD = Path(SpiffWorkflow.__file__).parent / "bpmn" / "parser" / "schema" / "BPMN20.xsd"
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
        errors = [(one.path, one.message) for one in schema.error_log]  # type: ignore[attr-defined]  # of the stubs
    refused = {(one.element, one.line) for one in diagram.defects}
    tree = diagram.root.getroottree()
    places = {tree.getpath(one): one for one in diagram.root.iter(etree.Element)}
    for path, message in errors[:MOST]:
        element = places.get(path, diagram.root)
        if (id_of(element), line_of(element)) not in refused:
            diagram.complain(element, "schema", error=told(_short(message)))


def _short(message: str) -> str:
    """Without namespaces, which say nothing to people."""
    parts = message.split("{")
    return parts[0] + "".join(part.partition("}")[2] for part in parts[1:])
