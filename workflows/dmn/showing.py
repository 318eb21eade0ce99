"""What the tables of a file say, as texts for people to read."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from workflows.dmn import documents
from workflows.dmn.documents import child, children, text_of


@dataclass(frozen=True)
class TableText:
    """``columns`` are the labels of inputs, then of outputs; each row has a cell for every column, and its notes.

    Of each column ``asks`` is the expression of an input or the name of an output, ``kinds`` its FEEL type or empty.
    """

    decision: str
    title: str
    policy: str
    inputs: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]
    asks: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()  # of the rows
    about: str = ""  # what the decision is for
    takes_notes: bool = False


def tables(xml: bytes, *, file: str) -> list[TableText]:
    """The tables of the decisions in ``xml``, in order; what decides without a table is not among them.

    The file is one that ``load`` takes. Raises DmnError.
    """
    found = []
    for decision in children(documents.read(xml, file=file), "decision"):
        table = child(decision, "decisionTable")
        if table is not None:
            found.append(_table(decision, table))
    return found


def _table(decision: etree._Element, table: etree._Element) -> TableText:
    inputs, outputs = list(children(table, "input")), list(children(table, "output"))
    rules = list(children(table, "rule"))
    aggregation = table.get("aggregation", "")
    return TableText(
        decision=decision.get("id", ""),
        title=decision.get("name", ""),
        policy=" ".join((table.get("hitPolicy", "UNIQUE"), aggregation)).strip(),
        inputs=len(inputs),
        columns=(*(_asked(column) for column in inputs), *(_answered(column) for column in outputs)),
        rows=tuple(tuple(map(text_of, children(rule, "inputEntry", "outputEntry"))) for rule in rules),
        notes=tuple(
            "；".join(filter(None, map(text_of, children(rule, "annotationEntry")))) for rule in rules
        ),
        asks=(
            *(text_of(child(column, "inputExpression")) for column in inputs),
            *(column.get("name", "") for column in outputs),
        ),
        kinds=(*(_kind(child(column, "inputExpression")) for column in inputs), *map(_kind, outputs)),
        ids=tuple(rule.get("id", "") for rule in rules),
        about=_described(decision),
        takes_notes=child(table, "annotation") is not None,
    )


def _kind(typed: etree._Element | None) -> str:
    return "" if typed is None else typed.get("typeRef", "").rpartition(":")[2]


def _described(decision: etree._Element) -> str:
    description = child(decision, "description")
    return "" if description is None else (description.text or "").strip()


def _asked(column: etree._Element) -> str:
    return column.get("label") or text_of(child(column, "inputExpression"))


def _answered(column: etree._Element) -> str:
    return column.get("label") or column.get("name") or ""
