"""A running instance on another version of its diagram: the same tokens, timers and variables, and the same end."""

import datetime as dt
import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.conftest import MONDAY_NINE
from tests.engine import oracle
from tests.engine.blocks import Block, blocks
from tests.engine.sketches import sketch
from tests.engine.test_flat_state import Played
from workflows import clock
from workflows.engine import codec, definitions
from workflows.engine.carrying import Carried, carry
from workflows.engine.gate import markings
from workflows.engine.replay import Replay, Session
from workflows.engine.waiting import Waiting

Change = Callable[[str, int], str]
FLOW = re.compile(r'<sequenceFlow id="(f\d+)" sourceRef="([^"]+)" targetRef="([^"]+)">')
TASK = re.compile(r'<userTask id="([^"]+)">')


def renamed(xml: str, _pick: int) -> str:
    """Other titles."""
    return TASK.sub(r'<userTask id="\1" name="新名称">', xml)


def with_a_box(xml: str, pick: int) -> str:
    """One more user task on some flow."""
    flows = [one for one in FLOW.finditer(xml) if not one[2].endswith("_race")]
    id_, source, target = flows[pick % len(flows)].groups()
    more = f'<userTask id="extra"/><sequenceFlow id="fx" sourceRef="extra" targetRef="{target}"/>'
    was = f'<sequenceFlow id="{id_}" sourceRef="{source}" targetRef="{target}">'
    return xml.replace(was, more + was.replace(f'"{target}"', '"extra"'))


def with_a_timer(xml: str, pick: int) -> str:
    """A timer that does not interrupt, at some user task."""
    tasks = TASK.findall(xml)
    on = tasks[pick % len(tasks)]
    timer = "<timerEventDefinition><timeDuration>PT9H</timeDuration></timerEventDefinition>"
    more = (
        f'<boundaryEvent id="extra" attachedToRef="{on}" cancelActivity="false">{timer}</boundaryEvent>'
        '<endEvent id="extra_end"/><sequenceFlow id="fx" sourceRef="extra" targetRef="extra_end"/>'
    )
    return xml.replace(f'<userTask id="{on}">', f'{more}<userTask id="{on}">')


def moved(played: Played, xml: str) -> Carried:
    """Carry the instance of ``played`` to the diagram ``xml``, and let it go on there."""
    was = played.motion.definition
    now = definitions.build("p", {"p.bpmn": xml.encode()})
    old = codec.decode(codec.encode(played.motion.workflow)[0], was)
    carried = carry(old, was, now, {})
    if not carried.problems:
        played.motion.definition = now
        played.motion.reload(codec.encode(carried.workflow)[0])
    return carried


@given(
    blocks,
    st.lists(st.integers(0, 255), min_size=3, max_size=20),
    st.sampled_from([renamed, with_a_box, with_a_timer]),
    st.integers(0, 99),
    st.integers(0, 12),
)
def test_an_instance_goes_on_in_the_new_version_as_the_blocks_say(
    block: Block, choices: list[int], change: Change, pick: int, when: int
) -> None:
    with clock.held_at(MONDAY_NINE):
        told, played = oracle.Scope(block, "b"), Played(block, Replay, is_reloaded=True)
        for act, choice in enumerate(choices):
            _pass_extra(played)
            offers = sorted(told.offers())
            assert _offers(played) == [one for one in offers if one[0] != "message"]
            if not offers:
                break
            if act == when % len(choices):
                played.motion.reload(codec.encode(played.motion.workflow)[0])
                before = played.view()
                timers = Waiting.of(played.motion.workflow, {}).timers
                carried = moved(played, change(played.motion.definition.files["p.bpmn"].decode(), pick))
                assert carried.problems == []
                assert markings.trouble_of(played.motion.definition.files, played.motion.workflow) is None
                assert played.view()["tasks"] == before["tasks"]
                now = Waiting.of(played.motion.workflow, {}).timers
                assert {one: at for one, at in now.items() if one[1] != "extra"} == timers
            offer = offers[choice // 8 % len(offers)]
            told.do(offer, choice % 8)
            played.do(offer, choice % 8)
        _pass_extra(played)
        assert played.motion.workflow.completed == told.done


def _offers(played: Played) -> list[oracle.Offer]:
    return [one for one in played.offers() if one != ("timer", "extra")]


def _pass_extra(played: Played) -> None:
    while ("human", "extra") in played.offers():
        played.do(("human", "extra"), 0)


def carried(before: str, after: str, *done: str, mapping: dict[str, str] | None = None) -> Carried:
    """A sketch played by completing ``done``, carried to another sketch."""
    session = Session(sketch(before))
    session.start("process", {"case_id": 7, "a": True})
    for node in done:
        session.complete(node)
    assert session._motion is not None
    was = session._motion.definition
    now = definitions.build("process", {"replay.bpmn": sketch(after)})
    return carry(session._motion.workflow, was, now, mapping or {})


@pytest.mark.parametrize(
    ("before", "after", "done", "text"),
    [
        ("s>u1 u1>e", "s>u2 u2>e", (), "新版本的同一范围内没有环节 u1。"),
        ("s>u1 u1>e", "s>t1 t1>e", (), "没有环节 u1"),
        ("s>t1 t1>e", "s>m1 m1>e", (), "没有环节 t1"),
        ("s>c1 c1>e", "s>u1 u1>e", (), "没有环节 c1"),
        (
            "s>p p>u1 p>u2 u1>p2 u2>p2 p2>e",
            "s>u1 u1>p p>u2 p>u3 u2>p2 u3>p2 p2>e",
            ("u1",),
            "从“u1”到达的令牌，在新版本里不知从哪一路进入。",
        ),
    ],
)
def test_what_cannot_be_carried_is_named_with_its_reason(
    before: str, after: str, done: tuple[str, ...], text: str
) -> None:
    problems = carried(before, after, *done).problems
    assert text in problems[0].text


def test_a_mapping_tells_where_renamed_boxes_are() -> None:
    done = carried("s>u1 u1>e", "s>u9 u9>u2 u2>e", mapping={"u1": "u9"})
    assert (done.problems, done.nodes) == ([], {"u1": "u9"})


def test_a_token_that_has_arrived_does_not_pass_what_is_new_before_the_gateway() -> None:
    done = carried("s>p p>u1 p>u2 u1>p2 u2>p2 p2>e", "s>p p>u1 p>u2 u1>u3 u3>p2 u2>p2 p2>e", "u1")
    assert done.problems == []
    assert [(one.node, one.text[:8]) for one in done.notes] == [("p2", "已经到达的令牌不")]


def test_a_boundary_timer_that_went_off_stays_away_and_a_removed_one_ends() -> None:
    timed = "s>u1 u1>e b1@u1+>u2 u2>e2"
    session = Session(sketch(timed))
    session.start("process")
    session.advance(dt.timedelta(hours=2))
    motion = session._motion
    assert motion is not None
    now = definitions.build("process", {"replay.bpmn": sketch(timed)})
    done = carry(motion.workflow, motion.definition, now, {})
    assert not Waiting.of(done.workflow, {}).timers
    assert sorted(done.nodes) == ["u1", "u2"]
    gone = carried(timed, "s>u1 u1>e")
    assert [(one.node, one.text) for one in gone.notes] == [("b1", "新版本没有这个边界事件，迁移时撤销。")]
    assert not Waiting.of(gone.workflow, {}).timers
