"""From XML to a model. Everything wrong with a file is collected and reported at once."""

from __future__ import annotations

import graphlib
from collections import Counter

from lxml import etree

from workflows.dmn import documents
from workflows.dmn.boxed import Definition, Literal
from workflows.dmn.documents import child, children, tag
from workflows.dmn.errors import DmnError
from workflows.dmn.item_types import ANY, ItemType
from workflows.dmn.logic_reading import LogicReader
from workflows.dmn.models import Decision, InputData, Knowledge, Model
from workflows.dmn.reading import NOTHING, Reader
from workflows.dmn.type_reading import read_types

REQUIRED = ("requiredInput", "requiredDecision", "requiredKnowledge")
KNOWN = frozenset({"decision", "inputData", "businessKnowledgeModel"})
HARMLESS = frozenset(
    {"description", "extensionElements", "itemDefinition", "knowledgeSource", "textAnnotation", "association",
     "elementCollection", "performanceIndicator", "organizationUnit", "group", "DMNDI"}
)  # fmt: skip


def load(xml: bytes, *, file: str) -> Model:
    """Read a file of decisions. Raises DmnError with every problem found."""
    root = documents.read(xml, file=file)
    reader = Reader(file, _names_in(root))
    try:
        model = _Loader(reader, root).model()
    except RecursionError:
        raise DmnError([reader.problem(root, "nested too deeply")]) from None
    if reader.problems:
        raise DmnError(reader.problems)
    return model


def _names_in(root: etree._Element) -> frozenset[str]:
    """Every name that an expression of the file may hold, members of types and outputs included."""
    return frozenset(
        " ".join(name.split()) for element in root.iter() if tag(element) and (name := element.get("name"))
    )


def name_of(element: etree._Element) -> str:
    """The name that expressions use: that of the variable, or else of the element."""
    variable = child(element, "variable")
    name = variable.get("name") if variable is not None else None
    return " ".join((name or element.get("name") or element.get("id") or "").split())


class _Loader:
    def __init__(self, reader: Reader, root: etree._Element) -> None:
        self.reader, self.root = reader, root
        self.elements = {str(element.get("id")): element for element in children(root, *KNOWN)}
        self.types = read_types(reader, root)
        self.logic = LogicReader(reader, self.types)

    def model(self) -> Model:
        self._check_ids()
        self._check_parts()
        is_sound = self._check_cycles()
        inputs, decisions, knowledge = {}, {}, {}
        for id_, element in self.elements.items():
            if tag(element) == "inputData":
                inputs[id_] = InputData(name_of(element), self._type(element))
            elif is_sound and tag(element) == "decision":
                decisions[id_] = self._decision(id_, element)
            elif is_sound:
                knowledge[id_] = self._knowledge(element)
        return Model(self.reader.file, decisions, inputs, knowledge)

    def _type(self, element: etree._Element) -> ItemType:
        variable = child(element, "variable")
        return self.types.named(variable, variable.get("typeRef")) if variable is not None else ANY

    def _check_ids(self) -> None:
        counts = Counter(element.get("id") for element in self.root.iter() if isinstance(element.tag, str))
        for element in self.root.iter():
            if isinstance(element.tag, str) and (id_ := element.get("id")) and counts[id_] > 1:
                counts[id_] = 0
                self.reader.complain(element, f"the id {id_!r} is used more than once")

    def _check_parts(self) -> None:
        names: set[str] = set()
        for element in children(self.root):
            if tag(element) not in KNOWN | HARMLESS:
                self.reader.complain(element, f"{tag(element)} is not supported")
            if tag(element) not in KNOWN:
                continue
            if not element.get("id"):
                self.reader.complain(element, f"this {tag(element)} has no id")
            if name_of(element) in names:
                self.reader.complain(element, f"the name {name_of(element)!r} is used more than once")
            names.add(name_of(element))
        if not any(tag(element) == "decision" for element in self.elements.values()):
            self.reader.complain(self.root, "the file holds no decision")

    def _requires(self, element: etree._Element) -> tuple[str, ...]:
        """The ids of what the element requires, those that exist."""
        found = []
        for requirement in children(element, "informationRequirement", "knowledgeRequirement"):
            for part in children(requirement, *REQUIRED):
                id_ = (part.get("href") or "").removeprefix("#")
                if id_ in self.elements:
                    found.append(id_)
        return tuple(found)

    def _check_cycles(self) -> bool:
        for element in self.elements.values():
            for part in element.iter():
                href = (part.get("href") or "") if tag(part) in REQUIRED else "#"
                if href != "#" and href.removeprefix("#") not in self.elements:
                    self.reader.complain(part, f"requires {href!r}, which is not in this file")
        graph = {id_: self._requires(element) for id_, element in self.elements.items()}
        try:
            graphlib.TopologicalSorter(graph).prepare()
        except graphlib.CycleError as error:
            path = " → ".join(error.args[1])
            self.reader.complain(self.elements[error.args[1][0]], f"the requirements go in a circle: {path}")
            return False
        return True

    def _scope(self, element: etree._Element) -> frozenset[str]:
        return frozenset(name_of(self.elements[id_]) for id_ in self._requires(element))

    def _decision(self, id_: str, element: etree._Element) -> Decision:
        requires = self._requires(element)
        table = child(element, "decisionTable")
        own: tuple[InputData, ...] = ()
        if not requires and table is not None:
            own = self.logic.declared_inputs(table)
        names = self._scope(element) | {data.name for data in own}
        logic = self.logic.read_in(element, names, title=name_of(element))
        return Decision(id_, name_of(element), self._type(element), requires, logic, own)

    def _knowledge(self, element: etree._Element) -> Knowledge:
        encapsulated = child(element, "encapsulatedLogic")
        names = self._scope(element)
        if encapsulated is None:
            self.reader.complain(element, "this business knowledge model has no logic")
            return Knowledge(name_of(element), (), Definition((), Literal(NOTHING)))
        definition = self.logic.definition(encapsulated, names, title=name_of(element))
        return Knowledge(name_of(element), self._requires(element), definition)
