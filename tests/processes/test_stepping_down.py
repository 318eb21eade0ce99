"""An expert who finds a conflict of interest only while judging leaves the panel; the others go on."""

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import selecting
from tests.processes.cast import Cast
from tests.processes.selecting import Selecting
from workflows import sharing, tasks
from workflows.db import Database
from workflows.domain import panels
from workflows.engine.tables import OPEN, WorkItem
from workflows.errors import Conflict, Forbidden, Invalid, NotFound
from workflows.models import Notice, Panel, PanelDraw, PanelMember, User


@pytest.fixture
def made(campaign: Database, cast: Cast) -> Selecting:
    begun = selecting.begin(campaign, cast)
    selecting.seat_panel(begun)
    return begun


def task_of(made: Selecting, expert_id: int) -> int:
    """The task that waits for ``expert_id``."""
    with made.database.read() as session:
        mine = (WorkItem.audience == f"user:{expert_id}", WorkItem.status == OPEN)
        return session.scalars(select(WorkItem).where(*mine)).one().id


def step_down(made: Selecting, expert_id: int, *, relation: str = "kin", by: int | None = None) -> None:
    """Let ``expert_id`` leave from the task that waits for them."""
    item_id = task_of(made, expert_id)
    with made.database.transaction() as session:
        actor = session.get_one(User, by or expert_id)
        sharing.step_down(session, item_id, relation=relation, actor=actor, reason="表弟在该团队")


def test_the_seat_of_who_leaves_during_the_preview_is_drawn_again(made: Selecting, cast: Cast) -> None:
    gone, *rest = selecting.asked(made, "selection.preview")
    step_down(made, gone)
    with made.database.read() as session:
        left = session.scalars(select(PanelMember).where(PanelMember.user_id == gone)).one()
        assert (left.state, left.recuse_reason) == ("replaced", "配偶或直系亲属：表弟在该团队")
        told = select(Notice.user_id).where(Notice.text.contains("因回避退出评审组"))
        assert set(session.scalars(told)) == {cast.office, cast.supervision}
    selecting.preview(made)
    assert play.open_nodes(made.database, made.process) == ["confirm_draw", "confirm_draw"]
    selecting.confirm_draw(made)
    (fresh,) = selecting.asked(made, "selection.declare")
    assert fresh not in (gone, *rest)
    selecting.declare(made)
    assert selecting.asked(made, "selection.preview") == [fresh]
    selecting.preview(made)
    with made.database.read() as session:
        left = session.scalars(select(PanelMember).where(PanelMember.user_id == gone)).one()
        taken = session.scalars(select(PanelMember).where(PanelMember.user_id == fresh)).one()
        assert (left.replaced_by_id, taken.seat, taken.state) == (fresh, left.seat, "sitting")
        made_again = session.scalars(select(PanelDraw).order_by(PanelDraw.round.desc())).first()
        assert made_again is not None
        assert (made_again.drawn_ids, panels.redraw_from_seed(made_again)) == ([fresh], [fresh])
    assert sorted(selecting.asked(made, "selection.score")) == sorted([*rest, fresh])
    selecting.score(made, lambda bid, seat: 80 - bid)
    assert play.open_nodes(made.database, made.process) == ["record_vote"]


def test_a_pool_that_is_empty_is_enlarged_by_the_office(campaign: Database, cast: Cast) -> None:
    made = selecting.begin(campaign, cast, experts=5)
    selecting.seat_panel(made)
    gone = selecting.asked(made, "selection.preview")[0]
    step_down(made, gone)
    selecting.preview(made)
    assert play.open_nodes(campaign, made.process) == ["enlarge_pool"]
    with campaign.transaction() as session:
        fresh = factories.user(session).id
    selecting.act(made, "enlarge_pool", cast.office, experts=[{"user_id": fresh, "fields": ["冻堵"]}])
    selecting.confirm_draw(made)
    assert selecting.asked(made, "selection.declare") == [fresh]


def test_the_last_who_has_not_signed_leaves_and_the_round_ends(made: Selecting) -> None:
    selecting.preview(made)
    *others, last = selecting.asked(made, "selection.score")
    for expert in others:
        rows = [selecting.sheet(one, 80) for one in made.bid_ids]
        selecting.act(made, "score", expert, rows=rows)
    step_down(made, last, relation="helped_write")
    with made.database.read() as session:
        told = session.scalars(select(Notice.text).where(Notice.text.contains("因回避退出评审组"))).first()
        assert told is not None
        assert "不再补抽，还有 4 人" in told
    assert selecting.asked(made, "selection.score") == []
    assert play.open_nodes(made.database, made.process) == ["record_vote"]


def test_what_is_only_to_be_disclosed_keeps_the_seat(made: Selecting) -> None:
    expert = selecting.asked(made, "selection.preview")[0]
    with pytest.raises(Invalid) as refused:
        step_down(made, expert, relation="co_author")
    assert refused.value.fields == {"kind": ["这种关系只需披露，不必退出评审组。"]}


def test_nobody_leaves_in_the_place_of_an_expert(made: Selecting, cast: Cast) -> None:
    expert = selecting.asked(made, "selection.preview")[0]
    with pytest.raises((Forbidden, NotFound)):
        step_down(made, expert, by=cast.office)
    with made.database.read() as session:
        panel = session.scalars(select(Panel)).one()
        assert {one.state for one in panel.members} == {"sitting"}


@pytest.mark.parametrize("step", ["declare", "preview", "score"])
def test_what_a_seat_is_asked_stays_with_the_expert_who_was_drawn(
    campaign: Database, cast: Cast, step: str
) -> None:
    made = selecting.begin(campaign, cast)
    selecting.confirm_draw(made)
    for earlier in (selecting.declare, selecting.preview)[: ["declare", "preview", "score"].index(step)]:
        earlier(made)
    expert = selecting.asked(made, f"selection.{step}")[0]
    item_id, stranger = task_of(made, expert), cast.admin
    with campaign.read() as session:
        actor = session.get_one(User, expert)
        offered = tasks.task(session, item_id, actor=actor).offers
        assert not (offered.transfer or offered.delegate or offered.add or offered.copy)
        for act, values, word in (
            (sharing.transfer, {"user_id": stranger, "reason": "出差"}, "转办"),
            (sharing.delegate, {"user_id": stranger, "reason": "出差"}, "委派"),
            (sharing.add_signer, {"user_id": stranger, "before": True, "reason": "请看"}, "加签"),
            (sharing.copy, {"user_ids": [stranger], "note": "请看"}, "抄送"),
        ):
            refusal = f"本任务须由抽取的评审组专家本人办理，不能{word}。有利益关系的，请由本人回避。"
            with pytest.raises(Conflict, match=f"^{refusal}$"):
                act(session, item_id, actor=actor, **values)
    assert selecting.asked(made, f"selection.{step}")[0] == expert
