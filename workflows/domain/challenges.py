"""Challenges (榜单): drafting, level and award, the states of their selection, who finds which."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session, joinedload, selectinload

from workflows import clock, seal
from workflows.domain import catalogues, permissions, postings, rules
from workflows.errors import Conflict, Forbidden, NotFound
from workflows.models import (
    Bid,
    BidState,
    Challenge,
    ChallengeState,
    Indicator,
    ListingAction,
    ListingChange,
    Mode,
    Project,
    ProjectState,
    RewardCase,
    RewardState,
    SealKey,
    User,
)

POSTED = (
    "category",
    "title",
    "background",
    "boundary",
    "conditions",
    "fields",
    "mode",
    "max_winners",
    "sponsor_unit_id",
    "party_lead_id",
    "admin_lead_id",
    "deadline",
    "budget_fen",
    "est_benefit_fen",
    "cross_units",
    "strategic",
    "safety_critical",
)  # the columns that a posting fills as they are
FEN_PER_WAN = 1_000_000
IN_REVIEW = (
    BidState.OPENED,
    BidState.ELIGIBLE,
    BidState.REVIEWING,
    BidState.PROPOSED,
    BidState.RESERVE,
    BidState.IN_PUBLICITY,
)
IN_SELECTION = (
    ChallengeState.BIDDING_CLOSED,
    ChallengeState.REVIEWING,
    ChallengeState.PROPOSED,
    ChallengeState.IN_PUBLICITY,
)  # from which a list may still fail or be withdrawn
LED_BY = (
    ((ProjectState.ACCEPTING,), ChallengeState.ACCEPTING),
    ((ProjectState.RUNNING, ProjectState.RECTIFYING), ChallengeState.EXECUTING),
    ((ProjectState.INITIATING,), ChallengeState.CONTRACTED),
    ((ProjectState.PLEDGING,), ChallengeState.AWARDED),
    ((ProjectState.SUSPENDED,), ChallengeState.SUSPENDED),
    ((ProjectState.ACCEPTED, ProjectState.CLOSED), ChallengeState.ACCEPTED),
    ((ProjectState.NOT_ACCEPTED,), ChallengeState.NOT_ACCEPTED),
    ((ProjectState.TERMINATED, ProjectState.ELIMINATED), ChallengeState.TERMINATED),
    ((ProjectState.ABANDONED,), ChallengeState.FAILED),
)  # states of its projects -> state of the challenge; the first that one of them has
JUDGED = (ChallengeState.ACCEPTED, ChallengeState.NOT_ACCEPTED)  # from which its rewards follow
REWARDED = (ProjectState.ACCEPTED, ProjectState.CLOSED, ProjectState.NOT_ACCEPTED)  # have a reward case each


def draft(session: Session, *, values: Mapping[str, Any], actor: User) -> Challenge:
    """凝练: create a challenge in refining, with its indicators, its level and its seal; ``values`` as steps' PostForm.

    Raises Forbidden unless ``actor`` is of the office, Invalid for unknown people, dates or indicators that make
    no sense.
    """
    if not permissions.may_post(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以发榜。")
    postings.check(session, values)
    challenge = Challenge(posted_by_id=actor.id, state=ChallengeState.REFINING, level="")
    _fill(session, challenge, values)
    session.add(challenge)
    session.flush()
    session.add(SealKey(challenge_id=challenge.id, wrapped=seal.new_key()))
    return challenge


def revise(session: Session, challenge: Challenge, *, values: Mapping[str, Any], actor: User) -> None:
    """修改: write what is posted anew, while it is refined or was returned. Raises as ``draft``, and Conflict."""
    if not permissions.may_post(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以修改榜单。")
    hold(session, challenge)
    expect(challenge, ChallengeState.REFINING, ChallengeState.JUSTIFIED)
    postings.check(session, values)
    challenge.indicators.clear()
    session.flush()
    _fill(session, challenge, values)


def post(session: Session, *, values: Mapping[str, Any], actor: User) -> Challenge:
    """直接发榜: a draft of the office that needs no justification by experts. Raises as ``draft``."""
    challenge = draft(session, values=values, actor=actor)
    challenge.state = ChallengeState.JUSTIFIED
    return challenge


def level_facts(challenge: Challenge) -> dict[str, Any]:
    """What table challenge_level (D1) asks about ``challenge``; the benefit in 万元 a year, 0 where not measurable."""
    return {
        "safety_critical": challenge.safety_critical,
        "strategic": challenge.strategic,
        "benefit": Decimal(challenge.est_benefit_fen or 0) / FEN_PER_WAN,
        "cross_units": challenge.cross_units,
    }


def set_level(session: Session, challenge: Challenge) -> None:
    """定级: give ``challenge`` the level and the award that table challenge_level (D1) in force now gives it."""
    row = rules.decide(session, "challenge_level", level_facts(challenge)).value
    give_level(session, challenge, row)


def give_level(session: Session, challenge: Challenge, row: Mapping[str, Any]) -> None:
    """Write level, award and cap as ``row``, an answer of table challenge_level, tells them in 万元."""
    is_measured = challenge.est_benefit_fen is not None
    challenge.level = row["level"]
    challenge.fixed_award_fen = int(row["fixed_award"] * FEN_PER_WAN)
    challenge.benefit_cap_fen = int(row["benefit_cap" if is_measured else "flat_award"] * FEN_PER_WAN)
    factor = rules.setting(session, "cap_factor")
    challenge.cap_fen = int((challenge.fixed_award_fen + challenge.benefit_cap_fen) * factor)


def hold(session: Session, challenge: Challenge) -> None:
    """Keep ``challenge`` as it is until the transaction ends, so that its close and a late bid cannot cross."""
    session.flush()  # what this transaction has changed must survive the reading
    session.refresh(challenge, with_for_update={"of": Challenge})


def last_day(challenge: Challenge) -> dt.date:
    """The last day of the bidding at the plant; today while none is set."""
    return clock.today() if challenge.bid_to is None else day_before(challenge.bid_to)


def announced_last_day(session: Session, challenge: Challenge) -> dt.date:
    """The last day of the bidding as people were told: the days that a single bid adds (D6) do not move it."""
    query = select(ListingChange).where(
        ListingChange.challenge_id == challenge.id, ListingChange.action == ListingAction.SINGLE
    )
    added = session.scalars(query.order_by(ListingChange.id.desc()).limit(1)).one_or_none()
    if added is None or added.bid_to_before is None or added.bid_to_after != challenge.bid_to:
        return last_day(challenge)
    return day_before(added.bid_to_before)


def day_before(instant: dt.datetime) -> dt.date:
    """The day at the plant that ``instant`` ends, or lies in: the last one before a deadline."""
    return clock.local(instant - dt.timedelta(microseconds=1)).date()


def release_seal(session: Session, challenge: Challenge) -> None:
    """开榜: let the sealed bids be read, after the office and supervision have both confirmed."""
    hold(session, challenge)
    expect(challenge, ChallengeState.BIDDING_CLOSED)
    session.get_one(SealKey, challenge.id).released_at = clock.now()


def fail(session: Session, challenge: Challenge) -> None:
    """流标: the list found nobody to lead it; what bids it had are lost."""
    hold(session, challenge)
    expect(challenge, *IN_SELECTION)
    challenge.state = ChallengeState.FAILED
    lose_bids(session, challenge)


def lose_bids(session: Session, challenge: Challenge) -> None:
    """The bids that were opened and not found ineligible will not lead this list."""
    opened = update(Bid).where(Bid.challenge_id == challenge.id, Bid.state.in_(IN_REVIEW))
    session.execute(opened.values(state=BidState.LOST))


def count_judged(session: Session, challenge: Challenge) -> tuple[int, int, int]:
    """How many bids of this listing were sealed at the close, how many are judged, and how many are eligible."""
    judged = (BidState.ELIGIBLE, BidState.INELIGIBLE)
    states = list(
        session.scalars(
            select(Bid.state).where(
                Bid.challenge_id == challenge.id,
                Bid.listing == challenge.relist_count,
                Bid.state.in_((BidState.SEALED, BidState.OPENED, *judged)),
            )
        )
    )
    return len(states), sum(state in judged for state in states), states.count(BidState.ELIGIBLE)


def get(session: Session, challenge_id: int, *, actor: User) -> Challenge:
    """The challenge with its indicators. Raises NotFound for one that ``actor`` may not see."""
    leads = (joinedload(Challenge.party_lead), joinedload(Challenge.admin_lead))
    query = select(Challenge).where(Challenge.id == challenge_id)
    challenge = session.scalars(query.options(selectinload(Challenge.indicators), *leads)).one_or_none()
    if challenge is None or not permissions.may_see_challenge(session, actor, challenge):
        raise NotFound("没有找到这个榜单。")
    return challenge


def listing(
    session: Session,
    *,
    actor: User,
    state: str | None = None,
    category: str | None = None,
    level: str | None = None,
    q: str = "",
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Challenge], int]:
    """The challenges that ``actor`` may see, the newest first, with how many there are in all; pages count from 1.

    Those not yet published are listed to those who read all, before the others.
    """
    wish = catalogues.Wish(state=state, category=category, level=level, q=q)
    return catalogues.listing(session, actor=actor, wish=wish, page=page, size=size)


def _fill(session: Session, challenge: Challenge, values: Mapping[str, Any]) -> None:
    for name in POSTED:
        setattr(challenge, name, values[name])
    if challenge.mode != Mode.MULTI:
        challenge.max_winners = 1
    challenge.bid_to = None if values["bid_to"] is None else clock.end_of(values["bid_to"])
    challenge.indicators = [
        Indicator(seq=seq, **{**row, "weight": row.get("weight") or Decimal(1)})
        for seq, row in enumerate(values["indicators"], start=1)
    ]
    set_level(session, challenge)


def expect(challenge: Challenge, *states: ChallengeState) -> None:
    """Raises Conflict unless ``challenge`` is in one of ``states``."""
    if challenge.state not in states:
        raise Conflict("榜单当前的状态不允许这样做，请刷新页面。")


def follow_projects(session: Session, challenge: Challenge) -> None:
    """Let the state of an awarded challenge follow that of its projects and of their rewards.

    What is furthest on its way decides while anything is under way, then the best end. An accepted or refused one
    is rewarding once a reward has begun, and archived when every project is closed and no reward is open.
    """
    session.flush()
    query = select(Project.state, Project.liability, RewardCase.state).where(
        Project.challenge_id == challenge.id
    )
    rows = session.execute(query.outerjoin(RewardCase, RewardCase.project_id == Project.id)).all()
    states = {state for state, _, _ in rows}
    led = next((state for ours, state in LED_BY if states & set(ours)), None)
    if led in JUDGED and any(reward is not None for _, _, reward in rows):
        ended = all(_is_done_with(state, liability, reward) for state, liability, reward in rows)
        led = ChallengeState.ARCHIVED if ended else ChallengeState.REWARDING
    challenge.state = led or challenge.state


def _is_done_with(state: str, liability: str | None, reward: str | None) -> bool:
    """Whether nothing is left to do for a project that is not under way: results handed on, reward settled."""
    if reward is not None:
        return state != ProjectState.ACCEPTED and reward == RewardState.CLOSED
    is_liable = state == ProjectState.TERMINATED and liability == "liable"
    return not is_liable and state not in REWARDED
