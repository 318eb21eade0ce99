"""What meetings and action items refuse in each state, and who sees them."""

import datetime as dt
from typing import Any

import pytest
from sqlalchemy.orm import Session

from tests import factories
from workflows import clock
from workflows.domain import action_items, due_diligence, meetings
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Meeting, Project, ProjectState, User

NOT_NOW = r"^会议当前的状态不允许这样做，请刷新页面。$"


@pytest.fixture
def project(session: Session) -> Project:
    return factories.project(session, due=[dt.date(2027, 10, 29)])


@pytest.fixture
def chair(session: Session) -> User:
    return factories.user(session)


def _open(session: Session, project: Project, chair: User) -> Meeting:
    return meetings.open_for(session, f"project:{project.id}", kind="analysis", chair_ids=[chair.id])


def _call(session: Session, meeting: Meeting, actor: User) -> None:
    values = {"agenda": "议题", "place": "现场", "planned_at": clock.now()}
    meetings.call(session, meeting, values={**values, "attendees": [{"user_id": actor.id}]}, actor=actor)


def _minutes(actor: User) -> dict[str, Any]:
    texts = {"held_on": clock.today(), "summary": "情况", "decisions": [], "items": [], "minutes": []}
    return {**texts, "present": [{"user_id": actor.id}]}


def test_a_meeting_goes_from_state_to_state_and_no_other_way(
    session: Session, project: Project, chair: User
) -> None:
    meeting = _open(session, project, chair)
    for too_early in (_record, _sign):
        with pytest.raises(Conflict, match=NOT_NOW):
            too_early(session, meeting, chair)
    _call(session, meeting, project.leader)
    with pytest.raises(Conflict, match=NOT_NOW):
        _call(session, meeting, project.leader)
    _record(session, meeting, project.leader)
    with pytest.raises(Conflict, match=NOT_NOW):
        _record(session, meeting, project.leader)
    _sign(session, meeting, chair)
    with pytest.raises(Conflict, match=NOT_NOW):
        _sign(session, meeting, chair)


def _record(session: Session, meeting: Meeting, actor: User) -> None:
    meetings.record(session, meeting, values=_minutes(actor), actor=actor)


def _sign(session: Session, meeting: Meeting, actor: User) -> None:
    meetings.sign(session, meeting, agree=True, opinion="", actor=actor)


def test_a_meeting_without_a_chair_or_of_an_ended_project_is_refused(
    session: Session, project: Project, chair: User
) -> None:
    with pytest.raises(Conflict, match=r"^会议没有主持人，请先指定。$"):
        meetings.open_for(session, f"project:{project.id}", kind="analysis", chair_ids=[])
    project.state = ProjectState.CLOSED
    values = {"kind": "analysis", "project_id": project.id, "chairs": [{"user_id": chair.id}]}
    with pytest.raises(Conflict, match=r"^项目已经结束，不能再为它发起会议。$"):
        meetings.request(session, values, actor=project.leader)


def test_minutes_are_due_when_the_caller_or_the_setting_says(
    session: Session, project: Project, chair: User
) -> None:
    usual = _open(session, project, chair).hold_by
    assert usual == clock.end_of(dt.date(2026, 12, 7))  # ten working days from Monday
    at = clock.end_of(dt.date(2026, 11, 25))
    subject = f"milestone:{project.milestones[0].id}"
    meeting = meetings.open_for(session, subject, kind="assessment", chair_ids=[chair.id], hold_by=at)
    assert (meeting.hold_by, meeting.project_id) == (at, project.id)
    assert meetings.title(meeting) == "考核会 · 降低冬季冻堵次数 · 节点1"


def test_a_meeting_is_seen_by_its_people_and_the_projects(
    session: Session, project: Project, chair: User
) -> None:
    meeting, stranger = _open(session, project, chair), factories.user(session)
    for reader in (chair, project.leader, factories.user(session, roles=["office"])):
        assert meetings.get(session, meeting.id, actor=reader) is meeting
        assert meetings.listing(session, actor=reader) == ([meeting], 1)
    with pytest.raises(NotFound, match=r"^没有找到这次会议。$"):
        meetings.get(session, meeting.id, actor=stranger)
    assert meetings.listing(session, actor=stranger) == ([], 0)


def test_an_item_is_reported_once_and_closed_once(session: Session, project: Project) -> None:
    owner, office = factories.user(session), factories.user(session, roles=["office"])
    item = action_items.add(session, what="补料", owner_id=owner.id, due_on=clock.today())
    with pytest.raises(Conflict, match=r"^督办事项当前的状态不允许这样做，请刷新页面。$"):
        action_items.close(session, item, agree=True, opinion="", actor=office)
    action_items.report(session, item, feedback="已补", evidence=[])
    with pytest.raises(Conflict):
        action_items.report(session, item, feedback="已补", evidence=[])
    action_items.close(session, item, agree=True, opinion="", actor=office)
    with pytest.raises(Conflict):
        action_items.close(session, item, agree=True, opinion="", actor=office)


def test_overdue_items_are_found_and_drafts_are_not_listed(session: Session, project: Project) -> None:
    owner = factories.user(session)
    yesterday = clock.today() - dt.timedelta(days=1)
    late = action_items.add(session, what="补料", owner_id=owner.id, due_on=yesterday)
    action_items.add(session, what="取样", owner_id=owner.id, due_on=clock.today())
    draft = action_items.add(session, what="拟稿", owner_id=owner.id, due_on=yesterday, is_draft=True)
    assert action_items.listing(session, actor=owner, overdue=True) == ([late], 1)
    with pytest.raises(NotFound, match=r"^没有找到这个督办事项。$"):
        action_items.get(session, draft.id, actor=owner)
    with pytest.raises(NotFound):
        action_items.get(session, late.id, actor=factories.user(session))


def test_items_of_a_project_follow_its_leader(session: Session, project: Project) -> None:
    new = factories.user(session)
    mine: dict[str, Any] = {"owner_id": project.leader_id, "due_on": clock.today()}
    open_ = action_items.add(session, what="一", project_id=project.id, **mine)
    elsewhere = action_items.add(session, what="二", **mine)
    moved = action_items.hand_to(session, project.id, from_id=project.leader_id, to_id=new.id)
    assert (moved, open_.owner_id, elsewhere.owner_id) == ([open_.id], new.id, project.leader_id)


def test_a_department_of_the_team_does_not_find_on_its_own_project(
    session: Session, project: Project
) -> None:
    found = dict.fromkeys(due_diligence.CHECKS, True) | {"cause": "market", "opinion": "价格下跌"}
    with pytest.raises(Forbidden, match=r"^您是项目团队成员，"):
        due_diligence.assess(session, project, role="office", values=found, actor=project.leader)
    judge = factories.user(session)
    due_diligence.assess(session, project, role="office", values=found, actor=judge)
    due_diligence.assess(
        session, project, role="office", values={**found, "honest": False}, actor=judge
    )  # what it finds anew counts
    assert [one.liability for one in due_diligence.of_project(session, project.id)] == ["liable"]
    assert due_diligence.conclude(session, project) == "liable"


def test_minutes_returned_need_a_reason(session: Session, project: Project, chair: User) -> None:
    meeting = _open(session, project, chair)
    _call(session, meeting, project.leader)
    _record(session, meeting, project.leader)
    with pytest.raises(Invalid) as refused:
        meetings.sign(session, meeting, agree=False, opinion=" ", actor=chair)
    assert refused.value.fields == {"opinion": ["请写明退回的理由。"]}
