"""From the award to the kick-off, branch by branch."""

import datetime as dt
import hashlib
import io
from decimal import Decimal
from typing import Any

import pytest
from docx import Document
from sqlalchemy import select

from tests import factories, play
from tests.processes import crew as around
from tests.processes import works as playing
from tests.processes.cast import Cast
from tests.processes.works import TODAY, Works
from workflows import clock
from workflows.db import Database
from workflows.domain import files
from workflows.engine.tables import Message
from workflows.errors import Forbidden, Invalid
from workflows.models import (
    Acceptance,
    Bid,
    BidState,
    Challenge,
    FundRelease,
    MilestoneDraft,
    Mode,
    Notice,
    Pledge,
    Project,
    ProjectState,
    RaceResult,
    RoleGrant,
    User,
)

TERMS = {
    "tech_power": "自主决定技术路线",
    "funds_power": "预算内自主支配",
    "people_power": "团队内自主调配",
    "penalties": "两次不通过启动换帅",
    "deposit_fen": 0,
    "support_list": "",
}
REMIND = clock.end_of(dt.date(2026, 11, 30))
LAPSE = clock.end_of(dt.date(2026, 12, 7))


@pytest.fixture
def works(campaign: Database, cast: Cast) -> Works:
    """An awarded project whose pledge is to be signed."""
    works = playing.gather(campaign, cast, state=ProjectState.PLEDGING)
    with campaign.transaction() as session:
        project = session.get_one(Project, works.project_id)
        project.bid.milestones = [
            MilestoneDraft(seq=seq, name="节点", deliverable="报告", offset_days=days, pay_pct=50)
            for seq, days in ((1, 60), (2, 200))
        ]
        for one in project.milestones:
            one.plan_due = one.cur_due = None
    playing.message(campaign, works, "MSG_AWARDED")
    return works


def _pledge(campaign: Database) -> Pledge:
    with campaign.read() as session:
        return session.scalars(select(Pledge).order_by(Pledge.id)).all()[-1]


def _agree(campaign: Database, cast: Cast, works: Works, process: int) -> None:
    """Bring the terms to their signing."""
    play.complete(campaign, "pledge.negotiate", by=cast.leader, process=process, **TERMS)
    play.complete(campaign, "pledge.answer_terms", by=works.sponsor, process=process, agree=True)
    for one in (works.crew.finance, cast.office):
        play.complete(campaign, "pledge.check", by=one, process=process, passed=True)


def _signers(cast: Cast, works: Works) -> list[int]:
    crew = works.crew
    unit = (cast.admin_head, cast.party_secretary)
    return [cast.leader, *unit, crew.sponsor_head, crew.chief, crew.secretary]


def _sign(campaign: Database, cast: Cast, works: Works, process: int) -> None:
    for one in _signers(cast, works):
        play.complete(campaign, "pledge.sign", by=one, process=process, sign=True)


def _plan(campaign: Database, works: Works, *days: str) -> list[dict[str, Any]]:
    ids = [one.id for one in playing.nodes(campaign, works)]
    dues = zip(ids, days, strict=True)
    return [{"milestone_id": one, "plan_start": TODAY, "plan_due": due} for one, due in dues]


