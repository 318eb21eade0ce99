"""A process reloaded after every step, by a server that has never seen it, goes the way of one kept in memory."""

import datetime as dt
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session

from tests import play
from tests.engine import trial
from workflows import clock
from workflows.db import Database
from workflows.engine import codec, definitions
from workflows.engine.definitions import Definition
from workflows.engine.records import as_event
from workflows.engine.runtime import Run
from workflows.engine.specs import SOLO
from workflows.engine.tables import Message, Process
from workflows.engine.waiting import ready_humans, waiting_timers
from workflows.models import Notice

ROUND = {"signers": [1, 2], "share": 1, "shares": [1, 1], "unit_id": 1, "people": [1, 2], "post_id": 1}
FLAGS = {
    "things": ["甲", "乙"],
    "times": 2,
    "again": True,
    "wants_left": True,
    "wants_right": True,
    "amount": 200,
    "case_id": 1,
}
LONGEST = 16  # acts of one walk
PROCESSES = sorted(path.stem for path in trial.DIAGRAMS.glob("*.bpmn") if path.stem != "started_by_message")


@dataclass
class Walk:
    """One instance, moved by numbers: each picks one of the things that the instance waits for."""

    session: Session
    name: str
    definition: Callable[[], Definition]
    reloads: bool
    run: Run = field(init=False)

    def begin(self, data: dict[str, Any]) -> None:
        definition = self.definition()
        process = Process(id=1, name=self.name, history_seq=0, history_head="", digest=definition.digest)
        self.run = Run(self.session, process, definition, codec.Instance(definition.spec, definition.parts))
        self.run.workflow.task_tree.set_data(**data)
        self.run.settle()

    def step(self, number: int) -> bool:
        """Do the act that ``number`` picks; False when there is nothing left to do."""
        acts = sorted(self._acts(number), key=lambda act: act[0])
        if not acts or self.run.workflow.completed:
            return False
        acts[number % len(acts)][1]()
        if self.reloads:
            state, _ = codec.encode(self.run.workflow)
            rows, definition = self.run.chain.rows, self.definition()
            self.run = Run(self.session, self.run.process, definition, codec.decode(state, definition))
            self.run.chain.rows = rows
        return True

    def _acts(self, number: int) -> Iterator[tuple[str, Callable[[], object]]]:
        for task in ready_humans(self.run.workflow):
            human, node = task.task_spec.human, task.task_spec.bpmn_id
            agreed = "agreed" if number % 2 else "rejected"
            changes = (
                {"again": number % 3 > 0, "number": number}
                if human.policy == SOLO
                else {human.result: agreed}
            )
            name = f"human {node} {orjson.dumps(task.data, default=str).decode()}"
            yield name, partial(self.run.complete_human, task.id.int, changes)
        for task, timer in waiting_timers(self.run.workflow):
            if timer.due(task) is not None:
                yield f"timer {timer.name}", partial(self.run.fire, task.id.int, timer.name)
        for message, key in self.run.definition.catches.items():
            payload = {"case_id": 1, "answer": number, "objection_id": number}
            event = as_event(Message(name=message, key=key, value="1", payload=payload))
            yield f"message {message}", partial(self.run.catch, event)

    def outcome(self) -> dict[str, Any]:
        """What a walk leaves: its history without row numbers, its variables, and what it waits for."""
        workflow = self.run.workflow
        acts = [
            (row["verb"], row["node"], _variables(row["before"]), _variables(row["after"]))
            for row in self.run.chain.rows
        ]
        return {
            "acts": acts,
            "notes": [one.text for one in self.session.query(Notice).order_by(Notice.id)],
            "completed": workflow.completed,
            "waiting": sorted((task.task_spec.bpmn_id, str(task.data)) for task in ready_humans(workflow)),
            "data": workflow.data if workflow.completed else workflow.task_tree.data,
        }


def _variables(values: dict[str, Any]) -> dict[str, Any]:
    """Without the facts of the domain's rows, whose numbers differ."""
    return {name: value for name, value in values.items() if ":" not in name}


def _walk(session: Session, walk: Walk, user_id: int, seed: int) -> dict[str, Any]:
    """What ``walk`` leaves when the numbers follow from ``seed``; what it did to the database is undone."""
    with session.begin_nested() as undone:
        until = clock.now() + dt.timedelta(days=1)
        walk.begin({"user_id": user_id, "until": until, "answer": 0, **ROUND, **FLAGS})
        for number in range(LONGEST):
            if not walk.step(seed + number * (seed % 5 + 1)):
                break
        outcome = walk.outcome()
        undone.rollback()
    return outcome


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_reloaded_after_every_step_goes_the_same_way(
    trials: Database, someone: int, name: str
) -> None:
    current = definitions.LIBRARY.current(name)
    with trials.write() as session:
        for seed in range(6):
            kept = _walk(session, Walk(session, name, lambda: current, reloads=False), someone, seed)
            again = _walk(session, Walk(session, name, lambda: current, reloads=True), someone, seed)
            fresh = Walk(session, name, lambda: definitions.build(name, current.files), reloads=True)
            assert again == kept
            assert _walk(session, fresh, someone, seed) == kept


ELSEWHERE = """
import sys
from tests import play
from tests.engine import trial
from tests.conftest import MONDAY_NINE
from workflows import clock, db
database = db.connect(sys.argv[1])
with clock.held_at(MONDAY_NINE):
    play.complete(database, "trial.work", by=int(sys.argv[2]))
"""


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_another_server_goes_on_with_what_this_one_began(trials: Database, someone: int) -> None:
    process = trial.begin(trials, "each_in_turn", someone, things=["甲", "乙", "丙"])
    play.complete(trials, "trial.work", by=someone)
    url = trials.engine.url.render_as_string(hide_password=False)
    subprocess.run([sys.executable, "-c", ELSEWHERE, url, str(someone)], check=True, timeout=60)
    play.complete(trials, "trial.work", by=someone)
    assert trial.notes(trials, someone) == ["甲", "乙", "丙", "done"]
    assert play.status(trials, process) == "completed"


def test_a_definition_is_found_in_the_database_by_a_server_that_has_not_met_it(
    trials: Database, someone: int
) -> None:
    process = trial.begin(trials, "calls", someone)
    library = definitions.Library()
    with trials.read() as session:
        digest = play.processes(session)[0].digest
        found = library.get(session, digest)
        assert (found.digest, found.process, sorted(found.files)) == (
            digest,
            "calls",
            ["called.bpmn", "calls.bpmn"],
        )
        assert library.get(session, digest) is found
        assert library.titles() == {}
    assert play.status(trials, process) == "running"


def test_a_process_goes_on_by_the_diagram_that_it_began_with(trials: Database, someone: int) -> None:
    old = trial.begin(trials, "timer_duration", someone)
    files = definitions.LIBRARY.current("timer_duration").files
    changed = {name: content.replace(b"PT1H", b"PT5H") for name, content in files.items()}
    try:
        definitions.LIBRARY.install(changed)
        with trials.transaction() as session:
            assert definitions.LIBRARY.store(session) == 1
            assert definitions.LIBRARY.store(session) == 0
        trial.begin(trials, "timer_duration", someone)
        play.wait(trials, hours=1)
        assert trial.notes(trials, someone) == ["done"]
        assert play.status(trials, old) == "completed"
        play.wait(trials, hours=4)
        assert trial.notes(trials, someone) == ["done", "done"]
    finally:
        definitions.LIBRARY.install(files)
