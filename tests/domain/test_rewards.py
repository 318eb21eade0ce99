"""Rewards without a process: the pool, flat awards, the rules a project keeps, and acts out of their turn."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import appeals, payouts, rewards, rule_versions, rules, splits
from workflows.domain.calculation import FEN_PER_WAN
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    Acceptance,
    Appraisal,
    AppraisalState,
    Batch,
    BenefitAudit,
    CampaignYear,
    CategoryScore,
    ProjectState,
    RewardCase,
    RewardState,
    SplitState,
    User,
)

DAY = dt.date(2026, 6, 30)
CODES = [*(f"A{n}" for n in range(1, 7)), *(f"B{n}" for n in range(1, 8))]


@pytest.fixture
def case(session: Session, clock_at: Callable[..., None]) -> RewardCase:
    """A project of level B, 100 万元 of benefit, all factors 1: 120,000 元."""
    leader, member = factories.user(session), factories.user(session)
    listed = factories.challenge(session)
    listed.fixed_award_fen, listed.benefit_cap_fen, listed.cap_fen = (
        amount * FEN_PER_WAN for amount in (5, 20, 30)
    )
    listed.est_benefit_fen = 100 * FEN_PER_WAN
    project = factories.project(
        session, on=listed, leader=leader, members=[member], state=ProjectState.ACCEPTED
    )
    project.started_on, project.deadline, project.ended_on = dt.date(2026, 1, 5), DAY, DAY
    found = {"score": Decimal(85), "hard_ok": True, "met_ratio": Decimal(1), "received_on": DAY}
    session.add(Acceptance(project_id=project.id, **found))
    session.add(BenefitAudit(project_id=project.id, net_benefit_fen=100 * FEN_PER_WAN))
    session.add(_appraisal(leader))
    made = rewards.begin(session, project)
    assert rewards.find_appraisal(session, made)
    return made


def _appraisal(head: User) -> Appraisal:
    made = Appraisal(unit_id=head.unit_id, period="2026", period_from=DAY, period_to=DAY)
    made.state, made.opened_at, made.published_at = AppraisalState.PUBLISHED, clock.now(), clock.now()
    made.opened_by_id, made.p, made.b = head.id, Decimal(85), Decimal(85)
    by = {"owner": "office", "scored_by_id": head.id, "scored_at": clock.now()}
    made.scores = [CategoryScore(category=code, score=Decimal(85), **by) for code in CODES]
    return made


def _split(session: Session, case: RewardCase) -> None:
    splits.begin(case)
    people = splits.members(case)
    rows = [
        {"user_id": one.user_id, "pct": pct, "contribution": ""}
        for one, pct in zip(people, (Decimal(35), Decimal(65)), strict=True)
    ]
    splits.propose(session, case, rows=rows, actor=case.project.leader).state = SplitState.AGREED


def test_the_pool_of_the_year_limits_what_its_cases_get(session: Session, case: RewardCase) -> None:
    year = CampaignYear(year=2026, theme="融合年", pool_fen=10 * FEN_PER_WAN)
    year.batches = [Batch(no=1, intake_from=DAY, intake_to=DAY)]
    session.add(year)
    session.flush()
    case.project.challenge.batch_id = year.batches[0].id
    session.flush()
    rewards.measure(session, case)
    assert case.total_fen == 10 * FEN_PER_WAN
    assert rewards.sheet(case)[-2].text.endswith("年度激励总额还剩 10 万元 = 100000 元")


def test_a_reward_that_was_refused_leaves_its_part_in_the_pool(session: Session, case: RewardCase) -> None:
    year = CampaignYear(year=2026, theme="融合年", pool_fen=15 * FEN_PER_WAN)
    year.batches = [Batch(no=1, intake_from=DAY, intake_to=DAY)]
    session.add(year)
    session.flush()
    case.project.challenge.batch_id = year.batches[0].id
    other = factories.project(session, on=case.project.challenge, state=ProjectState.ACCEPTED)
    refused = rewards.begin(session, other)
    refused.total_fen = 12 * FEN_PER_WAN
    rewards.measure(session, case)
    assert case.total_fen == 3 * FEN_PER_WAN
    refused.state = RewardState.CLOSED
    rewards.measure(session, case)
    assert case.total_fen == 12 * FEN_PER_WAN


def test_a_challenge_without_measurable_benefit_gets_the_flat_award(
    session: Session, case: RewardCase
) -> None:
    case.project.challenge.est_benefit_fen = None
    case.project.challenge.cross_units = 2  # level B by table challenge_level
    session.flush()
    rewards.measure(session, case)
    assert case.total_fen == 10 * FEN_PER_WAN


def test_a_project_keeps_the_rules_of_its_publication(session: Session, case: RewardCase) -> None:
    rule_versions.store(session, rules.shipped())
    office, head = factories.user(session, roles=["office"]), factories.user(session, roles=["admin_head"])
    doubled = rules.shipped()["reward_base.dmn"].decode().replace("* 0.08", "* 0.16")
    drafted = rule_versions.draft(session, "reward_base.dmn", doubled, note="加倍", actor=office)
    clock.move_to(clock.now() + dt.timedelta(days=1))
    rule_versions.adopt(session, drafted, from_day=clock.today(), actor=head)
    rewards.measure(session, case)
    assert case.total_fen == 12 * FEN_PER_WAN
    case.project.rules_at = clock.now()
    session.flush()
    rewards.measure(session, case)
    assert case.total_fen == 16 * FEN_PER_WAN
    versions = [one.version for one in case.lines if one.factor == "benefit"]
    assert (case.measurement, versions) == (2, [1, 2])


def test_nothing_is_measured_without_an_appraisal(session: Session, case: RewardCase) -> None:
    case.appraisal_id = None
    with pytest.raises(Conflict, match=r"^项目所在单位还没有公布的考评结果，不能测算。$"):
        rewards.measure(session, case)


def test_nothing_is_paid_without_a_split_a_check_and_receipts(session: Session, case: RewardCase) -> None:
    hr, finance = factories.user(session, roles=["hr"]), factories.user(session, roles=["finance"])
    rewards.measure(session, case)
    with pytest.raises(Conflict, match=r"^还没有成员通过的分配方案，不能发放。$"):
        payouts.prepare(session, case)
    for act in (lambda: payouts.pay(session, case), lambda: payouts.check_tax(session, case, actor=hr)):
        with pytest.raises(Conflict, match=r"^没有待发放的批次，请刷新页面。$"):
            act()
    _split(session, case)
    assert payouts.prepare(session, case) == "pay"
    assert payouts.prepare(session, case) == "nothing"  # what is open counts as done
    payouts.check_tax(session, case, actor=hr)
    with pytest.raises(Conflict, match=r"^名单未核对或缺少回单，不能发放。$"):
        payouts.pay(session, case)
    with pytest.raises(Invalid):
        payouts.hand_in_receipts(session, case, receipts=[], actor=finance)
    with pytest.raises(Forbidden, match=r"^您是项目团队成员"):
        payouts.hand_in_receipts(session, case, receipts=[1], actor=case.project.leader)
    payouts.hand_in_receipts(session, case, receipts=[1], actor=finance)
    assert payouts.pay(session, case)
    assert (case.state, payouts.balance_fen(session, case)) == (RewardState.PAID, 0)


def test_what_is_owed_is_collected_once_with_a_receipt(session: Session, case: RewardCase) -> None:
    finance = factories.user(session, roles=["finance"])
    owed = payouts.take_back(session, case, 500, reason="多付")
    with pytest.raises(Invalid):
        payouts.collect(session, [owed], receipts=[], actor=finance)
    payouts.collect(session, [owed], receipts=[1], actor=finance)
    with pytest.raises(Conflict, match=r"^没有待收回的款项，请刷新页面。$"):
        payouts.collect(session, [owed], receipts=[1], actor=finance)


def test_appeals_go_through_their_stages_once(session: Session, case: RewardCase) -> None:
    leader, judge = case.project.leader, factories.user(session, roles=["assessment"])
    said: dict[str, Any] = {"reason": "偏低", "evidence": []}
    with pytest.raises(Conflict, match=r"^现在不是核对测算表的阶段，请刷新页面。$"):
        appeals.file_on_sheet(session, case, **said, actor=leader)
    rewards.show_sheet(case)
    with pytest.raises(Forbidden, match=r"^只有挂帅人可以办理这一项。$"):
        appeals.file_on_sheet(session, case, **said, actor=judge)
    appeal = appeals.file_on_sheet(session, case, **said, actor=leader)
    with pytest.raises(Conflict, match=r"^这项申诉还没有核实或已经审定，请刷新页面。$"):
        appeals.decide(session, appeal, won=False, reply="", corrections={}, actor=judge)
    with pytest.raises(Forbidden, match=r"^您是项目团队成员"):
        appeals.hear(session, appeal, findings="", actor=leader)
    appeals.hear(session, appeal, findings="无误", actor=judge)
    with pytest.raises(Conflict, match=r"^这项申诉已经核实，请刷新页面。$"):
        appeals.hear(session, appeal, findings="无误", actor=judge)


@pytest.mark.parametrize(
    ("corrections", "total_wan"),
    [
        ({"score": Decimal(75)}, "9.6"),
        ({"applied_on": dt.date(2026, 7, 10)}, "10.8"),
        ({"net_benefit_fen": 0}, "5"),
    ],
)
def test_a_won_appeal_corrects_the_facts(
    session: Session, case: RewardCase, corrections: dict[str, object], total_wan: str
) -> None:
    judge = factories.user(session, roles=["assessment"])
    rewards.show_sheet(case)
    appeal = appeals.file_on_sheet(session, case, reason="有误", evidence=[], actor=case.project.leader)
    appeals.hear(session, appeal, findings="属实", actor=judge)
    appeals.decide(session, appeal, won=True, reply="更正", corrections=corrections, actor=judge)
    rewards.measure(session, case)
    assert case.total_fen == Decimal(total_wan) * FEN_PER_WAN


def test_a_day_that_an_appeal_corrects_lies_between_the_kick_off_and_today(
    session: Session, case: RewardCase
) -> None:
    judge, started_on = factories.user(session, roles=["assessment"]), case.project.started_on
    assert started_on is not None
    rewards.show_sheet(case)
    appeal = appeals.file_on_sheet(session, case, reason="有误", evidence=[], actor=case.project.leader)
    appeals.hear(session, appeal, findings="属实", actor=judge)
    for day, said in (
        (clock.today() + dt.timedelta(days=1), "申请验收日不能晚于今天。"),
        (started_on - dt.timedelta(days=1), f"申请验收日不能早于启动日 {started_on:%Y-%m-%d}。"),
    ):
        terms: dict[str, Any] = {"won": True, "reply": "更正", "corrections": {"applied_on": day}}
        with pytest.raises(Invalid) as refused:
            appeals.decide(session, appeal, **terms, actor=judge)
        assert refused.value.fields == {"applied_on": [said]}
