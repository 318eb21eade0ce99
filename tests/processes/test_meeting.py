"""Meetings played whole: called, recorded, signed; and the action items that come of them."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import select

from tests import play
from tests.processes import crew as around
from tests.processes.cast import Cast
from tests.processes.crew import Crew
from workflows import clock
from workflows.db import Database
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import CampaignYear, MeetingState, Milestone, Notice, Project

DUE = clock.end_of(dt.date(2026, 11, 30))


@pytest.fixture
def crew(campaign: Database, cast: Cast) -> Crew:
    return around.gather(campaign, cast)


def _begin(campaign: Database, cast: Cast, crew: Crew, **data: Any) -> int:
    """A meeting as another process calls it, chaired by the challenge's two owners."""
    terms = {
        "meeting_kind": "coordination",
        "meeting_subject": f"project:{crew.project_id}",
        "meeting_due": None,
        "chair_ids": [cast.party_lead, cast.admin_lead],
    }
    return around.begin(campaign, "meeting", **{**terms, **data})


def _item(campaign: Database, cast: Cast, crew: Crew) -> int:
    """An action item that supervision has ordered of the leader; the id of its process."""
    values = {
        "project_id": crew.project_id,
        "what": "补齐安全预案",
        "owner_id": cast.leader,
        "due_on": "2026-11-30",
    }
    play.start(campaign, "supervision_order", by=cast.supervision, **values)
    play.settle(campaign)
    return around.newest(campaign, "action_item")


def test_a_meeting_is_called_recorded_and_signed_and_ends_while_its_item_is_open(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _begin(campaign, cast, crew)
    assert play.items(campaign, process) == [("meeting_call_leader", f"user:{cast.leader}", "open")]
    around.call_meeting(campaign, cast, process, by=cast.leader)
    values = around.minutes(cast, cast.members[0])
    play.complete(campaign, "meeting.hold", by=cast.leader, process=process, **values)
    play.complete(campaign, "meeting.sign", by=cast.admin_lead, process=process, agree=True)
    assert play.status(campaign, process) == "completed"
    held = around.meeting(campaign)
    assert (held.state, held.held_on, held.signed_by_id) == (
        MeetingState.SIGNED,
        dt.date(2026, 11, 23),
        cast.admin_lead,
    )
    assert play.variables(campaign, process)["meeting_id"] == held.id
    play.settle(campaign)
    asked = play.items(campaign, around.newest(campaign, "action_item"))
    assert asked == [("report_item", f"user:{cast.members[0]}", "open")]
    assert play.incidents(campaign) == []


def test_everybody_invited_is_told(campaign: Database, cast: Cast, crew: Crew) -> None:
    around.call_meeting(campaign, cast, _begin(campaign, cast, crew), by=cast.leader)
    with campaign.read() as session:
        told = session.execute(select(Notice.user_id, Notice.text).order_by(Notice.user_id)).all()
    text = "会议通知：协调会 · 降低冬季冻堵次数，2026-11-24 09:00，三楼会议室"
    assert [tuple(one) for one in told] == [
        (one, text) for one in sorted((cast.party_lead, cast.admin_lead, cast.leader))
    ]


def test_meeting_minutes_returned_are_written_again(campaign: Database, cast: Cast, crew: Crew) -> None:
    process = _begin(campaign, cast, crew)
    around.call_meeting(campaign, cast, process, by=cast.leader)
    first = around.minutes(cast, cast.leader, cast.members[0])
    play.complete(campaign, "meeting.hold", by=cast.leader, process=process, **first)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "meeting.sign", by=cast.party_lead, process=process, agree=False)
    assert refused.value.fields == {"opinion": ["请写明退回的理由。"]}
    play.complete(
        campaign, "meeting.sign", by=cast.party_lead, process=process, agree=False, opinion="缺责任人"
    )
    assert play.open_nodes(campaign, process) == ["meeting_hold_leader"]
    again = around.minutes(cast, cast.members[1])
    play.complete(campaign, "meeting.hold", by=cast.leader, process=process, **again)
    play.complete(campaign, "meeting.sign", by=cast.party_lead, process=process, agree=True)
    assert [(one.owner_id, one.state) for one in around.items(campaign)] == [(cast.members[1], "open")]


