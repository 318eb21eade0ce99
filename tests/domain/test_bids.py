"""Bids: team and document; what is refused and what it says; who sees them."""

import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.domain.bidding import document, release, sealed
from workflows import clock
from workflows.domain import bids
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Bid, BidState, ChallengeState, User

pytestmark = pytest.mark.usefixtures("clock_at")

DRAFT, SEALED = BidState.DRAFT, BidState.SEALED


def _row(user_id: int, role: str = "core") -> dict[str, Any]:
    return {"user_id": user_id, "role": role, "pioneer": False, "workload_pct": 20}


def test_a_bid_begins_as_a_draft_with_its_leader(session: Session) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    bid = bids.begin(session, challenge, leader=leader)
    assert (bid.state, bid.attempt, bid.unit_id) == (DRAFT, 1, leader.unit_id)
    assert [(one.user_id, one.role, one.confirmed_at) for one in bid.members] == [
        (leader.id, "leader", clock.now())
    ]


@pytest.mark.parametrize("state", [one for one in ChallengeState if one != ChallengeState.PUBLISHED])
def test_nobody_bids_on_a_list_that_is_not_open(session: Session, state: ChallengeState) -> None:
    challenge = factories.challenge(session, state=state)
    with pytest.raises(Conflict, match=r"^这个榜单现在不接受揭榜。$"):
        bids.begin(session, challenge, leader=factories.user(session))
    assert session.scalars(select(Bid)).all() == []


def test_nobody_bids_after_the_deadline(session: Session, clock_at: Callable[[dt.datetime], None]) -> None:
    challenge = factories.challenge(session, days_open=1)
    assert challenge.bid_to is not None
    clock_at(challenge.bid_to)
    message = r"^揭榜已于 2026-11-25 00:00 截止（以服务器时间为准），不能再办理。$"
    with pytest.raises(Conflict, match=message):
        bids.begin(session, challenge, leader=factories.user(session))


@pytest.mark.parametrize("state", [DRAFT, SEALED])
def test_a_leader_has_one_live_bid_on_a_list(session: Session, state: BidState) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    factories.bid(session, on=challenge, leader=leader, state=state)
    with pytest.raises(Conflict, match=r"^您对这个榜单已有一份申报，请在待办中继续办理。$"):
        bids.begin(session, challenge, leader=leader)


def test_a_leader_bids_again_after_withdrawing(session: Session) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    factories.bid(session, on=challenge, leader=leader, state=BidState.WITHDRAWN)
    assert bids.begin(session, challenge, leader=leader).attempt == 2


def test_a_new_team_keeps_who_has_confirmed_and_names_who_has_not(session: Session) -> None:
    leader, first, second = (factories.user(session) for _ in range(3))
    bid = bids.begin(session, factories.challenge(session), leader=leader)
    rows = [_row(first.id), _row(leader.id, "leader")]
    assert bids.set_team(session, bid, rows=rows, actor=leader) == [first.id]
    bids.answer_invitation(session, bid, actor=first, accept=True)
    assert bids.set_team(session, bid, rows=[*rows, _row(second.id)], actor=leader) == [second.id]
    team = [(one.seq, one.user_id, one.role, one.confirmed_at is not None) for one in bid.members]
    assert team == [
        (1, first.id, "core", True),
        (2, leader.id, "leader", True),
        (3, second.id, "core", False),
    ]


def test_who_declines_leaves_the_team(session: Session) -> None:
    leader, member = factories.user(session), factories.user(session)
    bid = bids.begin(session, factories.challenge(session), leader=leader)
    bids.set_team(session, bid, rows=[_row(leader.id, "leader"), _row(member.id)], actor=leader)
    bids.answer_invitation(session, bid, actor=member, accept=False)
    assert [one.user_id for one in bid.members] == [leader.id]
    with pytest.raises(Conflict, match=r"^您已不在这个团队中。$"):
        bids.answer_invitation(session, bid, actor=member, accept=True)


