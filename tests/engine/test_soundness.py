"""The token game finds what cannot end well, with the way that leads there; what is sound passes and runs."""

import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from tests.engine import blocks
from tests.engine.sketches import sketch
from workflows import watch
from workflows.engine import gate
from workflows.engine.definitions import read_folder
from workflows.engine.gate import proofs
from workflows.engine.gate.compiling import compile_net
from workflows.engine.gate.diagrams import Diagram, read
from workflows.engine.gate.games import Clock, Game
from workflows.engine.gate.nets import Kind, Move, Net
from workflows.engine.gate.walks import walk

SOUND: dict[str, tuple[str, dict[str, str]]] = {
    "sequence": ("s>u u>e", {}),
    "choice": ("s>x x>u1 x>u2 u1>xj u2>xj xj>e", {}),
    "parallel": ("s>p p>u1 p>u2 u1>pj u2>pj pj>e", {}),
    "parallel services": ("s>p p>v1 p>v2 v1>pj v2>pj pj>u u>e", {}),
    "ends of their own": ("s>p p>u1 p>u2 u1>e1 u2>e2", {}),
    "inclusive": ("s>o o>u1 o>u2 o>u3 u1>oj u2>oj u3>oj oj>u4 u4>e", {}),
    "loop": ("s>xj xj>u u>x x>e x>xj", {}),
    "loop of services": ("s>xj xj>v v>x x>e x>xj", {}),
    "race": ("s>g g>t g>m t>xj m>xj xj>e", {}),
    "boundary": ("s>u1 u1>e1 b@u1>u2 u2>e2", {}),
    "beside": ("s>u1 u1>e1 b@u1+>u2 u2>e2", {}),
    "receive": ("s>r r>e", {}),
    "sub-process": ("s>w w>e", {"w": "s1>p1 p1>u1 p1>u2 u1>p2 u2>p2 p2>e1"}),
    "error": ("s>w w>e1 b@wz>u2 u2>e2", {"w": "s1>p1 p1>u1 p1>x1 x1>e3 x1>z u1>e4"}),
    "terminate": ("s>p p>u1 p>u2 u1>k u2>e", {}),
    "two calls": ("s>p p>c1 p>c2 c1>pj c2>pj pj>e", {}),
    "event sub-process": ("s>u1 u1>e w_on", {"w_on": "sm1>u2 u2>e2"}),
}
# The sketch, then the code, the element and the path that are told.
UNSOUND: dict[str, tuple[str, dict[str, str], str, str, str]] = {
    "deadlock": ("s>x x>u1 x>u2 u1>p u2>p p>e", {}, "deadlock", "p", "s → x → u1"),
    "half a race": ("s>g g>t g>m t>pj m>pj pj>e", {}, "deadlock", "pj", "s → g → t"),
    "inside a part": (
        "s>w w>e",
        {"w": "s1>x1 x1>u1 x1>u2 u1>p1 u2>p1 p1>e1"},
        "deadlock",
        "p1",
        "s → w → x1 → u1",
    ),
    "no join": ("s>p p>u1 p>u2 u1>x u2>x x>u3 u3>e", {}, "unsafe", "u3", "s → p → u1 → x → u2 → x"),
    "one end twice": ("s>p p>u1 p>u2 u1>e u2>e", {}, "improper", "e", "s → p → u1 → e → u2 → e"),
    "tokens without end": ("s>xj xj>u u>p p>xj p>e", {}, "improper", "e", "s → xj → u → p"),
    "always an error": ("s>w w>u u>e b@wz>e9", {"w": "s1>z1"}, "dead", "u", ""),
    "beside into a join": ("s>u1 u1>pj b@u1+>u2 u2>pj pj>e", {}, "deadlock", "pj", "s → u1"),
}


@pytest.mark.parametrize("name", SOUND)
def test_a_sound_diagram_passes(name: str) -> None:
    text, inner = SOUND[name]
    assert gate.examine(sketch(text, **inner)).refusals == ()


