"""Decision tables: the hit policies, what is refused, and the trace."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest

from tests.dmn.tables import decision, definitions, input_data, literal, loaded, table
from workflows import dmn

BANDS = [(">= 10", '"high"'), ("[5..10]", '"middle"'), ("> 0", '"low"')]
GRADES = 'grade: string = "low","middle","high"'


def asked(policy: str, n: object, rows: Any = BANDS, outputs: Any = (GRADES,), aggregation: str = "") -> Any:
    model = loaded(decision(table(policy, ["n: number"], outputs, rows, aggregation=aggregation)))
    return model.evaluate("d", {"n": n}).value


@pytest.mark.parametrize(
    ("policy", "n", "expected"),
    [
        ("UNIQUE", 3, "low"),
        ("FIRST", 10, "high"),
        ("FIRST", 7, "middle"),
        ("PRIORITY", 10, "low"),
        ("RULE ORDER", 10, ["high", "middle", "low"]),
        ("OUTPUT ORDER", 10, ["low", "middle", "high"]),
        ("COLLECT", 10, ["high", "middle", "low"]),
        ("COLLECT", -1, []),
        ("RULE ORDER", -1, []),
        ("OUTPUT ORDER", -1, []),
    ],
)
def test_a_hit_policy_chooses(policy: str, n: int, expected: object) -> None:
    assert asked(policy, n) == expected


@pytest.mark.parametrize(
    ("aggregation", "n", "expected"),
    [("SUM", 10, "0.6"), ("MIN", 10, "0.1"), ("MAX", 10, "0.3"), ("COUNT", 10, "3"), ("COUNT", -1, "0")],
)
def test_collected_numbers_are_aggregated_exactly(aggregation: str, n: int, expected: str) -> None:
    rows = [(">= 10", "0.1"), (">= 5", "0.2"), (">= 0", "0.3")]
    assert asked("COLLECT", n, rows, ("amount: number",), aggregation) == Decimal(expected)


def test_any_allows_rules_that_agree() -> None:
    assert asked("ANY", 7, [("> 5", "1"), ("< 9", "1.0")], ("a",)) == 1


def test_several_outputs_make_a_context() -> None:
    rows = [("> 5", '"a"', "1"), ("<= 5", '"b"', "null")]
    assert asked("UNIQUE", 9, rows, ("x", "y")) == {"x": "a", "y": Decimal(1)}
    assert asked("UNIQUE", 1, rows, ("x", "y")) == {"x": "b", "y": None}
    assert asked("COLLECT", 1, rows, ("x", "y")) == [{"x": "b", "y": None}]


def test_several_outputs_are_ordered_by_the_first_that_has_values() -> None:
    rows = [("-", '"b"', "1"), ("-", '"a"', "2"), ("-", '"b"', "0")]
    outputs = ('x = "a","b"', "y = 0,1,2")
    assert asked("PRIORITY", 1, rows, outputs) == {"x": "a", "y": 2}
    assert [hit["y"] for hit in asked("OUTPUT ORDER", 1, rows, outputs)] == [2, 0, 1]


def test_the_default_output_answers_where_no_rule_does() -> None:
    assert asked("UNIQUE", -1, BANDS, ('g = "none","low","middle","high" | "none"',)) == "none"
    assert asked("COLLECT", -1, [("> 0", "0.5")], ("v = [0..1] | 1",), "MIN") == 1
    assert asked("COLLECT", -1, [("> 0", "0.5")], ("v = [0..1] | 1",)) == [1]


@pytest.mark.parametrize(
    ("policy", "n", "rows", "outputs", "reason", "rules"),
    [
        ("UNIQUE", 10, BANDS, (GRADES,), "more than one rule applies, and the hit policy is UNIQUE",
         ("row 1 (r1)", "row 2 (r2)", "row 3 (r3)")),
        ("ANY", 7, BANDS, (GRADES,), "the rules that apply disagree, and the hit policy is ANY",
         ("row 2 (r2)", "row 3 (r3)")),
        ("UNIQUE", -1, BANDS, (GRADES,), "no rule applies, and there is no default output", ()),
        ("FIRST", None, BANDS, (GRADES,), "no rule applies, and there is no default output", ()),
        ("UNIQUE", 1, [("> 0", "1 / (n - 1)")], ("v",), "the output 'v' is null: cannot divide by zero",
         ("row 1 (r1)",)),
        ("UNIQUE", 1, [("> 0", '"x"')], (GRADES,),
         "the output 'grade': \"x\" is not one of the allowed values (\"low\",\"middle\",\"high\")",
         ("row 1 (r1)",)),
        ("UNIQUE", 1, [("> 0", '"x"')], ("v: number",), "the output 'v': \"x\" is string, not number",
         ("row 1 (r1)",)),
        ("UNIQUE", 1, [("> 0", "1.5")], ("v: integer",), "the output 'v': 1.5 is not a whole number",
         ("row 1 (r1)",)),
        ("UNIQUE", 1, [('"1"', "1")], ("v",),
         "the test '\"1\"' cannot be made: cannot compare number with string",
         ("row 1 (r1)",)),
    ],
)  # fmt: skip
def test_a_table_that_does_not_decide_says_so(
    policy: str, n: object, rows: Any, outputs: Any, reason: str, rules: tuple[str, ...]
) -> None:
    with pytest.raises(dmn.DecisionError) as caught:
        asked(policy, n, rows, outputs)
    error = caught.value
    assert (error.file, error.decision, error.reason, error.rules) == ("test.dmn", "D", reason, rules)
    assert error.inputs == {"n": "null" if n is None else str(n)}


def test_an_aggregate_needs_hits_and_numbers() -> None:
    with pytest.raises(dmn.DecisionError, match="no rule applies, and there is no default output"):
        asked("COLLECT", -1, [("> 0", "1")], ("v",), "SUM")
    with pytest.raises(dmn.DecisionError, match="SUM needs numbers; row 1"):
        asked("COLLECT", 1, [("> 0", '"a"')], ("v",), "SUM")


def test_the_text_of_an_error_names_everything() -> None:
    with pytest.raises(dmn.DecisionError) as caught:
        asked("UNIQUE", 7)
    assert str(caught.value) == (
        "test.dmn, D: more than one rule applies, and the hit policy is UNIQUE; "
        "row 2 (r2); row 3 (r3); with n = 7"
    )


@pytest.mark.parametrize(
    ("column", "value", "reason"),
    [
        ("n: number", "7", "the input 'n': \"7\" is string, not number"),
        ("n: integer", Decimal("1.5"), "the input 'n': 1.5 is not a whole number"),
        ("n = 1,2,3", 4, "the input 'n': 4 is not one of the allowed values (1,2,3)"),
        ("n = 1,2,3", None, "the input 'n': null is not one of the allowed values (1,2,3)"),
        ("n.age", {"name": "x"}, "the input 'n.age' has no value: line 1, column 3: there is no entry 'age'"),
        ("n", 0.5, "the input 'n': a float is not exact: pass a Decimal"),
    ],
)
def test_an_input_that_is_not_allowed_is_refused(column: str, value: object, reason: str) -> None:
    model = loaded(decision(table("UNIQUE", [column], ["v"], [("-", "1")])))
    with pytest.raises(dmn.DecisionError) as caught:
        model.evaluate("d", {"n": value})
    assert caught.value.reason == reason


def test_an_input_that_is_not_given_is_refused_and_a_superfluous_one_ignored() -> None:
    model = loaded(decision(table("UNIQUE", ["n"], ["v"], [("-", "1")])))
    with pytest.raises(dmn.DecisionError, match="the input 'n' is not given"):
        model.evaluate("d", {})
    assert model.evaluate("d", {"n": 1, "other": 0.5}).value == 1


def test_a_table_drawn_alone_declares_its_inputs_by_its_columns() -> None:
    model = loaded(decision(table("UNIQUE", ["n: number", "a + b"], ["v"], [("> a", "-", "n + b")])))
    assert model.inputs("D") == ("n", "a", "b")
    assert model.evaluate("D", {"n": 5, "a": 1, "b": 2}).value == 7


def test_the_trace_says_which_rows_decided() -> None:
    rule = '<rule id="r1"><inputEntry><text>&gt; 1</text></inputEntry>'
    rule += "<outputEntry><text>n * 2</text></outputEntry>"
    rule += "<annotationEntry><text>依据一</text></annotationEntry><description>二</description></rule>"
    body = table("UNIQUE", ["n"], ["v"], [("<= 1", "0")]).replace('id="r1"', 'id="r0"')
    model = loaded(
        decision(literal("T + 1"), requires=["d2"]),
        decision(
            body.replace("</decisionTable>", rule + "</decisionTable>"), id_="d2", name="T", requires=["i1"]
        ),
        input_data("i1", "n", "number"),
    )
    outcome = model.evaluate("d", {"n": Decimal("1.50")})
    assert outcome.value == 4
    assert json.loads(json.dumps(dmn.trace_to_json(outcome.trace))) == [
        {
            "decision": "T",
            "inputs": {"n": "1.5"},
            "rules": [{"row": 2, "id": "r1", "annotations": ["依据一", "二"]}],
            "output": "3",
            "notes": [],
        },
        {"decision": "D", "inputs": {"T": "3"}, "rules": [], "output": "4", "notes": []},
    ]


def test_a_null_inside_a_literal_decision_is_noted_in_the_trace() -> None:
    outcome = loaded(decision(literal("1 / 0"))).evaluate("d", {})
    assert outcome.value is None
    assert outcome.trace[0].notes == ("1 / 0: line 1, column 3: cannot divide by zero",)


def test_a_table_cannot_run_without_end() -> None:
    text = "count(for a in 1..9999, b in 1..9999 return a)"
    with pytest.raises(dmn.DecisionError, match="needs too many steps"):
        loaded(decision(table("UNIQUE", ["n"], ["v"], [("-", text)]))).evaluate("d", {"n": 1})
    with pytest.raises(dmn.DecisionError, match="needs too many steps"):
        loaded(decision(table("UNIQUE", ["n"], ["v"], [("-", "1")]))).evaluate("d", {"n": [1] * 300_000})


@pytest.mark.parametrize(
    "namespace",
    [
        "http://www.omg.org/spec/DMN/20151101/dmn.xsd",
        "http://www.omg.org/spec/DMN/20180521/MODEL/",
        "https://www.omg.org/spec/DMN/20211108/MODEL/",
        "https://www.omg.org/spec/DMN/20230324/MODEL/",
        "https://www.omg.org/spec/DMN/20240513/MODEL/",
    ],
)
def test_each_edition_of_the_standard_is_read(namespace: str) -> None:
    assert (
        dmn.load(definitions(decision(literal("1")), namespace=namespace), file="x").evaluate("d", {}).value
        == 1
    )
