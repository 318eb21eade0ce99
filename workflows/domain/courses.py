"""The course of a challenge (榜单日程): its days from publication to delivery, and what has happened so far."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from workflows import clock
from workflows.domain import challenges
from workflows.domain.terms import LISTING_ACTIONS
from workflows.models import (
    BEFORE_PUBLICATION,
    Bid,
    BidState,
    Challenge,
    ChallengeState,
    ListingChange,
    Objection,
    ObjectionState,
    Project,
    Publicity,
)

DELIVERED = (
    ChallengeState.ACCEPTED,
    ChallengeState.NOT_ACCEPTED,
    ChallengeState.REWARDING,
    ChallengeState.ARCHIVED,
)
PLACES: dict[str, int] = {
    BidState.DRAFT: 0,
    BidState.SEALED: 2,
    BidState.OPENED: 3,
    BidState.ELIGIBLE: 4,
    BidState.REVIEWING: 4,
    BidState.PROPOSED: 5,
    BidState.RESERVE: 7,
    BidState.IN_PUBLICITY: 5,
    BidState.WON: 7,
    BidState.LOST: 7,
}  # how many steps of a bid lie behind it
RESULTS: dict[str, str] = {BidState.WON: "中榜", BidState.LOST: "未中", BidState.RESERVE: "候补"}
ENDED_EARLY: dict[str, str] = {
    BidState.WITHDRAWN: "已撤回",
    BidState.LAPSED: "逾期未递交",
    BidState.INELIGIBLE: "资格不合格",
    BidState.DISQUALIFIED: "取消资格",
}
OBJECTION_PLACES: dict[str, int] = {
    ObjectionState.FILED: 1,
    ObjectionState.INVESTIGATING: 2,
    ObjectionState.CONCLUDED: 3,
    ObjectionState.REPLIED: 4,
    ObjectionState.REVIEWING: 4,
    ObjectionState.SETTLED: 6,
}  # how many of its steps lie behind it
AMENDED, SINGLE = "变更公告", "延期"  # what the office or the rules change while the bidding runs


@dataclass(frozen=True)
class Stop:
    """One day of the course. ``day`` is None while it is not known; ``until`` where it lasts longer."""

    title: str
    day: dt.date | None
    is_done: bool
    until: dt.date | None = None


@dataclass(frozen=True)
class Event:
    """Something that happened; ``path`` leads to what it is about, if that has a page."""

    at: dt.datetime
    title: str
    text: str = ""
    path: str = ""


def stops(challenge: Challenge, notices: Sequence[Publicity], *, opened: dt.datetime | None) -> list[Stop]:
    """The days of ``challenge`` in their order; ``notices`` are its public notices, the newest first.

    ``opened`` is when its bids were.
    """
    is_closed = challenge.state not in (*BEFORE_PUBLICATION, ChallengeState.PUBLISHED)
    bids_to = None if challenge.bid_to is None else challenges.last_day(challenge)
    is_over = is_closed or (challenge.bid_to is not None and challenge.bid_to <= clock.now())
    return [
        Stop("发榜", _day(challenge.published_at), challenge.published_at is not None),
        Stop("答疑截止", bids_to, is_over),
        Stop("揭榜截止", bids_to, is_over),
        Stop("开榜", _day(opened), opened is not None),
        _shown(challenge, notices),
        Stop("完成期限", challenge.deadline, challenge.state in DELIVERED),
    ]


def place_of_today(stops: Sequence[Stop], today: dt.date) -> int | None:
    """Before which of ``stops`` today stands: behind all that is done or past. None when nothing is to come."""
    if all(one.is_done for one in stops):
        return None
    behind = [one.is_done or (one.day is not None and one.day < today) for one in stops]
    return max((place for place, is_behind in enumerate(behind, start=1) if is_behind), default=0)


def of_bid(bid: Bid) -> list[Stop]:
    """How far ``bid`` has come: its steps in order, with the days that are kept, and its end if it has one."""
    if bid.state in ENDED_EARLY:
        reached = (bid.sealed_at is not None) + (bid.opened_at is not None)
        done = [
            Stop("密封递交", _day(bid.sealed_at), is_done=True),
            Stop("开榜", _day(bid.opened_at), is_done=True),
        ]
        return [
            Stop("我要揭榜", None, is_done=True),
            *done[:reached],
            Stop(ENDED_EARLY[bid.state], None, is_done=True),
        ]
    place = PLACES[bid.state]
    titles = (
        "组队与编制",
        "密封递交",
        "开榜",
        "资格审查",
        "评审答辩",
        "公示",
        RESULTS.get(bid.state, "定帅结果"),
    )
    days = {"密封递交": _day(bid.sealed_at), "开榜": _day(bid.opened_at)}
    return [Stop(title, days.get(title), is_done=number < place) for number, title in enumerate(titles)]


def of_objection(objection: Objection) -> list[Stop]:
    """How far ``objection`` has come; a review is among its steps only when it was asked for."""
    if objection.state == ObjectionState.REFUSED:
        end = Stop("不予受理", _day(objection.settled_at), is_done=True)
        return [Stop("提出", _day(objection.filed_at), is_done=True), end]
    place = OBJECTION_PLACES[objection.state]
    steps = [
        ("提出", objection.filed_at),
        ("受理", objection.accepted_at),
        ("调查核实", None),
        ("书面答复", objection.replied_at),
        ("复核", None),
        ("办结", objection.settled_at),
    ]
    found = [Stop(title, _day(at), is_done=number < place) for number, (title, at) in enumerate(steps)]
    return found if objection.review_reason else [one for one in found if one.title != "复核"]


def events(
    challenge: Challenge,
    *,
    opened: dt.datetime | None,
    changes: Sequence[ListingChange],
    notices: Sequence[Publicity],
    projects: Sequence[Project],
) -> list[Event]:
    """What has happened with ``challenge``, the newest first."""
    titles = {**LISTING_ACTIONS, "amend": AMENDED, "single": SINGLE}
    found = [Event(one.made_at, titles[one.action], one.text) for one in changes]
    if challenge.published_at is not None:
        found.append(Event(challenge.published_at, "发榜"))
    if opened is not None:
        found.append(Event(opened, "开榜", path=f"/challenges/{challenge.id}/opening"))
    for notice in notices:
        path = f"/publicities/{notice.id}"
        found.append(Event(notice.opened_at, "公示", notice.title, path))
        if notice.closed_at is not None:
            found.append(Event(notice.closed_at, "公示结束", notice.title, path))
    for one in projects:
        found.append(Event(one.awarded_at, "定帅", one.leader.name, f"/projects/{one.id}"))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _shown(challenge: Challenge, notices: Sequence[Publicity]) -> Stop:
    """公示 of who is to lead; the latest one, if it had to be shown again."""
    own = next((one for one in notices if one.subject == f"challenge:{challenge.id}"), None)
    if own is None:
        return Stop("公示", None, is_done=False)
    last = challenges.day_before(own.ends_at)
    return Stop("公示", _day(own.opened_at), own.closed_at is not None, until=last)


def _day(instant: dt.datetime | None) -> dt.date | None:
    return None if instant is None else clock.local(instant).date()