@pytest.mark.parametrize("name", UNSOUND)
def test_an_unsound_diagram_is_refused_with_the_path(name: str) -> None:
    text, inner, code, element, path = UNSOUND[name]
    refusals = gate.examine(sketch(text, **inner)).refusals
    found = [one for one in refusals if (one.code, one.element) == (code, element)]
    assert found, refusals
    assert path in found[0].reason_zh
    assert path in found[0].reason_en


def test_a_loop_without_exit_is_told_by_the_wiring() -> None:
    refusals = gate.examine(sketch("s>x x>e x>xj xj>u u>xj")).refusals
    assert [(one.code, one.element) for one in refusals] == [("no_way_out", "u"), ("no_way_out", "xj")]


def test_a_game_that_goes_round_for_ever_is_a_livelock() -> None:
    net = Net("process", starts=[("s", 1)], places=[("busy", "a"), ("busy", "b"), ("busy", "c")])
    net.moves = [
        Move(Kind.OUTSIDE, "a", "a", 1, 1, 2),
        Move(Kind.OUTSIDE, "b", "b", 2, 2, 4),
        Move(Kind.OUTSIDE, "c", "c", 4, 4, 2),
    ]
    [found] = Game(net, Clock()).play()
    assert (found.code, found.node, found.path) == ("livelock", "a", ("s",))


def test_what_has_too_many_markings_is_refused() -> None:
    wide = "s>p " + " ".join(f"p>u{n} u{n}>pj" for n in range(16)) + " pj>e"
    [found] = gate.examine(sketch(wide)).refusals
    assert (found.code, found.element) == ("too_large_to_prove", "process")


def test_what_grows_too_large_is_refused() -> None:
    blocks = " ".join(f"p{n}>ua{n} p{n}>ub{n} ua{n}>pj{n} ub{n}>pj{n} pj{n}>p{n + 1}" for n in range(300))
    refusals = gate.examine(sketch(f"s>p0 {blocks} p300>e")).refusals
    assert {one.code for one in refusals} <= {"too_large_to_prove", "state_budget", "unbuildable"}
    assert refusals


def test_parallel_branches_in_a_loop_wait_for_one_another_in_every_round() -> None:
    """SpiffWorkflow 3.2.0 goes on with the first branch of the second round: the walk shows it without our join."""
    assert gate.examine(sketch("s>xj xj>p p>u1 p>u2 u1>pj u2>pj pj>x x>e x>xj")).refusals == ()


def test_the_walk_tells_where_the_engine_goes_another_way() -> None:
    """A game that believes a parallel gateway to be an exclusive one."""
    root = read(sketch("s>p p>u1 p>u2 u1>pj u2>pj pj>e"), "x.bpmn")
    twin = read(
        sketch("s>p p>u1 p>u2 u1>pj u2>pj pj>e").replace(b"parallelGateway", b"exclusiveGateway"), "x.bpmn"
    )
    assert not isinstance(root, gate.Defect)
    assert not isinstance(twin, gate.Defect)
    diagram = Diagram("x.bpmn", twin, None)
    net = compile_net(diagram, diagram.all("process")[0], {})
    found = walk(net, {"x.bpmn": etree.tostring(root)}, {}, Clock())
    assert found is not None
    assert (found.code, found.node, found.at) == ("engine_differs", "s", ("p", "u1、u2"))


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck))
@given(blocks.blocks)
def test_whatever_is_put_together_soundly_passes(block: blocks.Block) -> None:
    """Blocks nested at random, which run as their own oracle says (test_flat_state), are let in."""
    refusals = gate.examine(blocks.drawn(block)).refusals
    assert {one.code for one in refusals} <= {"too_large_to_prove"}


def test_every_shipped_diagram_is_proven_sound() -> None:
    """Without what an earlier run has proven: token game, and walk of the engine."""
    files = read_folder(watch.FOLDER)
    roots = {name: read(content, name) for name, content in files.items() if name.endswith(".bpmn")}
    diagrams = [
        Diagram(name, root, None) for name, root in roots.items() if not isinstance(root, gate.Defect)
    ]
    assert len(diagrams) == len(roots)
    proofs.check(diagrams, diagrams)
    assert [one for diagram in diagrams for one in diagram.defects] == []