def test_an_assessment_needs_a_score_which_the_office_records(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    with campaign.read() as session:
        node = session.scalars(select(Milestone.id).order_by(Milestone.id)).first()
    about = {"meeting_kind": "assessment", "meeting_subject": f"milestone:{node}"}
    process = _begin(campaign, cast, crew, **about)
    assert play.items(campaign, process) == [("meeting_call_office", "role:office", "open")]
    around.call_meeting(campaign, cast, process, by=cast.office)
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "meeting.hold", by=cast.office, process=process, **around.minutes(cast))
    assert set(refused.value.fields) == {"score", "opinion"}
    values = around.minutes(cast, score=101, opinion="很好")
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "meeting.hold", by=cast.office, process=process, **values)
    assert set(refused.value.fields) == {"score"}
    values = around.minutes(cast, score="82.5", opinion="达到节点要求")
    play.complete(campaign, "meeting.hold", by=cast.office, process=process, **values)
    play.complete(campaign, "meeting.sign", by=cast.party_lead, process=process, agree=True)
    assert play.variables(campaign, process)["node_score"] == Decimal("82.5")


def test_nobody_of_the_team_signs_its_assessment(campaign: Database, cast: Cast, crew: Crew) -> None:
    about = {"meeting_kind": "assessment", "chair_ids": [cast.leader]}
    process = _begin(campaign, cast, crew, **about)
    around.call_meeting(campaign, cast, process, by=cast.office)
    values = around.minutes(cast, score=99, opinion="很好")
    play.complete(campaign, "meeting.hold", by=cast.office, process=process, **values)
    with pytest.raises(Forbidden, match=r"^您是项目团队成员，"):
        play.complete(campaign, "meeting.sign", by=cast.leader, process=process, agree=True)


