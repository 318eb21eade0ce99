"""From the approval of a challenge to the end of its bidding (发榜、截止)."""

import datetime as dt
import hashlib
from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import challenges, notices, numbers, permissions, postings, rules
from workflows.errors import Conflict
from workflows.models import Batch, Bid, BidState, Category, Challenge, ChallengeState

INDICATOR = ("name", "measure", "op", "data_source", "hard")
LETTER = {Category.DEVELOPMENT: "F", Category.PRODUCTION: "S", Category.MARKET: "M"}


def submit(session: Session, challenge: Challenge) -> None:
    """报批: from now on its content stands until the approval has ended."""
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.REFINING, ChallengeState.JUSTIFIED)
    challenge.state = ChallengeState.APPROVING


def hand_back(session: Session, challenge: Challenge) -> None:
    """退回: the approval asks for changes."""
    challenges.expect(challenge, ChallengeState.APPROVING)
    challenge.state = ChallengeState.REFINING


def posted(challenge: Challenge) -> dict[str, Any]:
    """What is posted about ``challenge``, as steps' PostForm holds it."""
    columns = (*INDICATOR, "baseline", "target", "weight", "verifier_unit_id")
    return {
        **{name: getattr(challenge, name) for name in challenges.POSTED},
        "bid_to": None if challenge.bid_to is None else challenges.last_day(challenge),
        "indicators": [{name: getattr(one, name) for name in columns} for one in challenge.indicators],
    }


def reject(session: Session, challenge: Challenge) -> None:
    """否决: the approval refused it; who posted it and its two leads are told."""
    challenges.expect(challenge, ChallengeState.APPROVING)
    challenge.state = ChallengeState.REJECTED
    told = {challenge.posted_by_id, challenge.party_lead_id, challenge.admin_lead_id} - {None}
    for user_id in sorted(one for one in told if one is not None):
        text = f"榜单“{challenge.title}”未获批准，不予发布。"
        notices.send(session, user_id, text=text, link=f"/challenges/{challenge.id}", kind="returned")


def approve(session: Session, challenge: Challenge) -> dt.datetime | None:
    """批准: ready to be published; the instant at which the bids of its batch open when that is still to come."""
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.APPROVING)
    challenge.state = ChallengeState.APPROVED
    batch = None if challenge.batch_id is None else session.get_one(Batch, challenge.batch_id)
    if batch is None or batch.bid_from is None or batch.bid_from <= clock.today():
        return None
    return clock.start_of(batch.bid_from)


def publish(session: Session, challenge: Challenge) -> dt.datetime:
    """发榜: number what was approved, keep it as it stands, and open it for bids; the heads of all units are told.

    The bidding ends as posted, but leaves the shortest period; without a posted day it takes the usual one: the
    instant is returned. The rules of now are those of its projects.
    """
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.APPROVED)
    prefix = f"TRQ-{clock.today().year}-{LETTER[Category(challenge.category)]}"
    challenge.no = f"{prefix}{numbers.take(session, prefix):02d}"
    challenge.published_at = challenge.rules_at = clock.now()
    return put_up(session, challenge)


def put_up(session: Session, challenge: Challenge) -> dt.datetime:
    """Open a list for bids, for the first time or again: snapshot and notices; the instant at which it closes."""
    bid_to = challenge.bid_to = _bidding_end(session, challenge)
    challenge.state = ChallengeState.PUBLISHED
    challenge.snapshot = postings.snapshot(challenge)
    challenge.snapshot_hash = hashlib.sha256(
        orjson.dumps(challenge.snapshot, option=orjson.OPT_SORT_KEYS)
    ).hexdigest()
    last = f"{challenges.last_day(challenge):%Y-%m-%d}"
    if challenge.invited_ids:
        told, text = challenge.invited_ids, f"榜单 {challenge.no}“{challenge.title}”邀请您揭榜，截至 {last}。"
    else:
        told = permissions.unit_heads(session)
        text = f"榜单 {challenge.no}“{challenge.title}”已发布，揭榜截至 {last}。"
    for user_id in told:
        notices.send(session, user_id, text=text, link=f"/challenges/{challenge.id}", kind="challenge")
    return bid_to


def count_sealed(session: Session, challenge: Challenge) -> int:
    """收榜: how many bids are sealed, once the bidding is over. Raises Conflict before, by the server's clock."""
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.PUBLISHED)
    if challenge.bid_to is None or clock.now() < challenge.bid_to:
        raise Conflict("揭榜期还没有结束，不能截止。")
    sealed = select(func.count()).where(Bid.challenge_id == challenge.id, Bid.state == BidState.SEALED)
    return session.execute(sealed).scalar_one()


def close_call(session: Session, challenge: Challenge) -> None:
    """截止: end the bidding. Raises Conflict before its deadline by the server's clock."""
    count_sealed(session, challenge)
    challenge.state = ChallengeState.BIDDING_CLOSED


def _bidding_end(session: Session, challenge: Challenge) -> dt.datetime:
    at = challenge.rules_at
    if challenge.bid_to is None:
        return calendar.deadline_after(session, rules.days(session, "default_bidding_workdays", at=at))
    shortest = rules.days(session, "shortest_bidding_workdays", at=at)
    return max(challenge.bid_to, calendar.deadline_after(session, shortest))
