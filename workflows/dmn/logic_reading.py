"""Boxed expressions and tables, read from XML."""

from __future__ import annotations

from collections.abc import Callable

from lxml import etree

from workflows.dmn.boxed import Context, Definition, Invocation, Listing, Literal, Logic, Relation
from workflows.dmn.documents import child, children, tag, text_of
from workflows.dmn.models import InputData
from workflows.dmn.reading import NOTHING, Reader
from workflows.dmn.table_reading import TableReader
from workflows.dmn.type_reading import Types

Names = frozenset[str]


class LogicReader:
    """Reads whatever a decision, an entry or a function body consists of."""

    def __init__(self, reader: Reader, types: Types) -> None:
        self.reader, self.types = reader, types
        self.tables = TableReader(reader, types)
        self.kinds: dict[str, Callable[[etree._Element, Names, str], Logic]] = {
            "literalExpression": self._literal,
            "decisionTable": self.tables.read,
            "context": self._context,
            "list": self._list,
            "relation": self._relation,
            "invocation": self._invocation,
            "functionDefinition": lambda element, names, title: self.definition(element, names, title=title),
        }

    def read_in(self, element: etree._Element, names: Names, *, title: str) -> Logic:
        """The one boxed expression inside ``element``; ``title`` names its tables in traces."""
        for part in children(element):
            if tag(part) in self.kinds:
                return self.kinds[tag(part)](part, names, title)
            if tag(part) in ("conditional", "filter", "for", "some", "every"):
                self.reader.complain(part, f"a boxed {tag(part)} is not supported: write it as an expression")
                return Literal(NOTHING)
        self.reader.complain(element, f"{title!r} has no logic")
        return Literal(NOTHING)

    def declared_inputs(self, table: etree._Element) -> tuple[InputData, ...]:
        """The inputs of a table that is drawn without requirements: what its input columns read."""
        return self.tables.declared_inputs(table)

    def definition(self, element: etree._Element, names: Names, *, title: str) -> Definition:
        """A function: formal parameters and a body."""
        if element.get("kind", "FEEL") != "FEEL":
            self.reader.complain(element, "only functions written in FEEL are supported")
        parameters = tuple(_name(part) for part in children(element, "formalParameter"))
        if len(set(parameters)) < len(parameters):
            self.reader.complain(element, "a parameter is given twice")
        return Definition(parameters, self.read_in(element, names | frozenset(parameters), title=title))

    def _literal(self, element: etree._Element, names: Names, title: str) -> Logic:
        if child(element, "importedValues") is not None:
            self.reader.complain(element, "imported values are not supported")
        return Literal(self.reader.expression(element, names))

    def _context(self, element: etree._Element, names: Names, title: str) -> Logic:
        entries: list[tuple[str, Logic]] = []
        parts = list(children(element, "contextEntry"))
        for part in parts:
            variable = child(part, "variable")
            name = _name(variable) if variable is not None else ""
            if not name and part is not parts[-1]:
                self.reader.complain(part, "only the last entry of a context may be without a name")
            entries.append((name, self.read_in(part, names, title=f"{title} / {name}" if name else title)))
            names |= {name} - {""}
        if len({name for name, _ in entries}) < len(entries):
            self.reader.complain(element, "an entry of the context is given twice")
        return Context(tuple(entries))

    def _items(self, element: etree._Element, names: Names, title: str) -> tuple[Logic, ...]:
        found = [part for part in children(element) if tag(part) in self.kinds]
        return tuple(self.kinds[tag(part)](part, names, title) for part in found)

    def _list(self, element: etree._Element, names: Names, title: str) -> Logic:
        return Listing(self._items(element, names, title))

    def _relation(self, element: etree._Element, names: Names, title: str) -> Logic:
        columns = tuple(_name(column) for column in children(element, "column"))
        rows = []
        for row in children(element, "row"):
            cells = self._items(row, names, title)
            if len(cells) != len(columns):
                self.reader.complain(
                    row, f"the row has {len(cells)} cells, the relation {len(columns)} columns"
                )
            rows.append(cells)
        return Relation(columns, tuple(rows))

    def _invocation(self, element: etree._Element, names: Names, title: str) -> Logic:
        called = child(element, "literalExpression")
        if called is None or not text_of(called):
            self.reader.complain(element, "the invocation does not say what it calls")
            return Literal(NOTHING)
        bindings = []
        for binding in children(element, "binding"):
            parameter = child(binding, "parameter")
            name = _name(parameter) if parameter is not None else ""
            bindings.append((name, self.read_in(binding, names, title=f"{title} / {name}")))
        return Invocation(self._literal(called, names, title), tuple(bindings))


def _name(element: etree._Element) -> str:
    return " ".join((element.get("name") or "").split())
