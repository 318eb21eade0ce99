"""The split of a reward: proposed, refused, confirmed, mediated, signed, objected to, sent back."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import cast as play_cast
from tests.processes import rewarding
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.domain import splits
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import Notice, Objection, Publicity, RewardCase, RoleGrant, Split, SplitRow, User


@pytest.fixture
def process(campaign: Database, cast: Cast) -> int:
    """A project of level C whose leader is asked for a split of 23,000 元."""
    made = rewarding.begin(campaign, rewarding.gather(campaign, cast, level="C", benefit_wan=10))
    rewarding.confirm_sheet(campaign, cast, made)
    return made


def _propose(campaign: Database, cast: Cast, *pcts: str) -> None:
    rows = rewarding.rows(cast, pcts or rewarding.PCTS)
    play.complete(campaign, "reward.split", by=cast.leader, rows=rows)


def _answer(campaign: Database, member: int, *, agree: bool, opinion: str = "") -> None:
    play.complete(campaign, "reward.confirm_share", by=member, agree=agree, opinion=opinion)


def _splits(campaign: Database) -> list[tuple[str, list[str]]]:
    """State and problems of every proposal."""
    with campaign.read() as session:
        return [
            (one.state, [problem["code"] for problem in one.problems])
            for one in session.scalars(select(Split).order_by(Split.no))
        ]


def test_split_refused(campaign: Database, cast: Cast, process: int) -> None:
    with campaign.transaction() as session:
        session.get_one(User, cast.leader).is_manager = True
    _propose(campaign, cast, "40", "15", "15", "15", "15.02")
    assert _splits(campaign) == [("refused", ["S01", "S04", "S06"])]
    assert play.open_nodes(campaign, process) == ["propose_split"]
    with campaign.transaction() as session:
        assert [row.is_manager for row in session.scalars(select(SplitRow))] == [True, *[False] * 4]
        session.get_one(User, cast.leader).is_manager = False
    _propose(campaign, cast)
    assert _splits(campaign)[1:] == [("proposed", [])]
    assert play.open_nodes(campaign, process) == ["confirm_share"] * 4


def test_a_split_names_every_member_once(campaign: Database, cast: Cast, process: int) -> None:
    rows = [*rewarding.rows(cast, ("30", "25", "20")), {"user_id": cast.members[0], "pct": "15"}]
    rows.append({"user_id": cast.office, "pct": "10"})
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "reward.split", by=cast.leader, rows=rows)
    with campaign.read() as session:
        missing = "、".join(session.get_one(User, one).name for one in cast.members[2:])
    assert refused.value.fields == {
        "rows.3.user_id": ["这个人已经在方案中。"],
        "rows.4.user_id": ["这个人不是项目成员。"],
        "rows": [f"方案中缺少成员：{missing}。"],
    }
    assert _splits(campaign) == []


def test_member_declines_then_mediation(campaign: Database, cast: Cast, process: int) -> None:
    _propose(campaign, cast)
    with pytest.raises(Invalid) as silent:
        _answer(campaign, cast.members[0], agree=False)
    assert silent.value.fields == {"opinion": ["请写明理由。"]}
    for member in cast.members[:2]:
        _answer(campaign, member, agree=False, opinion="贡献与比例不符")
    assert _splits(campaign) == [("declined", [])]
    play.complete(campaign, "reward.mediate", by=cast.office, opinion="按工作量调整")
    assert play.open_nodes(campaign, process) == ["propose_split"]
    with campaign.read() as session:
        told = session.scalars(select(Notice.text).where(Notice.user_id == cast.members[3])).all()
    assert told[-1] == "分配调解意见：按工作量调整"
    _propose(campaign, cast, "30", "20", "20", "15", "15")
    for member in cast.members[:3]:
        _answer(campaign, member, agree=True)
    assert _splits(campaign)[1:] == [("agreed", [])]


def test_silence_is_not_consent(campaign: Database, cast: Cast, process: int) -> None:
    _propose(campaign, cast)
    for member in cast.members[:2]:
        _answer(campaign, member, agree=True)
    play.wait_until(campaign, clock.end_of(dt.date(2026, 11, 26)))  # three working days: a reminder, no more
    assert play.open_nodes(campaign, process) == ["confirm_share"] * 2
    with campaign.read() as session:
        told = session.scalars(select(Notice.text).where(Notice.user_id == cast.members[3])).all()
        answers = list(session.scalars(select(SplitRow.confirmed).order_by(SplitRow.seq)))
    assert any(text.startswith("已逾期：确认分配") for text in told)
    assert answers == [True, True, True, None, None]
    play.wait_until(campaign, clock.end_of(dt.date(2026, 12, 7)))  # ten working days: the office mediates
    assert play.open_nodes(campaign, process) == ["mediate"]


def test_a_head_who_disagrees_sends_the_split_back(campaign: Database, cast: Cast, process: int) -> None:
    _propose(campaign, cast)
    for member in cast.members[:3]:
        _answer(campaign, member, agree=True)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "reward.unit", by=cast.admin_head, agree=False)
    assert refused.value.fields == {"opinion": ["请写明理由。"]}
    play.complete(campaign, "reward.unit", by=cast.admin_head, agree=False, opinion="一线人员偏低")
    assert (_splits(campaign), play.open_nodes(campaign, process)) == ([("declined", [])], ["propose_split"])


def test_the_split_is_shown_to_everybody_with_its_factors(
    campaign: Database, cast: Cast, process: int
) -> None:
    rewarding.split(campaign, cast, process)
    with campaign.read() as session:
        shown = session.scalars(select(Publicity)).one()
        case = session.scalars(select(RewardCase)).one()
        assert (shown.subject, shown.workdays, case.state) == (f"reward:{case.id}", 5, "publicity")
        assert shown.snapshot["激励总额（元）"] == 23_000
        assert [row["金额（元）"] for row in shown.snapshot["分配"]] == [6900, 5750, 4600, 3450, 2300]
        assert shown.parties == sorted((cast.leader, *cast.members))


def test_publicity_upheld_returns_to_split(campaign: Database, cast: Cast, process: int) -> None:
    rewarding.split(campaign, cast, process)
    with campaign.transaction() as session:
        shown = session.scalars(select(Publicity)).one()
        objection = Objection(publicity_id=shown.id, is_named=False, reason="虚报贡献", filed_at=clock.now())
        objection.state, objection.outcome, objection.settled_at = "settled", "upheld", clock.now()
        session.add(objection)
    rewarding.end_publicity(campaign)
    assert play.open_nodes(campaign, process) == ["propose_split"]
    assert _splits(campaign) == [("declined", [])]


def test_an_approval_that_returns_it_goes_back_to_the_split(
    campaign: Database, cast: Cast, process: int
) -> None:
    rewarding.split(campaign, cast, process)
    rewarding.end_publicity(campaign)
    ((item, _, signer),) = play_cast.signing(campaign, process)[:1]
    play.complete_item(campaign, item, by=signer, decision="returned", opinion="请附贡献说明")
    assert play.open_nodes(campaign, process) == ["propose_split"]
    rewarding.split(campaign, cast, process)
    rewarding.approve(campaign, process)
    rewarding.pay(campaign, cast, process)
    assert [state for state, _ in _splits(campaign)] == ["declined", "agreed"]


def test_who_pays_does_not_belong_to_the_team(campaign: Database, cast: Cast, process: int) -> None:
    with campaign.transaction() as session:
        session.add(RoleGrant(user_id=cast.members[0], role="hr"))
    rewarding.split(campaign, cast, process)
    rewarding.approve(campaign, process)
    with pytest.raises(Forbidden, match=r"^您是项目团队成员，按职责分离的要求不能办理这一项"):
        play.complete(campaign, "reward.batch", by=cast.members[0], checked=True)


def test_nothing_is_proposed_outside_the_distribution(campaign: Database, cast: Cast, process: int) -> None:
    with campaign.transaction() as session:
        case = session.scalars(select(RewardCase)).one()
        case.state = "publicity"
        with pytest.raises(Conflict, match=r"^现在不是分配阶段，不能提交分配方案。$"):
            splits.propose(session, case, rows=[], actor=session.get_one(User, cast.leader))
        with pytest.raises(Forbidden, match=r"^只有挂帅人可以办理这一项。$"):
            splits.propose(session, case, rows=[], actor=session.get_one(User, cast.office))
        with pytest.raises(Conflict, match=r"^现在没有待确认的分配方案，请刷新页面。$"):
            splits.answer(session, case, agree=True, actor=session.get_one(User, cast.leader))
