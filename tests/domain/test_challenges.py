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
from workflows.models import BidState, Challenge, ChallengeState, SealKey, User

APPROVING, PUBLISHED = ChallengeState.APPROVING, ChallengeState.PUBLISHED
CLOSED = ChallengeState.BIDDING_CLOSED


pytestmark = pytest.mark.usefixtures("clock_at")


def _values(session: Session, **changes: Any) -> dict[str, Any]:
    indicator = {
        "name": "冻堵次数",
        "measure": "次",
        "baseline": Decimal(40),
        "op": "≤",
        "target": Decimal(10),
        "verifier_unit_id": factories.unit(session).id,
        "data_source": "SCADA",
        "hard": False,
    }
    values = {
        "category": "发展之困",
        "title": "榜单",
        "background": "背景",
        "boundary": "不含地面工程",
        "conditions": "",
        "fields": ["集输"],
        "mode": "single",
        "max_winners": 3,
        "sponsor_unit_id": factories.unit(session).id,
        "party_lead_id": factories.user(session).id,
        "admin_lead_id": factories.user(session).id,
        "bid_to": dt.date(2026, 12, 7),
        "deadline": dt.date(2027, 10, 31),
        "budget_fen": 0,
        "est_benefit_fen": None,
        "cross_units": 1,
        "strategic": False,
        "safety_critical": False,
        "indicators": [indicator],
    }
    return values | changes


@pytest.fixture
def office(session: Session) -> User:
    return factories.user(session, roles=["office"])


def _post(session: Session, actor: User, **changes: Any) -> Challenge:
    return challenges.post(session, values=_values(session, **changes), actor=actor)


def test_the_office_posts_a_challenge(session: Session, office: User) -> None:
    posted = _post(session, office)
    session.flush()
    assert (posted.state, posted.no, posted.bid_to) == (
        ChallengeState.JUSTIFIED,
        None,
        clock.end_of(dt.date(2026, 12, 7)),
    )
    assert (posted.posted_by_id, posted.max_winners, posted.fields) == (office.id, 1, ["集输"])
    assert [(one.seq, one.name, one.weight) for one in posted.indicators] == [(1, "冻堵次数", Decimal(1))]
    assert session.get_one(SealKey, posted.id).released_at is None
    assert challenges.draft(session, values=_values(session), actor=office).state == ChallengeState.REFINING


def test_nobody_else_posts_or_revises(session: Session, office: User) -> None:
    posted = _post(session, office)
    for roles in ([], ["office@"], ["supervision"], ["admin"]):
        other = factories.user(session, roles=roles)
        with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以发榜。$"):
            _post(session, other)
        with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室可以修改榜单。$"):
            challenges.revise(session, posted, values=_values(session), actor=other)


@pytest.mark.parametrize(
    ("changes", "level", "fixed", "benefit", "cap"),
    [
        ({"est_benefit_fen": 420_000_000, "cross_units": 2}, "A", 12, 40, "62.4"),
        ({"est_benefit_fen": 300_000_000}, "A", 12, 40, "62.4"),
        ({"est_benefit_fen": 299_999_999}, "B", 5, 20, "30"),
        ({"est_benefit_fen": 80_000_000}, "B", 5, 20, "30"),
        ({"est_benefit_fen": 79_999_999}, "C", "1.5", 6, "9"),
        ({"est_benefit_fen": 0}, "C", "1.5", 6, "9"),
        ({}, "C", "1.5", 2, "4.2"),
        ({"cross_units": 2}, "B", 5, 5, "12"),
        ({"cross_units": 3}, "A", 12, 10, "26.4"),
        ({"strategic": True}, "A", 12, 10, "26.4"),
        ({"safety_critical": True, "est_benefit_fen": 160_000_000}, "A", 12, 40, "62.4"),
    ],
)
def test_level_and_award_follow_from_the_table(
    session: Session, office: User, changes: dict[str, Any], level: str, fixed: Any, benefit: Any, cap: str
) -> None:
    posted = _post(session, office, **changes)
    money = (posted.fixed_award_fen, posted.benefit_cap_fen, posted.cap_fen)
    assert posted.level == level
    assert [Decimal(fen) / challenges.FEN_PER_WAN for fen in money] == [
        Decimal(fixed),
        Decimal(benefit),
        Decimal(cap),
    ]


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"sponsor_unit_id": 999}, {"sponsor_unit_id": ["没有这个单位，或者它已撤销。"]}),
        ({"party_lead_id": 999}, {"party_lead_id": ["没有这个人员。"]}),
        ({"admin_lead_id": 999}, {"admin_lead_id": ["没有这个人员。"]}),
        ({"bid_to": dt.date(2026, 12, 4)}, {"bid_to": ["揭榜期至少 10 个工作日，最早到 2026-12-07。"]}),
        (
            {"deadline": dt.date(2026, 12, 7)},
            {"bid_to": ["揭榜截止日（2026-12-07）必须早于完成期限。"]},
        ),
        (
            {"bid_to": None, "deadline": dt.date(2026, 12, 14)},
            {"bid_to": ["揭榜截止日（2026-12-14）必须早于完成期限。"]},
        ),
        ({"deadline": dt.date(2026, 11, 23)}, {"deadline": ["完成期限必须晚于今天。"]}),
        ({"deadline": dt.date(2127, 1, 1)}, {"deadline": ["完成期限太远，请核对年份。"]}),
        ({"mode": "multi", "max_winners": 1}, {"max_winners": ["一榜多揭至少选 2 个中榜团队。"]}),
    ],
)
def test_a_challenge_that_does_not_make_sense_is_refused(
    session: Session, office: User, changes: dict[str, Any], fields: dict[str, list[str]]
) -> None:
    with pytest.raises(Invalid) as refused:
        _post(session, office, **changes)
    assert refused.value.fields == fields
    assert session.query(Challenge).all() == []


