"""Files of decision tables: what cannot be read, rows that overlap, and cases that no row is for."""

from collections.abc import Iterator

from lxml import etree

from workflows import dmn, feel
from workflows.engine.definitions import Files, read_xml
from workflows.engine.errors import Defect
from workflows.engine.gate.diagrams import line_of
from workflows.engine.gate.foreign import told
from workflows.engine.gate.telling import Value, defect

ANY_CASE = ("任何情况", "any case")


def check(files: Files) -> tuple[set[str], list[Defect]]:
    """The ids of all decisions in the ``.dmn`` files, and what is wrong with the tables."""
    home: dict[str, str] = {}
    defects: list[Defect] = []
    for file, content in sorted(files.items()):
        if not file.endswith(".dmn"):
            continue
        try:
            model = dmn.load(content, file=file)
        except dmn.DmnError as error:
            defects += [
                defect(file, "table", one.element or "definitions", one.line, reason=told(one.reason))
                for one in error.problems
            ]
            continue
        for id_, decision in model.decisions.items():
            if home.setdefault(id_, file) != file:
                place = _place(content, id_)
                defects.append(defect(file, "decision_twice", *place, decision=id_, file=home[id_]))
            if isinstance(decision.logic, dmn.Table):
                greedy = _greedy(file, content, id_, decision.logic)
                defects += [greedy] if greedy else _uncovered(file, content, id_, decision.logic)
    return set(home), defects


def _greedy(file: str, content: bytes, id_: str, table: dmn.Table) -> Defect | None:
    """The first row with a cell that costs too much whatever it is asked with, all cells taken together."""
    budget = feel.Budget()
    for row, rule in enumerate(table.rules, 1):
        for cell in (*rule.tests, *rule.outputs):
            try:
                if cell is not None:
                    cell.evaluate({}, budget=budget)
            except feel.FeelError as error:
                element, line = _place(content, id_, row)
                return defect(
                    file,
                    "expression_fails",
                    element,
                    line,
                    place=cell.text[:80] if cell else "",
                    reason=told(error.reason),
                )
    return None


def _uncovered(file: str, content: bytes, id_: str, table: dmn.Table) -> Iterator[Defect]:
    for one in dmn.overlaps(table):
        case = tuple((text, dmn.region(table, text, value)) for text, value in one.case)
        place = _place(content, id_, one.second)
        yield defect(file, "table_overlap", *place, first=one.first, second=one.second, case=_told(case))
    for hole in dmn.holes(table):
        yield defect(file, "table_gap", *_place(content, id_), case=_told(hole))


def _told(case: tuple[tuple[str, str], ...]) -> Value:
    parts = [
        f"{text} {value}" if value[:1] in "<>" else f"{text} = {value}"
        for text, value in case
        if value != "null"
    ]
    return parts or ANY_CASE


def _place(content: bytes, decision: str, row: int = 0) -> tuple[str, int]:
    """Id and line of a decision, or of a row of its table, counted from 1."""
    root = read_xml(content)
    element = next(one for one in root.iter(etree.Element) if one.get("id") == decision)
    if row:
        element = [one for one in element.iter(etree.Element) if etree.QName(one).localname == "rule"][
            row - 1
        ]
    return element.get("id") or decision, line_of(element)