def test_a_pledge_is_signed_in_turn_planned_funded_and_the_project_started(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "pledge")
    assert play.items(campaign, process) == [("negotiate", f"user:{cast.leader}", "open")]
    assert (_pledge(campaign).remind_at, _pledge(campaign).lapse_at) == (REMIND, LAPSE)
    _agree(campaign, cast, works, process)
    signing = [one for one in play.items(campaign, process) if one[0] == "sign"]
    unit, sponsor = cast.unit_id, cast.sponsor_unit_id
    assert signing == [
        ("sign", f"user:{cast.leader}", "open"),
        ("sign", f"role:admin_head@{unit}", "waiting"),
        ("sign", f"role:party_secretary@{unit}", "waiting"),
        ("sign", f"role:admin_head@{sponsor}", "waiting"),
        ("sign", "role:admin_head", "waiting"),
        ("sign", "role:party_secretary", "waiting"),
    ]
    _sign(campaign, cast, works, process)
    sealed = _pledge(campaign)
    assert (sealed.state, sealed.no, sealed.version) == ("sealed", "JLZ-2026-001", 1)
    assert playing.project(campaign, works).state == "initiating"
    assert playing.challenge_state(campaign, works) == "contracted"
    assert play.timers(campaign, process) == []
    proposed = [(one.plan_start, one.plan_due, one.cur_due) for one in playing.nodes(campaign, works)]
    assert proposed == [
        (dt.date(2026, 11, 23), dt.date(2027, 6, 11), None),
        (dt.date(2027, 6, 14), dt.date(2027, 10, 29), None),
    ]
    rows = _plan(campaign, works, "2027-05-31", "2027-10-29")
    play.complete(campaign, "pledge.plan", by=cast.leader, process=process, rows=rows)
    play.complete(campaign, "pledge.confirm_plan", by=works.sponsor, process=process, agree=True)
    dues = [one.cur_due for one in playing.nodes(campaign, works)]
    assert dues == [dt.date(2027, 5, 31), dt.date(2027, 10, 29)]
    play.complete(campaign, "pledge.fund", by=works.crew.finance, process=process, paid_on=TODAY)
    with campaign.read() as session:
        paid = session.scalars(select(FundRelease)).one()
        assert (paid.kind, paid.amount_fen, paid.paid_on) == ("first", 24_000_000, dt.date(2026, 11, 23))
    playing.hold_meeting(campaign, cast, process, by=cast.leader)
    assert play.status(campaign, process) == "completed"
    assert playing.project(campaign, works).started_on == dt.date(2026, 11, 23)
    with campaign.read() as session:
        sent = session.scalars(select(Message).where(Message.name == "MSG_PROJECT_STARTED")).one()
        assert (sent.value, sent.payload["is_race"]) == (str(works.project_id), False)
        assert sent.payload["leader_id"] == cast.leader
    assert play.open_nodes(campaign, around.newest(campaign, "delivery")) == ["work"]
    assert play.incidents(campaign) == []


def test_the_paper_is_kept_with_its_hash_and_names_who_signed(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "pledge")
    _agree(campaign, cast, works, process)
    _sign(campaign, cast, works, process)
    with campaign.read() as session:
        pledge = session.scalars(select(Pledge)).one()
        assert pledge.file is not None
        paper = files.content(pledge.file)
        assert pledge.file.name == "军令状-JLZ-2026-001.docx"
        signed = [(one.capacity, one.user_id) for one in pledge.signatures]
        leader, unit = session.get_one(User, cast.leader).name, pledge.project.unit.name
    assert pledge.paper_hash == hashlib.sha256(paper).hexdigest()
    capacities = (
        "挂帅人",
        "所在单位行政负责人",
        "所在单位党组织书记",
        "发榜单位负责人",
        "厂行政主要负责人",
        "厂党组织书记",
    )
    assert signed == list(zip(capacities, _signers(cast, works), strict=True))
    document = Document(io.BytesIO(paper))
    rows = [[cell.text for cell in row.cells] for table in document.tables for row in table.rows]
    assert [one.text for one in document.paragraphs[:2]] == ["军令状", "编号：JLZ-2026-001"]
    for told in (["挂帅人", f"{leader}（{unit}）"], ["经费预算", "120 万元"]):
        assert told in rows
    assert tuple(row[0] for row in rows[-len(capacities) :]) == capacities


def test_terms_returned_come_back_to_the_leader(campaign: Database, cast: Cast, works: Works) -> None:
    process = around.newest(campaign, "pledge")
    play.complete(campaign, "pledge.negotiate", by=cast.leader, process=process, **TERMS)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "pledge.answer_terms", by=works.sponsor, process=process, agree=False)
    assert refused.value.fields == {"opinion": ["退回时请写明理由。"]}
    answer = {"agree": False, "opinion": "经费权限太大"}
    play.complete(campaign, "pledge.answer_terms", by=works.sponsor, process=process, **answer)
    assert play.open_nodes(campaign, process) == ["negotiate"]
    play.complete(campaign, "pledge.negotiate", by=cast.leader, process=process, **TERMS)
    play.complete(campaign, "pledge.answer_terms", by=works.sponsor, process=process, agree=True)
    play.complete(campaign, "pledge.check", by=works.crew.finance, process=process, passed=True)
    checked = {"passed": False, "opinion": "责任条款不清"}
    play.complete(campaign, "pledge.check", by=cast.office, process=process, **checked)
    assert play.open_nodes(campaign, process) == ["negotiate"]
    assert (_pledge(campaign).state, _pledge(campaign).version) == ("terms", 2)


