"""What becomes of a published list before it is awarded: amended, extended, relisted, withdrawn.

It keeps the rules of the day on which it was first published.
"""

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from workflows import calendar, clock
from workflows.domain import (
    bids,
    challenges,
    eligibility,
    notices,
    permissions,
    postings,
    publications,
    rules,
)
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    Bid,
    Challenge,
    ChallengeState,
    Indicator,
    ListingAction,
    ListingChange,
    SealKey,
    User,
)

RELISTING = (
    ListingAction.EXTEND,
    ListingAction.RAISE,
    ListingAction.LOWER,
    ListingAction.INVITE,
    ListingAction.APPOINT,
)
AT_LAST = (ListingAction.APPOINT, ListingAction.WITHDRAW)  # what is left after the last relisting
WITHDRAWABLE = (
    ChallengeState.APPROVED,
    ChallengeState.PUBLISHED,
    *challenges.IN_SELECTION,
)  # from which the office may withdraw a list


def amend(
    session: Session, challenge: Challenge, *, text: str, bid_to: dt.date | None, actor: User
) -> dt.datetime:
    """变更公告: tell of a change while the bidding runs; the instant at which the bidding then ends.

    It ends on ``bid_to`` or as before, but leaves the working days of setting amendment_min_workdays. Raises
    Forbidden unless by the office while it runs, Conflict after the deadline, Invalid for a day not later than now
    set or not before the delivery.
    """
    challenges.hold(session, challenge)
    if not permissions.may_amend(session, actor, challenge):
        raise Forbidden("只有揭榜挂帅办公室可以在揭榜期内发布变更公告。")
    before = challenge.bid_to
    if before is None or clock.now() >= before:
        raise Conflict("揭榜已经截止，不能再变更。")
    after = before if bid_to is None else clock.end_of(bid_to)
    if bid_to is not None and after <= before:
        raise Invalid({"bid_to": ["新的截止日必须晚于现在的截止日。"]})
    least = rules.days(session, "amendment_min_workdays", at=challenge.rules_at)
    after = max(after, calendar.deadline_after(session, least))
    if challenges.day_before(after) >= challenge.deadline:
        raise Invalid({"bid_to": ["揭榜截止日必须早于完成期限。"]})
    _move(session, challenge, ListingAction.AMEND, text=text, bid_to=after, actor=actor)
    return after


def extend_single(session: Session, challenge: Challenge) -> dt.datetime:
    """A 级只有一份申报: go on with the bidding once, by setting single_bid_extension_workdays; its new end."""
    challenges.expect(challenge, ChallengeState.PUBLISHED)
    workdays = rules.days(session, "single_bid_extension_workdays", at=challenge.rules_at)
    after = calendar.deadline_after(session, workdays)
    text = f"截止时只有一份申报，揭榜期延长 {workdays} 个工作日。"
    _move(session, challenge, ListingAction.SINGLE, text=text, bid_to=after, actor=None)
    challenge.extended = True
    return after


def fail(session: Session, challenge: Challenge, *, reason: str) -> None:
    """流标: the list found nobody to lead it; its owners and the campaign office are told why."""
    challenges.fail(session, challenge)
    office = {one.id for one in permissions.holders(session, "office", None)}
    for user_id in sorted({challenge.party_lead_id, challenge.admin_lead_id, *office}):
        text = f"榜单 {challenge.no}“{challenge.title}”流标：{notices.excerpt(reason)}。"
        notices.send(session, user_id, text=text, link=f"/challenges/{challenge.id}", kind="challenge")


