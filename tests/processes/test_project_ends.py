"""How a project is stopped, goes on, or ends before its acceptance; and races between several projects."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import crew as around
from tests.processes import works as playing
from tests.processes.cast import Cast
from tests.processes.works import TODAY, Works
from workflows import clock
from workflows.db import Database
from workflows.engine.tables import Message, Process, ProcessKey
from workflows.errors import Conflict, Forbidden, Invalid
from workflows.models import (
    Challenge,
    FundRelease,
    Mode,
    Notice,
    Project,
    ProjectState,
    RaceResult,
    User,
)


@pytest.fixture
def works(campaign: Database, cast: Cast) -> Works:
    """A project whose delivery has begun."""
    works = playing.gather(campaign, cast, state=ProjectState.INITIATING)
    _pay_first(campaign, works.project_id, works)
    playing.message(campaign, works, "MSG_PROJECT_STARTED")
    return works


def _pay_first(campaign: Database, project_id: int, works: Works) -> None:
    with campaign.transaction() as session:
        session.get_one(Project, project_id).started_on = clock.today()
        paid = FundRelease(project_id=project_id, kind="first", amount_fen=24_000_000, paid_on=clock.today())
        paid.recorded_by_id, paid.recorded_at = works.crew.finance, clock.now()
        session.add(paid)


def _sent(campaign: Database, name: str) -> list[str]:
    """By which values a message was sent, in order."""
    with campaign.read() as session:
        return list(session.scalars(select(Message.value).where(Message.name == name).order_by(Message.id)))


def _rival(campaign: Database, cast: Cast, works: Works, *, leader: int) -> int:
    """One more project of the same challenge, its delivery begun; its id."""
    with campaign.transaction() as session:
        listed = session.get_one(Challenge, works.crew.challenge_id)
        head = session.get_one(User, leader)
        state = ProjectState.INITIATING
        made = factories.project(session, on=listed, leader=head, state=state, due=around.DUES)
        rival = made.id
    _pay_first(campaign, rival, works)
    play.send(campaign, "MSG_PROJECT_STARTED", key="project_id", project_id=rival)
    return rival


def _race(campaign: Database, works: Works) -> None:
    with campaign.transaction() as session:
        session.get_one(Challenge, works.crew.challenge_id).mode = Mode.RACE


def _process_of(campaign: Database, project_id: int) -> int:
    with campaign.read() as session:
        query = select(Process.id).join(ProcessKey, ProcessKey.process_id == Process.id)
        query = query.where(Process.name == "delivery", ProcessKey.key == "project_id")
        return session.scalars(query.where(ProcessKey.value == str(project_id))).one()


def test_suspension_and_resumption_go_on_where_the_node_stood(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "delivery")
    playing.submit(campaign, cast, works, process)
    row = {"indicator_id": playing.indicator_id(campaign, works), "measured": "12", "agree": True}
    play.complete(campaign, "delivery.verify", by=works.verifier, process=process, rows=[row])
    playing.message(campaign, works, "MSG_SUSPEND")
    assert play.open_nodes(campaign, process) == []
    assert playing.project(campaign, works).state == "suspended"
    assert playing.challenge_state(campaign, works) == "suspended"
    playing.message(campaign, works, "MSG_RESUME")
    assert playing.challenge_state(campaign, works) == "executing"
    assert playing.project(campaign, works).state == "running"
    assert play.open_nodes(campaign, process) == ["verify", "verify"]
    playing.verify(campaign, works, process)
    playing.message(campaign, works, "MSG_SUSPEND")
    playing.message(campaign, works, "MSG_RESUME")
    assert play.open_nodes(campaign, process) == ["meeting_call_office"]  # verified already
    playing.give_score(campaign, cast, process, score="80")
    playing.message(campaign, works, "MSG_SUSPEND")
    playing.message(campaign, works, "MSG_RESUME")
    assert play.open_nodes(campaign, process) == ["release"]
    playing.release(campaign, works, process)
    assert [one.state for one in playing.nodes(campaign, works)] == ["passed", "in_progress"]
    assert play.incidents(campaign) == []


def test_a_project_that_was_rectifying_goes_on_rectifying(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "delivery")
    playing.assess(campaign, cast, works, process, score="65")
    playing.release(campaign, works, process)
    playing.message(campaign, works, "MSG_SUSPEND")
    playing.message(campaign, works, "MSG_RESUME")
    assert playing.project(campaign, works).state == "rectifying"
    assert play.open_nodes(campaign, process) == ["rectify"]


def test_hse_stops_work_and_lets_it_go_on(campaign: Database, cast: Cast, works: Works) -> None:
    process = around.newest(campaign, "delivery")
    about = {"project_id": works.project_id}
    with pytest.raises(Forbidden, match=r"^只有厂安全环保部门可以下令停工。$"):
        play.act(campaign, "stop_work", by=cast.office, reason="动火未办票", **about)
    with pytest.raises(Conflict, match=r"^项目没有因安全停工，不能在这里复工。$"):
        play.act(campaign, "resume_work", by=cast.hse, confirmed=True, **about)
    play.act(campaign, "stop_work", by=cast.hse, reason="动火未办票", **about)
    play.settle(campaign)
    assert playing.project(campaign, works).state == "suspended"
    text = "“降低冬季冻堵次数”已安全停工：动火未办票。请核查是否构成一票否决。"
    with campaign.read() as session:
        told = set(session.scalars(select(Notice.user_id).where(Notice.text == text)))
    people = {cast.leader, cast.party_lead, cast.admin_lead, cast.office, cast.supervision}
    assert told == people
    with pytest.raises(Conflict, match=r"^项目不在实施中，不需要停工。$"):
        play.act(campaign, "stop_work", by=cast.hse, reason="再次", **about)
    with pytest.raises(Forbidden, match=r"^只有厂安全环保部门可以同意复工。$"):
        play.act(campaign, "resume_work", by=cast.leader, confirmed=True, **about)
    play.act(campaign, "resume_work", by=cast.hse, confirmed=True, **about)
    play.settle(campaign)
    assert playing.project(campaign, works).state == "running"
    assert play.open_nodes(campaign, process) == ["work"]


def _terminate(campaign: Database, works: Works, liability: str) -> None:
    with campaign.transaction() as session:
        session.get_one(Project, works.project_id).liability = liability
    playing.message(campaign, works, "MSG_TERMINATE")


def _return_funds(campaign: Database, works: Works, process: int, *, spent_fen: int) -> None:
    values = {"spent_fen": spent_fen, "paid_on": TODAY}
    play.complete(campaign, "delivery.return_funds", by=works.crew.finance, process=process, **values)


def _returned(campaign: Database) -> list[tuple[int, str, int]]:
    with campaign.read() as session:
        rows = session.scalars(
            select(FundRelease).where(FundRelease.kind != "first").order_by(FundRelease.id)
        )
        return [(one.project_id, one.kind, one.amount_fen) for one in rows]


def test_termination_exempt_gives_back_what_was_not_spent(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "delivery")
    _terminate(campaign, works, "exempt")
    project = playing.project(campaign, works)
    assert (project.state, project.ended_on) == ("terminated", dt.date(2026, 11, 23))
    assert playing.challenge_state(campaign, works) == "terminated"
    assert play.open_nodes(campaign, process) == ["return_funds"]
    _return_funds(campaign, works, process, spent_fen=20_000_000)
    assert _returned(campaign) == [(works.project_id, "return", -4_000_000)]
    assert play.status(campaign, process) == "completed"
    assert _sent(campaign, "MSG_NOT_ACCEPTED") == []


def test_termination_liable_while_suspended_is_told_to_the_reward(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "delivery")
    playing.message(campaign, works, "MSG_SUSPEND")
    _terminate(campaign, works, "liable")
    assert playing.project(campaign, works).state == "terminated"
    assert _sent(campaign, "MSG_NOT_ACCEPTED") == [str(works.project_id)]
    assert play.open_nodes(campaign, process) == ["return_funds"]
    _return_funds(campaign, works, process, spent_fen=24_000_000)
    assert _returned(campaign) == [(works.project_id, "return", 0)]
    assert play.incidents(campaign) == []


def test_a_change_of_leader_and_deadline_is_followed_by_the_open_task(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "delivery")
    with campaign.transaction() as session:
        project = session.get_one(Project, works.project_id)
        project.leader_id = cast.members[0]
        project.milestones[0].cur_due = dt.date(2027, 4, 30)
    changed = {"project_id": works.project_id, "leader_id": cast.members[0]}
    play.send(campaign, "MSG_PROJECT_CHANGED", key="project_id", **changed)
    with campaign.read() as session:
        (item,) = play.all_items(session, process)
        due = clock.end_of(dt.date(2027, 4, 30))
        assert (item.audience, item.due_at) == (f"user:{cast.members[0]}", due)


def test_several_projects_of_one_challenge_go_their_own_ways(
    campaign: Database, cast: Cast, works: Works
) -> None:
    rival = _rival(campaign, cast, works, leader=cast.members[0])
    _terminate(campaign, works, "exempt")
    assert playing.challenge_state(campaign, works) == "executing"
    with campaign.read() as session:
        states = session.scalars(select(Project.state).order_by(Project.id)).all()
    assert list(states) == ["terminated", "running"]
    assert play.open_nodes(campaign, _process_of(campaign, rival)) == ["work"]


def test_race_with_elimination_and_funds_returned(campaign: Database, cast: Cast, works: Works) -> None:
    _race(campaign, works)
    rivals = [_rival(campaign, cast, works, leader=one) for one in cast.members[:2]]
    for project_id, leader, score in ((rivals[0], cast.members[0], "88"), (rivals[1], cast.members[1], "80")):
        process = _process_of(campaign, project_id)
        team = Cast(**{**vars(cast), "leader": leader})
        playing.assess(campaign, team, works, process, score=score)
    process = _process_of(campaign, works.project_id)
    playing.assess(campaign, cast, works, process, score="74.99")
    project = playing.project(campaign, works)
    assert (project.state, project.ended_on) == ("eliminated", dt.date(2026, 11, 23))
    assert playing.nodes(campaign, works)[0].action == "eliminate"
    assert play.open_nodes(campaign, process) == ["return_funds"]
    _return_funds(campaign, works, process, spent_fen=23_999_900)
    returned = [one for one in _returned(campaign) if one[1] != "node"]
    assert returned == [
        (works.project_id, "return", -100),
        (rivals[0], "reallocation", 50),
        (rivals[1], "reallocation", 50),
    ]
    assert play.status(campaign, process) == "completed"
    assert (_sent(campaign, "MSG_NOT_ACCEPTED"), _sent(campaign, "MSG_RACE_SETTLED")) == ([], [])
    assert play.incidents(campaign) == []


def test_a_team_that_others_have_overtaken_is_eliminated_wherever_it_is(
    campaign: Database, cast: Cast, works: Works
) -> None:
    """It was assessed first, with a pass, and is at work on its next node when the last rival passes it."""
    _race(campaign, works)
    rivals = [_rival(campaign, cast, works, leader=one) for one in cast.members[:2]]
    first = _process_of(campaign, works.project_id)
    playing.assess(campaign, cast, works, first, score="74")
    playing.release(campaign, works, first)
    for project_id, leader, score in ((rivals[0], cast.members[0], "75"), (rivals[1], cast.members[1], "88")):
        assert playing.project(campaign, works).state == "running"
        team = Cast(**{**vars(cast), "leader": leader})
        playing.assess(campaign, team, works, _process_of(campaign, project_id), score=score)
    assert playing.project(campaign, works).state == "eliminated"
    assert [(one.state, one.action) for one in playing.nodes(campaign, works)] == [
        ("passed", "eliminate"),
        ("in_progress", None),
    ]
    assert play.open_nodes(campaign, first) == ["return_funds"]
    with campaign.read() as session:
        assert [session.get_one(Project, one).state for one in rivals] == ["running", "running"]
        told = session.scalars(select(Notice.user_id).where(Notice.text.contains("您的团队被淘汰"))).all()
        assert cast.leader in told
    assert play.incidents(campaign) == []


def test_of_two_teams_that_are_equally_last_none_is_eliminated(
    campaign: Database, cast: Cast, works: Works
) -> None:
    _race(campaign, works)
    rivals = [_rival(campaign, cast, works, leader=one) for one in cast.members[:2]]
    for project_id, leader, score in (
        (works.project_id, cast.leader, "72"),
        (rivals[0], cast.members[0], "88"),
        (rivals[1], cast.members[1], "72"),
    ):
        team = Cast(**{**vars(cast), "leader": leader})
        playing.assess(campaign, team, works, _process_of(campaign, project_id), score=score)
    with campaign.read() as session:
        states = session.scalars(select(Project.state).order_by(Project.id)).all()
    assert list(states) == ["running", "running", "running"]
    assert play.incidents(campaign) == []


def test_the_last_team_of_a_race_that_ends_settles_it(campaign: Database, cast: Cast, works: Works) -> None:
    _race(campaign, works)
    rival = _rival(campaign, cast, works, leader=cast.members[0])
    _terminate(campaign, works, "exempt")
    assert _sent(campaign, "MSG_RACE_SETTLED") == []
    play.send(campaign, "MSG_TERMINATE", key="project_id", project_id=rival)
    assert _sent(campaign, "MSG_RACE_SETTLED") == [str(works.crew.challenge_id)]
    with campaign.read() as session:
        assert session.scalars(select(RaceResult)).one().project_id is None


def test_money_that_was_not_released_cannot_have_been_spent(
    campaign: Database, cast: Cast, works: Works
) -> None:
    process = around.newest(campaign, "delivery")
    _terminate(campaign, works, "exempt")
    with pytest.raises(Invalid) as refused:
        _return_funds(campaign, works, process, spent_fen=24_000_001)
    assert refused.value.fields == {"spent_fen": ["已使用的经费不能多于已拨付的经费。"]}
