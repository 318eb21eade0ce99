"""Projects: made of a won bid, who signs and verifies them, and races between them."""

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import challenges, funds, milestones, pledges, projects, races
from workflows.errors import Conflict, Forbidden, NotFound
from workflows.models import (
    Acceptance,
    Bid,
    BidState,
    BudgetLine,
    Challenge,
    ChallengeState,
    FundRelease,
    Indicator,
    MilestoneDraft,
    Mode,
    Pledge,
    Project,
    ProjectState,
    RaceResult,
)

DUES = (dt.date(2027, 3, 31), dt.date(2027, 10, 29))


@pytest.fixture(autouse=True)
def monday(clock_at: Callable[..., None]) -> None:
    """The clock is held."""


def _bid(session: Session, *, on: Challenge | None = None, budget_fen: int = 0) -> Bid:
    listed = on or factories.challenge(session, state=ChallengeState.AWARDED)
    bid = factories.bid(session, on=listed, leader=factories.user(session), state=BidState.IN_PUBLICITY)
    bid.milestones = [MilestoneDraft(seq=1, name="设计", deliverable="报告", offset_days=60, pay_pct=100)]
    bid.budget_lines = [BudgetLine(seq=1, item="材料", amount_fen=budget_fen)] if budget_fen else []
    session.flush()
    return bid


def test_a_won_bid_becomes_a_project_with_its_team_and_nodes(session: Session) -> None:
    bid = _bid(session, budget_fen=80_000_000)
    bid.challenge.rules_at = clock.now() - dt.timedelta(days=30)
    project = projects.create(session, bid, awarded_at=clock.now())
    assert (project.state, bid.state, project.budget_fen) == ("pledging", "won", 80_000_000)
    assert (project.deadline, project.rules_at) == (bid.challenge.deadline, bid.challenge.rules_at)
    assert [(one.user_id, one.role, one.workload_pct) for one in project.members] == [
        (bid.leader_id, "leader", 30)
    ]
    (node,) = project.milestones
    assert (node.name, node.deliverable, node.pay_pct, node.cur_due) == ("设计", "报告", Decimal(100), None)
    with pytest.raises(Conflict, match=r"^这份申报已经立项，不能重复立项。$"):
        projects.create(session, bid, awarded_at=clock.now())


@pytest.mark.parametrize(("asked", "given"), [(0, 120_000_000), (130_000_000, 120_000_000)])
def test_a_project_has_the_budget_of_its_bid_up_to_that_of_the_challenge(
    session: Session, asked: int, given: int
) -> None:
    bid = _bid(session, budget_fen=asked)
    assert projects.create(session, bid, awarded_at=clock.now()).budget_fen == given


@pytest.mark.parametrize("state", projects.CANNOT_WIN)
def test_a_bid_that_cannot_win_becomes_no_project(session: Session, state: BidState) -> None:
    bid = _bid(session)
    bid.state = state
    with pytest.raises(Conflict, match=r"^这份申报不能中榜，请核对申报的状态。$"):
        projects.create(session, bid, awarded_at=clock.now())


def test_a_state_is_left_only_for_what_may_follow(session: Session) -> None:
    project = factories.project(session, state=ProjectState.ACCEPTING)
    with pytest.raises(Conflict, match=r"^项目当前的状态不允许这样做，请刷新页面。$"):
        projects.move(session, project, ProjectState.RUNNING, out_of=[ProjectState.INITIATING])
    projects.move(session, project, ProjectState.ACCEPTED, out_of=[ProjectState.ACCEPTING])
    assert (project.ended_on, project.challenge.state) == (clock.today(), "accepted")


def test_who_reads_the_inside_of_a_project(session: Session) -> None:
    project = factories.project(session)
    sponsor = project.challenge.sponsor_unit
    readers = [
        project.leader,
        project.party_lead,
        project.admin_lead,
        factories.user(session, of=sponsor),
        factories.user(session, of=project.unit, roles=["party_secretary@"]),
        factories.user(session, roles=["finance"]),
        factories.user(session, roles=["supervision"]),
    ]
    for one in readers:
        assert projects.get_inside(session, project.id, actor=one) is project
    others = [factories.user(session, of=project.unit), factories.user(session, roles=["finance@"])]
    for one in others:
        with pytest.raises(NotFound, match=r"^没有找到这个项目，或者您无权查看这部分内容。$"):
            projects.get_inside(session, project.id, actor=one)


def _pledge(session: Session, project: Project) -> Pledge:
    return pledges.draft(session, project)


def _heads(session: Session, project: Project) -> None:
    """Everybody who signs beside the leader, in the units of the project and in the plant."""
    for role in ("admin_head", "party_secretary"):
        factories.user(session, of=project.unit, roles=[f"{role}@"])
        factories.user(session, roles=[role])
    factories.user(session, of=project.challenge.sponsor_unit, roles=["admin_head@"])


