"""Scenarios made up from a seed come out as the page on rehearsals says, worked out anew by tests.rehearsal.oracle."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest

from tests.rehearsal import files, oracle, scenarios
from workflows import clock, db, seal, storage, watch
from workflows.db import Database
from workflows.models import Challenge, ChallengeState
from workflows.rehearsal import campaign, comparison, reading, result, scenario_reading
from workflows.rehearsal.direct_door import DirectDoor
from workflows.rehearsal.door import Item
from workflows.rehearsal.player import Player
from workflows.rehearsal.scenario import Scenario
from workflows.rehearsal.scene import Scene

SEEDS = (2, 100)  # several winners, a race, vetoes, refused splits, late and early deliveries


@pytest.fixture
def scratch(migrated_sqlite: Path, tmp_path: Path) -> Database:
    """A migrated database with the shipped processes, its keys and files beside it."""
    seal.use_key_file(tmp_path / "seal.key")
    storage.kept_in(tmp_path / "files")
    file = tmp_path / "scratch.db"
    file.write_bytes(migrated_sqlite.read_bytes())
    opened = db.connect(f"sqlite:///{file}")
    watch.install(opened)
    return opened


def read(document: Any) -> Scenario:
    return scenario_reading.read(reading.parse(json.dumps(document)))


def played(database: Database, document: Any) -> Any:
    scene = campaign.play(database, read(document), DirectDoor(database))
    with database.read() as session:
        return result.of(session, scene)


def test_the_oracle_agrees_with_the_shipped_result() -> None:
    assert comparison.differences(as_json(oracle.expected(files.shipped())), files.expected()) == []


@pytest.mark.parametrize("seed", SEEDS)
def test_a_made_up_scenario_comes_out_as_the_page_says(scratch: Database, seed: int) -> None:
    document = scenarios.make(seed)
    wanted = oracle.expected(document)
    assert comparison.differences(as_json(played(scratch, document)), as_json(wanted)) == []


def as_json(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


def test_a_held_challenge_stays_where_it_is_while_others_go_on(scratch: Database) -> None:
    """As the demo data want it: one list stands in its bidding, another is played to the end."""
    scenario = read(files.cut(files.shipped(), ("TRQ-2027-S03", "TRQ-2027-M03")))

    def hold(scene: Scene, item: Item) -> bool:
        return item.step == "bid.sign" and scene.challenge_of(item).code == "TRQ-2027-S03"

    with clock.held_at(campaign.begins_at(scenario)):
        scene = campaign.set_up(scratch, scenario, DirectDoor(scratch))
        player = Player(scratch, scene, hold=hold)
        campaign.plan(player, scene)
        player.play_until(dt.datetime(2027, 5, 1, tzinfo=dt.UTC))
        assert clock.now() == dt.datetime(2027, 5, 1, tzinfo=dt.UTC)
    with scratch.read() as session:
        states = {
            code: session.get_one(Challenge, scene.challenge_id(code)).state for code in scenario.challenges
        }
    assert states["TRQ-2027-M03"] == ChallengeState.ACCEPTING
    assert states["TRQ-2027-S03"] == ChallengeState.WITHDRAWN
