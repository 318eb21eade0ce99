"""例会安排: on which days a year meets, what is skipped, and what a meeting's call has ready."""

import datetime as dt
from collections.abc import Callable

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.domain.test_year_plans import PLAN
from workflows import clock, work
from workflows.domain import cadences, campaigns, meetings, rule_versions, rules
from workflows.models import CampaignYear, MeetingKind, ProjectState
from workflows.steps.campaign_forms import YearForm

USUAL = {
    "meeting_day": 5,
    "progress_meeting_days": 14,
    "analysis_meeting_day": 20,
    "exchange_meeting_day": 25,
}
OFF = dict.fromkeys(USUAL, 0)

pytestmark = pytest.mark.usefixtures("clock_at")


@pytest.fixture
def year(session: Session) -> CampaignYear:
    office = factories.user(session, roles=["office"])
    return campaigns.draft(session, work.validate(YearForm, PLAN), actor=office)


def _set(session: Session, **values: int) -> None:
    """Adopt other cadences."""
    rule_versions.store(session, rules.shipped())
    content = rules.shipped()["setting.dmn"].decode()
    for name, value in values.items():
        usual = f'"{name}"</text></inputEntry><outputEntry><text>'
        assert f"{usual}{USUAL[name]}<" in content
        content = content.replace(f"{usual}{USUAL[name]}<", f"{usual}{value}<")
    office, director = (factories.user(session, roles=[role]) for role in ("office", "admin_head"))
    version = rule_versions.draft(session, "setting.dmn", content, note="例会安排", actor=office)
    rule_versions.adopt(session, version, from_day=clock.today(), actor=director)


def _days(session: Session, year: CampaignYear, clock_at: Callable[..., None]) -> list[tuple[str, dt.date]]:
    """Kind and day of every meeting of the year, each seen on its day."""
    clock_at(clock.start_of(dt.date(2027, 1, 4)))
    due, found = None, []
    while (due := cadences.next_due(session, year, after=due)) is not None:
        found.append((due[1].value, clock.local(due[0]).date()))
        clock_at(due[0])
    return found


def test_the_year_meets_fortnightly_monthly_and_quarterly(
    session: Session, year: CampaignYear, clock_at: Callable[..., None]
) -> None:
    found = _days(session, year, clock_at)
    assert [day for _, day in found] == sorted(day for _, day in found)
    kinds = [kind for kind, _ in found]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "monthly": 12,
        "progress": 26,
        "analysis": 12,
        "exchange": 4,
    }
    first = {"monthly": dt.date(2027, 1, 5), "progress": dt.date(2027, 1, 15)}
    first |= {"analysis": dt.date(2027, 1, 20), "exchange": dt.date(2027, 3, 25)}
    assert {kind: found[kinds.index(kind)][1] for kind in first} == first


def test_a_day_that_a_month_lacks_is_its_last_day_or_the_working_day_after(
    session: Session, year: CampaignYear, clock_at: Callable[..., None]
) -> None:
    _set(session, **{**OFF, "meeting_day": 31})
    days = [day for _, day in _days(session, year, clock_at)]
    assert days[:4] == [dt.date(2027, 2, 1), dt.date(2027, 3, 1), dt.date(2027, 3, 31), dt.date(2027, 4, 30)]
    assert sorted(set(days)) == days


def test_every_cadence_can_be_switched_off(
    session: Session, year: CampaignYear, clock_at: Callable[..., None]
) -> None:
    _set(session, **OFF)
    assert _days(session, year, clock_at) == []


def test_of_the_meetings_that_were_missed_the_last_of_each_kind_counts(
    session: Session, year: CampaignYear, clock_at: Callable[..., None]
) -> None:
    clock_at(clock.start_of(dt.date(2027, 1, 4)))
    due = cadences.next_due(session, year, after=None)
    clock_at(clock.start_of(dt.date(2027, 3, 2)))  # the clock stood still for two months
    found = []
    for _ in range(4):
        due = cadences.next_due(session, year, after=due)
        assert due is not None
        found.append((due[1].value, clock.local(due[0]).date()))
    assert found == [
        ("monthly", dt.date(2027, 2, 11)),  # the fifth was in the Spring Festival
        ("analysis", dt.date(2027, 2, 22)),
        ("progress", dt.date(2027, 2, 26)),
        ("monthly", dt.date(2027, 3, 5)),
    ]


def test_a_meeting_is_wanted_while_a_project_is_at_work_and_the_last_one_was_held(
    session: Session, year: CampaignYear
) -> None:
    assert not cadences.is_wanted(session, year, MeetingKind.PROGRESS)
    project = factories.project(session, state=ProjectState.SUSPENDED)
    assert not cadences.is_wanted(session, year, MeetingKind.PROGRESS)
    project.state = ProjectState.RUNNING
    session.flush()
    assert cadences.is_wanted(session, year, MeetingKind.PROGRESS)
    meeting = meetings.open_for(session, f"year:{year.id}", kind="progress", chair_ids=[project.leader_id])
    assert not cadences.is_wanted(session, year, MeetingKind.PROGRESS)
    assert cadences.is_wanted(session, year, MeetingKind.ANALYSIS)
    meeting.state = "recorded"
    session.flush()
    assert cadences.is_wanted(session, year, MeetingKind.PROGRESS)


def test_the_call_lists_the_projects_at_work_with_the_worst_light_first(
    session: Session, year: CampaignYear
) -> None:
    calm = factories.project(session, due=[dt.date(2027, 3, 31)])
    late = factories.project(session, due=[dt.date(2027, 1, 31)])
    late.rag, late.progress_pct, late.milestones[0].state = "red", 40, "passed"
    factories.project(session, state=ProjectState.ACCEPTED)
    chair = factories.user(session).id
    meeting = meetings.open_for(session, f"year:{year.id}", kind="progress", chair_ids=[chair])
    call = cadences.prepared(session, meeting)
    assert call["agenda"].splitlines() == [
        "逐项通报在研项目：",
        f"1. {late.challenge.title}：红灯，进度 40%，节点已全部完成",
        f"2. {calm.challenge.title}：绿灯，进度 0%，节点“节点1”，2027-03-31 到期",
    ]
    assert [one["user_id"] for one in call["attendees"]] == [chair, late.leader_id, calm.leader_id]
