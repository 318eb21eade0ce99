"""Item definitions: the types that a file declares."""

from __future__ import annotations

from lxml import etree

from workflows import feel
from workflows.dmn.documents import child, children, text_of
from workflows.dmn.item_types import ANY, ItemType, standard
from workflows.dmn.reading import Reader


class Types:
    """The types of one file by name."""

    def __init__(self, reader: Reader) -> None:
        self.reader = reader
        self.elements: dict[str, etree._Element] = {}
        self.found: dict[str, ItemType] = {}
        self.open: list[str] = []

    def named(self, element: etree._Element, name: str | None) -> ItemType:
        """The type that ``element`` refers to. Complains about one that does not exist or holds itself."""
        if not name:
            return ANY
        if name in self.found:
            return self.found[name]
        if name in self.open:
            self.reader.complain(element, f"the type {name!r} contains itself")
            return ANY
        if name in self.elements:
            self.open.append(name)
            self.found[name] = self._read(self.elements[name])
            self.open.pop()
            return self.found[name]
        known = standard(name)
        if known is None:
            self.reader.complain(element, f"there is no type {name!r}")
        return known or ANY

    def _read(self, element: etree._Element) -> ItemType:
        reference = child(element, "typeRef")
        name = (reference.text or "").strip() if reference is not None else element.get("typeRef")
        base = self.named(element, name)
        components = {
            " ".join((part.get("name") or "").split()): self._read(part)
            for part in children(element, "itemComponent")
        }
        allowed, values = self.constraint(element, "allowedValues")
        return ItemType(
            name=element.get("name") or base.name,
            kind="context" if components else base.kind,
            is_collection=element.get("isCollection") == "true" or base.is_collection,
            is_whole=base.is_whole,
            components=components or base.components,
            allowed=allowed or base.allowed,
            values=values or base.values,
        )

    def constraint(
        self, element: etree._Element, tag: str
    ) -> tuple[feel.Expression | None, tuple[object, ...]]:
        """The unary test of an element's allowed values, and the values where they are listed."""
        inner = child(element, tag)
        if inner is None or not text_of(inner):
            return None, ()
        test = self.reader.test(inner, frozenset())
        try:
            listed = feel.compile(f"[{text_of(inner)}]").evaluate({}).value
        except (feel.FeelSyntaxError, feel.FeelError):
            return test, ()
        values = tuple(listed) if isinstance(listed, list) else ()
        return test, () if any(isinstance(value, feel.Range) or value is None for value in values) else values


def read_types(reader: Reader, root: etree._Element) -> Types:
    """All item definitions of the file."""
    types = Types(reader)
    for element in children(root, "itemDefinition"):
        types.elements.setdefault(element.get("name") or "", element)
    for name, element in types.elements.items():
        types.named(element, name)
    return types
