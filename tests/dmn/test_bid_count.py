"""D6, what follows from the number of bids, at the deadline and again after the opening."""

from pathlib import Path

import pytest

from workflows import dmn

PATH = Path(__file__).resolve().parents[2] / "bpmn" / "publish" / "bid_count.dmn"
MODEL = dmn.load(PATH.read_bytes(), file=PATH.name)


def _action(n: int, level: str, *, extended: bool = False, phase: str = "sealed") -> object:
    return MODEL.evaluate("bid_count", {"n": n, "level": level, "extended": extended, "phase": phase}).value


@pytest.mark.parametrize("level", ["A", "B", "C"])
@pytest.mark.parametrize("extended", [True, False])
@pytest.mark.parametrize("phase", ["sealed", "opened"])
def test_no_bid_fails_the_list_and_two_are_reviewed(level: str, extended: bool, phase: str) -> None:
    assert _action(0, level, extended=extended, phase=phase) == "none"
    assert [_action(n, level, extended=extended, phase=phase) for n in (2, 39)] == ["review"] * 2


def test_a_single_bid_extends_level_a_once_and_only_before_the_opening() -> None:
    assert _action(1, "A") == "extend"
    assert _action(1, "A", extended=True) == "single"
    assert _action(1, "A", phase="opened") == "single"


@pytest.mark.parametrize("level", ["B", "C"])
def test_a_single_bid_of_a_lower_level_is_argued_alone(level: str) -> None:
    assert [_action(1, level, phase=phase) for phase in ("sealed", "opened")] == ["single"] * 2
