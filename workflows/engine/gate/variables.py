"""Variables: what a diagram reads, somebody declares: the campaign, or the diagrams themselves."""

from collections.abc import Iterator, Sequence

from lxml import etree

from workflows import feel
from workflows.engine.expressions import compiled
from workflows.engine.gate.diagrams import Diagram, id_of, tag
from workflows.engine.gate.expressions import ISO_LIKE
from workflows.engine.gate.tasks import SHAPES
from workflows.engine.parser import properties, table_name

EXPRESSIONS = (
    "conditionExpression",
    "loopCondition",
    "loopCardinality",
    "timeDate",
    "timeDuration",
    "timeCycle",
)


def check(diagrams: Sequence[Diagram]) -> None:
    """Complain of every name that nobody declares. Called processes share their caller's variables."""
    made = {name for diagram in diagrams for name in _made(diagram)}
    for diagram in diagrams:
        if diagram.names is None or diagram.names.variables is None:
            continue
        known = diagram.names.variables | made
        for element, text in _read(diagram):
            for name in sorted(_names(text) - known):
                diagram.complain(element, "undeclared", place=id_of(element), name=name)
        for element, name in _named(diagram):
            if name.isidentifier() and name not in known:
                diagram.complain(element, "undeclared_name", name=name)


def _made(diagram: Diagram) -> Iterator[str]:
    """What the diagram itself gives: the items of loops, the results of tables and rounds."""
    for item in diagram.all("inputDataItem"):
        yield item.get("id", "")
    for node in diagram.all("businessRuleTask"):
        yield properties(node).get("result") or table_name(node) or ""
    for node in diagram.all("userTask"):
        said = properties(node)
        if "round" in said:
            yield said.get("result", f"{id_of(node)}_result")


def _read(diagram: Diagram) -> Iterator[tuple[etree._Element, str]]:
    for element in diagram.all(*EXPRESSIONS):
        yield element, element.text or ""
    for node in diagram.nodes():
        said = properties(node) if tag(node) == "userTask" else {}
        yield from ((node, said[name]) for name in SHAPES if name in said)


def _named(diagram: Diagram) -> Iterator[tuple[etree._Element, str]]:
    """Variables that are named without an expression around them."""
    for element in diagram.all("loopDataInputRef"):
        yield element, element.text or ""
    for message in diagram.all("message"):
        said = properties(message)
        for name in (said.get("key", ""), *said.get("carries", "").replace(",", " ").split()):
            yield message, name


def _names(text: str) -> frozenset[str]:
    """The variables that an expression reads; none of one that is wrong, which is told elsewhere."""
    if ISO_LIKE.fullmatch(text.strip()):
        return frozenset()
    try:
        return compiled(text).names - frozenset(feel.BUILTINS)
    except feel.FeelSyntaxError:
        return frozenset()
