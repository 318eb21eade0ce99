"""The rows of a table written anew, and how the rows of two versions differ. Nothing else of a file is touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lxml import etree

from workflows.dmn import documents
from workflows.dmn.documents import child, children
from workflows.dmn.errors import DmnError, Problem
from workflows.dmn.showing import TableText

SAME, CHANGED, ADDED, GONE = "same", "changed", "added", "gone"


@dataclass(frozen=True)
class RowText:
    """A row as texts: its id (empty for a new one), a FEEL cell for every column, and its note."""

    id: str
    cells: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True)
class Difference:
    """A row of either version; ``before`` and ``after`` hold the cells and then the note, None where it is not."""

    kind: str  # SAME, CHANGED, ADDED, GONE
    id: str
    before: tuple[str, ...] | None
    after: tuple[str, ...] | None


def rewrite(xml: bytes, *, file: str, decision: str, rows: Sequence[RowText]) -> str:
    """``xml`` with ``rows`` as the rows of the table of ``decision`` (an id).

    A row keeps its id, a new one gets one that the file does not have. Raises DmnError where there is no such table.
    """
    root = documents.read(xml, file=file)
    table = _table_of(root, decision)
    if table is None:
        raise DmnError([Problem(file, decision, 1, "there is no such table")])
    known = {str(element.get("id")) for element in root.iter() if isinstance(element.tag, str)}
    taken = known | {row.id for row in rows}
    old = list(children(table, "rule"))
    place = table.index(old[0]) if old else len(table)
    for rule in old:
        table.remove(rule)
    takes_notes = child(table, "annotation") is not None
    for offset, row in enumerate(rows):
        id_ = row.id or _fresh(f"{decision}_r", taken)
        table.insert(place + offset, _rule(root, table, row, id_, takes_notes=takes_notes))
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8").decode()


def differences(before: TableText, after: TableText) -> list[Difference]:
    """The rows of ``after`` in order, each beside its own of ``before``, and where they were those that are gone."""
    old = {
        id_: (*cells, note) for id_, cells, note in zip(before.ids, before.rows, before.notes, strict=True)
    }
    new = {id_: (*cells, note) for id_, cells, note in zip(after.ids, after.rows, after.notes, strict=True)}
    found = []
    for id_, cells in new.items():
        kind = ADDED if id_ not in old else SAME if old[id_] == cells else CHANGED
        found.append(Difference(kind, id_, old.get(id_), cells))
    for place, (id_, cells) in enumerate(old.items()):
        if id_ not in new:
            found.insert(place, Difference(GONE, id_, cells, None))
    return found


def _table_of(root: etree._Element, decision: str) -> etree._Element | None:
    found = (one for one in children(root, "decision") if one.get("id") == decision)
    element = next(found, None)
    return None if element is None else child(element, "decisionTable")


def _fresh(prefix: str, taken: set[str]) -> str:
    number = 1
    while f"{prefix}{number}" in taken:
        number += 1
    taken.add(f"{prefix}{number}")
    return f"{prefix}{number}"


def _rule(
    root: etree._Element, table: etree._Element, row: RowText, id_: str, *, takes_notes: bool
) -> etree._Element:
    space = etree.QName(root).namespace
    inputs = len(list(children(table, "input")))
    rule = etree.Element(f"{{{space}}}rule", id=id_)
    rule.tail = "\n      "

    def entry(name: str, text: str) -> None:
        part = etree.SubElement(rule, f"{{{space}}}{name}")
        etree.SubElement(part, f"{{{space}}}text").text = text

    for place, cell in enumerate(row.cells):
        entry("inputEntry" if place < inputs else "outputEntry", cell or ("-" if place < inputs else ""))
    if takes_notes:
        entry("annotationEntry", row.note)
    return rule
