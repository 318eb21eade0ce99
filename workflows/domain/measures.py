"""异议成立后的处置: what office and supervision together make of an upheld objection to a selection."""

from collections.abc import Collection

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import challenges
from workflows.errors import Conflict, Invalid
from workflows.models import Bid, BidState, ObjectionMeasure, Publicity, PublicityResult, User

ACTIONS = {"re_review": "重新评审", "next_reserve": "取消资格并递补", "fail": "本榜流标"}
BOTH = 2


def want(
    session: Session,
    publicity: Publicity,
    *,
    role: str,
    action: str,
    struck: Collection[int],
    reason: str,
    actor: User,
) -> bool:
    """Keep what ``role`` wants done; False when the other one has said that it wants something else.

    ``struck`` are ids of bids that lose their place. Raises Conflict for a notice that was not upheld, Invalid for
    bids that are not of this review, none where the reserve is to follow, or all where they are reviewed again.
    """
    if publicity.result != PublicityResult.UPHELD:
        raise Conflict("公示的异议没有成立，不需要处置。")
    challenge = publicity.challenge
    in_review = (
        Bid.challenge_id == challenge.id,
        Bid.listing == challenge.relist_count,
        Bid.state.in_((*challenges.IN_REVIEW, BidState.LOST)),
    )
    known = set(session.scalars(select(Bid.id).where(*in_review)))
    if not set(struck) <= known:
        raise Invalid({"struck": ["只能取消本次评审中的申报。"]})
    if action == "next_reserve" and not struck:
        raise Invalid({"struck": ["请选择取消资格的申报。"]})
    if action == "re_review" and set(struck) == known:
        raise Invalid({"struck": ["全部取消资格后没有可以重新评审的申报，请改为本榜流标。"]})
    said = latest(session, publicity)
    attempt = said[-1].attempt + (len(said) == BOTH) if said else 1
    measure = ObjectionMeasure(publicity_id=publicity.id, attempt=attempt, role=role, action=action)
    measure.struck_bid_ids, measure.reason = sorted(set(struck)), reason
    measure.decided_by_id, measure.decided_at = actor.id, clock.now()
    session.add(measure)
    session.flush()
    others = said if len(said) < BOTH else []
    return all((one.action, one.struck_bid_ids) == (action, measure.struck_bid_ids) for one in others)


def latest(session: Session, publicity: Publicity) -> list[ObjectionMeasure]:
    """What was said in the last attempt to agree."""
    query = select(ObjectionMeasure).where(ObjectionMeasure.publicity_id == publicity.id)
    rows = session.scalars(query.order_by(ObjectionMeasure.attempt, ObjectionMeasure.id)).all()
    return [one for one in rows if one.attempt == rows[-1].attempt]


def carry_out(session: Session, publicity: Publicity) -> str:
    """Do what both agreed on: the bids struck are disqualified; the action."""
    agreed = latest(session, publicity)[-1]
    challenges.hold(session, publicity.challenge)
    for bid_id in agreed.struck_bid_ids:
        session.get_one(Bid, bid_id).state = BidState.DISQUALIFIED
    session.flush()
    return agreed.action
