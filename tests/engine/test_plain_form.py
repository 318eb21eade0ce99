"""What SpiffWorkflow reads silently wrong and is common in drawings: it runs as BPMN says."""

import datetime as dt

import pytest

from tests.engine.blocks import HEAD
from workflows.engine import gate
from workflows.engine.replay import Session

START_AND_END = '<startEvent id="s"/><endEvent id="e"/>'


def diagram(inside: str, *, beside: str = "") -> bytes:
    return f'{HEAD}{beside}<process id="p" isExecutable="true">{inside}</process></definitions>'.encode()


def flows(*pairs: str) -> str:
    """Each "a > b", "a > b if condition"; their ids are f0, f1, …"""
    drawn = []
    for place, pair in enumerate(pairs):
        ends, _, condition = pair.partition(" if ")
        source, target = ends.split(" > ")
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        drawn.append(
            f'<sequenceFlow id="f{place}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'
        )
    return "".join(drawn)


def played(xml: bytes, **data: object) -> Session:
    assert gate.examine(xml).refusals == ()
    session = Session(xml)
    session.start("p", data)
    return session


def test_a_definition_that_is_referred_to_counts() -> None:
    timer = '<timerEventDefinition id="soon"><timeDuration>PT1H</timeDuration></timerEventDefinition>'
    wait = '<intermediateCatchEvent id="w"><eventDefinitionRef>soon</eventDefinitionRef></intermediateCatchEvent>'
    session = played(diagram(START_AND_END + wait + flows("s > w", "w > e"), beside=timer))
    session.advance(dt.timedelta(minutes=59))
    assert not session.finished()
    session.advance(dt.timedelta(minutes=1))
    assert session.finished()


def test_several_events_may_refer_to_one_definition() -> None:
    timer = '<timerEventDefinition id="soon"><timeDuration>PT1H</timeDuration></timerEventDefinition>'
    waits = "".join(
        f'<intermediateCatchEvent id="w{n}"><eventDefinitionRef>soon</eventDefinitionRef></intermediateCatchEvent>'
        for n in range(2)
    )
    session = played(diagram(START_AND_END + waits + flows("s > w0", "w0 > w1", "w1 > e"), beside=timer))
    session.advance(dt.timedelta(hours=1))
    assert session.completed() == ["s", "w0"]
    session.advance(dt.timedelta(hours=1))
    assert session.finished()


def test_a_link_leads_to_its_other_half_from_wherever_it_is_thrown() -> None:
    links = "".join(
        f'<intermediate{kind}Event id="{id_}"><linkEventDefinition id="d_{id_}" name="over"/></intermediate{kind}Event>'
        for kind, id_ in (("Throw", "out1"), ("Throw", "out2"), ("Catch", "in"))
    )
    boxes = f'{START_AND_END}{links}<exclusiveGateway id="g" default="f1"/><userTask id="a"/>'
    xml = diagram(boxes + flows("s > g", "g > out1", "g > out2 if n = 2", "in > a", "a > e"))
    for n, way in ((1, "out1"), (2, "out2")):
        session = played(xml, n=n)
        assert session.ready() == ["a"]
        assert session.completed() == ["s", "g", way, "in"]
        session.complete("a")
        assert session.finished()


def test_flows_out_of_a_task_are_taken_side_by_side() -> None:
    boxes = f'{START_AND_END}<userTask id="a"/><userTask id="b"/><userTask id="c"/><parallelGateway id="j"/>'
    session = played(diagram(boxes + flows("s > a", "a > b", "a > c", "b > j", "c > j", "j > e")))
    session.complete("a")
    assert sorted(session.ready()) == ["b", "c"]
    session.complete("b")
    session.complete("c")
    assert (session.finished(), session.completed()) == (True, ["s", "a", "b", "c", "j", "e"])


@pytest.mark.parametrize(("n", "ready"), [(0, ["z"]), (1, ["b"]), (2, ["b", "c"])])
def test_of_conditional_flows_out_of_a_task_all_that_are_true_are_taken_else_the_default(
    n: int, ready: list[str]
) -> None:
    boxes = f'{START_AND_END}<userTask id="a" default="f3"/><userTask id="b"/><userTask id="c"/><userTask id="z"/>'
    ways = flows("s > a", "a > b if n > 0", "a > c if n > 1", "a > z", "b > j", "c > j", "z > j", "j > e")
    session = played(diagram(boxes + '<inclusiveGateway id="j"/>' + ways), n=n)
    session.complete("a")
    assert sorted(session.ready()) == ready
    for one in ready:
        session.complete(one)
    assert session.finished()


def test_a_flow_without_condition_beside_others_is_always_taken() -> None:
    boxes = f'{START_AND_END}<userTask id="a"/><userTask id="b"/><userTask id="c"/><inclusiveGateway id="j"/>'
    session = played(
        diagram(boxes + flows("s > a", "a > b", "a > c if n > 1", "b > j", "c > j", "j > e")), n=1
    )
    session.complete("a")
    assert session.ready() == ["b"]


@pytest.mark.parametrize(
    ("inside", "element"),
    [
        (
            '<intermediateCatchEvent id="w"><eventDefinitionRef>none</eventDefinitionRef></intermediateCatchEvent>',
            "w",
        ),
        (
            '<intermediateThrowEvent id="w"><linkEventDefinition id="l" name="nowhere"/></intermediateThrowEvent>',
            "l",
        ),
    ],
)
def test_half_of_a_pair_is_refused(inside: str, element: str) -> None:
    report = gate.examine(diagram(START_AND_END + inside + flows("s > w", "w > e")))
    assert element in {one.element for one in report.refusals}


def test_one_conditional_flow_out_of_a_task_is_refused() -> None:
    report = gate.examine(diagram(f'{START_AND_END}<userTask id="a"/>{flows("s > a", "a > e if n > 1")}'))
    assert [one.code for one in report.refusals] == ["condition_position"]
