"""What happens to a published list, and how tests look at it."""

from typing import Any

from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes.cast import SMALL, Cast
from workflows.db import Database
from workflows.domain import notices
from workflows.engine.tables import Message
from workflows.models import Challenge, ListingChange, User


def notices_of(campaign: Database, user_id: int) -> list[str]:
    with campaign.read() as session:
        return [one.text for one in notices.listing(session, session.get_one(User, user_id), unread=True)[0]]


def messages(campaign: Database) -> list[str]:
    """The names of all messages in order, those of bids and starts left out."""
    with campaign.read() as session:
        names = session.scalars(select(Message.name).order_by(Message.id))
        return [name for name in names if name not in ("MSG_CHALLENGE_REFINED", "MSG_BID_WITHDRAW")]


def changes(campaign: Database) -> list[str]:
    with campaign.read() as session:
        return list(session.scalars(select(ListingChange.action).order_by(ListingChange.id)))


def challenge_of(campaign: Database, challenge_id: int) -> Challenge:
    with campaign.read() as session:
        found = session.get_one(Challenge, challenge_id)
        session.refresh(found, ["indicators"])
        return found


def amend(
    campaign: Database, challenge_id: int, *, by: int, settle: bool = True, bid_to: str | None = None
) -> None:
    values = {
        "challenge_id": challenge_id,
        "notice": "增加一口试验井",
        "reason": "征求意见",
        "bid_to": bid_to,
    }
    play.act(campaign, "amend_challenge", by=by, **values)
    if settle:
        play.settle(campaign)


def withdraw(campaign: Database, challenge_id: int, *, by: int) -> None:
    play.act(campaign, "withdraw_challenge", by=by, challenge_id=challenge_id, reason="项目取消")
    play.settle(campaign)


def unbid(campaign: Database, cast: Cast) -> tuple[int, int]:
    """A small list that nobody has taken up, before the office settles it; its id and its process."""
    challenge_id = play_cast.post(campaign, cast, **SMALL)
    process = play_cast.publishing(campaign, challenge_id)
    end_bidding(campaign, cast, process)
    return challenge_id, process


def end_bidding(campaign: Database, cast: Cast, process: int) -> None:
    ((_, ends),) = play.timers(campaign, process)
    play.wait_until(campaign, ends)
    play.complete(campaign, "publish.consult", by=cast.party_lead, opinion="无人揭榜")


def settle_no_bid(campaign: Database, cast: Cast, **values: Any) -> None:
    play.complete(campaign, "publish.no_bid", by=cast.office, **{"opinion": "再试一次", **values})
    play.settle(campaign)
