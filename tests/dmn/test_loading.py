"""Files that are refused, with the element, the line and the reason."""

from __future__ import annotations

import time

import pytest

from tests.dmn.tables import decision, definitions, input_data, literal, loaded, problems, table
from workflows import dmn

RIGHT = table("UNIQUE", ["n"], ["v"], [("> 1", "1")])


@pytest.mark.parametrize(
    ("wrong", "element", "reason"),
    [
        (table("BOGUS", ["n"], ["v"], [("-", "1")]), "t", "there is no hit policy 'BOGUS'"),
        (table("COLLECT", ["n"], ["v"], [("-", "1")], aggregation="AVG"), "t",
         "there is no aggregation 'AVG'"),
        (table("FIRST", ["n"], ["v"], [("-", "1")], aggregation="SUM"), "t",
         "an aggregation needs the hit policy COLLECT"),
        (table("COLLECT", ["n"], ["v", "w"], [("-", "1", "1")], aggregation="SUM"), "t",
         "an aggregation needs a single output"),
        (table("PRIORITY", ["n"], ["v"], [("-", "1")]), "t",
         "the hit policy PRIORITY needs output values, the highest first"),
        (table("OUTPUT ORDER", ["n"], ["v = [1..5]"], [("-", "1")]), "t",
         "the hit policy OUTPUT ORDER needs output values, the highest first"),
        (table("UNIQUE", ["n"], ["v", "v"], [("-", "1", "1")]), "t",
         "each of several outputs needs a name of its own"),
        (table("UNIQUE", ["n"], ["v", "w = 1 | 1"], [("-", "1", "1")]), "t",
         "either all outputs have a default or none"),
        (table("UNIQUE", ["n"], ["v"], []), "t", "the table has no rules"),
        (table("UNIQUE", ["n"], [], [("-",)]), "t", "the table has no output"),
        (table("UNIQUE", ["n"], ["v"], [("-", "1", "1")]), "r1",
         "row 1 has 1 + 2 entries, the table has 1 + 1 columns"),
        (table("UNIQUE", ["n"], ["v"], [("-", "")]), "r1",
         "an output of row 1 is empty; write null if that is meant"),
        (table("UNIQUE", ["n"], ["v"], [("> ", "1")]), "r1",
         "the expression ends too early (line 1, column 2 of: >)"),
        (table("UNIQUE", ["n"], ["v"], [("> limit", "1")]), "r1",
         "the name 'limit' is not declared (in: > limit)"),
        (table("UNIQUE", ["n"], ["v"], [("-", "m")]), "r1", "the name 'm' is not declared (in: m)"),
        (table("UNIQUE", ["n: nothing"], ["v"], [("-", "1")]), "t", "there is no type 'nothing'"),
        (RIGHT.replace("<inputExpression>", '<inputExpression expressionLanguage="juel">'), "t",
         "the expression language 'juel' is not supported, only FEEL"),
        ("<input/>", "d", "'D' has no logic"),
        (literal("a +"), "d", "the expression ends too early (line 1, column 4 of: a +)"),
        (literal("a"), "d", "the name 'a' is not declared (in: a)"),
        ("<conditional/>", "d", "a boxed conditional is not supported: write it as an expression"),
        ("<invocation/>", "d", "the invocation does not say what it calls"),
        (f'<relation><column name="a"/><row>{literal("1")}{literal("2")}</row></relation>', "d",
         "the row has 2 cells, the relation 1 columns"),
        (f'<functionDefinition kind="Java">{literal("1")}</functionDefinition>', "d",
         "only functions written in FEEL are supported"),
        (f'<functionDefinition><formalParameter name="a"/><formalParameter name="a"/>{literal("1")}'
         "</functionDefinition>", "d", "a parameter is given twice"),
        (f"<context><contextEntry>{literal('1')}</contextEntry><contextEntry><variable name='a'/>"
         f"{literal('1')}"
         "</contextEntry></context>", "d", "only the last entry of a context may be without a name"),
        (f"<context><contextEntry><variable name='a'/>{literal('1')}</contextEntry><contextEntry>"
         f"<variable name='a'/>{literal('1')}</contextEntry></context>", "d",
         "an entry of the context is given twice"),
        (literal("1").replace("</literal", "<importedValues/></literal"), "d",
         "imported values are not supported"),
    ],
)  # fmt: skip
def test_a_wrong_decision_is_refused(wrong: str, element: str, reason: str) -> None:
    found = problems(decision(wrong))
    assert (element, reason) in found
    assert len({why for _, why in found}) <= 2


