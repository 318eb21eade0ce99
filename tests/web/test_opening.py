"""开榜: two people confirm, with their witness, and everybody may see that they did."""

from collections.abc import Callable

import pytest

from tests import play
from tests.processes import cast as casting
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program, program
from workflows import clock
from workflows.db import Database
from workflows.models import User

Visit = Callable[[], Visitor]
__all__ = ["program"]


@pytest.fixture
def cast(database: Database, clock_at: Callable[..., None]) -> casting.Cast:
    """A sealed bid on challenge 1."""
    made = casting.gather(database)
    challenge_id = casting.post(database, made)
    assert challenge_id == 1
    process = casting.begin_bid(database, challenge_id, leader=made.leader)
    play.complete(
        database, "bid.form_team", by=made.leader, process=process, members=casting.team(made.leader)
    )
    casting.put_down(database, challenge_id, process, by=made.leader)
    casting.sign(database, made, process)
    return made


def login(database: Database, user_id: int) -> str:
    with database.read() as session:
        return session.get_one(User, user_id).login


def read(visit: Visit, name: str) -> str:
    visitor = visit()
    visitor.sign_in(name)
    return text_of(visitor.get("/challenges/1/opening").text)


def test_both_confirmations_and_their_witness_are_shown(
    database: Database, visit: Visit, cast: casting.Cast
) -> None:
    office, leader = login(database, cast.office), login(database, cast.leader)
    assert "密封中，揭榜截止后才能开榜" in read(visit, leader)
    play.wait_until(database, casting.CLOSING)
    with clock.held_at(casting.CLOSING):
        assert "等待双方确认" in read(visit, office)
        play.complete(database, "selection.open", by=cast.office, confirmed=True, witness="王监督")
        half = read(visit, leader)
    assert "王监督" in half
    assert half.count("等待确认") == 1
    with clock.held_at(casting.CLOSING):
        play.complete(database, "selection.open", by=cast.supervision, confirmed=True, witness="李见证")
        play.settle(database)
        whole = read(visit, leader)
    assert "开启 1 份申报" in whole
    assert "李见证" in whole
    assert "等待确认" not in whole
    assert "校验一致" in whole


def test_a_program_reads_who_opened(
    database: Database, program: Callable[[str], Program], cast: casting.Cast
) -> None:
    casting.open_bids(database, cast)
    with clock.held_at(casting.CLOSING):
        told = program(login(database, cast.leader)).get("/challenges/1/opening").get_json()
    assert [(one["role"], one["witness"]) for one in told["confirmed"]] == [
        ("office", "王监督"),
        ("supervision", "王监督"),
    ]
    assert (told["missing"], told["opened_bids"]) == ([], 1)