def _asked(session: Session, project: Project) -> list[tuple[str, int | None]]:
    rows = pledges.signers(session, _pledge(session, project))
    return [(row["role"], row.get("unit")) for row in rows[1:]]


def test_a_vacant_head_is_signed_for_by_the_office_once(session: Session) -> None:
    project = factories.project(session, state=ProjectState.PLEDGING)
    office = factories.user(session, roles=["office"])
    unit = project.unit_id
    factories.user(session, of=project.unit, roles=["admin_head@"])
    assert _asked(session, project) == [("admin_head", unit), ("office", None)]
    assert office.id
    with pytest.raises(Conflict, match=r"^这个项目已经有军令状。$"):
        _pledge(session, project)


def test_a_unit_that_is_its_own_sponsor_signs_once(session: Session) -> None:
    project = factories.project(session, state=ProjectState.PLEDGING)
    project.challenge.sponsor_unit = project.unit
    session.flush()
    _heads(session, project)
    unit = project.unit_id
    assert _asked(session, project) == [
        ("admin_head", unit),
        ("party_secretary", unit),
        ("admin_head", None),
        ("party_secretary", None),
    ]


def test_acts_on_a_pledge_out_of_turn_are_refused(session: Session) -> None:
    project = factories.project(session, state=ProjectState.PLEDGING)
    pledge = _pledge(session, project)
    other = factories.user(session)
    state = r"^军令状当前的状态不允许这样做，请刷新页面。$"
    with pytest.raises(Conflict, match=state):
        pledges.check(pledge, actor=other)
    with pytest.raises(Conflict, match=state):
        pledges.sign(session, pledge, capacity="挂帅人", agree=True, opinion="", actor=project.leader)
    with pytest.raises(Conflict, match=state):
        pledges.seal(session, pledge)
    with pytest.raises(Forbidden, match=r"^只有项目的挂帅人和团队成员可以办理。$"):
        pledges.negotiate(session, pledge, values={}, actor=other)
    pledges.answer_terms(pledge, agree=True, actor=other)
    with pytest.raises(Conflict, match=state):
        pledges.negotiate(session, pledge, values={}, actor=project.leader)


def test_indicators_are_verified_by_their_units_and_nobody_is_asked_twice(session: Session) -> None:
    project = factories.project(session)
    first = project.challenge.indicators[0]
    columns: dict[str, Any] = {"measure": "次", "baseline": 1, "target": 2, "op": "≥"}
    units = [first.verifier_unit, factories.unit(session), factories.unit(session)]
    added = [
        Indicator(seq=seq, name=f"指标{seq}", verifier_unit_id=unit.id, **columns)
        for seq, unit in enumerate([units[1], units[2], units[0]], start=2)
    ]
    project.challenge.indicators += added
    factories.user(session, of=units[0], roles=["verifier@"])
    factories.user(session, of=units[1], roles=["admin_head@"])
    session.flush()
    ids = [one.id for one in project.challenge.indicators]
    asked = [
        (row["role"], row["unit"], row["indicator_ids"]) for row in milestones.verifiers(session, project)
    ]
    assert asked == [
        ("verifier", units[0].id, [ids[0], ids[3]]),
        ("admin_head", units[1].id, [ids[1]]),
        ("production", None, [ids[2]]),  # and for the sponsor, whose unit has nobody
    ]


def test_acts_on_a_node_out_of_turn_are_refused(session: Session) -> None:
    project = factories.project(session, due=DUES)
    node, leader, other = project.milestones[0], project.leader, factories.user(session)
    values = {"summary": "", "values": [], "evidence": [], "agree": True, "opinion": ""}
    refused: list[tuple[Callable[[], object], type[Exception]]] = [
        (lambda: milestones.submit(session, node, values=values, actor=leader), Conflict),
        (lambda: milestones.submit(session, node, values=values, actor=other), Forbidden),
        (lambda: milestones.verify(session, node, indicator_ids=[], values=values, actor=other), Conflict),
        (lambda: milestones.verify(session, node, indicator_ids=[], values=values, actor=leader), Forbidden),
        (lambda: milestones.facts(session, node, score=Decimal(80)), Conflict),
        (lambda: milestones.rectify(session, node, actor=leader), Conflict),
        (lambda: milestones.rectify(session, node, actor=other), Forbidden),
        (lambda: milestones.check_review(node, decision="waive", new_due=None, actor=other), Conflict),
        (
            lambda: milestones.decide_review(session, node, decision="waive", new_due=None, actor=other),
            Conflict,
        ),
        (lambda: projects.start(project, started_on=None), Conflict),
    ]
    for act, kind in refused:
        with pytest.raises(kind):
            act()