@pytest.mark.parametrize(
    ("parts", "element", "reason"),
    [
        ([decision(RIGHT), decision(literal("1").replace("<text>", '<text id="r1">'), id_="d2", name="E")],
         "r1",
         "the id 'r1' is used more than once"),
        ([decision(literal("1")), decision(literal("1"), id_="d2")], "d2",
         "the name 'D' is used more than once"),
        ([decision(literal("1"), requires=["i9"])], "d", "requires '#i9', which is not in this file"),
        ([decision(literal("E"), requires=["d2"]), decision(literal("D"), id_="d2", name="E",
         requires=["d"])],
         "d",
         "the requirements go in a circle: d → d2 → d"),
        ([decision(literal("1")), '<import id="m" namespace="urn:x"/>'], "m", "import is not supported"),
        ([decision(literal("1")), '<inputData name="x"/>'], "file", "this inputData has no id"),
        ([input_data("i1", "x")], "file", "the file holds no decision"),
        ([decision(literal("1")), '<businessKnowledgeModel id="k1" name="f"/>'], "k1",
         "this business knowledge model has no logic"),
        ([decision(literal("1")), '<itemDefinition id="a" name="tA"><itemComponent name="x">'
          "<typeRef>tA</typeRef>"
          "</itemComponent></itemDefinition>"], "a", "the type 'tA' contains itself"),
        ([decision(literal("1")), '<itemDefinition id="a" name="tA"><typeRef>string</typeRef><allowedValues>'
          "<text>1,</text></allowedValues></itemDefinition>"], "a",
         "the expression ends too early (line 1, column 3 of: 1,)"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused(parts: list[str], element: str, reason: str) -> None:
    assert problems(*parts) == [(element, reason)]


def test_all_problems_of_a_file_are_reported_with_their_lines() -> None:
    body = decision(table("UNIQUE", ["n"], ["v"], [("> ", "1 +"), ("-", "m")]).replace("<rule", "\n<rule"))
    with pytest.raises(dmn.DmnError) as caught:
        dmn.load(definitions(body), file="a.dmn")
    assert [(problem.file, problem.element, problem.line) for problem in caught.value.problems] == [
        ("a.dmn", "r1", 2), ("a.dmn", "r1", 2), ("a.dmn", "r2", 3),
    ]  # fmt: skip
    assert str(caught.value).splitlines()[2] == "a.dmn, line 3, r2: the name 'm' is not declared (in: m)"


BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
    f'<!ENTITY {chr(98 + n)} "{f"&{chr(97 + n)};" * 10}">' for n in range(12)
)


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        ((BOMB + "]><definitions>&m;</definitions>").encode(), "holds a DOCTYPE or an entity"),
        (b'<!DOCTYPE x SYSTEM "http://example.org/x.dtd"><definitions/>', "holds a DOCTYPE or an entity"),
        (
            '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE x><definitions/>'.encode("utf-16"),
            "not encoded in UTF-8",
        ),
        (b"\xff\xfe\x00", "not encoded in UTF-8"),
        (b"x" * 1_000_001, "larger than 1000000 bytes"),
        (b"<definitions/>", "the root is not a DMN definitions element"),
        (b'<definitions xmlns="urn:other"/>', "the root is not a DMN definitions element"),
    ],
)
def test_xml_that_could_hurt_is_refused_at_once(xml: bytes, reason: str) -> None:
    started = time.process_time()
    with pytest.raises(dmn.DmnError) as caught:
        dmn.load(xml, file="x.dmn")
    assert [problem.reason for problem in caught.value.problems] == [reason]
    assert time.process_time() - started < 1


@pytest.mark.parametrize(
    "xml", [b"", b"<a", b"<a></b>", b"<a>" * 100_000, b"plain", b'<?xml encoding="UTF-7"?>']
)
def test_xml_that_is_not_well_formed_is_refused(xml: bytes) -> None:
    with pytest.raises(dmn.DmnError, match="not well-formed XML"):
        dmn.load(xml, file="x.dmn")


def test_a_declared_encoding_cannot_hide_a_doctype() -> None:
    xml = b'<?xml version="1.0" encoding="UTF-7"?>+ADwAIQ-DOCTYPE x+AD4-<definitions/>'
    with pytest.raises(dmn.DmnError, match="not well-formed XML"):
        dmn.load(xml, file="x.dmn")


def test_logic_nested_deeper_than_we_read_is_refused() -> None:
    deep = "<list>" * 200 + "</list>" * 200
    assert loaded(decision(deep)).evaluate("d", {}).value is not None
    with pytest.raises(dmn.DmnError):
        loaded(decision("<list>" * 5000 + "</list>" * 5000))


def test_too_many_cells_are_refused() -> None:
    assert problems(decision(table("COLLECT", ["n"], ["v"], [("-", "1")] * 2_501))) == [
        ("r2501", "the table has more than 5000 cells")
    ]
