"""The state of a process as bytes: whatever goes in comes out, and nothing else is read."""

import datetime as dt
from decimal import Decimal
from typing import Any

import orjson
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests import play
from tests.engine import trial
from workflows import clock
from workflows.db import Database
from workflows.engine import codec, definitions, variables
from workflows.engine.errors import StepFailed, UnknownState
from workflows.engine.tables import Incident, Process

SAMPLES: dict[str, Any] = {
    "nothing": None,
    "yes": True,
    "whole": 42,
    "large": 2**63 - 1,
    "negative": -(2**63),
    "exact": Decimal("0.10"),
    "text": '冻堵 ≥ 40 \\ "\n',
    "day": dt.date(2026, 11, 23),
    "instant": dt.datetime(2026, 11, 23, 9, 0, 0, 123456, tzinfo=clock.PLANT_ZONE),
    "utc": dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC),
    "span": dt.timedelta(days=-2, microseconds=7),
    "empty": [],
    "nested": {"rows": [{"a": Decimal("1.50")}, [dt.date(2026, 1, 1), None]], "空": {}},
}


def _definition() -> definitions.Definition:
    trial.install()
    return definitions.LIBRARY.current("timer_date")


def _instance(data: dict[str, Any]) -> codec.Instance:
    definition = _definition()
    workflow = codec.Instance(definition.spec, definition.parts)
    workflow.task_tree.set_data(**data)
    return workflow


@pytest.mark.parametrize("name", SAMPLES)
def test_every_kind_of_value_comes_back_as_it_was(name: str) -> None:
    state, _ = codec.encode(_instance({name: SAMPLES[name]}))
    back = codec.decode(state, _definition()).task_tree.data
    assert back == {name: SAMPLES[name]}
    assert type(back[name]) is type(SAMPLES[name])
    assert str(back[name]) == str(SAMPLES[name]) or name == "instant"  # an offset instead of the zone's name


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.datetimes(timezones=st.just(dt.UTC))
    | st.timedeltas(dt.timedelta(days=-(10**6)), dt.timedelta(days=10**6)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abc空", min_size=1), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(st.dictionaries(st.sampled_from("abcdef"), values, max_size=4))
def test_whatever_a_process_may_hold_comes_back(data: dict[str, Any]) -> None:
    variables.check("node", data)
    state, _ = codec.encode(_instance(data))
    reloaded = codec.decode(state, _definition())
    assert reloaded.task_tree.data == data
    assert codec.encode(reloaded)[0] == state


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0.5, "float is not kept in a process"),
        ({1, 2}, "set is not kept in a process"),
        (b"x", "bytes is not kept in a process"),
        ([{"a": (1,)}], "tuple is not kept in a process"),
        (dt.datetime(2026, 11, 23, 9), "a time without a zone"),
        ({"$n": "1"}, "'$n' is not a key"),
        ({1: "1"}, "1 is not a key"),
        (2**64, "a number of more than 63 bits is not kept in a process"),
    ],
)
def test_what_a_process_may_not_hold_is_refused(value: object, reason: str) -> None:
    with pytest.raises(StepFailed) as refused:
        variables.check("node", {"name": value})
    assert str(refused.value) == f"node: name: {reason}"


def test_a_variable_has_a_name_that_expressions_can_say() -> None:
    with pytest.raises(StepFailed, match=r"^node: 'two words' is not a variable name$"):
        variables.check("node", {"two words": 1})


@pytest.mark.parametrize("damage", ["empty", "cut", "turned", "foreign"])
def test_a_damaged_state_is_not_read(damage: str) -> None:
    state, _ = codec.encode(_instance({}))
    turned = bytearray(state)
    turned[0] ^= 0xFF
    damaged = {
        "empty": b"",
        "cut": state[:-3],
        "turned": bytes(turned),
        "foreign": zstandard.ZstdCompressor().compress(b"not JSON"),
    }
    with pytest.raises(UnknownState, match=r"^the state of the process is damaged$"):
        codec.decode(damaged[damage], _definition())


def test_a_state_of_another_version_is_not_read() -> None:
    later = zstandard.ZstdCompressor().compress(orjson.dumps([codec.FORMAT + 1, 1, False, [], []]))
    with pytest.raises(UnknownState, match=r"has format 3, this version reads 2$"):
        codec.decode(later, _definition())


def test_a_state_of_another_diagram_is_not_read() -> None:
    state, _ = codec.encode(_instance({}))
    with pytest.raises(UnknownState, match=r"^the state of the process does not fit its diagram$"):
        codec.decode(state, definitions.LIBRARY.current("both"))


@pytest.mark.parametrize("place", [1, 2, 4, 5, 6])
def test_a_state_with_a_part_that_means_nothing_is_not_read(place: int) -> None:
    content = orjson.loads(zstandard.ZstdDecompressor().decompress(codec.encode(_instance({}))[0]))
    content[place] = {1: 5, 2: "x", 4: [999], 5: [], 6: [[77, 0, True, False, []]]}[place]
    with pytest.raises(UnknownState, match=r"^the state of the process does not fit its diagram$"):
        codec.decode(zstandard.ZstdCompressor().compress(orjson.dumps(content)), _definition())


def test_a_state_that_unpacks_to_too_much_is_not_read() -> None:
    bomb = zstandard.ZstdCompressor().compress(b" " * (codec.MAX_BYTES + 1))
    with pytest.raises(UnknownState, match=r"^the state of the process is damaged$"):
        codec.decode(bomb, _definition())


def test_what_is_stored_is_written_again_as_it_was(trials: Database, someone: int) -> None:
    for name in ("objections", "boundary_interrupting", "calls", "first_of_two", "both", "each_in_turn"):
        data = {"case_id": 1, "until": clock.now() + dt.timedelta(days=1), "things": [1, 2]}
        trial.begin(trials, name, someone, **data)
    with trials.read() as session:
        for process in session.scalars(select(Process)):
            definition = definitions.LIBRARY.get(session, process.digest)
            assert codec.encode(codec.decode(process.state, definition))[0] == process.state


def test_a_timer_of_a_process_whose_state_is_not_understood_becomes_an_incident(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "timer_duration", someone)
    with trials.transaction() as session:
        session.get_one(Process, process).state = b"something else"
    play.wait(trials, hours=1)
    with trials.read() as session:
        told = [(one.process_id, one.error) for one in session.scalars(select(Incident))]
        assert told == [(process, UnknownState("the state of the process is damaged").told)]
        assert session.get_one(Process, process).state == b"something else"
    assert trial.notes(trials, someone) == []
