"""Challenges (榜单): posting, the bidding period, its end."""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from workflows import calendar, clock, db, seal
from workflows.domain import permissions
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import (
    Bid,
    BidState,
    Category,
    Challenge,
    ChallengeState,
    Indicator,
    NumberSeries,
    SealKey,
    Unit,
    User,
)

BIDDING_WORKDAYS = 15  # default; C.3
SHORTEST_BIDDING_WORKDAYS = 10
POSTED = [
    "category",
    "title",
    "background",
    "level",
    "mode",
    "sponsor_unit_id",
    "party_lead_id",
    "admin_lead_id",
    "deadline",
    "budget_fen",
    "safety_critical",
]  # the columns that a posting fills as they are
LETTER = {Category.DEVELOPMENT: "F", Category.PRODUCTION: "S", Category.MARKET: "M"}


def post(session: Session, *, values: Mapping[str, Any], actor: User) -> Challenge:
    """Create an approved challenge with its indicators and its seal; ``values`` as steps.publish.PostForm.

    Raises Forbidden unless ``actor`` is of the office, Invalid for unknown people or a period too short.
    """
    if not permissions.may_post(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以发榜。")
    _check_posting(session, values)
    challenge = Challenge(**{name: values[name] for name in POSTED})
    challenge.bid_to = clock.end_of(values["bid_to"])
    challenge.indicators = [_indicator(seq, row) for seq, row in enumerate(values["indicators"], start=1)]
    session.add(challenge)
    session.flush()
    session.add(SealKey(challenge_id=challenge.id, wrapped=seal.new_key()))
    return challenge


def publish(session: Session, challenge: Challenge) -> None:
    """Give ``challenge`` its number and open it for bids."""
    _expect(challenge, ChallengeState.APPROVED)
    prefix = f"TRQ-{clock.today().year}-{LETTER[Category(challenge.category)]}"
    challenge.no = f"{prefix}{_next_number(session, prefix):02d}"
    challenge.state = ChallengeState.PUBLISHED
    challenge.published_at = clock.now()


def hold(session: Session, challenge: Challenge) -> None:
    """Keep ``challenge`` as it is until the transaction ends, so that its close and a late bid cannot cross."""
    session.refresh(challenge, with_for_update={"of": Challenge})


def extend_bidding(session: Session, challenge: Challenge, *, last_day: dt.date, actor: User) -> dt.datetime:
    """延期: let the bidding end with ``last_day``, later than now set; the instant at which it then ends."""
    if not permissions.may_extend_bidding(session, actor, challenge):
        raise Forbidden("只有揭榜挂帅办公室可以在揭榜期内延期。")
    hold(session, challenge)
    if challenge.bid_to is not None and clock.now() >= challenge.bid_to:
        raise Conflict("揭榜已经截止，不能再延期。")
    if last_day >= challenge.deadline:
        raise Invalid({"last_day": ["延期后的截止日必须早于完成期限。"]})
    bid_to = clock.end_of(last_day)
    if challenge.bid_to is not None and bid_to <= challenge.bid_to:
        raise Invalid({"last_day": ["延期后的截止日必须晚于现在的截止日。"]})
    challenge.bid_to = bid_to
    challenge.extended = True
    return bid_to


def last_day(challenge: Challenge) -> dt.date:
    """The last day of the bidding at the plant; today while none is set."""
    if challenge.bid_to is None:
        return clock.today()
    return clock.local(challenge.bid_to - dt.timedelta(microseconds=1)).date()


def close_call(session: Session, challenge: Challenge) -> int:
    """截止: end the bidding; the number of sealed bids.

    Raises Conflict before its deadline by the server's clock.
    """
    hold(session, challenge)
    _expect(challenge, ChallengeState.PUBLISHED)
    if challenge.bid_to is None or clock.now() < challenge.bid_to:
        raise Conflict("揭榜期还没有结束，不能截止。")
    challenge.state = ChallengeState.BIDDING_CLOSED
    sealed = select(func.count()).where(Bid.challenge_id == challenge.id, Bid.state == BidState.SEALED)
    return session.execute(sealed).scalar_one()


def release_seal(session: Session, challenge: Challenge) -> None:
    """开榜: let the sealed bids be read, after the office and supervision have both confirmed."""
    _expect(challenge, ChallengeState.BIDDING_CLOSED)
    session.get_one(SealKey, challenge.id).released_at = clock.now()


def fail(session: Session, challenge: Challenge) -> None:
    """流标: the list found no bid that may be reviewed."""
    _expect(challenge, ChallengeState.BIDDING_CLOSED)
    challenge.state = ChallengeState.FAILED


def begin_review(session: Session, challenge: Challenge) -> None:
    """评审: the eligible bids go to the panel."""
    _expect(challenge, ChallengeState.BIDDING_CLOSED)
    challenge.state = ChallengeState.REVIEWING


def count_judged(session: Session, challenge: Challenge) -> tuple[int, int, int]:
    """How many bids were sealed at the close, how many of them are judged, and how many are eligible."""
    judged = (BidState.ELIGIBLE, BidState.INELIGIBLE)
    states = list(
        session.scalars(
            select(Bid.state).where(
                Bid.challenge_id == challenge.id, Bid.state.in_((BidState.SEALED, BidState.OPENED, *judged))
            )
        )
    )
    return len(states), sum(state in judged for state in states), states.count(BidState.ELIGIBLE)


def get(session: Session, challenge_id: int, *, actor: User) -> Challenge:
    """The challenge with its indicators. Raises NotFound for one that ``actor`` may not see."""
    query = select(Challenge).where(Challenge.id == challenge_id).options(selectinload(Challenge.indicators))
    challenge = session.scalars(query).one_or_none()
    if challenge is None or not permissions.may_see_challenge(session, actor, challenge):
        raise NotFound("没有找到这个榜单。")
    return challenge


def listing(
    session: Session,
    *,
    actor: User,
    state: str | None = None,
    category: str | None = None,
    q: str = "",
    page: int = 1,
    size: int = 20,
) -> tuple[Sequence[Challenge], int]:
    """Published challenges, the newest first, with how many there are in all; pages count from 1."""
    query = select(Challenge).where(Challenge.published_at.is_not(None))
    if state:
        query = query.where(Challenge.state == state)
    if category:
        query = query.where(Challenge.category == category)
    if q:
        query = query.where(
            or_(Challenge.title.contains(q, autoescape=True), Challenge.no.contains(q, autoescape=True))
        )
    total = session.execute(select(func.count()).select_from(query.subquery())).scalar_one()
    newest = query.order_by(Challenge.published_at.desc(), Challenge.id.desc())
    return session.scalars(newest.offset((page - 1) * size).limit(size)).all(), total


def _check_posting(session: Session, values: Mapping[str, Any]) -> None:
    fields: dict[str, list[str]] = {}
    if session.get(Unit, values["sponsor_unit_id"]) is None:
        fields["sponsor_unit_id"] = ["没有这个单位。"]
    for name in ("party_lead_id", "admin_lead_id"):
        lead = session.get(User, values[name])
        if lead is None or not lead.is_active:
            fields[name] = ["没有这个人员。"]
    if values["party_lead_id"] == values["admin_lead_id"]:
        fields["admin_lead_id"] = ["党组织责任人和行政责任人不能是同一个人。"]
    shortest = calendar.add_workdays(session, clock.today(), SHORTEST_BIDDING_WORKDAYS)
    if values["bid_to"] < shortest:
        fields["bid_to"] = [f"揭榜期至少 {SHORTEST_BIDDING_WORKDAYS} 个工作日，最早到 {shortest:%Y-%m-%d}。"]
    if values["deadline"].year > clock.today().year + 100:
        fields["deadline"] = ["完成期限太远，请核对年份。"]
    if values["deadline"] <= values["bid_to"]:
        fields["deadline"] = ["完成期限必须晚于揭榜截止日。"]
    names = [row["name"] for row in values["indicators"]]
    for place, name in enumerate(names):
        if name in names[:place]:
            fields[f"indicators.{place}.name"] = ["指标名称重复。"]
    if fields:
        raise Invalid(fields)


def _next_number(session: Session, prefix: str) -> int:
    db.insert_if_missing(session, NumberSeries, {"prefix": prefix, "last": 0})
    series = session.get_one(NumberSeries, prefix, with_for_update=True)
    series.last += 1
    return series.last


def _indicator(seq: int, row: Mapping[str, Any]) -> Indicator:
    values = {**row, "weight": row.get("weight") or Decimal(1)}
    return Indicator(seq=seq, **values)


def _expect(challenge: Challenge, state: ChallengeState) -> None:
    if challenge.state != state:
        raise Conflict("榜单当前的状态不允许这样做，请刷新页面。")