def test_terms_returned_by_a_signer_are_signed_anew_by_all(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "pledge")
    _agree(campaign, cast, works, process)
    play.complete(campaign, "pledge.sign", by=cast.leader, process=process, sign=True)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "pledge.sign", by=cast.admin_head, process=process, sign=False)
    assert refused.value.fields == {"opinion": ["不签署的，请写明理由。"]}
    play.complete(
        campaign, "pledge.sign", by=cast.admin_head, process=process, sign=False, opinion="人手不够"
    )
    assert play.open_nodes(campaign, process) == ["negotiate"]
    _agree(campaign, cast, works, process)
    _sign(campaign, cast, works, process)
    with campaign.read() as session:
        signatures = session.scalars(select(Pledge)).one().signatures
        assert [(one.version, one.agree) for one in signatures] == [(1, True), (1, False)] + [(2, True)] * 6


def test_a_deposit_needs_the_bids_consent(campaign: Database, cast: Cast, works: Works) -> None:
    process = around.newest(campaign, "pledge")
    values = {**TERMS, "deposit_fen": 1_000_000}
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "pledge.negotiate", by=cast.leader, process=process, **values)
    assert refused.value.fields == {"deposit_fen": ["揭榜书没有同意缴纳风险抵押金，应填 0。"]}
    values = {**TERMS, "deposit_fen": -1, "penalties": "  "}
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "pledge.negotiate", by=cast.leader, process=process, **values)
    assert set(refused.value.fields) == {"deposit_fen", "penalties"}


def test_one_of_the_team_does_not_check_the_terms(campaign: Database, cast: Cast, works: Works) -> None:
    process = around.newest(campaign, "pledge")
    play.complete(campaign, "pledge.negotiate", by=cast.leader, process=process, **TERMS)
    with campaign.transaction() as session:
        member = session.get_one(User, cast.members[0])
        member.grants = [RoleGrant(role="sponsor", unit_id=cast.sponsor_unit_id)]
    with pytest.raises(
        Forbidden, match=r"^您是项目团队成员，按职责分离的要求不能办理这一项，请转办给他人。$"
    ):
        play.complete(campaign, "pledge.answer_terms", by=cast.members[0], process=process, agree=True)


def test_leader_refuses_to_sign_and_nobody_is_left(campaign: Database, cast: Cast, works: Works) -> None:
    process = around.newest(campaign, "pledge")
    _agree(campaign, cast, works, process)
    refusal = {"sign": False, "opinion": "身体原因"}
    play.complete(campaign, "pledge.sign", by=cast.leader, process=process, **refusal)
    assert play.status(campaign, process) == "completed"
    assert _pledge(campaign).state == "given_up"
    project = playing.project(campaign, works)
    assert (project.state, project.ended_on) == ("abandoned", dt.date(2026, 11, 23))
    assert playing.challenge_state(campaign, works) == "failed"
    with campaign.read() as session:
        assert session.get_one(Bid, project.bid_id).state == "disqualified"
        told = select(Notice.text).where(Notice.user_id == cast.office)
        assert session.scalars(told).all() == ["“降低冬季冻堵次数”的中榜团队放弃签约，没有候补，请处置。"]


def test_a_race_is_over_when_the_last_team_in_the_way_gives_up(
    campaign: Database, cast: Cast, works: Works
) -> None:
    with campaign.transaction() as session:
        listed = session.get_one(Challenge, works.crew.challenge_id)
        listed.mode = Mode.RACE
        rival = factories.project(session, on=listed, state=ProjectState.ACCEPTED)
        found = {"score": Decimal(80), "received_on": clock.today()}
        session.add(Acceptance(project_id=rival.id, **found))
        rival_id = rival.id
    process = around.newest(campaign, "pledge")
    _agree(campaign, cast, works, process)
    refusal = {"sign": False, "opinion": "身体原因"}
    play.complete(campaign, "pledge.sign", by=cast.leader, process=process, **refusal)
    with campaign.read() as session:
        assert session.get_one(RaceResult, works.crew.challenge_id).project_id == rival_id
        told = session.scalars(select(Message.name).where(Message.name == "MSG_RACE_SETTLED")).all()
    assert (list(told), play.status(campaign, process)) == (["MSG_RACE_SETTLED"], "completed")


