"""Processes saved by an earlier version go on: each state was written by it, after the acts that ``choices`` tell."""

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any

import orjson
import pytest
import zstandard

from tests.engine import oracle
from tests.engine.test_flat_state import Played
from workflows import clock
from workflows.engine import codec, definitions
from workflows.engine.replay import Replay

SAVED = json.loads((Path(__file__).parent / "saved" / "format_1.json").read_text())
AT = dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)
CASES = [(one, saved) for one in SAVED for saved in one["states"]]


def _block(told: Any) -> Any:
    return tuple(map(_block, told)) if isinstance(told, list) else told


class Loaded(Played):
    """An instance read from a state of format 1."""

    def __init__(self, diagram: bytes, state: bytes) -> None:
        definition = definitions.build("p", {"p.bpmn": diagram})
        self.motion = Replay(definition, codec.decode(state, definition))
        self.is_reloaded = True


@pytest.mark.parametrize(
    ("case", "saved"), CASES, ids=lambda one: str(one.get("block", one.get("choices")))[:60]
)
def test_a_process_saved_in_format_1_goes_on_as_its_blocks_say(
    case: dict[str, Any], saved: dict[str, Any]
) -> None:
    diagram = zstandard.ZstdDecompressor().decompress(base64.b64decode(case["diagram"]))
    state = base64.b64decode(saved["state"])
    assert orjson.loads(zstandard.ZstdDecompressor().decompress(state))[0] == 1
    with clock.held_at(AT):
        told = oracle.Scope(_block(case["block"]), "b")
        for choice in saved["choices"]:
            offers = sorted(told.offers())
            told.do(offers[choice // 8 % len(offers)], choice % 8)
        played = Loaded(diagram, state)
        for place in range(40):
            offers = sorted(told.offers())
            assert played.offers() == [one for one in offers if one[0] != "message"]
            if not offers:
                break
            offer = offers[place % len(offers)]
            played.do(offer, place % 4)
            told.do(offer, place % 4)
        assert played.motion.workflow.completed == told.done
