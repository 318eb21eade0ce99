"""What a process is decided by: the rules of the publication that it keeps, whatever is adopted later."""

import datetime as dt

import pytest

from tests import factories, play
from tests.processes import cast as casting
from tests.processes.cast import Cast
from workflows import calendar, clock
from workflows.db import Database
from workflows.domain import rule_versions, rules
from workflows.engine.tables import OPEN


def adopt(database: Database, file: str, old: str, new: str) -> None:
    """Put the shipped ``file`` in force from now on with ``old`` replaced by ``new``."""
    content = rules.shipped()[file].decode()
    assert content.count(old) == 1
    with database.transaction() as session:
        people = [factories.user(session, roles=[role]) for role in ("office", "admin_head")]
        made = rule_versions.draft(session, file, content.replace(old, new), note="", actor=people[0])
        rule_versions.adopt(session, made, from_day=clock.today(), actor=people[1])


def cell(name: str, value: str) -> str:
    return f'<text>"{name}"</text></inputEntry><outputEntry><text>{value}</text>'


def begin_and_ask(campaign: Database, cast: Cast, challenge_id: int) -> int:
    """A bid whose members are asked to confirm; the id of its process."""
    process = casting.begin_bid(campaign, challenge_id, leader=cast.leader)
    rows = casting.team(cast.leader, *cast.members)
    play.complete(campaign, "bid.form_team", by=cast.leader, process=process, members=rows)
    return process


def due_of(campaign: Database, process: int) -> set[dt.datetime | None]:
    with campaign.read() as session:
        return {one.due_at for one in play.all_items(session, process) if one.status == OPEN}


def after(campaign: Database, workdays: int) -> dt.datetime:
    with campaign.read() as session:
        return calendar.deadline_after(session, workdays)


def test_a_bid_keeps_the_settings_of_its_challenge_s_publication(campaign: Database, cast: Cast) -> None:
    earlier = casting.post(campaign, cast)
    play.pass_time(hours=1)
    adopt(campaign, "setting.dmn", cell("member_confirm_workdays", "2"), cell("member_confirm_workdays", "4"))
    play.pass_time(hours=1)
    later = casting.post(campaign, cast, title="提高计量准确度")
    assert due_of(campaign, begin_and_ask(campaign, cast, earlier)) == {after(campaign, 2)}
    assert due_of(campaign, begin_and_ask(campaign, cast, later)) == {after(campaign, 4)}


@pytest.mark.parametrize(("hours", "workdays"), [(-1, 4), (1, 2)])
def test_people_have_the_days_of_the_table_that_was_in_force_at_the_publication(
    campaign: Database, cast: Cast, hours: int, workdays: int
) -> None:
    """``hours`` from the adoption back to the publication."""
    if hours < 0:
        adopt(campaign, "deadline.dmn", cell("bid.sign", "2"), cell("bid.sign", "4"))
        play.pass_time(hours=1)
    challenge_id = casting.post(campaign, cast)
    if hours > 0:
        play.pass_time(hours=1)
        adopt(campaign, "deadline.dmn", cell("bid.sign", "2"), cell("bid.sign", "4"))
    process = casting.begin_bid(campaign, challenge_id, leader=cast.leader)
    casting.write(campaign, cast, challenge_id, process)
    assert due_of(campaign, process) == {after(campaign, workdays)}


def test_a_decision_is_made_by_the_table_that_was_in_force_at_the_publication(
    campaign: Database, cast: Cast
) -> None:
    earlier = casting.post(campaign, cast)
    play.pass_time(hours=1)
    adopt(campaign, "eligibility.dmn", "[5..15]", "[9..15]")
    play.pass_time(hours=1)
    later = casting.post(campaign, cast, title="提高计量准确度")
    for challenge_id in (earlier, later):
        process = casting.begin_bid(campaign, challenge_id, leader=cast.leader)
        casting.write(campaign, cast, challenge_id, process)
    assert casting.findings(campaign) == [("self", "E05", "refuse")]
