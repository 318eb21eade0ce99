"""为什么: what the tables of a process were asked is told to who may know it; and the page of all parts."""

from pathlib import Path

from sqlalchemy import select

from tests.processes import cast as casting
from tests.web.browsing import Enter, Visitor, text_of
from webapp import create_app
from workflows.db import Database
from workflows.engine.tables import Process, WorkItem
from workflows.models import User


def item_of(database: Database, process: str, role: str = "%") -> str:
    """The path of the newest work item of a role in a process of that name."""
    with database.read() as session:
        query = select(WorkItem.id).join(Process).where(Process.name == process, WorkItem.role.like(role))
        return f"/work/{session.scalars(query.order_by(WorkItem.id.desc())).first()}"


def test_a_decision_tells_its_table_rows_and_inputs(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    casting.submit(database, cast)
    path = item_of(database, "publish", "hse")
    page = text_of(enter(cast.office).get(path).text)
    assert "为什么 ：审批路由" in page
    assert "命中的规则 第 5 行 依据的数据" in page  # the first of those that apply
    assert "级别：B" in page.replace(" ", "")
    asked = text_of(enter(cast.hse).get(path).text)
    assert "审批路由" in asked
    assert "为什么" not in asked


def test_what_d3_was_asked_of_a_bid_is_hidden_until_the_opening(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    casting.seal_bid(database, cast, casting.post(database, cast))
    leader, office = (enter(one) for one in (cast.leader, cast.office))
    path = item_of(database, "bid")
    assert "为什么" in text_of(leader.get(path).text)
    assert "为什么" not in text_of(office.get(path).text)
    assert "为什么" in text_of(leader.get("/bids/1").text)
    casting.open_bids(database, cast)
    office = enter(cast.office)
    assert "为什么" in text_of(office.get("/bids/1").text)


def test_the_page_of_all_parts_is_there_in_demo_mode_only(
    database: Database, cast: casting.Cast, enter: Enter, tmp_path: Path, database_url: str
) -> None:
    assert enter(cast.office).get("/design").status_code == 404
    demo = create_app(
        DATA=tmp_path,
        DATABASE_URL=database_url,
        SECRET_KEY="only for tests " * 3,
        JOBS_EMBEDDED=False,
        DEMO=True,
    )
    with database.read() as session:
        login = session.get_one(User, cast.office).login
    visitor = Visitor(demo)
    visitor.sign_in(login)
    page = visitor.get("/design")
    assert page.status_code == 200
    for part in (
        "alert-danger",
        "action-bar",
        "steps-line",
        "rows-table",
        "why-body",
        "empty-state",
        "pager",
    ):
        assert part in page.text, part
    demo.extensions["database"].engine.dispose()
