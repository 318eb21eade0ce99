"""A damaged file is refused or still decides; it never breaks the program."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from workflows import dmn

XML = (Path(__file__).resolve().parents[2] / "bpmn" / "bid" / "eligibility.dmn").read_text(encoding="utf-8")


@settings(deadline=None)
@given(
    at=st.integers(0, len(XML)),
    length=st.integers(0, 200),
    inserted=st.sampled_from(["", '"', "<", ">", "(", "null", "1", " ", "-", "&", "<input/>", "<rule/>"]),
    value=st.none() | st.booleans() | st.integers() | st.text(max_size=3),
)
def test_a_damaged_file_is_refused_or_decides(at: int, length: int, inserted: str, value: object) -> None:
    try:
        model = dmn.load((XML[:at] + inserted + XML[at + length :]).encode(), file="damaged.dmn")
    except dmn.DmnError as error:
        assert error.problems != ()
        return
    for key in model.decisions:
        with contextlib.suppress(dmn.DecisionError):
            model.evaluate(key, dict.fromkeys(model.inputs(key), value))
