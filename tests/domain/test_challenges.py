"""Challenges: what may be posted, and the order of their states."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import challenges
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import BidState, Challenge, ChallengeState, SealKey

APPROVED, PUBLISHED, CLOSED = ChallengeState.APPROVED, ChallengeState.PUBLISHED, ChallengeState.BIDDING_CLOSED


pytestmark = pytest.mark.usefixtures("clock_at")


def _values(session: Session, **changes: Any) -> dict[str, Any]:
    indicator = {
        "name": "冻堵次数",
        "measure": "次",
        "baseline": Decimal(40),
        "op": "≤",
        "target": Decimal(10),
        "verifier": "生产运行部",
        "hard": False,
    }
    values = {
        "category": "发展之困",
        "title": "榜单",
        "background": "背景",
        "level": "A",
        "mode": "single",
        "sponsor_unit_id": factories.unit(session).id,
        "party_lead_id": factories.user(session).id,
        "admin_lead_id": factories.user(session).id,
        "bid_to": dt.date(2026, 12, 7),
        "deadline": dt.date(2027, 10, 31),
        "budget_fen": 0,
        "safety_critical": False,
        "indicators": [indicator],
    }
    return values | changes


def test_the_office_posts_a_challenge(session: Session) -> None:
    office = factories.user(session, roles=["office"])
    posted = challenges.post(session, values=_values(session), actor=office)
    session.flush()
    assert (posted.state, posted.no, posted.bid_to) == (APPROVED, None, clock.end_of(dt.date(2026, 12, 7)))
    assert [(one.seq, one.name, one.weight) for one in posted.indicators] == [(1, "冻堵次数", Decimal(1))]
    assert session.get_one(SealKey, posted.id).released_at is None


def test_nobody_else_posts(session: Session) -> None:
    for roles in ([], ["office@"], ["supervision"], ["admin"]):
        with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以发榜。$"):
            challenges.post(session, values=_values(session), actor=factories.user(session, roles=roles))


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"sponsor_unit_id": 999}, {"sponsor_unit_id": ["没有这个单位。"]}),
        ({"party_lead_id": 999}, {"party_lead_id": ["没有这个人员。"]}),
        ({"admin_lead_id": 999}, {"admin_lead_id": ["没有这个人员。"]}),
        ({"bid_to": dt.date(2026, 12, 4)}, {"bid_to": ["揭榜期至少 10 个工作日，最早到 2026-12-07。"]}),
        ({"deadline": dt.date(2026, 12, 7)}, {"deadline": ["完成期限必须晚于揭榜截止日。"]}),
    ],
)
def test_a_challenge_that_does_not_make_sense_is_refused(
    session: Session, changes: dict[str, Any], fields: dict[str, list[str]]
) -> None:
    office = factories.user(session, roles=["office"])
    with pytest.raises(Invalid) as refused:
        challenges.post(session, values=_values(session, **changes), actor=office)
    assert refused.value.fields == fields
    assert session.query(Challenge).all() == []


def test_party_and_administration_lead_with_different_people(session: Session) -> None:
    office, lead = factories.user(session, roles=["office"]), factories.user(session).id
    values = _values(session, party_lead_id=lead, admin_lead_id=lead)
    with pytest.raises(Invalid) as refused:
        challenges.post(session, values=values, actor=office)
    assert refused.value.fields == {"admin_lead_id": ["党组织责任人和行政责任人不能是同一个人。"]}


def test_indicators_have_different_names(session: Session) -> None:
    office, values = factories.user(session, roles=["office"]), _values(session)
    with pytest.raises(Invalid) as refused:
        challenges.post(session, values=values | {"indicators": values["indicators"] * 2}, actor=office)
    assert refused.value.fields == {"indicators.1.name": ["指标名称重复。"]}


def test_numbers_go_on_within_a_year_and_a_category(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    office = factories.user(session, roles=["office"])
    numbers = []
    for category in ("发展之困", "生产所需", "发展之困", "市场所急"):
        posted = challenges.post(session, values=_values(session, category=category), actor=office)
        challenges.publish(session, posted)
        numbers.append(posted.no)
        session.flush()
    clock_at(dt.datetime(2027, 1, 4, 9, tzinfo=clock.PLANT_ZONE))
    posted = challenges.post(session, values=_values(session, bid_to=dt.date(2027, 2, 1)), actor=office)
    challenges.publish(session, posted)
    assert [*numbers, posted.no] == [
        "TRQ-2026-F01",
        "TRQ-2026-S01",
        "TRQ-2026-F02",
        "TRQ-2026-M01",
        "TRQ-2027-F01",
    ]


@pytest.mark.parametrize("state", [one for one in ChallengeState if one != APPROVED])
def test_only_what_is_approved_is_published(session: Session, state: ChallengeState) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Conflict, match=r"^榜单当前的状态不允许这样做，请刷新页面。$"):
        challenges.publish(session, challenge)
    assert challenge.state == state


@pytest.mark.parametrize("act", [challenges.release_seal, challenges.fail, challenges.begin_review])
@pytest.mark.parametrize("state", [one for one in ChallengeState if one != CLOSED])
def test_only_a_closed_list_goes_on(
    session: Session, act: Callable[[Session, Challenge], None], state: ChallengeState
) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Conflict):
        act(session, challenge)
    assert challenge.state == state
    assert session.get_one(SealKey, challenge.id).released_at is None


def test_a_closed_list_fails_or_goes_to_review(session: Session) -> None:
    failed, reviewed = (factories.challenge(session, state=CLOSED) for _ in range(2))
    challenges.fail(session, failed)
    challenges.begin_review(session, reviewed)
    assert (failed.state, reviewed.state) == (ChallengeState.FAILED, ChallengeState.REVIEWING)


def test_the_call_closes_at_its_deadline_and_counts_what_is_sealed(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    challenge = factories.challenge(session, days_open=1)
    for state in (BidState.SEALED, BidState.DRAFT, BidState.SEALED, BidState.WITHDRAWN):
        factories.bid(session, on=challenge, leader=factories.user(session), state=state)
    bid_to = challenge.bid_to
    assert bid_to is not None
    clock_at(bid_to - dt.timedelta(seconds=1))
    with pytest.raises(Conflict, match=r"^揭榜期还没有结束，不能截止。$"):
        challenges.close_call(session, challenge)
    assert challenge.state == PUBLISHED
    clock_at(bid_to)
    assert challenges.close_call(session, challenge) == 2
    assert challenge.state == CLOSED
    with pytest.raises(Conflict):
        challenges.close_call(session, challenge)


def test_an_extension_is_by_the_office_to_a_later_day_while_the_bidding_runs(session: Session) -> None:
    office, other = factories.user(session, roles=["office"]), factories.user(session)
    challenge = factories.challenge(session, days_open=5)
    later = dt.date(2026, 12, 1)
    with pytest.raises(Forbidden):
        challenges.extend_bidding(session, challenge, last_day=later, actor=other)
    with pytest.raises(Invalid) as refused:
        challenges.extend_bidding(session, challenge, last_day=dt.date(2026, 11, 28), actor=office)
    assert refused.value.fields == {"last_day": ["延期后的截止日必须晚于现在的截止日。"]}
    assert challenge.extended is False
    assert challenges.extend_bidding(session, challenge, last_day=later, actor=office) == clock.end_of(later)
    assert (challenge.bid_to, challenge.extended, challenges.last_day(challenge)) == (
        clock.end_of(later),
        True,
        later,
    )
    closed = factories.challenge(session, state=CLOSED)
    with pytest.raises(Forbidden):
        challenges.extend_bidding(session, closed, last_day=later, actor=office)


def test_judged_bids_are_counted(session: Session) -> None:
    challenge = factories.challenge(session, state=CLOSED)
    for state in BidState:
        factories.bid(session, on=challenge, leader=factories.user(session), state=state)
    assert challenges.count_judged(session, challenge) == (4, 2, 1)


def test_a_challenge_not_yet_published_is_seen_by_its_own_people_only(session: Session) -> None:
    challenge = factories.challenge(session, state=APPROVED)
    stranger, office = factories.user(session), factories.user(session, roles=["office"])
    supervision = factories.user(session, roles=["supervision"])
    colleague = factories.user(session, of=challenge.sponsor_unit)
    for person in (office, supervision, colleague, challenge.party_lead, challenge.admin_lead):
        assert challenges.get(session, challenge.id, actor=person) == challenge
    for number in (challenge.id, 999):
        with pytest.raises(NotFound, match=r"^没有找到这个榜单。$"):
            challenges.get(session, number, actor=stranger)
    challenge.state = PUBLISHED
    assert challenges.get(session, challenge.id, actor=stranger) == challenge


def test_the_list_shows_what_is_published_newest_first(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    actor = factories.user(session)
    factories.challenge(session, state=APPROVED, title="还没有发布")
    old = factories.challenge(session, title="旧的 100%")
    clock_at(clock.now() + dt.timedelta(days=1))
    new = factories.challenge(session, title="新的", state=ChallengeState.FAILED)
    assert challenges.listing(session, actor=actor) == ([new, old], 2)
    assert challenges.listing(session, actor=actor, state="published") == ([old], 1)
    assert challenges.listing(session, actor=actor, category="市场所急") == ([], 0)
    assert challenges.listing(session, actor=actor, q="0%") == ([old], 1)  # the sign is meant, not a wildcard
    assert challenges.listing(session, actor=actor, q=str(new.no)) == ([new], 1)
    assert challenges.listing(session, actor=actor, page=2, size=1) == ([old], 2)
