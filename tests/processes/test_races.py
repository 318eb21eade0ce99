"""People of a campaign who act at the same instant."""

from functools import partial

from sqlalchemy import select

from tests import play
from tests.processes.cast import SMALL, Cast, post, publishing, submit
from workflows.db import Database
from workflows.errors import Conflict
from workflows.models import Bid, Challenge


def test_lists_published_at_once_get_numbers_in_a_row(campaign: Database, cast: Cast) -> None:
    processes = [publishing(campaign, submit(campaign, cast, **SMALL)) for _ in range(6)]
    agree = partial(play.complete, campaign, "approval.sign", decision="agreed")
    for process in processes:
        agree(by=cast.admin_lead, process=process)
    play.at_once([partial(agree, by=cast.party_lead, process=process) for process in processes])
    with campaign.read() as session:
        numbers = session.scalars(select(Challenge.no)).all()
    assert sorted(numbers, key=str) == [f"TRQ-2026-S{number:02d}" for number in range(1, 7)]


def test_a_leader_who_presses_four_times_at_once_gets_one_bid(campaign: Database, cast: Cast) -> None:
    challenge = post(campaign, cast, **SMALL)
    press = partial(play.start, campaign, "bid", by=cast.leader, challenge_id=challenge)
    answers = play.at_once([press] * 4)
    refused = {str(one) for one in answers if isinstance(one, Conflict)}
    assert refused == {"您对这个榜单已有一份申报，请在待办中继续办理。"}
    with campaign.read() as session:
        assert session.scalars(select(Bid.leader_id)).all() == [cast.leader]
