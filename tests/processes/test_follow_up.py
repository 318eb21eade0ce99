"""What follows an acceptance: the result card, its roll-out, the evaluation a year later."""

import datetime as dt

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import accepting as playing
from tests.processes import crew as around
from tests.processes.accepting import Accepting
from tests.processes.cast import Cast
from workflows import clock
from workflows.db import Database
from workflows.models import ActionItem, PostEvaluation, ProjectState, ResultCard, RolloutTask, Unit

CARD = {"title": "井口自动注醇", "summary": "夜间不再冻堵。", "scope": "高寒井场", "keywords": "冻堵、注醇"}


@pytest.fixture
def made(campaign: Database, cast: Cast) -> Accepting:
    """A project that has just been accepted."""
    made = playing.begin(campaign, cast)
    playing.reach_verdict(made, "85")
    playing.run_out(made)
    return made


def make_card(made: Accepting) -> None:
    playing.act(made, "card", made.cast.leader, **CARD)


def unit(made: Accepting) -> int:
    with made.database.transaction() as session:
        return factories.unit(session).id


def test_result_card_and_rollout(made: Accepting) -> None:
    make_card(made)
    rows = [{"unit_id": unit(made), "owner_id": one, "due_on": "2027-06-30"} for one in made.cast.members[:2]]
    playing.act(made, "plan_rollout", made.sponsor, rows=rows)
    play.settle(made.database)
    with made.database.read() as session:
        card = session.scalars(select(ResultCard)).one()
        assert (card.title, card.project_id) == ("井口自动注醇", made.project_id)
        given = session.scalars(select(ActionItem).order_by(ActionItem.id)).all()
        names = [session.get_one(Unit, row["unit_id"]).name for row in rows]
        assert [(one.what, one.owner_id, one.due_on) for one in given] == [
            (f"推广成果“井口自动注醇”：{name}", row["owner_id"], dt.date(2027, 6, 30))
            for name, row in zip(names, rows, strict=True)
        ]
        assert [one.action_item_id for one in session.scalars(select(RolloutTask))] == [
            one.id for one in given
        ]
    assert len(playing.processes(made, "action_item")) == 2
    assert playing.sent(made) == ["MSG_ACCEPTED", "MSG_ACTION_ITEM", "MSG_ACTION_ITEM"]


def test_share_meeting(made: Accepting) -> None:
    make_card(made)
    playing.act(made, "plan_rollout", made.sponsor, share_meeting=True)
    assert play.open_nodes(made.database, made.process) == ["meeting_call_leader"]
    assert around.meeting(made.database).kind == "exchange"


def test_post_evaluation_after_twelve_months(made: Accepting) -> None:
    make_card(made)
    playing.act(made, "plan_rollout", made.sponsor)
    accepted_on = playing.found(made).decided_on
    assert accepted_on is not None
    year_later = clock.start_of(accepted_on.replace(year=accepted_on.year + 1))
    assert play.timers(made.database, made.process) == [("post_due", year_later)]
    play.wait_until(made.database, year_later)
    playing.act(made, "post_evaluate", made.crew.finance, realised_fen=-5, remark="停产三个月")
    assert playing.sent(made) == ["MSG_ACCEPTED"]
    playing.act(made, "post_evaluate", made.sponsor, is_in_use=True, usage="两个井场在用")
    play.settle(made.database)
    with made.database.read() as session:
        found = session.scalars(select(PostEvaluation)).one()
        assert (found.realised_fen, found.is_in_use, found.evaluated_at) == (-5, True, year_later)
    assert playing.sent(made) == ["MSG_ACCEPTED", "MSG_POST_EVAL"]
    assert play.status(made.database, made.process) == "completed"
    closed = playing.project(made)
    assert (closed.state, closed.ended_on) == (ProjectState.CLOSED, accepted_on)


def test_post_evaluation_does_not_wait_for_the_card(made: Accepting) -> None:
    play.wait_until(made.database, clock.now() + dt.timedelta(days=366))
    playing.act(made, "post_evaluate", made.crew.finance, realised_fen=None)
    playing.act(made, "post_evaluate", made.sponsor, is_in_use=False, usage="装置已拆除")
    play.settle(made.database)
    assert playing.sent(made) == ["MSG_ACCEPTED", "MSG_POST_EVAL"]
    assert play.open_nodes(made.database, made.process) == ["make_card"]
    assert playing.project(made).state == ProjectState.ACCEPTED