def test_money_is_exact_and_the_nodes_release_all_of_it(session: Session) -> None:
    project = factories.project(session, due=DUES)
    finance = factories.user(session, roles=["finance"])
    project.budget_fen, project.challenge.fixed_award_fen = 33_333_300, 5_000_000
    project.milestones[0].pay_pct, project.milestones[1].pay_pct = Decimal("33.33"), Decimal("66.67")
    paid: dict[str, Any] = {"paid_on": clock.today(), "voucher": "", "actor": finance}
    first = funds.release_first(session, project, **paid)
    assert first.amount_fen == 6_666_700  # 20 % in whole 元
    with pytest.raises(Conflict, match=r"^首拨已经登记，不能重复拨付。$"):
        funds.release_first(session, project, **paid)
    with pytest.raises(Forbidden, match=r"^您是项目团队成员，"):
        funds.release_first(session, project, **{**paid, "actor": project.leader})
    for node in project.milestones:
        node.released_pct = 100
    amounts = [funds.node_fen(session, node) for node in project.milestones]
    assert amounts == [(8_888_000, 333_300), (17_778_600, 666_700)]
    assert sum(fund for fund, _ in amounts) + first.amount_fen == project.budget_fen
    project.milestones[0].released_pct = 50
    assert funds.node_fen(session, project.milestones[0]) == (4_444_000, 166_700)


def test_a_budget_that_was_cut_is_not_overspent(session: Session) -> None:
    project = factories.project(session, due=DUES)
    paid: dict[str, Any] = {
        "paid_on": clock.today(),
        "voucher": "",
        "actor": factories.user(session, roles=["finance"]),
    }
    project.budget_fen = 10_000_000
    for node in project.milestones:
        node.pay_pct, node.released_pct = Decimal(50), 100
    funds.release_first(session, project, **paid)
    funds.release_node(session, project.milestones[0], **paid)
    project.budget_fen = 7_000_000  # 6,000,000 are released
    assert funds.node_fen(session, project.milestones[1])[0] == 1_000_000


def test_level_c_pays_nothing_of_the_award_at_its_nodes(session: Session) -> None:
    project = factories.project(session, due=DUES)
    project.challenge.level, project.challenge.fixed_award_fen = "C", 1_500_000
    project.milestones[0].released_pct = 100
    session.add(
        FundRelease(
            project_id=project.id,
            kind="first",
            amount_fen=24_000_000,
            paid_on=clock.today(),
            recorded_by_id=factories.user(session).id,
            recorded_at=clock.now(),
        )
    )
    session.flush()
    assert funds.node_fen(session, project.milestones[0]) == (48_000_000, 0)


def _team(session: Session, listed: Challenge, state: ProjectState, score: str = "") -> Project:
    project = factories.project(session, on=listed, state=state)
    if score:
        accepted = Acceptance(project_id=project.id, score=Decimal(score), received_on=clock.today())
        session.add(accepted)
        session.flush()
    return project


def test_who_has_left_the_team_no_longer_works_for_it_and_still_does_not_judge_it(session: Session) -> None:
    member = factories.user(session)
    project = factories.project(session, members=[member])
    projects.expect_team(session, member, project)
    project.members[1].left_on = clock.today()
    with pytest.raises(Forbidden, match=r"^只有项目的挂帅人和团队成员可以办理。$"):
        projects.expect_team(session, member, project)
    with pytest.raises(
        Forbidden, match=r"^您是项目团队成员，按职责分离的要求不能办理这一项，请转办给他人。$"
    ):
        projects.expect_apart(member, project)
    assert projects.get_inside(session, project.id, actor=member) is project


def test_a_race_is_settled_once_for_the_best_accepted_team(session: Session) -> None:
    listed = factories.challenge(session, state=ChallengeState.EXECUTING)
    listed.mode = Mode.RACE
    _team(session, listed, ProjectState.ACCEPTED, "80")
    best = _team(session, listed, ProjectState.ACCEPTED, "90.5")
    _team(session, listed, ProjectState.NOT_ACCEPTED, "95")
    last = _team(session, listed, ProjectState.ACCEPTING)
    assert races.settle_if_done(session, listed) is False
    last.state = ProjectState.TERMINATED
    assert races.settle_if_done(session, listed) is True
    assert session.get_one(RaceResult, listed.id).project_id == best.id
    assert races.settle_if_done(session, listed) is False


def test_a_challenge_without_a_race_is_never_settled_as_one(session: Session) -> None:
    listed = factories.challenge(session, state=ChallengeState.EXECUTING)
    _team(session, listed, ProjectState.TERMINATED)
    assert races.settle_if_done(session, listed) is False
    challenges.follow_projects(session, listed)
    assert listed.state == "terminated"