def test_party_and_administration_lead_with_different_people(session: Session, office: User) -> None:
    lead = factories.user(session).id
    with pytest.raises(Invalid) as refused:
        _post(session, office, party_lead_id=lead, admin_lead_id=lead)
    assert refused.value.fields == {"admin_lead_id": ["党组织责任人和行政责任人不能是同一个人。"]}


def test_indicators_have_different_names_and_a_known_verifier(session: Session, office: User) -> None:
    (indicator,) = _values(session)["indicators"]
    with pytest.raises(Invalid) as refused:
        _post(session, office, indicators=[indicator, {**indicator, "verifier_unit_id": 999}])
    assert refused.value.fields == {
        "indicators.1.name": ["指标名称重复。"],
        "indicators.1.verifier_unit_id": ["没有这个单位，或者它已撤销。"],
    }


def test_what_is_revised_is_written_anew(session: Session, office: User) -> None:
    posted = _post(session, office)
    (indicator,) = _values(session)["indicators"]
    better = _values(session, title="新榜单", cross_units=3, indicators=[{**indicator, "name": "停机次数"}])
    challenges.revise(session, posted, values=better, actor=office)
    assert (posted.title, posted.level) == ("新榜单", "A")
    assert [one.name for one in posted.indicators] == ["停机次数"]


@pytest.mark.parametrize(
    "state",
    [one for one in ChallengeState if one not in (ChallengeState.REFINING, ChallengeState.JUSTIFIED)],
)
def test_what_is_under_approval_or_published_is_not_revised(
    session: Session, office: User, state: ChallengeState
) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Conflict, match=r"^榜单当前的状态不允许这样做，请刷新页面。$"):
        challenges.revise(session, challenge, values=_values(session), actor=office)
    assert challenge.title == "降低冬季冻堵次数"


@pytest.mark.parametrize("state", [one for one in ChallengeState if one != CLOSED])
def test_only_the_seal_of_a_closed_list_is_released(session: Session, state: ChallengeState) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Conflict):
        challenges.release_seal(session, challenge)
    assert challenge.state == state
    assert session.get_one(SealKey, challenge.id).released_at is None


def test_a_closed_list_may_fail(session: Session) -> None:
    failed = factories.challenge(session, state=CLOSED)
    challenges.fail(session, failed)
    assert failed.state == ChallengeState.FAILED


@pytest.mark.parametrize("state", [one for one in ChallengeState if one not in challenges.IN_SELECTION])
def test_only_a_list_in_selection_fails(session: Session, state: ChallengeState) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Conflict):
        challenges.fail(session, challenge)


def test_a_list_that_fails_loses_its_bids(session: Session) -> None:
    challenge = factories.challenge(session, state=ChallengeState.REVIEWING)
    states = (BidState.ELIGIBLE, BidState.INELIGIBLE, BidState.PROPOSED, BidState.WITHDRAWN)
    bids = [factories.bid(session, on=challenge, leader=factories.user(session), state=one) for one in states]
    challenges.fail(session, challenge)
    assert [bid.state for bid in bids] == ["lost", "ineligible", "lost", "withdrawn"]


def test_judged_bids_are_counted(session: Session) -> None:
    challenge = factories.challenge(session, state=CLOSED)
    for state in BidState:
        factories.bid(session, on=challenge, leader=factories.user(session), state=state)
    assert challenges.count_judged(session, challenge) == (4, 2, 1)
    challenge.relist_count = 1  # those were bids of the listing before
    assert challenges.count_judged(session, challenge) == (0, 0, 0)


def test_a_challenge_not_yet_published_is_seen_by_its_own_people_only(session: Session) -> None:
    challenge = factories.challenge(session, state=APPROVING)
    stranger, office = factories.user(session), factories.user(session, roles=["office"])
    supervision = factories.user(session, roles=["supervision"])
    colleague = factories.user(session, of=challenge.sponsor_unit)
    finance = factories.user(session, roles=["finance"])  # signs its approval
    for person in (office, supervision, colleague, finance, challenge.party_lead, challenge.admin_lead):
        assert challenges.get(session, challenge.id, actor=person) == challenge
    for number in (challenge.id, 999):
        with pytest.raises(NotFound, match=r"^没有找到这个榜单。$"):
            challenges.get(session, number, actor=stranger)
    challenge.state, challenge.published_at = PUBLISHED, clock.now()
    assert challenges.get(session, challenge.id, actor=stranger) == challenge


def test_the_list_shows_what_is_published_newest_first(
    session: Session, clock_at: Callable[[dt.datetime], None]
) -> None:
    actor = factories.user(session)
    unpublished = factories.challenge(session, state=APPROVING, title="还没有发布")
    old = factories.challenge(session, title="旧的 100%")
    clock_at(clock.now() + dt.timedelta(days=1))
    new = factories.challenge(session, title="新的", state=ChallengeState.FAILED)
    assert challenges.listing(session, actor=actor) == ([new, old], 2)
    assert challenges.listing(session, actor=actor, state="published") == ([old], 1)
    assert challenges.listing(session, actor=actor, category="市场所急") == ([], 0)
    assert challenges.listing(session, actor=actor, q="0%") == ([old], 1)  # the sign is meant, not a wildcard
    assert challenges.listing(session, actor=actor, q=str(new.no)) == ([new], 1)
    assert challenges.listing(session, actor=actor, level="A") == ([], 0)
    assert challenges.listing(session, actor=actor, page=2, size=1) == ([old], 2)
    office = factories.user(session, roles=["office"])
    assert challenges.listing(session, actor=office) == ([unpublished, new, old], 3)
