"""The seal of a bid: until when, for whom, and what the database holds meanwhile."""

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes.cast import CLOSING, MARKER, SMALL, Cast
from workflows import clock
from workflows.db import Database
from workflows.engine.tables import Process
from workflows.errors import Conflict
from workflows.models import Bid, MilestoneDraft, PledgedValue

NOBODY = dict.fromkeys(
    [
        "leader",
        "party_secretary",
        "admin_head",
        "office",
        "supervision",
        "hr",
        "hse",
        "admin",
        "party_lead",
        "member",
    ],
    False,
)
SECOND = dt.timedelta(seconds=1)


def test_an_opened_bid_shows_what_was_sealed(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    play_cast.seal_bid(campaign, cast, challenge_id)
    play_cast.open_bids(campaign, cast)
    with campaign.read() as session:
        bid = session.scalars(select(Bid)).one()
        assert bid.tech_route == f"井口{MARKER}，分三步实施。"
        milestones = session.scalars(select(MilestoneDraft).order_by(MilestoneDraft.seq))
        assert [(one.name, one.offset_days, one.pay_pct) for one in milestones] == [
            ("设计", 60, Decimal(40)),
            ("投用", 200, Decimal(60)),
        ]
        assert [str(one.value) for one in session.scalars(select(PledgedValue))] == ["8.0000"]
    readers = play_cast.readers(campaign, cast)
    assert readers == {**dict.fromkeys(NOBODY, True), "admin": False, "party_lead": False}


def test_a_bid_is_sealed_until_the_last_second(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    clock.move_to(CLOSING - SECOND)
    play_cast.sign(campaign, cast, process)
    assert play_cast.bid_states(campaign) == ["sealed"]


@pytest.mark.parametrize("late", [dt.timedelta(0), SECOND])
def test_a_bid_is_refused_from_the_deadline_on(campaign: Database, cast: Cast, late: dt.timedelta) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    play.complete(campaign, "bid.sign", by=cast.party_secretary, agree=True)
    before = play.acts(campaign, process)
    clock.move_to(CLOSING + late)  # the job that closes the list has not run yet
    with pytest.raises(Conflict, match=r"^揭榜已于 2026-12-11 00:00 截止（以服务器时间为准），不能再办理。$"):
        play.complete(campaign, "bid.sign", by=cast.admin_head, agree=True)
    assert (play_cast.bid_states(campaign), play.acts(campaign, process)) == (["draft"], before)
    assert play.items(campaign, process)[-1] == ("sign", f"role:admin_head@{cast.unit_id}", "open")


def test_a_draft_is_read_by_its_team_and_the_heads_of_its_unit(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    may = dict.fromkeys(["leader", "member", "party_secretary", "admin_head"], True)
    assert play_cast.readers(campaign, cast) == {**NOBODY, **may}


def test_nobody_reads_a_sealed_bid(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    play_cast.seal_bid(campaign, cast, challenge_id)
    assert play_cast.readers(campaign, cast) == NOBODY
    play.wait_until(campaign, CLOSING)
    assert play_cast.readers(campaign, cast) == NOBODY
    play.complete(campaign, "selection.open", by=cast.office, confirmed=True, witness="王监督")
    play.settle(campaign)
    assert play_cast.readers(campaign, cast) == NOBODY  # one confirmation is not enough


def _stored(campaign: Database) -> bytes:
    """Every byte that the database keeps: its files, or the values of its tables as PostgreSQL writes them out."""
    if campaign.engine.dialect.name == "sqlite":
        path = campaign.engine.url.database or ""
        return b"".join(file.read_bytes() for file in play.database_files(path))
    with campaign.read() as session:
        tables = session.connection().exec_driver_sql(
            "select tablename from pg_tables where schemaname = current_schema()"
        )
        rows = [
            session.connection().exec_driver_sql(f'select t::text from "{name}" t').scalars().all()
            for (name,) in tables.all()
        ]
        return "\n".join(row for table in rows for row in table).encode()


def test_the_database_never_holds_the_text_of_a_bid_that_is_not_open(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    play_cast.write(campaign, cast, challenge_id, process)
    draft = _stored(campaign)
    play_cast.sign(campaign, cast, process)
    play.wait_until(campaign, CLOSING)
    sealed = _stored(campaign)
    marker = MARKER.encode()
    assert ("冬季夜间井口频繁冻堵。".encode() in draft, marker in draft, marker in sealed) == (
        True,
        False,
        False,
    )
    for one in (cast.office, cast.supervision):
        play.complete(campaign, "selection.open", by=one, confirmed=True, witness="王监督")
    play.settle(campaign)
    assert marker in _stored(campaign)


def test_the_state_of_a_bid_stays_small(campaign: Database, cast: Cast) -> None:
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.begin_bid(campaign, challenge_id, leader=cast.leader)
    sizes = []

    def measure() -> None:
        with campaign.read() as session:
            sizes.append(len(session.get_one(Process, process).state))

    play_cast.write(campaign, cast, challenge_id, process)
    measure()
    for _ in range(5):  # sent back and written again
        play.complete(campaign, "bid.sign", by=cast.admin_head, agree=False, opinion="再改")
        play_cast.put_down(campaign, challenge_id, process, by=cast.leader)
        measure()
    play_cast.sign(campaign, cast, process)
    play_cast.open_bids(campaign, cast)
    measure()
    play_cast.review(campaign, cast, process, hr="cure")
    measure()
    assert max(sizes) < 4096
