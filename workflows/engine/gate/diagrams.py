"""A diagram while it is checked: its elements, and the defects found so far."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice

from lxml import etree

from workflows.engine.definitions import read_xml
from workflows.engine.errors import Defect
from workflows.engine.gate.telling import Value, defect
from workflows.engine.parser import BPMN

MAX_BYTES = 1 << 20
MAX_ELEMENTS = 10_000  # of a shipped one, layout included, at most 1,100
MAX_DEPTH = 50  # of a file drawn by hand about 12; lxml itself stops at 256
DECLARED_ENCODING = re.compile(r"\A\s*<\?xml[^>]*\bencoding\s*=\s*[\"']([^\"']*)")

GATEWAYS = frozenset({"exclusiveGateway", "inclusiveGateway", "parallelGateway", "eventBasedGateway"})
EVENTS = frozenset(
    {"startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent"}
)
CONTAINERS = frozenset({"subProcess", "callActivity"})
TASKS = frozenset({"task", "userTask", "serviceTask", "businessRuleTask", "sendTask", "receiveTask"})
NODES = GATEWAYS | EVENTS | CONTAINERS | TASKS


@dataclass(frozen=True)
class Names:
    """What the campaign knows, and diagrams may name.

    ``steps`` are registered steps (``bid.sign``), ``human`` those of them that people do (None: any of them may be);
    ``roles`` are what lanes may be called; ``tables`` are ids of decisions that are kept elsewhere than in the files
    examined; ``variables`` are what expressions may read (None: anything).
    """

    steps: frozenset[str]
    roles: frozenset[str]
    tables: frozenset[str] = frozenset()
    variables: frozenset[str] | None = None
    human: frozenset[str] | None = None

    def steps_of(self, *, is_human: bool) -> frozenset[str]:
        """The steps that a user task, or a service task, may name."""
        if self.human is None:
            return self.steps
        return self.human & self.steps if is_human else self.steps - self.human


@dataclass
class Diagram:
    """One file. ``names`` None: rules about names of the campaign do not apply."""

    file: str
    root: etree._Element
    names: Names | None
    defects: list[Defect] = field(default_factory=list)

    def complain(self, element: etree._Element, code: str, /, **values: Value) -> None:
        """Refuse ``element`` for the reason that WORDS gives under ``code``."""
        self.defects.append(defect(self.file, code, id_of(element), line_of(element), **values))

    def all(self, *tags: str) -> list[etree._Element]:
        """Every element with one of these names, in the order of the file."""
        return [element for name, element in self._elements if name in tags]

    @cached_property
    def _elements(self) -> list[tuple[str, etree._Element]]:
        """The elements of BPMN, without the layout: they are asked for again and again."""
        return [(name, element) for element in self.root.iter() if (name := tag(element))]

    def by_id(self, name: str) -> dict[str, etree._Element]:
        return {element.get("id", ""): element for element in self.all(name)}

    def scopes(self) -> list[etree._Element]:
        """What holds nodes and flows: processes and embedded sub-processes."""
        return self.all("process", "subProcess")

    def nodes(self) -> Iterator[etree._Element]:
        return (node for scope in self.scopes() for node in nodes_in(scope))


def is_element(node: etree._Element) -> bool:
    """Whether this is an element, not a comment or processing instruction."""
    return not isinstance(node, etree._Comment | etree._ProcessingInstruction | etree._Entity)


def tag(element: etree._Element) -> str:
    """The name of a BPMN element; empty for everything else, comments included."""
    if not is_element(element):
        return ""
    name = etree.QName(element)
    return name.localname if name.namespace == BPMN else ""


def children(element: etree._Element, *tags: str) -> list[etree._Element]:
    return [child for child in element if tag(child) in tags]


def nodes_in(scope: etree._Element) -> list[etree._Element]:
    return children(scope, *NODES)


def around(element: etree._Element) -> etree._Element | None:
    """The element that holds this one."""
    return element.getparent()


def is_event_subprocess(element: etree._Element) -> bool:
    return tag(element) == "subProcess" and element.get("triggeredByEvent") == "true"


def definition_of(event: etree._Element) -> etree._Element | None:
    """What an event waits for or gives; None for one without."""
    return next((child for child in event if tag(child).endswith("EventDefinition")), None)


def kind_of(event: etree._Element) -> str:
    """message, timer, error, escalation, terminate; empty for a none event."""
    definition = definition_of(event)
    return "" if definition is None else tag(definition).removesuffix("EventDefinition")


def id_of(element: etree._Element) -> str:
    """Its id, or that of the nearest element around it, or else its name."""
    found: etree._Element | None = element
    while found is not None:
        if found.get("id"):
            return str(found.get("id"))
        found = around(found)
    return tag(element) or "definitions"


def line_of(element: etree._Element) -> int:
    line: object = element.sourceline
    return line if isinstance(line, int) else 1


def read(content: bytes, file: str) -> etree._Element | Defect:
    """The root of a diagram, or why it cannot be read."""
    if len(content) > MAX_BYTES:
        return defect(file, "too_large", "definitions", 1, most=f"{MAX_BYTES >> 20} MiB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return defect(file, "not_utf8", "definitions", 1)
    declared = DECLARED_ENCODING.match(text)
    if declared and declared[1].lower() not in ("utf-8", "us-ascii"):
        return defect(file, "encoding", "definitions", 1, encoding=declared[1])
    for word in (
        "<!DOCTYPE",
        "<!ENTITY",
    ):  # before parsing: an entity in an attribute is expanded by the parser
        if word in text:
            return defect(file, "doctype", "definitions", text[: text.index(word)].count("\n") + 1)
    try:
        root = read_xml(content)
    except etree.XMLSyntaxError as error:
        if "depth" in str(error.msg):
            return defect(file, "too_deep", "definitions", error.lineno or 1, most=MAX_DEPTH)
        return defect(file, "not_xml", "definitions", error.lineno or 1, error=str(error.msg))
    except (RecursionError, AttributeError, RuntimeError, ValueError) as error:  # lxml raises these as well
        return defect(file, "not_xml", "definitions", 1, error=f"{type(error).__name__}: {error}")
    deepest = _deepest(root)
    if deepest is not None:
        return defect(file, "too_deep", id_of(deepest), line_of(deepest), most=MAX_DEPTH)
    if sum(1 for _ in islice(root.iter(), MAX_ELEMENTS + 1)) > MAX_ELEMENTS:
        return defect(file, "too_many_elements", id_of(root), line_of(root), most=MAX_ELEMENTS)
    if tag(root) != "definitions":
        return defect(file, "not_bpmn", id_of(root), line_of(root))
    return root


def _deepest(root: etree._Element) -> etree._Element | None:
    """An element below the deepest level allowed, if there is one."""
    level = [root]
    for _ in range(MAX_DEPTH):
        level = [child for element in level for child in element]
    return level[0] if level else None