def test_only_the_leader_forms_the_team(session: Session) -> None:
    bid = bids.begin(session, factories.challenge(session), leader=factories.user(session))
    with pytest.raises(Forbidden, match=r"^只有挂帅人可以组队。$"):
        bids.set_team(session, bid, rows=[], actor=factories.user(session))


def test_a_team_names_each_person_once_and_exactly_one_leader(session: Session) -> None:
    leader, member = factories.user(session), factories.user(session)
    left = factories.user(session)
    left.is_active = False
    session.flush()
    bid = bids.begin(session, factories.challenge(session), leader=leader)
    rows = [_row(member.id, "leader"), _row(member.id), _row(left.id), _row(999)]
    with pytest.raises(Invalid) as refused:
        bids.set_team(session, bid, rows=rows, actor=leader)
    assert refused.value.fields == {
        "members.0.role": ["挂帅人有且只有申报人自己。"],
        "members.1.user_id": ["这个人已经在团队中。"],
        "members.2.user_id": ["没有这个人员。"],
        "members.3.user_id": ["没有这个人员。"],
        "members": ["团队中缺少挂帅人自己。"],
    }
    assert [one.user_id for one in bid.members] == [leader.id]


def test_a_bid_may_be_led_for_another_unit(session: Session) -> None:
    leader, unit = factories.user(session), factories.unit(session)
    bid = bids.begin(session, factories.challenge(session), leader=leader, unit_id=unit.id)
    assert (bid.unit, bid.members[0].user_id) == (unit, leader.id)
    with pytest.raises(Invalid) as refused:
        bids.begin(session, factories.challenge(session), leader=leader, unit_id=999)
    assert refused.value.fields == {"unit_id": ["没有这个单位，或者它已撤销。"]}


@pytest.mark.parametrize("state", [one for one in BidState if one not in bids.FORMING])
def test_the_team_of_a_bid_that_is_sealed_or_judged_stands(session: Session, state: BidState) -> None:
    leader = factories.user(session)
    bid = factories.bid(session, on=factories.challenge(session), leader=leader, state=state)
    for act in (
        lambda: bids.set_team(session, bid, rows=[_row(leader.id, "leader")], actor=leader),
        lambda: bids.answer_invitation(session, bid, actor=leader, accept=False),
    ):
        with pytest.raises(Conflict, match=r"^揭榜书已经递交，团队不能再改。$"):
            act()
    assert [one.user_id for one in bid.members] == [leader.id]


def test_shares_of_nodes_have_two_decimals_and_sum_exactly(session: Session) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    bid = bids.begin(session, challenge, leader=leader)
    indicator_id = challenge.indicators[0].id
    node = {"name": "设计", "offset_days": 30, "deliverable": "报告", "indicator_id": indicator_id}
    shares = [Decimal("33.33"), Decimal("66.67")]
    written = document(challenge, milestones=[{**node, "pay_pct": one} for one in shares])
    bids.write(session, bid, document=written, actor=leader)
    bids.seal_up(session, bid)
    release(session, bid)
    bids.open_up(session, bid)
    session.flush()
    session.expire_all()
    assert [(one.pay_pct, one.indicator_id) for one in bid.milestones] == [
        (one, indicator_id) for one in shares
    ]


def test_a_node_names_an_indicator_of_the_list(session: Session) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    bid = bids.begin(session, challenge, leader=leader)
    (node,) = document(challenge)["milestones"]
    with pytest.raises(Invalid) as refused:
        bids.write(
            session,
            bid,
            document=document(challenge, milestones=[{**node, "indicator_id": 999}]),
            actor=leader,
        )
    assert refused.value.fields == {"milestones.0.indicator_id": ["这个榜单没有这项指标。"]}


@pytest.mark.parametrize("state", [one for one in BidState if one != BidState.INELIGIBLE])
def test_only_an_ineligible_result_is_asked_about(session: Session, state: BidState) -> None:
    bid = factories.bid(session, on=factories.challenge(session), leader=factories.user(session), state=state)
    with pytest.raises(Conflict, match=r"^只有资格不合格的申报可以询问。$"):
        bids.check_query(bid, asks=True, question="为什么？")
    with pytest.raises(Conflict, match=r"^只有资格不合格的申报可以询问。$"):
        bids.answer_query(session, bid, answer="因为……")


