"""From a project handed over to its verdict, branch by branch."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from marshmallow import Schema
from sqlalchemy import select

from tests import factories, play
from tests.processes import accepting as playing
from tests.processes.accepting import Accepting
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.errors import Invalid, NotFound
from workflows.models import (
    BenefitAudit,
    ConflictRecord,
    Notice,
    Panel,
    Project,
    ProjectMember,
    ProjectState,
    Publicity,
    User,
)
from workflows.steps.acceptance_forms import ApplyForm, AuditForm, CheckFormForm, ScoreForm, VerifyForm


@pytest.fixture
def made(campaign: Database, cast: Cast) -> Accepting:
    """A project whose leader is to apply."""
    return playing.begin(campaign, cast)


def test_accepted_excellent(made: Accepting) -> None:
    playing.reach_verdict(made, "92")
    found = playing.found(made)
    assert (found.verdict, found.score, found.met_ratio) == ("优秀", Decimal(92), Decimal(1))
    assert found.state == "in_publicity"
    playing.run_out(made)
    assert playing.sent(made) == ["MSG_ACCEPTED"]
    assert playing.project(made).state == ProjectState.ACCEPTED
    assert playing.challenge_state(made) == "rewarding"


def test_accepted_good(made: Accepting) -> None:
    playing.reach_verdict(made, "92", measured="12")  # the pledge, not hard, is missed
    found = playing.found(made)
    assert (found.verdict, found.met_ratio, found.hard_ok) == ("良好", Decimal(0), True)


def test_hard_indicator_missed(campaign: Database, cast: Cast) -> None:
    made = playing.begin(campaign, cast, hard=True)
    playing.reach_verdict(made, "95", measured="10.0001")
    found = playing.found(made)
    assert (found.verdict, found.hard_ok, found.state) == ("不通过", False, "assessing")
    assert play.open_nodes(campaign, made.process) == ["diligence_assess"] * 3


def test_rectification_and_re_acceptance(made: Accepting) -> None:
    playing.reach_verdict(made, "65")
    assert playing.found(made).verdict == "整改"
    with made.database.read() as session:
        items = [one for one in play.all_items(session, made.process) if one.status == "open"]
        assert [(one.step, one.due_at) for one in items] == [
            ("acceptance.rectify", clock.end_of(dt.date(2026, 12, 23)))  # 30 calendar days
        ]
    playing.rectify(made)
    found = playing.found(made)
    assert (found.verdict, found.is_rectified, found.state) == ("整改后合格", True, "in_publicity")
    playing.run_out(made)
    assert playing.sent(made) == ["MSG_ACCEPTED"]


def test_rectification_failed(made: Accepting) -> None:
    playing.reach_verdict(made, "60")
    playing.rectify(made, agree=False)
    found = playing.found(made)
    assert (found.verdict, found.is_rectified, found.state) == ("不通过", False, "assessing")


def test_not_accepted(made: Accepting) -> None:
    playing.reach_verdict(made, "59.9999")
    assert playing.project(made).state == ProjectState.ACCEPTING  # until it is known who answers for it
    playing.assess_liability(made)
    assert playing.sent(made) == ["MSG_NOT_ACCEPTED"]
    assert playing.project(made).state == ProjectState.NOT_ACCEPTED
    assert playing.project(made).liability == "exempt"
    assert playing.challenge_state(made) == "rewarding"
    assert play.status(made.database, made.process) == "completed"


def test_material_supplemented(made: Accepting) -> None:
    playing.apply(made)
    with pytest.raises(Invalid) as refused:
        playing.check_form(made, complete=False)
    assert refused.value.fields == {"opinion": ["请写明需要补正的内容。"]}
    playing.check_form(made, complete=False, opinion="缺少运行记录")
    assert play.open_nodes(made.database, made.process) == ["supplement"]
    playing.act(made, "supplement", made.cast.leader, text="补交运行记录", report=[])
    playing.check_form(made)
    waiting = {"verify_indicators", "audit_benefit", "assess_safety", "visit_site"}
    assert set(play.open_nodes(made.database, made.process)) == waiting


def test_late_application_never_refused(made: Accepting) -> None:
    play.wait_until(made.database, clock.end_of(dt.date(2028, 3, 1)))
    playing.apply(made)
    playing.check_form(made, received_on="2028-03-01")
    assert playing.found(made).received_on == dt.date(2028, 3, 1)


def test_the_application_is_due_after_the_deadline_and_follows_it(made: Accepting) -> None:
    def due() -> dt.datetime | None:
        with made.database.read() as session:
            return play.all_items(session, made.process)[0].due_at

    assert due() == clock.end_of(dt.date(2026, 12, 4))  # ten working days after the 20th
    with made.database.transaction() as session:
        session.get_one(Project, made.project_id).deadline = dt.date(2026, 11, 27)
    play.send(made.database, "MSG_PROJECT_CHANGED", key="project_id", project_id=made.project_id, leader_id=0)
    assert due() == clock.end_of(dt.date(2026, 12, 11))


def test_leader_changed(made: Accepting) -> None:
    successor = made.cast.members[0]
    with made.database.transaction() as session:
        session.get_one(Project, made.project_id).leader_id = successor
    carried = {"project_id": made.project_id, "leader_id": successor}
    play.send(made.database, "MSG_PROJECT_CHANGED", key="project_id", **carried)
    assert playing.asked(made, "acceptance.apply") == [successor]


def test_verifier_of_other_unit_cannot(made: Accepting) -> None:
    playing.apply(made)
    playing.check_form(made)
    with made.database.transaction() as session:
        other = factories.user(session, roles=["verifier@"]).id
        item = next(
            one.id for one in play.all_items(session, made.process) if one.step == "acceptance.verify"
        )
    with pytest.raises(NotFound):
        play.complete_item(
            made.database, item, by=other, rows=[{"indicator_id": made.indicator_id, "measured": "9"}]
        )


def test_benefit_not_measurable(campaign: Database, cast: Cast) -> None:
    made = playing.begin(campaign, cast, measurable=False)
    playing.apply(made, claim_formula="", claim_gross_fen=None, claim_cost_fen=None)
    playing.check_form(made)
    playing.verify(made, net_benefit_fen=None)
    with campaign.read() as session:
        assert session.scalars(select(BenefitAudit.net_benefit_fen)).all() == [None]


def test_experts_of_the_team_or_its_unit_do_not_sit(campaign: Database, cast: Cast) -> None:
    made = playing.begin(campaign, cast, experts=5)
    newcomer = playing.add_expert(made)  # joined the project after it was won
    with campaign.transaction() as session:
        project = session.get_one(Project, made.project_id)
        joined = {"role": "core", "workload_pct": 10, "joined_on": clock.today()}
        project.members.append(ProjectMember(seq=9, user_id=newcomer, **joined))
    neighbour = playing.add_expert(made, unit_id=cast.unit_id)
    playing.apply(made)
    playing.check_form(made)
    playing.verify(made)
    seated = playing.seat_panel(made)
    assert not {newcomer, neighbour} & set(seated)
    with campaign.read() as session:
        found = session.execute(select(ConflictRecord.expert_id, ConflictRecord.relation)).all()
        assert {(newcomer, "joint_project"), (neighbour, "same_unit")} <= {tuple(one) for one in found}
        assert session.scalars(select(Panel.subject)).all() == [f"acceptance:{made.acceptance_id}"]


def test_the_notice_shows_the_verdict_and_no_ids(made: Accepting) -> None:
    playing.reach_verdict(made, "85")
    with made.database.read() as session:
        shown = session.scalars(select(Publicity)).one()
        leader = session.get_one(User, made.cast.leader).name
        assert shown.subject == f"acceptance:{made.acceptance_id}"
        assert set(shown.parties) == {made.cast.leader, *made.cast.members}
        assert shown.snapshot | {"单位": ""} == {
            "项目": "降低冬季冻堵次数",
            "单位": "",
            "挂帅人": leader,
            "验收结论": "良好",
            "验收得分": "85.00",
            "申请日期": "2026-11-23",
            "核定年净效益（元）": "800000",
            "指标": [{"指标": "冻堵次数", "承诺": "≤ 10 次", "核验": "9", "达标": True}],
        }
        told = session.scalars(select(Notice.text).where(Notice.user_id == made.cast.leader)).all()
        assert "“降低冬季冻堵次数”的验收结论：良好。" in told


def test_publicity_upheld_re_review(campaign: Database, cast: Cast) -> None:
    made = playing.begin(campaign, cast, experts=9)
    playing.reach_verdict(made, "92")
    playing.uphold_objection(made)
    assert (playing.found(made).state, playing.found(made).attempt) == ("scoring", 2)
    assert playing.sent(made) == []
    playing.score(made, "75")
    found = playing.found(made)
    assert (found.verdict, found.score, found.state) == ("合格", Decimal(75), "in_publicity")
    playing.run_out(made)
    assert playing.sent(made) == ["MSG_ACCEPTED"]


def test_race_waits_for_all(campaign: Database, cast: Cast) -> None:
    made = playing.begin(campaign, cast, rivals=1)
    playing.reach_verdict(made, "92")
    playing.run_out(made)
    assert (playing.sent(made), playing.race_result(made)) == (["MSG_ACCEPTED"], [])


def test_race_settled_by_the_last_team(campaign: Database, cast: Cast) -> None:
    made = playing.begin(campaign, cast, rivals=1)
    with campaign.transaction() as session:
        rival = session.scalars(select(Project).where(Project.id != made.project_id)).one()
        rival.state = ProjectState.TERMINATED
    playing.reach_verdict(made, "92")
    playing.run_out(made)
    assert playing.sent(made) == ["MSG_RACE_SETTLED", "MSG_ACCEPTED"]
    assert playing.race_result(made) == [made.project_id]


@pytest.mark.parametrize(
    ("form", "sent", "wrong"),
    [
        (ApplyForm, {"rows": [{"indicator_id": 1, "measured": "九"}], "report": [1]}, {"rows"}),
        (ApplyForm, {"rows": [{"indicator_id": 1, "measured": "9"}], "report": []}, {"report"}),
        (
            ApplyForm,
            {"rows": [{"indicator_id": 1, "measured": "9"}], "report": [1], "claim_gross_fen": -1},
            {"claim_gross_fen"},
        ),
        (CheckFormForm, {"complete": True, "received_on": "昨天"}, {"received_on"}),
        (VerifyForm, {"rows": []}, {"rows"}),
        (AuditForm, {"method": " ", "net_benefit_fen": 10**14 + 1}, {"method", "net_benefit_fen"}),
        (AuditForm, {"method": "核算", "net_benefit_fen": -(10**14)}, set()),
        (ScoreForm, playing.sheet("100.0001"), {"targets", "tech", "benefit", "papers", "reach"}),
        (ScoreForm, playing.sheet("-1"), {"targets", "tech", "benefit", "papers", "reach"}),
        (ScoreForm, playing.sheet("80", reach="80.00001"), {"reach"}),
        (ScoreForm, playing.sheet("NaN", tech="1"), {"targets", "benefit", "papers", "reach"}),
    ],
)
def test_malformed_values(form: type[Schema], sent: dict[str, Any], wrong: set[str]) -> None:
    assert form().validate(sent).keys() == wrong
