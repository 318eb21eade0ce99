"""Writes the XML of small tables for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from workflows import dmn

NAMESPACE = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def definitions(body: str, *, namespace: str = NAMESPACE) -> bytes:
    opening = f'<definitions xmlns="{namespace}" id="file" name="file" namespace="urn:test">'
    return f"{opening}{body}</definitions>".encode()


def column(tag: str, text: str) -> str:
    """``name``, ``name: type`` or ``name: type = allowed values | default``."""
    head, _, rest = text.partition(" = ")
    name, _, type_ = head.partition(": ")
    allowed, _, default = rest.partition(" | ")
    reference = f' typeRef="{type_}"' if type_ else ""
    if tag == "input":
        values = f"<inputValues><text>{escape(allowed)}</text></inputValues>" if allowed else ""
        asked = f"<inputExpression{reference}><text>{escape(name)}</text></inputExpression>"
        return f"<input>{asked}{values}</input>"
    values = f"<outputValues><text>{escape(allowed)}</text></outputValues>" if allowed else ""
    values += f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
    return f"<output name={quoteattr(name)}{reference}>{values}</output>"


def table(
    policy: str,
    inputs: Sequence[str],
    outputs: Sequence[str],
    rows: Sequence[Sequence[str]],
    *,
    aggregation: str = "",
) -> str:
    """A decisionTable; each row holds its tests and then its outputs. Rule ids are r1, r2, ..."""
    rules = []
    for number, row in enumerate(rows, 1):
        cells = [
            f"<{'inputEntry' if index < len(inputs) else 'outputEntry'}><text>{escape(text)}</text>"
            f"</{'inputEntry' if index < len(inputs) else 'outputEntry'}>"
            for index, text in enumerate(row)
        ]
        rules.append(f'<rule id="r{number}">{"".join(cells)}</rule>')
    columns = "".join(column("input", text) for text in inputs) + "".join(
        column("output", text) for text in outputs
    )
    extra = f' aggregation="{aggregation}"' if aggregation else ""
    return f'<decisionTable id="t" hitPolicy="{policy}"{extra}>{columns}{"".join(rules)}</decisionTable>'


def decision(
    body: str, *, id_: str = "d", name: str = "D", requires: Sequence[str] = (), type_: str = ""
) -> str:
    tags = {"i": "requiredInput", "d": "requiredDecision", "k": "requiredKnowledge"}
    needs = "".join(
        f"<{around}><{tags[id_[0]]} href='#{id_}'/></{around}>"
        for id_ in requires
        for around in ["knowledgeRequirement" if id_[0] == "k" else "informationRequirement"]
    )
    reference = f' typeRef="{type_}"' if type_ else ""
    return f'<decision id="{id_}" name="{name}"><variable name="{name}"{reference}/>{needs}{body}</decision>'


def literal(text: str) -> str:
    return f"<literalExpression><text>{escape(text)}</text></literalExpression>"


def input_data(id_: str, name: str, type_: str = "") -> str:
    reference = f' typeRef="{type_}"' if type_ else ""
    return f'<inputData id="{id_}" name="{name}"><variable name="{name}"{reference}/></inputData>'


def loaded(*parts: str) -> dmn.Model:
    return dmn.load(definitions("".join(parts)), file="test.dmn")


def problems(*parts: str) -> list[tuple[str, str]]:
    """The id and reason of each problem; empty if the file loads."""
    try:
        loaded(*parts)
    except dmn.DmnError as error:
        return [(problem.element, problem.reason) for problem in error.problems]
    return []
