"""One challenge from 出题 to 兑现 by hand: everybody signs in, finds their task and fills in its form, on a phone."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from sqlalchemy import update

from tests import factories
from tests.rehearsal import files
from tests.web.browser_door import BrowserDoor
from tools.gallery.sites import Site, served
from workflows import clock
from workflows.domain import accounts
from workflows.models import User
from workflows.rehearsal import campaign, comparison, reading, result, scenario_reading
from workflows.rehearsal.player import Player

CODE = "TRQ-2027-M03"  # a race that one team takes up


@pytest.fixture
def site(tmp_path: Path, migrated_sqlite: Path) -> Iterator[Site]:
    with served(tmp_path, migrated_sqlite, demo=False) as running:
        yield running


@pytest.mark.long
def test_a_challenge_goes_from_problem_to_payment_by_hand(browser: Browser, site: Site) -> None:
    scenario = scenario_reading.read(reading.parse(json.dumps(files.one(CODE))))
    door = BrowserDoor(site.database, browser, site.address)
    with clock.held_at(campaign.begins_at(scenario)):
        scene = campaign.set_up(site.database, scenario, door)
        with site.database.transaction() as session:
            session.execute(update(User).values(password_hash=accounts.hash_password(factories.PASSWORD)))
        player = Player(site.database, scene)
        campaign.plan(player, scene)
        player.play(until=campaign.ends_at(scenario))
    with site.database.read() as session:
        found = json.loads(json.dumps(result.of(session, scene), default=str))
    assert comparison.differences(found, files.cut_result(files.expected(), (CODE,))) == []
    assert door.said == []
    assert len(door.done) > 40, door.done
