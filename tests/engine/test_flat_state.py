"""What is over leaves the state, and nobody can tell: not by what is offered, nor by the variables, nor by the end."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.engine import oracle
from tests.engine.blocks import Block, blocks, drawn
from workflows import clock
from workflows.engine import codec, definitions, waiting
from workflows.engine.errors import StepFailed
from workflows.engine.records import as_event
from workflows.engine.replay import Replay, Session
from workflows.engine.tables import Message

FLAGS = 3  # a box that asks sets as many variables, each telling whether a way is taken


class Whole(Replay):
    """An instance that keeps all that ever happened in it."""

    def collapse(self) -> None:
        pass


class Played:
    """One instance of a diagram of blocks."""

    def __init__(self, block: Block, kind: type[Replay], *, is_reloaded: bool = False) -> None:
        definition = definitions.build("p", {"p.bpmn": drawn(block)})
        self.motion = kind(definition, codec.Instance(definition.spec, definition.parts))
        self.motion.workflow.task_tree.set_data(case_id=1, things=[1, 2])
        self.is_reloaded = is_reloaded
        self.motion.settle()

    def do(self, offer: oracle.Offer, choice: int) -> None:
        kind, name = offer
        if kind == "human":
            task = next(one for one in self.motion.open_tasks() if one.task_spec.bpmn_id == name)
            self.motion.complete(task, _values(name, choice))
        elif kind == "timer":
            pairs = waiting.waiting_timers(self.motion.workflow)
            token = next(task.id.int for task, timer in pairs if timer.name == name)
            assert self.motion.fire(token, name)
        else:
            message = Message(name=name, key="case_id", value="1", payload={"case_id": 1})
            assert self.motion.catch(as_event(message))
        if self.is_reloaded:
            self.motion.reload(codec.encode(self.motion.workflow)[0])

    def offers(self) -> list[oracle.Offer]:
        """People and timers; an instance does not list the messages that it would catch."""
        workflow = self.motion.workflow
        humans = [("human", task.task_spec.bpmn_id) for task in self.motion.open_tasks()]
        timers = [
            ("timer", timer.name) for task, timer in waiting.waiting_timers(workflow) if timer.due(task)
        ]
        return sorted([*humans, *timers])

    def view(self) -> dict[str, Any]:
        workflow = self.motion.workflow
        tasks = [
            (task.task_spec.bpmn_id, sorted(task.data.items(), key=str)) for task in self.motion.open_tasks()
        ]
        end = workflow.data if workflow.completed else None
        return {
            "tasks": sorted(tasks, key=str),
            "offers": self.offers(),
            "end": end,
            "passed": workflow.passed,
        }


def _values(name: str, choice: int) -> dict[str, Any]:
    if not name.endswith("_ask"):
        return {f"d_{name}": choice}
    path = name.removesuffix("_ask")
    return {f"{path}_{place}": taken for place, taken in enumerate(oracle.picks(choice, FLAGS))}


def check(block: Block, choices: list[int]) -> None:
    """Play ``block`` by ``choices`` and compare the flat instance with the blocks and with the whole instance."""
    with clock.held_at(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)):
        told = oracle.Scope(block, "b")
        flat, whole = Played(block, Replay, is_reloaded=True), Played(block, Whole)
        for choice in choices:
            offers = sorted(told.offers())
            assert flat.offers() == [one for one in offers if one[0] != "message"]
            assert flat.view() == whole.view()
            if not offers:
                break
            offer = offers[choice // 8 % len(offers)]
            for played in (flat, whole):
                played.do(offer, choice % 8)
            told.do(offer, choice % 8)
        assert flat.motion.workflow.completed == told.done
        assert flat.view() == whole.view()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(blocks, st.lists(st.integers(0, 255), min_size=4, max_size=24))
def test_a_flat_instance_offers_what_the_blocks_say_and_holds_what_a_whole_one_holds(
    block: Block, choices: list[int]
) -> None:
    check(block, choices)


TASK: Block = ("task",)
LOOPS: dict[str, tuple[Block, int]] = {  # with the rounds to go
    "gateway": (("loop", ("par", (TASK, TASK))), 300),
    "some": (("loop", ("or", (TASK, TASK))), 300),
    "timer": (("loop", ("late", ("par", (TASK, TASK)), TASK)), 1200),
    "marker": (("mark", ("beside", TASK, TASK)), 300),
    "nested": (("loop", ("mark", ("each", TASK))), 300),
}


@pytest.mark.parametrize("name", LOOPS)
def test_a_loop_of_many_rounds_holds_what_one_of_twenty_does(name: str) -> None:
    (block, rounds), sizes, tasks = LOOPS[name], {}, {}
    with clock.held_at(dt.datetime(2026, 11, 23, 1, tzinfo=dt.UTC)):
        told, played = oracle.Scope(block, "b"), Played(block, Replay, is_reloaded=True)
        asked = act = 0
        while asked < rounds:
            offers = sorted(told.offers())
            assert played.offers() == offers
            offer = offers[act % len(offers)]
            act += 1
            choice = act % 4 if offer[1] != "b_ask" else 1
            told.do(offer, choice)
            played.do(offer, choice)
            if offer[1] == "b_ask":
                asked += 1
                sizes[asked] = len(codec.encode(played.motion.workflow)[0])
                tasks[asked] = sum(len(one.tasks) for one in waiting.scopes(played.motion.workflow))
        assert tasks[rounds] == tasks[20]
        assert sizes[rounds] <= 1.1 * sizes[20]


def test_parallel_blocks_in_a_row_stay_as_small_as_one() -> None:
    row: Block = ("seq", (("par", (TASK, TASK)),) * 12)
    most = 0
    told, played = oracle.Scope(row, "b"), Played(row, Replay, is_reloaded=True)
    while offers := sorted(told.offers()):
        assert played.offers() == offers
        most = max(most, len(played.motion.workflow.tasks))
        told.do(offers[0], 0)
        played.do(offers[0], 0)
    assert played.motion.workflow.completed
    assert most <= 8


def test_a_long_row_of_boxes_does_not_overflow() -> None:
    row: Block = ("seq", (TASK,) * 250)
    played = Played(row, Replay, is_reloaded=True)
    for place in range(250):
        played.do(("human", f"b{place}"), 0)
    assert played.motion.workflow.completed


def test_a_loop_of_automatic_boxes_without_end_is_told() -> None:
    looped = drawn(("loop", TASK)).replace(b"userTask", b"intermediateThrowEvent")
    with pytest.raises(StepFailed, match=r"the process runs on without end$"):
        Session(looped).start("p", {"case_id": 1, "b_0": True})
