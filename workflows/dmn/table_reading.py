"""Decision tables, read from XML."""

from __future__ import annotations

from lxml import etree

from workflows import feel
from workflows.dmn.documents import child, children, text_of
from workflows.dmn.hit_policies import AGGREGATIONS, HitPolicy
from workflows.dmn.item_types import ANY
from workflows.dmn.models import InputData
from workflows.dmn.reading import NOTHING, Reader
from workflows.dmn.tables import Input, Output, Rule, Table
from workflows.dmn.traces import MatchedRule
from workflows.dmn.type_reading import Types

Names = frozenset[str]
MAX_CELLS = 5_000


class TableReader:
    def __init__(self, reader: Reader, types: Types) -> None:
        self.reader, self.types = reader, types

    def declared_inputs(self, table: etree._Element) -> tuple[InputData, ...]:
        """What the input columns read, each with the type of the column that is just that name."""
        found: dict[str, InputData] = {}
        for column in children(table, "input"):
            asked = child(column, "inputExpression")
            if asked is None:
                continue
            type_ = self.types.named(asked, asked.get("typeRef"))
            try:
                names = feel.compile(text_of(asked), names=self.reader.names).names
            except feel.FeelSyntaxError:
                continue  # reported when the column is read
            for name in sorted(names):
                if name not in found or text_of(asked) == name:
                    found[name] = InputData(name, type_ if text_of(asked) == name else ANY)
        return tuple(found.values())

    def read(self, element: etree._Element, names: Names, title: str) -> Table:
        """The table, with every cell compiled."""
        policy, aggregation = self._policy(element)
        inputs = tuple(self._input(column, names) for column in children(element, "input"))
        outputs = tuple(self._output(column, names) for column in children(element, "output"))
        if not outputs:
            self.reader.complain(element, "the table has no output")
        self._check_outputs(element, outputs, policy, aggregation)
        rules = []
        for row, rule in enumerate(children(element, "rule"), 1):
            if row * (len(inputs) + len(outputs)) > MAX_CELLS:
                self.reader.complain(rule, f"the table has more than {MAX_CELLS} cells")
                break
            rules.append(self._rule(rule, row, (len(inputs), len(outputs)), names))
        if not rules:
            self.reader.complain(element, "the table has no rules")
        return Table(title, inputs, outputs, tuple(rules), policy, aggregation)

    def _policy(self, element: etree._Element) -> tuple[HitPolicy, str]:
        policy, aggregation = element.get("hitPolicy", "UNIQUE"), element.get("aggregation", "")
        if policy not in list(HitPolicy):
            self.reader.complain(element, f"there is no hit policy {policy!r}")
            return HitPolicy.UNIQUE, ""
        if aggregation and aggregation not in (*AGGREGATIONS, "COUNT"):
            self.reader.complain(element, f"there is no aggregation {aggregation!r}")
        if aggregation and policy != HitPolicy.COLLECT:
            self.reader.complain(element, "an aggregation needs the hit policy COLLECT")
        return HitPolicy(policy), aggregation

    def _input(self, element: etree._Element, names: Names) -> Input:
        asked = child(element, "inputExpression")
        allowed, _ = self.types.constraint(element, "inputValues")
        if asked is None:
            self.reader.complain(element, "the input has no expression")
            return Input(NOTHING, ANY, None)
        type_ = self.types.named(asked, asked.get("typeRef"))
        return Input(self.reader.expression(asked, names), type_, allowed)

    def _output(self, element: etree._Element, names: Names) -> Output:
        type_ = self.types.named(element, element.get("typeRef"))
        allowed, values = self.types.constraint(element, "outputValues")
        entry = child(element, "defaultOutputEntry")
        default = self.reader.expression(entry, names) if entry is not None and text_of(entry) else None
        name = " ".join((element.get("name") or "").split())
        return Output(name, type_, allowed, values or type_.values, default)

    def _check_outputs(
        self, element: etree._Element, outputs: tuple[Output, ...], policy: HitPolicy, aggregation: str
    ) -> None:
        names = [column.name for column in outputs]
        if len(outputs) > 1 and ("" in names or len(set(names)) < len(names)):
            self.reader.complain(element, "each of several outputs needs a name of its own")
        if len(outputs) > 1 and aggregation:
            self.reader.complain(element, "an aggregation needs a single output")
        if policy.is_ordered_by_output and not any(column.priorities for column in outputs):
            self.reader.complain(element, f"the hit policy {policy} needs output values, the highest first")
        if 0 < sum(column.default is not None for column in outputs) < len(outputs):
            self.reader.complain(element, "either all outputs have a default or none")

    def _rule(self, element: etree._Element, row: int, widths: tuple[int, int], names: Names) -> Rule:
        entries = list(children(element, "inputEntry"))
        answers = list(children(element, "outputEntry"))
        if (len(entries), len(answers)) != widths:
            found, wanted = f"{len(entries)} + {len(answers)}", f"{widths[0]} + {widths[1]}"
            self.reader.complain(element, f"row {row} has {found} entries, the table has {wanted} columns")
        tests = tuple(
            None if text_of(cell) in ("", "-") else self.reader.test(cell, names) for cell in entries
        )
        outputs = tuple(self._answer(cell, row, names) for cell in answers)
        notes = [text_of(entry) for entry in children(element, "annotationEntry")]
        notes += [(entry.text or "").strip() for entry in children(element, "description")]
        matched = MatchedRule(row, element.get("id") or "", tuple(note for note in notes if note))
        return Rule(matched, tests, outputs)

    def _answer(self, cell: etree._Element, row: int, names: Names) -> feel.Expression:
        if not text_of(cell):
            self.reader.complain(cell, f"an output of row {row} is empty; write null if that is meant")
            return NOTHING
        return self.reader.expression(cell, names)
