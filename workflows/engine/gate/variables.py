"""Variables: what a diagram reads, somebody declares: the campaign, or the diagrams themselves."""

from collections.abc import Iterable, Iterator, Sequence

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
GIVING = ("inputDataItem", "businessRuleTask", "userTask")


def check(diagrams: Sequence[Diagram]) -> None:
    """Complain of every name that nobody declares. Called processes share their caller's variables."""
    given = {name for diagram in diagrams for name in made(diagram.all(*GIVING))}
    for diagram in diagrams:
        if diagram.names is None or diagram.names.variables is None:
            continue
        known = diagram.names.variables | given
        for element, text in read(diagram.all(*EXPRESSIONS, "userTask")):
            for name in sorted(names_in(text) - known):
                diagram.complain(element, "undeclared", place=id_of(element), name=name)
        for element, name in _named(diagram):
            if name.isidentifier() and name not in known:
                diagram.complain(element, "undeclared_name", name=name)


def made(elements: Iterable[etree._Element]) -> Iterator[str]:
    """What ``elements`` themselves give: the items of loops, the results of tables and rounds."""
    for element in elements:
        match tag(element):
            case "inputDataItem":
                yield element.get("id", "")
            case "businessRuleTask":
                yield properties(element).get("result") or table_name(element) or ""
            case "userTask" if "round" in (said := properties(element)):
                yield said.get("result", f"{id_of(element)}_result")


def read(elements: Iterable[etree._Element]) -> Iterator[tuple[etree._Element, str]]:
    """The expressions of ``elements``, each with its element."""
    for element in elements:
        if tag(element) in EXPRESSIONS:
            yield element, element.text or ""
        elif tag(element) == "userTask":
            said = properties(element)
            yield from ((element, said[name]) for name in SHAPES if name in said)


def _named(diagram: Diagram) -> Iterator[tuple[etree._Element, str]]:
    """Variables that are named without an expression around them."""
    for element in diagram.all("loopDataInputRef"):
        yield element, element.text or ""
    for message in diagram.all("message"):
        said = properties(message)
        for name in (said.get("key", ""), *said.get("carries", "").replace(",", " ").split()):
            yield message, name


def names_in(text: str) -> frozenset[str]:
    """The variables that an expression reads; none of one that is wrong, which is told elsewhere."""
    if ISO_LIKE.fullmatch(text.strip()):
        return frozenset()
    try:
        return compiled(text).names - frozenset(feel.BUILTINS)
    except feel.FeelSyntaxError:
        return frozenset()
