"""The lists of the site, the ways between its pages, and what one may start from home."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests import factories
from tests.web.browsing import Visitor, text_of
from tests.web.test_query_counts import queries
from workflows import clock
from workflows.db import Database
from workflows.domain import appraisals
from workflows.models import (
    ActionItem,
    CampaignYear,
    ItemState,
    Meeting,
    Problem,
    Project,
    RewardCase,
    User,
    VetoEvent,
)

Visit = Callable[[], Visitor]
LISTS = (
    "/problems",
    "/challenges",
    "/projects",
    "/publicities",
    "/rewards",
    "/appraisals",
    "/vetoes",
    "/results",
    "/campaigns",
    "/meetings",
    "/action-items",
)
PAGES = (
    "/problems/1",
    "/challenges/1",
    "/projects/1",
    "/publicities/1",
    "/rewards/1",
    "/appraisals/1",
    "/vetoes/1",
    "/results/1",
    "/campaigns/1",
    "/meetings/1",
    "/action-items/1",
    "/bids/1",
    "/acceptances/1",
    "/changes/1",
    "/approvals/1",
    "/challenges/1/selection",
    "/work/1",
)


def one_of_each(database: Database) -> None:
    """A problem, a project with its reward, a meeting with an item, a veto, a year and an appraisal."""
    with database.transaction() as session:
        office = session.get_one(User, 1)
        project = factories.project(session)
        session.add_all(
            [
                Problem(
                    proposer_id=office.id,
                    unit_id=office.unit_id,
                    title="井口冻堵",
                    category="生产所需",
                    scene="夜间冻堵。",
                    submitted_at=clock.now(),
                ),
                RewardCase(project_id=project.id, opened_at=clock.now()),
                VetoEvent(
                    clause="V03",
                    project_id=project.id,
                    facts="数据造假",
                    effective_on=clock.today(),
                    proposed_by_id=office.id,
                    proposed_at=clock.now(),
                ),
                CampaignYear(
                    year=2027 + project.id, theme="融合年", emphasis={"提质": 100}, pool_fen=100_000_000
                ),
                Meeting(
                    kind="coordination",
                    project_id=project.id,
                    opened_at=clock.now(),
                    hold_by=clock.now(),
                ),
                ActionItem(
                    what="补充保温", owner_id=project.leader_id, due_on=clock.today(), state=ItemState.OPEN
                ),
            ]
        )
        appraisals.begin(session, unit_id=project.unit_id, period=str(clock.today().year), actor=office)


@pytest.fixture
def office(visit: Visit, database: Database, clock_at: Callable[..., None]) -> Visitor:
    with database.transaction() as session:
        factories.user(session, login="office", roles=["office", "assessment"])
    visitor = visit()
    visitor.sign_in("office")
    return visitor


def test_every_list_is_there_while_it_is_empty(office: Visitor) -> None:
    for path in LISTS:
        page = office.get(path)
        assert (page.status_code, "empty-state" in page.text) == (200, True), path


def test_lists_show_what_there_is_in_as_many_queries_for_three_as_for_one(
    office: Visitor, database: Database
) -> None:
    one_of_each(database)
    paths = [path for path in LISTS if path not in ("/publicities", "/results")]
    first = {path: queries(office, database, path) for path in paths}
    for path in paths:
        assert "empty-state" not in office.get(path).text, path
    one_of_each(database)
    one_of_each(database)
    assert {path: queries(office, database, path) for path in paths} == first


@pytest.mark.parametrize("path", PAGES)
def test_a_page_of_nothing_is_not_found(office: Visitor, path: str) -> None:
    assert office.get(path).status_code == 404


@pytest.mark.parametrize(
    ("path", "kept"),
    [("/problems?state=submitted", 1), ("/problems?state=merged", 0), ("/problems?q=天然", 0)],
)
def test_problems_are_filtered(office: Visitor, database: Database, path: str, kept: int) -> None:
    one_of_each(database)
    assert len(re.findall(r'href="/problems/\d+"', office.get(path).text)) == kept


def test_every_link_of_the_lists_and_of_a_project_opens(office: Visitor, database: Database) -> None:
    one_of_each(database)
    with database.transaction() as session:
        project_id = session.scalars(select(Project.id)).one()
    for path in ("/", f"/projects/{project_id}", *LISTS):
        for link in set(re.findall(r'href="(/[^"#]*)"', office.get(path).text)):
            if not link.startswith(("/static", "/api")):
                assert office.get(link.replace("&amp;", "&")).status_code == 200, (path, link)


def test_a_project_leads_to_what_belongs_to_it(office: Visitor, database: Database) -> None:
    one_of_each(database)
    page = office.get("/projects/1?tab=rewards").text
    assert 'href="/rewards/1"' in page
    assert 'href="/meetings/1"' in office.get("/projects/1?tab=meetings").text
    for start in ("change", "meeting", "supervision_order"):
        assert f'href="/start/{start}?project_id=1"' in page


def test_home_offers_what_one_may_start(office: Visitor, visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang")
    wang = visit()
    wang.sign_in("wang")
    offered = re.compile(r'class="btn[^"]*" href="(/(?:start|act)/\w+)"')
    assert offered.findall(wang.get("/").text) == ["/start/intake"]
    assert offered.findall(office.get("/").text) == [
        "/start/intake",
        "/act/post_challenge",
        "/start/campaign",
        "/start/appraisal",
        "/start/veto",
        "/start/supervision_order",
    ]
    assert (
        "难题 榜单 公示 攻坚 攻关项目 挂图作战 会议 督办事项 兑现 成果 双挂钩考评 激励 否决事项"
        in text_of(office.get("/").text)
    )
