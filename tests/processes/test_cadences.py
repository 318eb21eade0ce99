"""The regular meetings of a year (推进会, 分析会, 交流会): called by the clock, prepared, and never two at once."""

import datetime as dt

from sqlalchemy import select

from tests import factories, play
from tests.processes import crew as around
from tests.processes.cast import Cast
from tests.processes.test_campaign import NEW_YEAR, _meetings, _opened
from workflows import clock, tasks
from workflows.db import Database
from workflows.models import Project, User


def _begin_project(campaign: Database, cast: Cast) -> None:
    with campaign.transaction() as session:
        factories.project(session, leader=session.get_one(User, cast.leader), due=around.DUES)


def _hold(campaign: Database, cast: Cast, process: int) -> None:
    """Call and record the meeting that waits in ``process``; what is prepared is sent as it is."""
    with campaign.read() as session:
        office = session.get_one(User, cast.office)
        item_id = play.item_of(session, "meeting.call", office, process)
        prepared = tasks.prefilled(session, item_id, actor=office)
    call = {**prepared, "place": "三楼会议室", "planned_at": clock.now().isoformat()}
    play.complete(campaign, "meeting.call", by=cast.office, process=process, **call)
    values = around.minutes(cast, held_on=clock.today().isoformat())
    play.complete(campaign, "meeting.hold", by=cast.office, process=process, **values)


def _of_kind(campaign: Database, kind: str) -> int:
    """The process of the only meeting of that kind."""
    with campaign.read() as session:
        running = [one.id for one in play.processes(session) if one.name == "monthly_meeting"]
    (found,) = (one for one in running if play.variables(campaign, one)["meeting_kind"] == kind)
    return found


def _live(campaign: Database, until: dt.date) -> None:
    """Let the days pass one by one."""
    while (day := clock.today() + dt.timedelta(days=1)) <= until:
        play.wait_until(campaign, clock.start_of(day))


def test_no_meeting_is_called_while_no_project_is_at_work(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    _live(campaign, dt.date(2027, 4, 1))
    assert {kind for kind, _ in _meetings(campaign)} == {"monthly"}


def test_a_meeting_that_was_not_held_is_not_called_again(campaign: Database, cast: Cast) -> None:
    _opened(campaign, cast)
    _begin_project(campaign, cast)
    _live(campaign, dt.date(2027, 4, 1))
    called = [(kind, day) for kind, day in _meetings(campaign) if kind != "monthly"]
    assert called == [
        ("progress", dt.date(2027, 1, 15)),
        ("analysis", dt.date(2027, 1, 20)),
        ("exchange", dt.date(2027, 3, 25)),
    ]
    process = _of_kind(campaign, "progress")
    _hold(campaign, cast, process)
    _live(campaign, dt.date(2027, 4, 20))
    assert [day for kind, day in _meetings(campaign) if kind == "progress"] == [
        dt.date(2027, 1, 15),
        dt.date(2027, 4, 9),
    ]
    assert play.incidents(campaign) == []


def test_a_year_with_regular_meetings_ends(campaign: Database, cast: Cast) -> None:
    process = _opened(campaign, cast)
    _begin_project(campaign, cast)
    play.wait_until(campaign, NEW_YEAR)
    assert play.open_nodes(campaign, process) == ["review_year"]
    with campaign.read() as session:
        assert session.scalars(select(Project.state)).all() == ["running"]
