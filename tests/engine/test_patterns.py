"""The control-flow patterns of workflowpatterns.com (van der Aalst et al.), played through ``replay.Session``.

Each case is a diagram in a few words and what happens in it: the numbers are those of the pattern catalogue. Patterns
that BPMN cannot draw, or that the gate refuses (unsafe nets, instances without synchronization), are left out.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest

from tests.engine.blocks import HEAD
from workflows.engine.replay import Session

TAGS = {"+": "parallelGateway", "o": "inclusiveGateway", "x": "exclusiveGateway", "?": "eventBasedGateway"}
KEY = '<extensionElements><spiff:properties><spiff:property name="key" value="case_id"/></spiff:properties></extensionElements>'


@dataclass(frozen=True)
class Case:
    """``flows`` are "a > b" or "a > b if condition"; ``acts`` are what somebody does, with what is ready afterwards.

    Boxes named ``+1``, ``o1``, ``x1`` and ``?1`` are gateways, ``started`` and ``end…`` events, ``m_…`` caught messages,
    ``t_…`` timers of an hour, ``stop`` the end of everything; all others are user tasks. "a!t_late" hangs a timer on a.
    """

    flows: str
    acts: Sequence[tuple[str, str]]
    data: tuple[tuple[str, object], ...] = ()


def drawn(flows: str) -> bytes:
    lines: list[str] = []
    boxes: set[str] = set()
    attached: dict[str, str] = {}
    conditions: dict[str, list[tuple[str, str]]] = {}
    for place, flow in enumerate(filter(None, (one.strip() for one in flows.split(";")))):
        ends, _, condition = flow.partition(" if ")
        source, target = (one.strip() for one in ends.split(">"))
        if "!" in source:
            on, source = source.split("!")
            attached[source] = on
            boxes.add(on)
        boxes |= {source, target}
        inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
        conditions.setdefault(source, []).append((f"f{place}", condition))
        lines.append(
            f'<sequenceFlow id="f{place}" sourceRef="{_id(source)}" targetRef="{_id(target)}">{inside}</sequenceFlow>'
        )
    lines += [_box(name, attached, conditions.get(name, [])) for name in sorted(boxes)]
    messages = [f'<message id="{m}" name="{m}">{KEY}</message>' for m in sorted(boxes) if m.startswith("m_")]
    return f'{HEAD}{"".join(messages)}<process id="p" isExecutable="true">{"".join(lines)}</process></definitions>'.encode()


def _id(name: str) -> str:
    return f"g_{ord(name[0])}_{name[1:]}" if name[0] in "+?" or re.fullmatch(r"[ox]\d", name) else name


def _box(name: str, attached: dict[str, str], flows: list[tuple[str, str]]) -> str:
    hour = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
    if _id(name) != name:
        otherwise = [flow for flow, condition in flows if not condition]
        default = f' default="{otherwise[0]}"' if name[0] in "ox" and len(flows) > 1 else ""
        return f'<{TAGS[name[0]]} id="{_id(name)}"{default}/>'
    if name in attached:
        return f'<boundaryEvent id="{name}" attachedToRef="{attached[name]}">{hour}</boundaryEvent>'
    if name.startswith("m_"):
        event = f'<messageEventDefinition messageRef="{name}"/>'
        return f'<intermediateCatchEvent id="{name}">{event}</intermediateCatchEvent>'
    if name.startswith("t_"):
        return f'<intermediateCatchEvent id="{name}">{hour}</intermediateCatchEvent>'
    if name == "stop":
        return f'<endEvent id="{name}"><terminateEventDefinition/></endEvent>'
    tag = "startEvent" if name == "started" else "endEvent" if name.startswith("end") else "userTask"
    return f'<{tag} id="{name}"/>'


CASES = {
    "1 sequence": Case("started > a; a > b; b > end", [("", "a"), ("a", "b"), ("b", "")]),
    "2 and 3 parallel split, synchronization": Case(
        "started > +1; +1 > a; +1 > b; a > +2; b > +2; +2 > c; c > end",
        [("", "a b"), ("b", "a"), ("a", "c"), ("c", "")],
    ),
    "4 and 5 exclusive choice, simple merge": Case(
        "started > x1; x1 > a if n = 1; x1 > b; a > x2; b > x2; x2 > c; c > end",
        [("", "a"), ("a", "c"), ("c", "")],
        (("n", 1),),
    ),
    "6 and 7 multi-choice, structured synchronizing merge: two of three": Case(
        "started > o1; o1 > a if n > 1; o1 > b if n > 2; o1 > c; o1 > d if n > 9; a > o2; b > o2; c > o2; d > o2;"
        "o2 > e; e > end",
        [("", "a b"), ("a", "b"), ("b", "e"), ("e", "")],
        (("n", 3),),
    ),
    "6 and 7, the default": Case(
        "started > o1; o1 > a if n > 1; o1 > c; a > o2; c > o2; o2 > e; e > end",
        [("", "c"), ("c", "e"), ("e", "")],
        (("n", 1),),
    ),
    "8 multi-merge: what follows happens once for each token": Case(
        "started > +1; +1 > a; +1 > b; a > x1; b > x1; x1 > c; c > end",
        [("", "a b"), ("a", "b c"), ("b", "c c"), ("c", "c"), ("c", "")],
    ),
    "10 arbitrary cycles": Case(
        "started > x1; x1 > a; a > x2; x2 > x3 if n = 1; x2 > c; x3 > b; b > x4; x4 > x1 if n = 1; x4 > x5; c > x5; x5 > end",
        [("", "a"), ("a", "b"), ("b", "a"), ("a n=2", "c"), ("c", "")],
        (("n", 1),),
    ),
    "11 implicit termination": Case(
        "started > +1; +1 > a; +1 > b; a > end_a; b > end_b", [("", "a b"), ("a", "b"), ("b", "")]
    ),
    "16 deferred choice, by message": Case(
        "started > ?1; ?1 > m_go; ?1 > t_late; m_go > a; t_late > b; a > end_a; b > end_b",
        [("", ""), ("m_go!", "a"), ("2h", "a"), ("a", "")],
        (("case_id", 1),),
    ),
    "16 deferred choice, by time": Case(
        "started > ?1; ?1 > m_go; ?1 > t_late; m_go > a; t_late > b; a > end_a; b > end_b",
        [("", ""), ("59m", ""), ("1m", "b"), ("m_go!", "b"), ("b", "")],
        (("case_id", 1),),
    ),
    "19 cancel activity": Case(
        "started > a; a > x1; a!t_late > b; b > x1; x1 > end", [("", "a"), ("1h", "b"), ("b", "")]
    ),
    "19, not in time to cancel": Case(
        "started > a; a > c; c > x1; a!t_late > b; b > x1; x1 > end",
        [("", "a"), ("a", "c"), ("9h", "c"), ("c", "")],
    ),
    "20 and 43 cancel case, explicit termination": Case(
        "started > +1; +1 > a; +1 > b; a > stop; b > c; c > end", [("", "a b"), ("b", "a c"), ("a", "")]
    ),
    "21 structured loop": Case(
        "started > x1; x1 > a; a > x2; x2 > x1 if n = 1; x2 > end",
        [("", "a"), ("a", "a"), ("a", "a"), ("a n=2", "")],
        (("n", 1),),
    ),
    "24 persistent trigger: a message that comes early is kept": Case(
        "started > a; a > m_go; m_go > b; b > end",
        [("", "a"), ("m_go!", "a"), ("a", "b"), ("b", "")],
        (("case_id", 1),),
    ),
    "33 generalized AND-join in a loop: each round waits for its own tokens": Case(
        "started > x1; x1 > +1; +1 > a; +1 > b; a > +2; b > +2; +2 > c; c > x2; x2 > x1 if n = 1; x2 > end",
        [("", "a b"), ("a", "b"), ("b", "c"), ("c", "a b"), ("b", "a"), ("a n=2", "c"), ("c", "")],
        (("n", 1),),
    ),
    "37 acyclic synchronizing merge: what cannot come any more is not waited for": Case(
        "started > +1; +1 > a; +1 > b; b > x1; x1 > o1 if n = 1; x1 > end_b; a > o1; o1 > c; c > end",
        [("", "a b"), ("a", "b"), ("b n=2", "c"), ("c", "")],
        (("n", 1),),
    ),
    "40 and 41 interleaving, thread split and merge": Case(
        "started > +1; +1 > a; +1 > b; a > a2; b > b2; a2 > +2; b2 > +2; +2 > end",
        [("", "a b"), ("a", "a2 b"), ("b", "a2 b2"), ("b2", "a2"), ("a2", "")],
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_pattern_runs_as_its_catalogue_says(name: str) -> None:
    case = CASES[name]
    session = Session(drawn(case.flows))
    for place, (act, ready) in enumerate(case.acts):
        _do(session, act, dict(case.data))
        assert sorted(session.ready()) == ready.split(), act
        assert session.finished() == (place == len(case.acts) - 1)
    ended = {"end", "end_a", "end_b", "stop"} & set(session.completed())
    assert session.completed()[0] == "started"
    assert ended


def _do(session: Session, act: str, data: dict[str, object]) -> None:
    if not act:
        session.start("p", data)
    elif act.endswith("!"):
        session.send(act[:-1], "case_id", {"case_id": 1})
    elif time := re.fullmatch(r"(\d+)([hm])", act):
        session.advance(dt.timedelta(**{{"h": "hours", "m": "minutes"}[time[2]]: int(time[1])}))
    else:
        element, _, change = act.partition(" n=")
        session.complete(element, {"n": int(change)} if change else {})