def test_minutes_of_a_meeting_to_come_or_with_unknown_people_are_refused(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _begin(campaign, cast, crew, meeting_kind="kickoff")
    around.call_meeting(campaign, cast, process, by=cast.leader)

    def refusal(**changes: Any) -> dict[str, list[str]]:
        values = around.minutes(cast, **changes)
        with pytest.raises(Invalid) as refused:
            play.complete(campaign, "meeting.hold", by=cast.leader, process=process, **values)
        return dict(refused.value.fields)

    assert refusal(held_on="2026-11-24") == {"held_on": ["召开日期不能晚于今天。"]}
    twice = around.rows(cast.leader, cast.leader, 9999)
    assert refusal(present=twice) == {
        "present.1.user_id": ["这个人已经列入。"],
        "present.2.user_id": ["没有这个人员。"],
    }
    late = [{"what": "补料", "owner_id": 9999, "due_on": "2026-11-22"}]
    assert refusal(items=late) == {
        "items.0.owner_id": ["没有这个人员。"],
        "items.0.due_on": ["完成日期不能早于今天。"],
    }
    with campaign.transaction() as session:
        session.get_one(Project, crew.project_id).deadline = dt.date(2026, 11, 23)
    assert refusal() == {"held_on": ["启动会应早于完成期限 2026-11-23。"]}


def test_a_meeting_before_today_is_not_called(campaign: Database, cast: Cast, crew: Crew) -> None:
    process = _begin(campaign, cast, crew)
    values = {"agenda": "议题", "place": "现场", "attendees": around.rows(cast.leader)}
    values["planned_at"] = "2026-11-22T23:59:00+08:00"
    with pytest.raises(Invalid) as refused:
        play.complete(campaign, "meeting.call", by=cast.leader, process=process, **values)
    assert refused.value.fields == {"planned_at": ["会议时间不能早于今天。"]}


def test_a_person_starts_a_meeting_of_a_project_or_of_the_plant(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    chairs = around.rows(cast.party_lead)
    own = play.start(
        campaign, "meeting", by=cast.leader, kind="analysis", project_id=crew.project_id, chairs=chairs
    )
    assert play.open_nodes(campaign, own.process_id) == ["meeting_call_leader"]
    with pytest.raises(Conflict, match=r"^还没有年度计划，"):
        play.start(campaign, "meeting", by=cast.office, kind="exchange", chairs=chairs)
    with campaign.transaction() as session:
        session.add(CampaignYear(year=2026, theme="融合年", pool_fen=0))
    plant = play.start(campaign, "meeting", by=cast.office, kind="exchange", chairs=chairs)
    assert play.open_nodes(campaign, plant.process_id) == ["meeting_call_office"]
    with pytest.raises(Forbidden, match=r"^只有项目挂帅人、"):
        play.start(campaign, "meeting", by=cast.leader, kind="exchange", chairs=chairs)
    with pytest.raises(Forbidden):
        play.start(
            campaign, "meeting", by=cast.hr, kind="analysis", project_id=crew.project_id, chairs=chairs
        )


def test_an_action_item_sent_back_is_reported_again_and_then_closed(
    campaign: Database, cast: Cast, crew: Crew
) -> None:
    process = _item(campaign, cast, crew)
    play.complete(campaign, "action_item.report", by=cast.leader, process=process, feedback="已补")
    with pytest.raises(Invalid):
        play.complete(campaign, "action_item.close", by=cast.office, process=process, agree=False)
    play.complete(
        campaign, "action_item.close", by=cast.office, process=process, agree=False, opinion="无附件"
    )
    play.complete(campaign, "action_item.report", by=cast.leader, process=process, feedback="附上预案")
    play.complete(campaign, "action_item.close", by=cast.office, process=process, agree=True)
    (item,) = around.items(campaign)
    assert (item.state, item.feedback, item.times_returned, item.closed_by_id) == (
        "closed",
        "附上预案",
        1,
        cast.office,
    )
    assert play.status(campaign, process) == "completed"


def test_an_overdue_action_item_escalates(campaign: Database, cast: Cast, crew: Crew) -> None:
    process = _item(campaign, cast, crew)
    play.wait_until(campaign, DUE)
    assert around.items(campaign)[0].escalations == 0
    play.wait_until(campaign, clock.end_of(dt.date(2026, 12, 3)))  # three working days later: table reminder
    assert around.items(campaign)[0].escalations == 1
    with campaign.read() as session:
        mine = session.scalars(select(Notice.text).where(Notice.user_id == cast.supervision)).all()
    assert [one for one in mine if one.startswith("督办")] == [
        f"督办事项逾期未办结：补齐安全预案（{play.name_of(campaign, cast.leader)}）"
    ]
    play.complete(campaign, "action_item.report", by=cast.leader, process=process, feedback="已补")
    play.complete(campaign, "action_item.close", by=cast.office, process=process, agree=True)
    assert play.status(campaign, process) == "completed"
    assert play.timers(campaign, process) == []


def test_the_owner_does_not_strike_off_their_own_item(campaign: Database, cast: Cast, crew: Crew) -> None:
    values = {"what": "整理台账", "owner_id": cast.office, "due_on": "2026-11-30"}
    play.start(campaign, "supervision_order", by=cast.office, **values)
    play.settle(campaign)
    play.complete(campaign, "action_item.report", by=cast.office, feedback="已整理")
    with pytest.raises(Forbidden, match=r"^本人承办的事项应由他人销号，请转办。$"):
        play.complete(campaign, "action_item.close", by=cast.office, agree=True)


def test_only_office_and_supervision_order(campaign: Database, cast: Cast, crew: Crew) -> None:
    values = {"what": "整理台账", "owner_id": cast.leader, "due_on": "2026-11-30"}
    with pytest.raises(Forbidden, match=r"^只有揭榜挂帅办公室和纪委监督可以下达督办。$"):
        play.start(campaign, "supervision_order", by=cast.hr, **values)
    late = {**values, "due_on": "2026-11-22"}
    with pytest.raises(Invalid) as refused:
        play.start(campaign, "supervision_order", by=cast.supervision, **late)
    assert refused.value.fields == {"due_on": ["完成日期不能早于今天。"]}
