"""The course of a challenge (榜单日程): its days from publication to delivery, and what has happened so far."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from workflows import clock
from workflows.domain import challenges
from workflows.domain.terms import LISTING_ACTIONS
from workflows.models import (
    BEFORE_PUBLICATION,
    Challenge,
    ChallengeState,
    ListingChange,
    Project,
    Publicity,
    SealKey,
)

DELIVERED = (
    ChallengeState.ACCEPTED,
    ChallengeState.NOT_ACCEPTED,
    ChallengeState.REWARDING,
    ChallengeState.ARCHIVED,
)
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


def stops(session: Session, challenge: Challenge, notices: Sequence[Publicity]) -> list[Stop]:
    """The days of ``challenge`` in their order; ``notices`` are its public notices, the newest first."""
    is_closed = challenge.state not in (*BEFORE_PUBLICATION, ChallengeState.PUBLISHED)
    bids_to = None if challenge.bid_to is None else challenges.last_day(challenge)
    is_over = is_closed or (challenge.bid_to is not None and challenge.bid_to <= clock.now())
    opened = _opened(session, challenge)
    return [
        Stop("发榜", _day(challenge.published_at), challenge.published_at is not None),
        Stop("答疑截止", bids_to, is_over),
        Stop("揭榜截止", bids_to, is_over),
        Stop("开榜", _day(opened), opened is not None),
        _shown(challenge, notices),
        Stop("完成期限", challenge.deadline, challenge.state in DELIVERED),
    ]


def events(
    session: Session,
    challenge: Challenge,
    *,
    changes: Sequence[ListingChange],
    notices: Sequence[Publicity],
    projects: Sequence[Project],
) -> list[Event]:
    """What has happened with ``challenge``, the newest first."""
    titles = {**LISTING_ACTIONS, "amend": AMENDED, "single": SINGLE}
    found = [Event(one.made_at, titles[one.action], one.text) for one in changes]
    if challenge.published_at is not None:
        found.append(Event(challenge.published_at, "发榜"))
    opened = _opened(session, challenge)
    if opened is not None:
        found.append(Event(opened, "开榜"))
    for notice in notices:
        path = f"/publicities/{notice.id}"
        found.append(Event(notice.opened_at, "公示", notice.title, path))
        if notice.closed_at is not None:
            found.append(Event(notice.closed_at, "公示结束", notice.title, path))
    for one in projects:
        found.append(Event(one.awarded_at, "定帅", one.leader.name, f"/projects/{one.id}"))
    return sorted(found, key=lambda one: one.at, reverse=True)


def _opened(session: Session, challenge: Challenge) -> dt.datetime | None:
    key = session.get(SealKey, challenge.id)
    return None if key is None else key.released_at


def _shown(challenge: Challenge, notices: Sequence[Publicity]) -> Stop:
    """公示 of who is to lead; the latest one, if it had to be shown again."""
    own = next((one for one in notices if one.subject == f"challenge:{challenge.id}"), None)
    if own is None:
        return Stop("公示", None, is_done=False)
    last = challenges.day_before(own.ends_at)
    return Stop("公示", _day(own.opened_at), own.closed_at is not None, until=last)


def _day(instant: dt.datetime | None) -> dt.date | None:
    return None if instant is None else clock.local(instant).date()
