"""Changes of a project played whole: asked for, judged, agreed to, and what they do."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as play_cast
from tests.processes import crew as around
from tests.processes.cast import Cast
from tests.processes.crew import Crew
from workflows import clock, work
from workflows.db import Database
from workflows.domain import action_items, changes
from workflows.engine.tables import Message
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    ChangeRequest,
    ChangeState,
    Expert,
    HandoverSignature,
    Milestone,
    Notice,
    PledgeSupplement,
    Project,
    ProjectState,
    Publicity,
    User,
)

IN_PUBLICITY = clock.end_of(dt.date(2026, 11, 26))  # three working days after Monday
FOUND = {
    "diligent": True,
    "compliant": True,
    "honest": True,
    "reported": True,
    "mitigated": True,
    "cause": "technical",
    "opinion": "按路线探索，结果未达预期。",
}


@pytest.fixture
def crew(campaign: Database, cast: Cast) -> Crew:
    return around.gather(campaign, cast)


def _ask(campaign: Database, crew: Crew, by: int, kind: str, **values: Any) -> int:
    """Ask for a change; the id of its process."""
    terms = {"project_id": crew.project_id, "kind": kind, "reason": "现场条件变化", **values}
    return play.start(campaign, "change", by=by, **terms).process_id


def _approve(campaign: Database, process: int, *, refusing: str = "") -> list[str]:
    """Let everybody sign whom the approval asks; ``refusing`` is a decision. The roles that were asked, in order."""
    asked: list[str] = []
    while items := play_cast.signing(campaign, process):
        for item_id, role, user_id in items:
            values: dict[str, Any] = {"decision": refusing or "agreed", "opinion": "理由" if refusing else ""}
            with campaign.transaction() as session:
                if role == "party_committee":
                    values = play_cast.signature(session, role, uploader=user_id, **values)
                work.complete(session, item_id, values, actor=session.get_one(User, user_id))
            asked.append(role)
            if refusing:
                return asked
    return asked


def _experts(campaign: Database, count: int) -> list[int]:
    with campaign.transaction() as session:
        home = factories.unit(session)
        people = [factories.user(session, of=home) for _ in range(count)]
        session.add_all(Expert(user_id=one.id, fields=[]) for one in people)
        return [one.id for one in people]


def _hear_experts(campaign: Database, cast: Cast, process: int, *votes: bool) -> None:
    """Let the office name three experts, and each of them say ``votes``."""
    experts = _experts(campaign, 3)
    named = around.rows(*experts)
    play.complete(campaign, "change.name_experts", by=cast.office, process=process, experts=named)
    for expert, agree in zip(experts, votes, strict=False):
        values = {"agree": agree, "opinion": "" if agree else "理由不充分"}
        play.complete(campaign, "change.opinion", by=expert, process=process, **values)


def _change(campaign: Database) -> ChangeRequest:
    with campaign.read() as session:
        return (
            session.scalars(select(ChangeRequest).order_by(ChangeRequest.id.desc())).first()
            or ChangeRequest()
        )


def _sent(campaign: Database) -> list[str]:
    """The messages sent so far, in order."""
    with campaign.read() as session:
        return list(session.scalars(select(Message.name).order_by(Message.id)))


def _supplements(campaign: Database) -> list[str]:
    with campaign.read() as session:
        return list(session.scalars(select(PledgeSupplement.text).order_by(PledgeSupplement.id)))


def _told(campaign: Database, user_id: int) -> list[str]:
    with campaign.read() as session:
        return list(session.scalars(select(Notice.text).where(Notice.user_id == user_id).order_by(Notice.id)))


def test_a_change_of_deadline_moves_the_nodes_and_keeps_the_baseline(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _ask(campaign, crew, cast.leader, "deadline", deadline="2027-11-05")
    assert _approve(campaign, process) == ["admin_head", "office"]
    assert play.status(campaign, process) == "completed"
    assert _sent(campaign) == ["MSG_PROJECT_CHANGED"]
    with campaign.read() as session:
        nodes = session.scalars(select(Milestone).order_by(Milestone.seq)).all()
        assert session.get_one(Project, crew.project_id).deadline == dt.date(2027, 11, 5)
        assert [(one.plan_due, one.cur_due) for one in nodes] == [
            (dt.date(2027, 3, 31), dt.date(2027, 4, 8)),  # five working days, with Qingming between
            (dt.date(2027, 10, 29), dt.date(2027, 11, 5)),
        ]
    assert _supplements(campaign) == ["完成期限由 2027-10-31 变更为 2027-11-05。"]
    assert _change(campaign).state == ChangeState.APPLIED


def test_a_long_delay_goes_to_experts_and_both_plant_heads(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _ask(campaign, crew, cast.leader, "deadline", deadline="2027-12-31")
    _hear_experts(campaign, cast, process, True, True)
    assert _approve(campaign, process) == ["party_secretary", "admin_head"]
    assert around.project(campaign, crew).deadline == dt.date(2027, 12, 31)


def test_a_change_of_budget_goes_to_finance_and_the_vice_head(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _ask(campaign, crew, cast.leader, "budget", budget_fen=132_000_000)
    assert _approve(campaign, process) == ["finance", "vice_head"]
    assert around.project(campaign, crew).budget_fen == 132_000_000
    assert _supplements(campaign) == ["项目预算由 120 万元变更为 132 万元。"]


def test_a_change_of_indicator_lowers_what_is_pledged(campaign: Database, cast: Cast, crew: Crew) -> None:
    with campaign.read() as session:
        indicator = session.get_one(Project, crew.project_id).challenge.indicators[0].id
    row = {"indicator_id": indicator, "value": "12"}
    process = _ask(campaign, crew, cast.leader, "indicator", indicators=[row])
    _hear_experts(campaign, cast, process, True, False, True)
    _approve(campaign, process)
    with campaign.read() as session:
        project = session.get_one(Project, crew.project_id)
        assert changes.pledged_values(session, project) == {indicator: Decimal(12)}
        assert project.bid.pledges[0].value == Decimal(10)  # what was bid stays on record
    assert _supplements(campaign) == ["冻堵次数的承诺值由 10 变更为 12 次。"]


def test_a_change_of_member_waits_for_the_new_member(campaign: Database, cast: Cast, crew: Crew) -> None:
    (new,) = _experts(campaign, 1)
    leaving, joining = around.rows(cast.members[0]), [{"user_id": new, "role": "support", "workload_pct": 20}]
    process = _ask(campaign, crew, cast.leader, "member", joining=joining, leaving=leaving)
    assert _approve(campaign, process) == ["admin_head", "office"]  # two of five are more than a fifth
    assert play.items(campaign, process)[-1] == ("change_confirm_member", f"user:{new}", "open")
    play.complete(campaign, "change.confirm_member", by=new, process=process, accept=True)
    with campaign.read() as session:
        members = session.get_one(Project, crew.project_id).members
        now = [(one.user_id, one.role, one.left_on) for one in members]
    assert now == [
        (cast.leader, "leader", None),
        (cast.members[0], "core", dt.date(2026, 11, 23)),
        *[(one, "core", None) for one in cast.members[1:]],
        (new, "support", None),
    ]


def test_a_new_member_who_declines_ends_the_change(campaign: Database, cast: Cast, crew: Crew) -> None:
    (new,) = _experts(campaign, 1)
    joining = [{"user_id": new, "role": "support", "workload_pct": 20}]
    process = _ask(campaign, crew, cast.leader, "member", joining=joining)
    assert _approve(campaign, process) == ["admin_head"]
    play.complete(campaign, "change.confirm_member", by=new, process=process, accept=False)
    assert _change(campaign).outcome == "新成员没有同意加入。"
    assert play.open_nodes(campaign, process) == []


def test_a_team_that_would_be_too_small_is_refused_on_record(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _ask(campaign, crew, cast.leader, "member", leaving=around.rows(cast.members[0]))
    assert play.status(campaign, process) == "completed"
    refused = _change(campaign)
    assert (refused.state, [one["code"] for one in refused.findings]) == (ChangeState.REJECTED, ["E05"])


def test_a_change_of_leader_with_handover(campaign: Database, cast: Cast, crew: Crew) -> None:
    new = cast.members[0]
    with campaign.transaction() as session:
        due_on = dt.date(2026, 12, 30)
        item = action_items.add(
            session, what="整理台账", owner_id=cast.leader, due_on=due_on, project_id=crew.project_id
        )
        item_id = item.id
    play.send(campaign, "MSG_ACTION_ITEM", key="action_item_id", action_item_id=item_id)
    item_process = around.newest(campaign, "action_item")
    process = _ask(campaign, crew, cast.office, "leader", leader_id=new)
    _hear_experts(campaign, cast, process, True, True)
    assert _approve(campaign, process) == ["party_secretary", "admin_head", "party_committee"]
    assert play.open_nodes(campaign, process) == []
    play.wait_until(campaign, IN_PUBLICITY)
    signed = {"documents": True, "funds": True, "equipment": True, "open_work": True}
    incomplete = {**signed, "funds": False}
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "change.handover", by=cast.leader, process=process, **incomplete)
    assert refused.value.fields == {"funds": ["请交接完成后再签字。"]}
    play.complete(campaign, "change.handover", by=cast.leader, process=process, **signed)
    assert around.project(campaign, crew).leader_id == cast.leader  # until both have signed
    play.complete(campaign, "change.handover", by=new, process=process, **signed)
    play.settle(campaign)
    with campaign.read() as session:
        project = session.get_one(Project, crew.project_id)
        roles = {one.user_id: one.role for one in project.members}
        sides = session.execute(select(HandoverSignature.side, HandoverSignature.user_id)).all()
        assert (project.leader_id, roles[new], roles[cast.leader]) == (new, "leader", "core")
        assert sorted(map(tuple, sides)) == [("from", cast.leader), ("to", new)]
    assert play.items(campaign, item_process) == [("report_item", f"user:{new}", "open")]
    assert _sent(campaign)[-2:] == ["MSG_ACTION_ITEM_MOVED", "MSG_PROJECT_CHANGED"]
    assert play.incidents(campaign) == []


def test_an_upheld_objection_to_a_new_leader_ends_the_change(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _ask(campaign, crew, cast.office, "leader", leader_id=cast.members[0])
    _hear_experts(campaign, cast, process, True, True)
    _approve(campaign, process)
    with campaign.transaction() as session:
        filer = factories.user(session, of=session.get_one(User, cast.hr).unit).id
        publicity_id = session.scalars(select(Publicity.id)).one()
        sponsor = session.get_one(Project, crew.project_id).challenge.sponsor_unit
        investigator = factories.user(session, of=sponsor, roles=["sponsor@"]).id

    def act(step: str, by: int, **values: Any) -> None:
        play.complete(campaign, f"publicity.{step}", by=by, process=process, **values)

    play.act(campaign, "object", by=filer, publicity_id=publicity_id, is_named=True, reason="另有处分")
    play.settle(campaign)
    act("accept", cast.supervision, accepted=True)
    for one in (cast.supervision, investigator):
        act("investigate", one, findings="情况属实", conclusion="upheld")
    act("reply", cast.office, letter="异议成立。")
    act("ask_review", filer, wants=False)
    with campaign.read() as session:
        ends_at = session.get_one(Publicity, publicity_id).ends_at
    play.wait_until(campaign, ends_at)
    assert _change(campaign).outcome == "公示期间的异议成立。"
    assert around.project(campaign, crew).leader_id == cast.leader
    assert play.incidents(campaign) == []


def test_an_ineligible_new_leader_is_refused_on_record(campaign: Database, cast: Cast, crew: Crew) -> None:
    with campaign.transaction() as session:
        session.get_one(User, cast.members[0]).banned_until = dt.date(2026, 11, 23)
    process = _ask(campaign, crew, cast.office, "leader", leader_id=cast.members[0])
    assert play.status(campaign, process) == "completed"
    refused = _change(campaign)
    assert [one["code"] for one in refused.findings] == ["E02"]
    assert _told(campaign, cast.office) == [
        "换帅未获同意：挂帅人处于处分影响期或诚信禁入期，不能挂帅。请更换挂帅人。"
    ]
    assert around.project(campaign, crew).leader_id == cast.leader


def test_a_suspension_and_its_end_are_told_to_the_delivery(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _ask(campaign, crew, cast.leader, "suspend")
    _hear_experts(campaign, cast, process, True, True)
    _approve(campaign, process)
    assert _sent(campaign) == ["MSG_SUSPEND"]
    with pytest.raises(Conflict, match=r"^项目当前的状态不能办理复工。$"):
        _ask(campaign, crew, cast.leader, "resume")
    with campaign.transaction() as session:
        session.get_one(Project, crew.project_id).state = ProjectState.SUSPENDED  # as the delivery does
    process = _ask(campaign, crew, cast.leader, "resume")
    assert _approve(campaign, process) == ["admin_head", "office"]
    assert _sent(campaign) == ["MSG_SUSPEND", "MSG_RESUME"]


def _terminate(campaign: Database, cast: Cast, crew: Crew, **found: Any) -> int:
    process = _ask(campaign, crew, cast.office, "terminate")
    _hear_experts(campaign, cast, process, True, True)
    _approve(campaign, process)
    for judge in (cast.office, cast.supervision, cast.finance):
        values = {**FOUND, **(found if judge == cast.supervision else {})}
        play.complete(campaign, "due_diligence.assess", by=judge, process=process, **values)
    return process


def test_a_termination_with_exemption(campaign: Database, cast: Cast, crew: Crew) -> None:
    process = _terminate(campaign, cast, crew)
    assert around.project(campaign, crew).liability == "exempt"
    assert _sent(campaign) == ["MSG_TERMINATE"]
    assert play.status(campaign, process) == "completed"


def test_a_termination_without_exemption(campaign: Database, cast: Cast, crew: Crew) -> None:
    _terminate(campaign, cast, crew, reported=False)
    assert around.project(campaign, crew).liability == "liable"
    assert _sent(campaign) == ["MSG_TERMINATE"]


@pytest.mark.parametrize(
    ("decision", "outcome"),
    [("rejected", "审批否决。"), ("returned", "审批退回，请修改后重新申请。")],
)
def test_a_change_rejected_or_returned_changes_nothing(
    campaign: Database, cast: Cast, crew: Crew, decision: str, outcome: str
) -> None:
    process = _ask(campaign, crew, cast.leader, "budget", budget_fen=121_000_000)
    _approve(campaign, process, refusing=decision)
    assert play.status(campaign, process) == "completed"
    assert (around.project(campaign, crew).budget_fen, _sent(campaign)) == (120_000_000, [])
    assert (_change(campaign).state, _change(campaign).outcome) == (ChangeState.REJECTED, outcome)
    assert _told(campaign, cast.leader) == [f"预算变更未获同意：{outcome}"]


def test_a_change_that_the_experts_oppose_is_not_approved(campaign: Database, cast: Cast, crew: Crew) -> None:
    process = _ask(campaign, crew, cast.leader, "suspend")
    _hear_experts(campaign, cast, process, True, False, False)
    assert play.open_nodes(campaign, process) == []
    assert _change(campaign).outcome == "专家论证未通过。"


def test_two_changes_at_once_are_of_different_kinds(campaign: Database, cast: Cast, crew: Crew) -> None:
    first = _ask(campaign, crew, cast.leader, "budget", budget_fen=121_000_000)
    with pytest.raises(Conflict, match=r"^这个项目已有一项预算变更正在办理，请等它办结。$"):
        _ask(campaign, crew, cast.office, "budget", budget_fen=122_000_000)
    second = _ask(campaign, crew, cast.leader, "deadline", deadline="2027-11-02")
    _approve(campaign, second)
    _approve(campaign, first)
    project = around.project(campaign, crew)
    assert (project.budget_fen, project.deadline) == (121_000_000, dt.date(2027, 11, 2))
    _ask(campaign, crew, cast.leader, "budget", budget_fen=120_000_000)  # the first has ended


def test_a_change_of_a_project_that_has_ended_meanwhile_is_void(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _ask(campaign, crew, cast.leader, "budget", budget_fen=121_000_000)
    with campaign.transaction() as session:
        session.get_one(Project, crew.project_id).state = ProjectState.TERMINATED
    _approve(campaign, process)
    assert play.status(campaign, process) == "completed"
    assert _change(campaign).outcome == "项目当前的状态已不能办理这项变更。"
    with pytest.raises(Conflict, match=r"^项目当前的状态不能办理预算变更。$"):
        _ask(campaign, crew, cast.leader, "budget", budget_fen=121_000_000)


def test_only_the_leader_the_sponsor_and_the_office_ask(campaign: Database, cast: Cast, crew: Crew) -> None:
    for stranger in (cast.hr, cast.members[0]):
        with pytest.raises(Forbidden, match=r"^只有挂帅人、发榜单位和揭榜挂帅办公室可以申请变更。$"):
            _ask(campaign, crew, stranger, "suspend")
    _ask(campaign, crew, crew.sponsor_head, "suspend")


def test_experts_are_apart_from_the_team(campaign: Database, cast: Cast, crew: Crew) -> None:
    process = _ask(campaign, crew, cast.leader, "suspend")
    first, second = _experts(campaign, 2)
    with campaign.transaction() as session:
        session.add(Expert(user_id=cast.members[0], fields=[]))

    def refusal(*named: int) -> dict[str, list[str]]:
        rows = around.rows(*named)
        with pytest.raises(Invalid) as refused:
            play.complete(campaign, "change.name_experts", by=cast.office, process=process, experts=rows)
        return dict(refused.value.fields)

    assert refusal(first, first, cast.members[0]) == {
        "experts.1.user_id": ["这个人已经列入。"],
        "experts.2.user_id": ["项目团队成员和指定人应当回避。"],
    }
    assert refusal(first, second, cast.hr) == {"experts.2.user_id": ["这个人不是评审专家，或在禁入期内。"]}
    assert refusal(first, second) == {"experts": ["请指定 3 名专家。"]}
