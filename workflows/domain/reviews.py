"""What of a selection who may see: its panel, its vote, its ranks, and what the panel said to one team."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from workflows.domain import panels, papers, permissions, recusals, scoring, selections, standings
from workflows.errors import NotFound
from workflows.models import (
    Bid,
    BidRank,
    BidState,
    Challenge,
    CommitteeVote,
    DefenceSlot,
    Panel,
    Publicity,
    User,
)

DECIDED = (BidState.WON, BidState.LOST, BidState.RESERVE, BidState.DISQUALIFIED)


@dataclass(frozen=True)
class Selection:
    """A selection as somebody may know it: what they may not know yet is None or empty."""

    challenge: Challenge
    panel: Panel | None
    slots: Sequence[DefenceSlot]
    vote: CommitteeVote | None
    ranks: Sequence[BidRank]
    terms: standings.Terms | None = None  # by which the ranks came about
    spread: Sequence[standings.Standing] = ()  # who gave what: for office and supervision alone
    own: BidRank | None = None  # of the reader's team, once it is decided


@dataclass(frozen=True)
class Feedback:
    """What the panel said of one bid, without saying who said what."""

    rank: int
    mean: Decimal  # points, two decimals
    criteria: Mapping[str, str]  # criterion -> mean over all seats, two decimals
    remarks: Sequence[str]  # in an order that tells no seat


def seen(session: Session, challenge: Challenge, *, actor: User) -> Selection:
    """The selection of ``challenge``: the panel from the day of the defence on, vote and ranks from the notice on.

    Office and supervision know them earlier. Raises NotFound for a challenge that ``actor`` may not see.
    """
    if not permissions.may_see_challenge(session, actor, challenge):
        raise NotFound("没有找到这个榜单。")
    panel = panels.latest(session, challenge)
    if panel is None:
        return Selection(challenge, None, [], None, [])
    is_known = permissions.may_see_panel(session, actor, panel)
    reads_all = permissions.reads_all(session, actor)
    is_public = reads_all or _was_shown(session, challenge)
    ranks = selections.ranks(session, challenge) if is_public else []
    return Selection(
        challenge,
        panel if is_known else None,
        [one for one in panel.slots if one.order_no is not None] if is_known else [],
        selections.latest_vote(session, panel) if is_public else None,
        ranks,
        standings.terms(session, challenge, panel, ranks) if ranks else None,
        standings.of(session, panel, ranks) if reads_all else [],
        next(
            (one for one in ranks if permissions.is_on_team(actor, one.bid) and one.bid.state in DECIDED),
            None,
        ),
    )


def of_bid(session: Session, bid: Bid, *, actor: User) -> Feedback:
    """What the panel said of ``bid``, for its team and those who read all, once it is decided. Raises NotFound."""
    query = select(BidRank).where(BidRank.bid_id == bid.id).order_by(BidRank.panel_id.desc()).limit(1)
    ranked = session.scalars(query).one_or_none()
    may_know = permissions.is_on_team(actor, bid) or permissions.reads_all(session, actor)
    if ranked is None or not may_know or bid.state not in DECIDED:
        raise NotFound("这份申报还没有评审结果，或者您无权查看。")
    panel = session.get_one(Panel, ranked.panel_id)
    remarks = {one.remark.strip() for one in scoring.sheets(session, panel) if one.bid_id == bid.id}
    return Feedback(ranked.rank, ranked.mean, ranked.criteria, sorted(remarks - {""}))


def told_to(session: Session, bid: Bid, *, actor: User) -> Feedback | None:
    """What ``of_bid`` gives, or None where there is nothing to tell."""
    try:
        return of_bid(session, bid, actor=actor)
    except NotFound:
        return None


def how_many_ranked(session: Session, bid: Bid) -> int:
    """How many bids stood beside ``bid`` in its ranking, itself included; 0 while it has none."""
    last = select(func.max(BidRank.panel_id)).where(BidRank.bid_id == bid.id).scalar_subquery()
    return session.scalar(select(func.count()).select_from(BidRank).where(BidRank.panel_id == last)) or 0


def papers_for(session: Session, panel_id: int, *, actor: User) -> papers.Papers:
    """What a member of the panel reads now: without names until the order of defence is drawn. Raises NotFound."""
    panel = session.get(Panel, panel_id)
    if panel is None or actor.id not in {one.user_id for one in recusals.seated(panel)}:
        raise NotFound("没有找到这个评审组。")
    return papers.anonymous(session, panel) if panel.defence_on is None else papers.named(session, panel)


def _was_shown(session: Session, challenge: Challenge) -> bool:
    """Whether a result of ``challenge`` has gone public."""
    shown = select(Publicity.id).where(Publicity.subject == f"challenge:{challenge.id}").limit(1)
    return session.scalar(shown) is not None