def settle(session: Session, challenge: Challenge, *, values: Mapping[str, Any], actor: User) -> bool:
    """流标处置: what the office decides about a failed list (values: NoBidForm); whether it is to be listed again.

    A relisting takes its terms from ``values`` and is put up by ``relist``. Raises Forbidden unless by the office,
    Conflict in another state or for more relistings than setting relist_max allows, Invalid for terms that do not
    make the list easier to take up.
    """
    if not permissions.may_post(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以处置流标的榜单。")
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.FAILED)
    action = ListingAction(values["action"])
    most = rules.days(session, "relist_max", at=challenge.rules_at)
    if challenge.relist_count >= most and action not in AT_LAST:
        raise Conflict(f"这个榜单已经重新发榜 {challenge.relist_count} 次，只能指派专班或撤榜。")
    before = challenge.bid_to
    if action in RELISTING:
        _set_deadline(session, challenge, values)
        challenge.invited_ids = []
        if action in _TERMS:
            _TERMS[action](session, challenge, values)
        challenge.bid_to = None if values["bid_to"] is None else clock.end_of(values["bid_to"])
    _note(session, challenge, action, text=values["opinion"], before=before, actor=actor)
    return action in RELISTING


def relist(session: Session, challenge: Challenge) -> dt.datetime:
    """重新发榜: put a failed list up again on the terms decided; when its bidding ends. New bids are sealed anew."""
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.FAILED)
    challenge.relist_count += 1
    session.get_one(SealKey, challenge.id).released_at = None
    bid_to = publications.put_up(session, challenge)
    latest(session, challenge).bid_to_after = bid_to
    return bid_to


def end(session: Session, challenge: Challenge) -> None:
    """撤榜 of a failed list; of one that is split the office is asked to post the parts."""
    challenges.hold(session, challenge)
    challenges.expect(challenge, ChallengeState.FAILED)
    challenge.state = ChallengeState.WITHDRAWN
    if latest(session, challenge).action == ListingAction.SPLIT:
        for one in permissions.holders(session, "office", None):
            text = f"榜单 {challenge.no}“{challenge.title}”已决定拆分，请分别发榜。"
            notices.send(session, one.id, text=text, link=f"/challenges/{challenge.id}", kind="challenge")


def withdraw(session: Session, challenge: Challenge, *, reason: str, actor: User) -> None:
    """撤榜: take a published list back, with all bids on it; their leaders are told.

    Raises Forbidden unless by the office, Conflict once it is awarded, failed or over.
    """
    if not permissions.may_post(session, actor):
        raise Forbidden("只有揭榜挂帅办公室可以撤榜。")
    challenges.hold(session, challenge)
    if challenge.state not in WITHDRAWABLE:
        raise Conflict("这个榜单现在不能撤榜：只有待发布、揭榜中或评审中的榜单可以撤回。")
    challenge.state = ChallengeState.WITHDRAWN
    _note(session, challenge, ListingAction.WITHDRAW, text=reason, before=challenge.bid_to, actor=actor)
    mine = (Bid.challenge_id == challenge.id, Bid.state.in_((*bids.LIVE, *challenges.IN_REVIEW)))
    for leader_id in session.scalars(select(Bid.leader_id).where(*mine).distinct()).all():
        text = f"榜单 {challenge.no}“{challenge.title}”已撤榜：{notices.excerpt(reason)}"
        notices.send(session, leader_id, text=text, link=f"/challenges/{challenge.id}", kind="bid")
    challenges.lose_bids(session, challenge)
    for bid in session.scalars(select(Bid).where(Bid.challenge_id == challenge.id, Bid.state.in_(bids.LIVE))):
        bids.end_with_list(session, bid)


def latest(session: Session, challenge: Challenge) -> ListingChange:
    """The last change made to a list that has been changed."""
    query = select(ListingChange).where(ListingChange.challenge_id == challenge.id)
    return session.scalars(query.order_by(ListingChange.id.desc()).limit(1)).one()


def changes(session: Session, challenge: Challenge) -> list[ListingChange]:
    """What was changed about a list since its publication, in order."""
    query = select(ListingChange).where(ListingChange.challenge_id == challenge.id)
    return list(session.scalars(query.order_by(ListingChange.id)))


def _move(
    session: Session,
    challenge: Challenge,
    action: ListingAction,
    *,
    text: str,
    bid_to: dt.datetime,
    actor: User | None,
) -> None:
    before, challenge.bid_to = challenge.bid_to, bid_to
    _note(session, challenge, action, text=text, before=before, actor=actor)


