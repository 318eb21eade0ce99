"""A process whose stored state cannot be read: people are told, operators see it, and nothing is guessed."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as casting
from tests.web.browsing import Enter, Visitor, text_of
from workflows import watch
from workflows.db import Database
from workflows.engine import incidents
from workflows.engine.tables import Process, WorkItem

Visit = Callable[[], Visitor]
FORM = {"opinion": "这是写了很久的一段意见。"}


@pytest.fixture
def process_id(database: Database, cast: casting.Cast) -> int:
    """A bid whose leader is to put the team together."""
    with database.transaction() as session:
        factories.user(session, login="root", roles=["admin"])
    return casting.begin_bid(database, casting.post(database, cast), leader=cast.leader)


@pytest.fixture
def mend(process_id: int, database: Database) -> Callable[[], None]:
    """Damages the state, and mends it again."""
    with database.transaction() as session:
        process = session.get_one(Process, process_id)
        whole, process.state = process.state, b"damaged"

    def mending() -> None:
        with database.transaction() as session:
            session.get_one(Process, process_id).state = whole

    return mending


def item_of(database: Database) -> int:
    with database.read() as session:
        return session.scalars(select(WorkItem.id).where(WorkItem.step == "bid.form_team")).one()


def failures(database: Database) -> list[tuple[str, int | None]]:
    with database.read() as session:
        return [(one.source, one.process_id) for one in watch.incidents(session)]


def test_people_are_told_what_happened_and_what_to_do(
    mend: Callable[[], None], database: Database, cast: casting.Cast, enter: Enter, process_id: int
) -> None:
    leader, item = enter(cast.leader), item_of(database)
    page = leader.post(f"/work/{item}", FORM)
    assert page.status_code == 500
    told = text_of(page.text)
    assert "流程暂时无法办理" in told
    assert "本次操作没有生效" in told
    assert f"请求编号 {page.headers['X-Request-ID']}" in told
    assert "damaged" not in told
    assert failures(database) == [(f"state:{process_id}", process_id)]


def test_operators_see_it_and_close_it_once_it_can_be_read(
    mend: Callable[[], None],
    database: Database,
    cast: casting.Cast,
    enter: Enter,
    process_id: int,
    visit: Visit,
) -> None:
    leader, item = enter(cast.leader), item_of(database)
    for _ in range(2):
        leader.post(f"/work/{item}", FORM)
    root = visit()
    root.sign_in("root")
    assert "流程的保存状态无法读取" in text_of(root.get("/operations").text)
    page = root.get(f"/operations/processes/{process_id}")
    assert page.status_code == 200
    assert "不能画出它停在哪里" in text_of(page.text)
    assert 'data-island="diagram"' not in page.text
    with database.read() as session:
        (failed,) = watch.incidents(session)
        assert (failed.tries, session.get_one(Process, process_id).is_troubled) == (2, True)
    retry = f"/operations/incidents/{failed.id}/retry"
    assert root.post(retry).status_code == 409
    assert root.post("/operations/incidents/retry").status_code == 302
    assert len(failures(database)) == 1
    mend()
    assert root.post(retry).status_code == 302
    assert failures(database) == []
    with database.read() as session:
        assert not session.get_one(Process, process_id).is_troubled
    assert 'data-island="diagram"' in root.get(f"/operations/processes/{process_id}").text


def test_going_on_closes_it_too(
    mend: Callable[[], None], database: Database, cast: casting.Cast, enter: Enter, process_id: int
) -> None:
    leader, item = enter(cast.leader), item_of(database)
    leader.post(f"/work/{item}", FORM)
    mend()
    team = casting.team(cast.leader, *cast.members)
    play.complete(database, "bid.form_team", by=cast.leader, process=process_id, members=team)
    assert failures(database) == []


def test_what_people_must_send_again_is_not_offered_to_be_retried_at_once(
    process_id: int, database: Database, visit: Visit
) -> None:
    with database.transaction() as session:
        for number in (1, 2):
            incidents.record(session, f"item:{number}", process_id, RuntimeError("磁盘已满"))
    root = visit()
    root.sign_in("root")
    page = root.get("/operations").text
    assert "由办理人重新提交" in page
    assert "全部重试" not in page
    with database.transaction() as session:
        for number in (1, 2):
            incidents.record(session, f"due:{number}", process_id, RuntimeError("磁盘已满"))
    assert "全部重试" in root.get("/operations").text