def test_the_leader_writes_and_the_document_is_kept_encrypted(session: Session) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    bid = bids.begin(session, challenge, leader=leader)
    assert bids.document(session, bid, actor=leader) is None
    bids.write(session, bid, document=document(challenge), actor=leader)
    assert bids.document(session, bid, actor=leader) == document(challenge)
    assert bid.sealed_document is not None
    assert "电伴热".encode() not in bid.sealed_document
    assert bid.tech_route is None


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({"pledge": []}, {"pledge": ["还没有承诺的指标：冻堵次数。"]}),
        (
            {"milestones": [{"name": "设计", "offset_days": 30, "deliverable": "报告", "pay_pct": 99}]},
            {"milestones": ["各节点的拨付比例合计应为 100%。"]},
        ),
        (
            {
                "milestones": [
                    {"name": "设计", "offset_days": days, "deliverable": "报告", "pay_pct": 50}
                    for days in (60, 30)
                ]
            },
            {"milestones.1.offset_days": ["节点请按先后填写，不能早于上一个节点。"]},
        ),
    ],
)
def test_an_incomplete_document_is_refused(
    session: Session, changes: Mapping[str, Any], fields: dict[str, list[str]]
) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    bid = bids.begin(session, challenge, leader=leader)
    with pytest.raises(Invalid) as refused:
        bids.write(session, bid, document=document(challenge, **changes), actor=leader)
    assert refused.value.fields == fields
    assert bid.sealed_document is None


def test_each_indicator_of_the_list_is_pledged_once_and_no_other(session: Session) -> None:
    challenge, leader = factories.challenge(session), factories.user(session)
    foreign = factories.challenge(session).indicators[0].id
    own = challenge.indicators[0].id
    bid = bids.begin(session, challenge, leader=leader)
    pledge = [{"indicator_id": one, "value": "1"} for one in (own, own, foreign)]
    with pytest.raises(Invalid) as refused:
        bids.write(session, bid, document=document(challenge, pledge=pledge), actor=leader)
    assert refused.value.fields == {
        "pledge.1.indicator_id": ["这项指标已经承诺过。"],
        "pledge.2.indicator_id": ["这个榜单没有这项指标。"],
    }


def test_only_the_leader_writes_and_only_a_draft(session: Session) -> None:
    bid = sealed(session)
    with pytest.raises(Forbidden, match=r"^只有挂帅人可以编制揭榜书。$"):
        bids.write(session, bid, document=document(bid.challenge), actor=factories.user(session))
    before = bid.sealed_document
    with pytest.raises(Conflict, match=r"^揭榜书已经递交，不能再修改。$"):
        bids.write(session, bid, document=document(bid.challenge), actor=bid.leader)
    assert bid.sealed_document == before


def test_a_bid_of_others_looks_like_none(session: Session) -> None:
    bid = sealed(session)
    stranger = factories.user(session)
    for number in (bid.id, 999):
        with pytest.raises(NotFound, match=r"^没有找到这份申报。$"):
            bids.get(session, number, actor=stranger)
    assert bids.get(session, bid.id, actor=bid.leader) == bid


def test_bids_are_listed_to_who_may_see_them(session: Session) -> None:
    challenge = factories.challenge(session)
    leaders = [factories.user(session) for _ in range(3)]
    states = (SEALED, DRAFT, SEALED)
    made = [
        factories.bid(session, on=challenge, leader=leader, state=state)
        for leader, state in zip(leaders, states, strict=True)
    ]
    office = factories.user(session, roles=["office"])

    def seen(actor: User) -> set[int]:
        return {bid.id for bid in bids.of_challenge(session, challenge, actor=actor)}

    assert seen(office) == {made[0].id, made[2].id}  # not that somebody is still writing
    assert [seen(leader) for leader in leaders] == [{bid.id} for bid in made]
    assert seen(factories.user(session)) == set()
    assert bids.of_person(session, leaders[1]) == [made[1]]