def _note(
    session: Session,
    challenge: Challenge,
    action: ListingAction,
    *,
    text: str,
    before: dt.datetime | None,
    actor: User | None,
) -> None:
    change = ListingChange(
        challenge_id=challenge.id,
        action=action,
        text=text,
        bid_to_before=before,
        bid_to_after=challenge.bid_to,
        made_at=clock.now(),
        made_by_id=None if actor is None else actor.id,
    )
    session.add(change)
    session.flush()


def _set_deadline(session: Session, challenge: Challenge, values: Mapping[str, Any]) -> None:
    """The days of a relisting: a later delivery where one is set, and a bidding that ends before it."""
    later = values["deadline"]
    if later is not None and later <= challenge.deadline:
        raise Invalid({"deadline": [f"新的完成期限必须晚于现在的期限 {challenge.deadline:%Y-%m-%d}。"]})
    if later is not None and later.year > clock.today().year + postings.FARTHEST_YEARS:
        raise Invalid({"deadline": ["完成期限太远，请核对年份。"]})
    deadline = later or challenge.deadline
    wrong = postings.check_bid_to(session, values["bid_to"], deadline=deadline, at=challenge.rules_at)
    if wrong:
        raise Invalid({"bid_to": wrong})
    challenge.deadline = deadline


def _raise(_session: Session, challenge: Challenge, values: Mapping[str, Any]) -> None:
    award = values["fixed_award_fen"]
    if award is None or award <= challenge.fixed_award_fen:
        raise Invalid({"fixed_award_fen": ["加赏后的固定奖必须高于现在的固定奖。"]})
    if award > challenge.cap_fen:
        raise Invalid({"fixed_award_fen": ["固定奖不能超过这个榜单的激励封顶。"]})
    challenge.fixed_award_fen = award


def _lower(_session: Session, challenge: Challenge, values: Mapping[str, Any]) -> None:
    known = {one.id: one for one in challenge.indicators}
    asked = [row["indicator_id"] for row in values["targets"]]
    fields: dict[str, list[str]] = {} if asked else {"targets": ["请至少降低一项指标的目标。"]}
    for place, row in enumerate(values["targets"]):
        indicator = known.get(row["indicator_id"])
        if indicator is None:
            fields[f"targets.{place}.indicator_id"] = ["这个榜单没有这项指标。"]
        elif row["indicator_id"] in asked[:place]:
            fields[f"targets.{place}.indicator_id"] = ["这项指标已经在表中。"]
        elif not _is_easier(indicator, row["target"]):
            fields[f"targets.{place}.target"] = ["新的目标必须比现在的目标容易达到。"]
    if fields:
        raise Invalid(fields)
    for row in values["targets"]:
        known[row["indicator_id"]].target = row["target"]


def _is_easier(indicator: Indicator, target: Any) -> bool:
    """Whether whoever reaches the old target reaches ``target`` too, and not the other way round."""
    if indicator.op == "=":
        return bool(target != indicator.target)
    return target != indicator.target and not eligibility.is_as_good(indicator, target)


def _invite(session: Session, challenge: Challenge, values: Mapping[str, Any]) -> None:
    challenge.invited_ids = _people(session, "invited_ids", values["invited_ids"])


def _appoint(session: Session, challenge: Challenge, values: Mapping[str, Any]) -> None:
    leader_id = values["leader_id"]
    challenge.invited_ids = _people(session, "leader_id", [] if leader_id is None else [leader_id])


def _people(session: Session, field: str, ids: list[int]) -> list[int]:
    if not ids:
        raise Invalid({field: ["请选择人员。"]})
    if len(set(ids)) < len(ids):
        raise Invalid({field: ["同一个人只能选一次。"]})
    known = set(session.scalars(select(User.id).where(User.id.in_(ids), User.is_active)))
    if known != set(ids):
        raise Invalid({field: ["没有这个人员。"]})
    return sorted(known)


_TERMS: dict[ListingAction, Callable[[Session, Challenge, Mapping[str, Any]], None]] = {
    ListingAction.RAISE: _raise,
    ListingAction.LOWER: _lower,
    ListingAction.INVITE: _invite,
    ListingAction.APPOINT: _appoint,
}