def test_winner_does_not_sign_in_time_then_reserve(campaign: Database, cast: Cast, works: Works) -> None:
    with campaign.transaction() as session:
        listed = session.get_one(Challenge, works.crew.challenge_id)
        second = factories.user(session)
        reserve = factories.bid(session, on=listed, leader=second, state=BidState.RESERVE).id
        second_id = second.id
    process = around.newest(campaign, "pledge")
    _agree(campaign, cast, works, process)
    play.complete(campaign, "pledge.sign", by=cast.leader, process=process, sign=True)
    play.wait_until(campaign, REMIND)
    text = "“降低冬季冻堵次数”的军令状还没有签完，2026-12-08 00:00 前不签视为放弃。"
    with campaign.read() as session:
        told = session.scalars(select(Notice.user_id).where(Notice.text == text)).all()
        assert list(told) == [cast.leader, cast.party_secretary, cast.admin_head]
    play.wait_until(campaign, LAPSE)
    assert play.status(campaign, process) == "completed"
    assert playing.project(campaign, works).state == "abandoned"
    assert playing.challenge_state(campaign, works) == "awarded"
    with campaign.read() as session:
        project = session.scalars(select(Project).where(Project.bid_id == reserve)).one()
        assert (project.state, project.leader_id, project.awarded_at) == ("pledging", second_id, LAPSE)
        assert session.get_one(Bid, reserve).state == "won"
    following = around.newest(campaign, "pledge")
    assert play.items(campaign, following) == [("negotiate", f"user:{second_id}", "open")]
    assert play.incidents(campaign) == []


def test_plan_returned(campaign: Database, cast: Cast, works: Works) -> None:
    process = around.newest(campaign, "pledge")
    _agree(campaign, cast, works, process)
    _sign(campaign, cast, works, process)
    rows = _plan(campaign, works, "2027-05-31", "2027-10-29")
    play.complete(campaign, "pledge.plan", by=cast.leader, process=process, rows=rows)
    answer = {"agree": False, "opinion": "第一个节点太晚"}
    play.complete(campaign, "pledge.confirm_plan", by=works.sponsor, process=process, **answer)
    assert play.open_nodes(campaign, process) == ["plan"]
    rows = _plan(campaign, works, "2027-03-31", "2027-10-29")
    play.complete(campaign, "pledge.plan", by=cast.leader, process=process, rows=rows)
    play.complete(campaign, "pledge.confirm_plan", by=works.sponsor, process=process, agree=True)
    assert playing.nodes(campaign, works)[0].cur_due == dt.date(2027, 3, 31)


def test_a_plan_out_of_order_or_past_the_deadline_is_refused_at_the_row(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "pledge")
    _agree(campaign, cast, works, process)
    _sign(campaign, cast, works, process)

    def refusal(*days: str, **changes: Any) -> dict[str, list[str]]:
        rows = _plan(campaign, works, *days)
        rows[1] |= changes
        with pytest.raises(Invalid) as refused:
            play.complete(campaign, "pledge.plan", by=cast.leader, process=process, rows=rows)
        return dict(refused.value.fields)

    late = {"rows.1.plan_due": ["不能晚于完成期限 2027-10-31。"]}
    assert refusal("2027-05-31", "2027-11-01") == late
    assert refusal("2026-11-20", "2027-10-29") == {"rows.0.plan_due": ["不能早于今天。"]}
    assert refusal("2027-06-01", "2027-05-31") == {"rows.1.plan_due": ["不能早于前一个节点的完成日。"]}
    begun = refusal("2027-05-31", "2027-06-30", plan_start="2027-07-01")
    assert begun == {"rows.1.plan_start": ["开始日不能晚于完成日。"]}
    unknown = refusal("2027-05-31", "2027-06-30", milestone_id=10_000)
    assert unknown == {
        "rows.1.milestone_id": ["本项目没有这个节点。"],
        "rows": ["还没有排期的节点：节点2。"],
    }
    first = playing.nodes(campaign, works)[0].id
    twice = refusal("2027-05-31", "2027-06-30", milestone_id=first)
    assert twice["rows.1.milestone_id"] == ["这个节点已经排过。"]


def test_the_first_release_is_not_paid_in_the_future(campaign: Database, cast: Cast, works: Works) -> None:
    process = around.newest(campaign, "pledge")
    _agree(campaign, cast, works, process)
    _sign(campaign, cast, works, process)
    rows = _plan(campaign, works, "2027-05-31", "2027-10-29")
    play.complete(campaign, "pledge.plan", by=cast.leader, process=process, rows=rows)
    play.complete(campaign, "pledge.confirm_plan", by=works.sponsor, process=process, agree=True)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "pledge.fund", by=works.crew.finance, process=process, paid_on="2026-11-24")
    assert refused.value.fields == {"paid_on": ["拨付日期不能晚于今天。"]}
