"""Decisions that build on one another, knowledge models, types and boxed expressions."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.dmn.tables import decision, input_data, literal, loaded, table
from workflows import dmn

LOAN = (
    '<itemDefinition name="tRate"><typeRef>number</typeRef><allowedValues><text>[0..1]</text></allowedValues>'
    "</itemDefinition>"
    '<itemDefinition name="tLoan"><itemComponent name="Net Amount"><typeRef>number</typeRef></itemComponent>'
    '<itemComponent name="rate"><typeRef>tRate</typeRef></itemComponent></itemDefinition>'
    '<itemDefinition name="tLoans" isCollection="true"><typeRef>tLoan</typeRef></itemDefinition>'
)
DOUBLE = (
    '<businessKnowledgeModel id="k1" name="double"><variable name="double"/><encapsulatedLogic>'
    '<formalParameter name="n"/><literalExpression><text>n * 2</text></literalExpression>'
    "</encapsulatedLogic></businessKnowledgeModel>"
)


def evaluate(body: str, *parts: str, requires: tuple[str, ...] = (), **inputs: object) -> object:
    return loaded(decision(body, requires=requires), *parts).evaluate("D", inputs).value


def test_a_decision_reads_those_it_requires_each_made_once() -> None:
    model = loaded(
        decision(literal("A + B"), requires=["d2", "d3"]),
        decision(literal("B * 10"), id_="d2", name="A", requires=["d3"]),
        decision(literal("n + 1"), id_="d3", name="B", requires=["i1"]),
        input_data("i1", "n"),
    )
    outcome = model.evaluate("d", {"n": 1})
    assert outcome.value == 22
    assert [step.decision for step in outcome.trace] == ["B", "A", "D"]
    assert model.inputs("d") == ("n",)
    assert model.decision("A").id == "d2"
    assert sorted(model.decisions) == ["d", "d2", "d3"]
    with pytest.raises(KeyError):
        model.decision("C")


def test_a_knowledge_model_is_called_in_an_expression_and_by_invocation() -> None:
    call = "<invocation>" + literal("double") + '<binding><parameter name="n"/>' + literal("x + 1")
    call += "</binding></invocation>"
    assert evaluate(literal("double(x)"), DOUBLE, input_data("i1", "x"), requires=("i1", "k1"), x=4) == 8
    assert evaluate(literal("double(n: x)"), DOUBLE, input_data("i1", "x"), requires=("i1", "k1"), x=4) == 8
    assert evaluate(call, DOUBLE, input_data("i1", "x"), requires=("i1", "k1"), x=4) == 10


def test_a_knowledge_model_may_be_a_table_with_a_trace_of_its_own() -> None:
    logic = table("UNIQUE", ["n"], ["v"], [("> 1", '"many"'), ("<= 1", '"few"')])
    knowledge = '<businessKnowledgeModel id="k1" name="size"><encapsulatedLogic><formalParameter name="n"/>'
    model = loaded(
        decision(literal("[size(1), size(2)]"), requires=["k1"]),
        knowledge + logic + "</encapsulatedLogic></businessKnowledgeModel>",
    )
    outcome = model.evaluate("d", {})
    assert outcome.value == ["few", "many"]
    assert [(step.decision, [rule.row for rule in step.rules]) for step in outcome.trace] == [
        ("size", [2]), ("size", [1]), ("D", []),
    ]  # fmt: skip


def test_a_boxed_context_sees_its_entries_and_may_end_in_a_result() -> None:
    entries = f'<contextEntry><variable name="a b"/>{literal("2")}</contextEntry>'
    entries += f'<contextEntry><variable name="c"/>{literal("a b * 3")}</contextEntry>'
    assert evaluate(f"<context>{entries}</context>") == {"a b": 2, "c": 6}
    assert evaluate(f"<context>{entries}<contextEntry>{literal('c + 1')}</contextEntry></context>") == 7


def test_a_boxed_list_relation_and_function() -> None:
    assert evaluate(f"<list>{literal('1')}{literal('1 + 1')}</list>") == [1, 2]
    row = f"<row>{literal('1')}{literal('2')}</row>"
    assert (
        evaluate(f'<relation><column name="a"/><column name="b"/>{row}{row}</relation>')
        == [{"a": 1, "b": 2}] * 2
    )
    function = f'<functionDefinition><formalParameter name="n"/>{literal("n + 1")}</functionDefinition>'
    entry = f'<contextEntry><variable name="f"/>{function}</contextEntry>'
    assert evaluate(f"<context>{entry}<contextEntry>{literal('f(1) + f(2)')}</contextEntry></context>") == 5


@pytest.mark.parametrize(
    ("type_", "value", "reason"),
    [
        ("tLoan", {"Net Amount": 1}, "the entry 'rate' is missing"),
        ("tLoan", {"Net Amount": 1, "rate": 2}, "rate: 2 is not one of the allowed values ([0..1])"),
        ("tLoan", {"Net Amount": "1", "rate": 1}, 'Net Amount: "1" is string, not number'),
        ("tLoan", 5, "5 is number, not context"),
        ("tLoans", [{"Net Amount": 1, "rate": 1}, 5], "5 is number, not context"),
        ("tRate", None, "null is not one of the allowed values ([0..1])"),
        ("feel:date", "2026-01-01", '"2026-01-01" is string, not date'),
        ("dateTime", 1, "1 is number, not date and time"),
    ],
)
def test_an_input_of_the_wrong_type_is_refused(type_: str, value: object, reason: str) -> None:
    model = loaded(LOAN, decision(literal("x"), requires=["i1"]), input_data("i1", "x", type_))
    with pytest.raises(dmn.DecisionError) as caught:
        model.evaluate("d", {"x": value})
    assert caught.value.reason == f"the input 'x': {reason}"


def test_an_input_of_the_right_type_is_read_by_its_members() -> None:
    text = "sum(for l in x return l.Net Amount * l.rate)"
    loans = [{"Net Amount": 100, "rate": Decimal("0.05")}, {"Net Amount": 10, "rate": Decimal("0.5")}]
    assert evaluate(literal(text), LOAN, input_data("i1", "x", "tLoans"), requires=("i1",), x=loans) == 10


def test_the_result_of_a_decision_is_checked_against_its_type() -> None:
    model = loaded(decision(literal('"a"'), type_="number"))
    with pytest.raises(dmn.DecisionError, match='the result: "a" is string, not number'):
        model.evaluate("d", {})


def test_wrong_calls_of_knowledge_are_errors_or_noted_nulls() -> None:
    call = "<invocation>" + literal("double") + '<binding><parameter name="m"/>' + literal("1")
    with pytest.raises(dmn.DecisionError, match="there is no parameter 'm'"):
        evaluate(call + "</binding></invocation>", DOUBLE, requires=("k1",))
    with pytest.raises(dmn.DecisionError, match="number cannot be called"):
        evaluate("<invocation>" + literal("1") + "</invocation>")
    outcome = loaded(decision(literal("double()"), requires=["k1"]), DOUBLE).evaluate("d", {})
    assert outcome.trace[0].notes == ("double(): line 1, column 1: double: takes 1 arguments, not 0",)


def test_knowledge_calling_knowledge_shares_one_budget() -> None:
    many = (
        '<businessKnowledgeModel id="k2" name="many"><knowledgeRequirement><requiredKnowledge href="#k1"/>'
        '</knowledgeRequirement><encapsulatedLogic><formalParameter name="n"/><literalExpression>'
        "<text>sum(for i in 1..n return double(i))</text></literalExpression></encapsulatedLogic>"
        "</businessKnowledgeModel>"
    )
    assert evaluate(literal("many(10)"), DOUBLE, many, requires=("k2",)) == 110
    with pytest.raises(dmn.DecisionError, match="needs too many steps"):
        evaluate(literal("for i in 1..9999 return many(9999)"), DOUBLE, many, requires=("k2",))


def test_a_kept_answer_is_that_of_the_very_same_question() -> None:
    model = loaded(
        decision(literal("if n instance of boolean then [0] else [n]"), requires=["i1"]),
        input_data("i1", "n"),
    )
    first = model.evaluate("d", {"n": 1}).value
    assert isinstance(first, list)
    first.append("changed by who asked")
    assert model.evaluate("d", {"n": 1}).value == [1]
    assert model.evaluate("d", {"n": True}).value == [0]  # which Python takes for equal to 1
    assert model.evaluate("d", {"n": None}).value == [None]
    with pytest.raises(dmn.DecisionError, match="not given"):
        model.evaluate("d", {})
