"""The nodes of a project one after another: passed, passed on conditions, failed; reports and lights."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import crew as around
from tests.processes import works as playing
from tests.processes.cast import Cast
from tests.processes.works import TODAY, Works
from workflows import clock
from workflows.db import Database
from workflows.domain import funds
from workflows.engine.tables import Message
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    FundRelease,
    Meeting,
    NodeVerification,
    Notice,
    Prepayment,
    Project,
    ProjectState,
    User,
)

FIRST_DUE = clock.end_of(dt.date(2027, 3, 31))


@pytest.fixture
def works(campaign: Database, cast: Cast) -> Works:
    """A project whose delivery has begun: two nodes, due on 2027-03-31 and 2027-10-29."""
    works = playing.gather(campaign, cast, state=ProjectState.INITIATING)
    with campaign.transaction() as session:
        session.get_one(Project, works.project_id).started_on = clock.today()
        session.add(
            FundRelease(
                project_id=works.project_id,
                kind="first",
                amount_fen=24_000_000,
                paid_on=clock.today(),
                recorded_by_id=works.crew.finance,
                recorded_at=clock.now(),
            )
        )
    playing.message(campaign, works, "MSG_PROJECT_STARTED")
    return works


def _delivery(campaign: Database) -> int:
    return around.newest(campaign, "delivery")


def _paid(campaign: Database) -> list[tuple[str, int]]:
    with campaign.read() as session:
        rows = session.scalars(select(FundRelease).order_by(FundRelease.id))
        return [(one.kind, one.amount_fen) for one in rows]


def _prepaid(campaign: Database) -> list[int]:
    with campaign.read() as session:
        return list(session.scalars(select(Prepayment.amount_fen).order_by(Prepayment.id)))


def _report(campaign: Database, works: Works, *, by: int, **changes: Any) -> None:
    values = {"project_id": works.project_id, "progress_pct": 5, **changes}
    play.act(campaign, "report", by=by, **values)
    play.settle(campaign)


def test_node_passed_releases_money_and_the_next_one_begins(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = _delivery(campaign)
    assert play.items(campaign, process) == [("work", f"user:{cast.leader}", "open")]
    with campaign.read() as session:
        assert play.all_items(session, process)[0].due_at == FIRST_DUE
    assert playing.challenge_state(campaign, works) == "executing"
    playing.submit(campaign, cast, works, process)
    unit = playing.verifying_unit(campaign, works)
    assert play.items(campaign, process)[1:] == [
        ("verify", f"role:verifier@{unit}", "open"),
        ("verify", f"role:sponsor@{cast.sponsor_unit_id}", "open"),
    ]
    playing.verify(campaign, works, process)
    playing.give_score(campaign, cast, process, score="84.5")
    assert play.open_nodes(campaign, process) == ["release"]
    playing.release(campaign, works, process)
    first, second = playing.nodes(campaign, works)
    assert (first.state, first.score, first.attempts, first.points) == ("passed", Decimal("84.5"), 1, 0)
    assert (first.done_on, first.released_pct) == (dt.date(2026, 11, 23), 100)
    assert _paid(campaign) == [("first", 24_000_000), ("node", 48_000_000)]  # half of the other 80 %
    assert _prepaid(campaign) == [500_000]  # half of 20 % of 5 万元
    assert (second.state, play.open_nodes(campaign, process)) == ("in_progress", ["work"])
    playing.assess(campaign, cast, works, process, score="90")
    playing.release(campaign, works, process)
    assert playing.nodes(campaign, works)[1].points == 1
    play.settle(campaign)
    assert play.status(campaign, process) == "completed"
    handed_over = playing.project(campaign, works)
    assert (handed_over.state, handed_over.progress_pct) == ("accepting", 100)
    assert playing.challenge_state(campaign, works) == "accepting"
    with campaign.read() as session:
        sent = session.scalars(select(Message).where(Message.name == "MSG_READY_ACCEPT")).one()
        assert (sent.value, sent.payload["leader_id"]) == (str(works.project_id), cast.leader)
    assert sum(amount for _, amount in _paid(campaign)) == 120_000_000
    assert play.incidents(campaign) == []


def test_node_conditional_releases_half_and_is_rectified(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = _delivery(campaign)
    playing.assess(campaign, cast, works, process, score="69.99")
    assert playing.project(campaign, works).state == "rectifying"
    playing.release(campaign, works, process)
    assert (_paid(campaign)[1:], _prepaid(campaign)) == ([("node", 24_000_000)], [250_000])
    assert play.open_nodes(campaign, process) == ["rectify"]
    with campaign.read() as session:
        due = play.all_items(session, process)[-1].due_at
    assert due == clock.end_of(dt.date(2026, 12, 7))  # ten working days
    values = {"summary": "补齐了记录", "evidence": [works.file_id]}
    play.complete(campaign, "delivery.rectify", by=cast.leader, process=process, **values)
    assert playing.nodes(campaign, works)[0].state == "passed"
    assert playing.project(campaign, works).state == "running"
    assert play.open_nodes(campaign, process) == ["work"]


@pytest.mark.parametrize(("reported", "shown"), [(None, 50), (20, 50), (60, 60)])
@pytest.mark.parametrize("score", ["84.5", "69.99"])
def test_a_node_passed_or_to_be_rectified_raises_the_progress_to_its_share_and_never_lowers_it(
    campaign: Database, cast: Cast, works: Works, score: str, reported: int | None, shown: int
) -> None:
    if reported is not None:
        _report(campaign, works, by=cast.leader, progress_pct=reported)
    playing.assess(campaign, cast, works, _delivery(campaign), score=score)
    assert playing.project(campaign, works).progress_pct == shown
    assert play.incidents(campaign) == []


def test_a_node_not_passed_leaves_the_progress_as_reported(
    campaign: Database, cast: Cast, works: Works
) -> None:
    _report(campaign, works, by=cast.leader, progress_pct=20)
    playing.assess(campaign, cast, works, _delivery(campaign), score="59")
    assert playing.project(campaign, works).progress_pct == 20


def test_node_failed_is_done_again_with_time_to_put_it_right(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = _delivery(campaign)
    clock.move_to(clock.start_of(dt.date(2027, 3, 31)))
    playing.assess(campaign, cast, works, process, score="59")
    node = playing.nodes(campaign, works)[0]
    assert (node.state, node.attempts, node.released_pct) == ("in_progress", 1, 0)
    assert node.cur_due == dt.date(2027, 4, 15)  # ten working days, 清明 left out
    assert play.open_nodes(campaign, process) == ["work"]
    playing.assess(campaign, cast, works, process, score="75")
    assert (playing.nodes(campaign, works)[0].attempts, play.open_nodes(campaign, process)) == (
        2,
        ["release"],
    )


def test_a_hard_indicator_that_a_verifier_does_not_accept_fails_the_node_whatever_its_score(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = _delivery(campaign)
    with campaign.transaction() as session:
        session.get_one(Project, works.project_id).challenge.indicators[0].hard = True
    playing.assess(campaign, cast, works, process, score="95", agree=False)
    assert playing.nodes(campaign, works)[0].action == "retry"
    playing.assess(campaign, cast, works, process, score="95", agree=False)
    node = playing.nodes(campaign, works)[0]
    assert (node.state, node.action, node.attempts) == ("failed", "terminate_review", 2)
    assert play.open_nodes(campaign, process) == ["review"]


def _fail_twice(campaign: Database, cast: Cast, works: Works, process: int) -> None:
    for _ in range(2):
        playing.assess(campaign, cast, works, process, score="50")


def test_node_failed_twice_is_reviewed_and_given_another_chance(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = _delivery(campaign)
    _fail_twice(campaign, cast, works, process)
    assert playing.nodes(campaign, works)[0].action == "change_leader_review"
    with campaign.read() as session:
        told = session.scalars(select(Notice.text).where(Notice.user_id == cast.office)).all()
    text = "“降低冬季冻堵次数”的节点“节点1”两次考核不通过，请评估是否终止或换帅；未整改的按否决条款处理。"
    assert text in told
    values = {"decision": "go_on", "opinion": "设备到货晚"}
    for day in (None, "2026-11-22", "2027-11-01"):
        with pytest.raises(Invalid) as refused:
            play.complete(
                campaign, "delivery.review", by=works.sponsor, process=process, new_due=day, **values
            )
        assert refused.value.fields == {"new_due": ["请填写今天至 2027-10-31 之间的日期。"]}
    values["new_due"] = "2027-01-15"
    play.complete(campaign, "delivery.review", by=works.sponsor, process=process, **values)
    answer = {"agree": False, "opinion": "期限太短"}
    play.complete(campaign, "delivery.confirm_review", by=cast.office, process=process, **answer)
    assert play.open_nodes(campaign, process) == ["review"]
    values["new_due"] = "2027-02-26"
    play.complete(campaign, "delivery.review", by=works.sponsor, process=process, **values)
    play.complete(campaign, "delivery.confirm_review", by=cast.office, process=process, agree=True)
    assert play.open_nodes(campaign, process) == ["work"]
    assert playing.nodes(campaign, works)[0].cur_due == dt.date(2027, 2, 26)


def test_node_failed_twice_is_waived(campaign: Database, cast: Cast, works: Works) -> None:
    process = _delivery(campaign)
    _fail_twice(campaign, cast, works, process)
    values = {"decision": "waive", "opinion": "该节点已并入下一节点"}
    play.complete(campaign, "delivery.review", by=works.sponsor, process=process, **values)
    play.complete(campaign, "delivery.confirm_review", by=cast.office, process=process, agree=True)
    assert [one.state for one in playing.nodes(campaign, works)] == ["waived", "in_progress"]
    assert _prepaid(campaign) == []


def test_a_submission_names_every_indicator_once_with_evidence(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = _delivery(campaign)
    known = playing.indicator_id(campaign, works)

    def refusal(values: list[dict[str, Any]], evidence: list[int]) -> dict[str, list[str]]:
        given = {"summary": "完成", "values": values, "evidence": evidence}
        with pytest.raises(Invalid) as refused:
            play.complete(campaign, "delivery.work", by=cast.leader, process=process, **given)
        return dict(refused.value.fields)

    row = {"indicator_id": known, "value": "12"}
    file = [works.file_id]
    twice = refusal([row, row], file)
    assert twice == {"values.1.indicator_id": ["这项指标已经填过。"]}
    other = refusal([{"indicator_id": 10_000, "value": "1"}], file)
    assert other == {"values.0.indicator_id": ["这个榜单没有这项指标。"]}
    assert set(refusal([{"indicator_id": known, "value": "很多"}], file)) == {"values.0.value"}
    assert set(refusal([row], [])) == {"evidence"}


def test_a_verifier_measures_their_indicators_and_gives_a_reason_for_a_refusal(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = _delivery(campaign)
    playing.submit(campaign, cast, works, process)
    row = {"indicator_id": playing.indicator_id(campaign, works), "measured": "14.5", "agree": False}
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "delivery.verify", by=works.verifier, process=process, rows=[row, row])
    assert refused.value.fields == {"rows": ["请逐项填写由您核验的指标，每项一行。"]}
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "delivery.verify", by=works.verifier, process=process, rows=[row])
    assert refused.value.fields == {"opinion": ["核验不认可的，请写明理由。"]}
    told = {"rows": [row], "opinion": "计量记录不全"}
    play.complete(campaign, "delivery.verify", by=works.verifier, process=process, **told)
    play.complete(campaign, "delivery.verify", by=works.sponsor, process=process, agree=True)
    with campaign.read() as session:
        rows = session.scalars(select(NodeVerification).order_by(NodeVerification.id)).all()
        measured = [(one.verifier_id, one.measured, one.agree) for one in rows]
    assert measured == [(works.verifier, Decimal("14.5"), False), (works.sponsor, None, True)]
    assert play.open_nodes(campaign, process) == ["meeting_call_office"]


def test_report_by_phone_keeps_progress_values_and_photos(
    campaign: Database, cast: Cast, works: Works
) -> None:
    values = [{"indicator_id": playing.indicator_id(campaign, works), "value": "30"}]
    told = {"progress_pct": 40, "values": values, "photos": [works.file_id], "issues": "下雪停工一天"}
    _report(campaign, works, by=cast.leader, **told)
    with campaign.read() as session:
        project = session.get_one(Project, works.project_id)
        assert (project.progress_pct, project.rag, project.is_blocked) == (40, "green", False)
    with pytest.raises(Forbidden, match=r"^只有项目的挂帅人和团队成员可以办理。$"):
        _report(campaign, works, by=cast.hr)
    for wrong in ({"progress_pct": 101}, {"progress_pct": -1}, {"values": values * 2}):
        with pytest.raises(Invalid):
            _report(campaign, works, by=cast.leader, **wrong)
    assert play.incidents(campaign) == []


def test_late_report_never_refused_and_a_period_without_one_is_reminded(
    campaign: Database, cast: Cast, works: Works
) -> None:
    play.wait_until(campaign, clock.now() + dt.timedelta(days=15))
    text = "“降低冬季冻堵次数”又到了填报进展的时候，请填报进度、指标和存在的问题。"
    with campaign.read() as session:
        told = session.scalars(select(Notice.user_id).where(Notice.text == text)).all()
    assert list(told) == [cast.leader]
    play.wait_until(campaign, clock.end_of(dt.date(2027, 10, 31)) + dt.timedelta(days=40))
    _report(campaign, works, by=cast.members[0], progress_pct=60)
    assert playing.project(campaign, works).progress_pct == 60
    playing.submit(campaign, cast, works, _delivery(campaign))
    assert play.incidents(campaign) == []


def test_the_light_follows_lateness_on_the_day_and_red_light_calls_a_meeting(
    campaign: Database, cast: Cast, works: Works
) -> None:
    lights = []
    for days in (0, 1, 7, 8, 14, 15):
        play.wait_until(campaign, clock.end_of(dt.date(2027, 3, 31)) + dt.timedelta(days=days))
        lights.append(playing.project(campaign, works).rag)
    assert lights[:4] == ["yellow", "yellow", "orange", "orange"]
    assert lights[4:] == ["red", "red"]
    with campaign.read() as session:
        meeting = session.scalars(select(Meeting)).one()
        assert (meeting.kind, meeting.project_id) == ("coordination", works.project_id)
    process = around.newest(campaign, "help_meeting")
    playing.hold_meeting(campaign, cast, process, by=cast.leader)
    assert play.status(campaign, process) == "completed"
    assert play.incidents(campaign) == []


def test_a_blocked_project_turns_red_at_once_and_once_only(
    campaign: Database, cast: Cast, works: Works
) -> None:
    _report(campaign, works, by=cast.leader, is_blocked=True, help_needed="需要停电窗口")
    assert playing.project(campaign, works).rag == "red"
    _report(campaign, works, by=cast.leader, is_blocked=True)
    with campaign.read() as session:
        assert len(session.scalars(select(Meeting)).all()) == 1
        told = select(Notice.user_id).where(Notice.text.contains("受阻"))
        assert set(session.scalars(told)) == {cast.party_lead, cast.admin_lead}
    _report(campaign, works, by=cast.leader)
    assert playing.project(campaign, works).rag == "green"


def test_finance_does_not_pay_twice_nor_in_the_future(campaign: Database, cast: Cast, works: Works) -> None:
    process = _delivery(campaign)
    playing.assess(campaign, cast, works, process, score="80")
    with pytest.raises(Invalid) as refused:
        play.complete(
            campaign, "delivery.release", by=works.crew.finance, process=process, paid_on="2026-11-24"
        )
    assert refused.value.fields == {"paid_on": ["拨付日期不能晚于今天。"]}
    playing.release(campaign, works, process)
    with campaign.transaction() as session:
        node = session.get_one(Project, works.project_id).milestones[0]
        actor = session.get_one(User, works.crew.finance)
        with pytest.raises(Conflict, match=r"^这个节点没有待拨付的款项，或者已经拨付。$"):
            funds.release_node(session, node, paid_on=dt.date.fromisoformat(TODAY), voucher="", actor=actor)
