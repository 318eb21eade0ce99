"""申报的一页: how far it has come, its receipt, and what the panel said to its own team and to nobody else."""

from collections.abc import Callable
from decimal import Decimal

import pytest

from tests import factories
from tests.domain import reviewing
from tests.web.browsing import Visitor, text_of
from workflows import clock
from workflows.db import Database
from workflows.domain import courses
from workflows.domain.scoring import CRITERIA
from workflows.models import Bid, BidRank, BidState, ScoreSheet, User

Visit = Callable[[], Visitor]


@pytest.fixture
def ranked(database: Database) -> tuple[int, int]:
    """Two scored bids: "first" leads the one that was won, "second" the one that was lost; each has a remark."""
    with database.transaction() as session:
        panel = reviewing.panel(session)
        found = [session.get_one(Bid, slot.bid_id) for slot in panel.slots]
        for place, (bid, login) in enumerate(zip(found, ("first", "second"), strict=True), start=1):
            bid.state = BidState.WON if place == 1 else BidState.LOST
            bid.sealed_at = bid.opened_at = clock.now()
            bid.sealed_hash = "ab" * 32
            session.get_one(User, bid.leader_id).login = login
            means = dict.fromkeys(CRITERIA, f"{90 - place}.50")
            mean = Decimal(90 - place)
            session.add(BidRank(panel_id=panel.id, bid_id=bid.id, rank=place, mean=mean, criteria=means))
            sheet = ScoreSheet(member_id=panel.members[0].id, bid_id=bid.id, items=[], total=mean, hash="")
            sheet.remark, sheet.signed_at = f"对 {login} 的评语", clock.now()
            session.add(sheet)
        factories.user(session, login="anybody")
        return found[0].id, found[1].id


def test_a_losing_team_reads_its_own_result_and_reasons(visit: Visit, ranked: tuple[int, int]) -> None:
    visitor = visit()
    visitor.sign_in("second")
    page = text_of(visitor.get(f"/bids/{ranked[1]}").text)
    for told in ("名次 2 / 2", "平均分 88", "技术路线 88.50", "对 second 的评语", "✓ 已过 未中"):
        assert told in page, told
    assert "对 first 的评语" not in page
    assert visitor.get(f"/bids/{ranked[0]}").status_code == 404


def test_nobody_else_reads_what_the_panel_said(visit: Visit, ranked: tuple[int, int]) -> None:
    visitor = visit()
    visitor.sign_in("anybody")
    assert [visitor.get(f"/bids/{one}").status_code for one in ranked] == [404, 404]


def test_an_undecided_bid_tells_nothing_of_its_review(
    visit: Visit, ranked: tuple[int, int], database: Database
) -> None:
    with database.transaction() as session:
        session.get_one(Bid, ranked[1]).state = BidState.REVIEWING
    visitor = visit()
    visitor.sign_in("second")
    page = text_of(visitor.get(f"/bids/{ranked[1]}").text)
    assert "评审反馈" not in page
    assert "当前 评审答辩" in page


@pytest.mark.parametrize(
    ("state", "is_sealed", "titles"),
    [
        (BidState.WITHDRAWN, True, ["我要揭榜", "密封递交", "已撤回"]),
        (BidState.LAPSED, False, ["我要揭榜", "逾期未递交"]),
        (
            BidState.DRAFT,
            False,
            ["组队与编制", "密封递交", "开榜", "资格审查", "评审答辩", "公示", "定帅结果"],
        ),
    ],
)
def test_a_bid_tells_how_far_it_has_come(state: BidState, is_sealed: bool, titles: list[str]) -> None:
    bid = Bid(state=state, sealed_at=clock.now() if is_sealed else None, opened_at=None)
    stops = courses.of_bid(bid)
    assert [one.title for one in stops] == titles
    assert [one.is_done for one in stops] == [state != BidState.DRAFT] * len(stops)


@pytest.mark.parametrize("state", list(BidState))
def test_every_state_has_its_place(state: BidState) -> None:
    assert courses.of_bid(Bid(state=state, sealed_at=clock.now(), opened_at=clock.now()))
