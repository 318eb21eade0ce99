"""Who learns what of a bid before it is opened, and the way to one's own."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from sqlalchemy import select

from tests import factories, play
from tests.processes import cast as casting
from tests.web.browsing import Visitor, text_of
from workflows import clock
from workflows.db import Database
from workflows.domain import accounts
from workflows.models import IdempotentRequest, User

Visit = Callable[[], Visitor]
TEAM_TOO_SMALL = "团队人数须为5至15人。请增减成员。"


@dataclass(frozen=True)
class Story:
    """A bid on the way to its seal."""

    cast: casting.Cast
    challenge_id: int
    process: int
    logins: dict[str, str]
    tokens: dict[str, str]


@pytest.fixture
def story(database: Database, clock_at: Callable[..., None]) -> Story:
    """A bid whose document is written and found wanting by D3; the heads have not signed."""
    cast = casting.gather(database)
    challenge_id = casting.post(database, cast)
    process = casting.begin_bid(database, challenge_id, leader=cast.leader)
    rows = casting.team(cast.leader)
    play.complete(database, "bid.form_team", by=cast.leader, process=process, members=rows)
    casting.put_down(database, challenge_id, process, by=cast.leader)
    names = ("leader", "party_secretary", "office", "supervision")
    with database.transaction() as session:
        users = {name: session.get_one(User, getattr(cast, name)) for name in names}
        tokens = {name: accounts.issue_token(session, user, name="t", days=1) for name, user in users.items()}
        logins = {name: user.login for name, user in users.items()}
    return Story(cast, challenge_id, process, logins, tokens)


def browse(visit: Visit, story: Story, name: str) -> Visitor:
    visitor = visit()
    visitor.sign_in(story.logins[name])
    return visitor


@pytest.mark.parametrize(
    ("name", "reads"),
    [("leader", True), ("party_secretary", True), ("office", False), ("supervision", False)],
)
def test_what_was_found_is_for_the_team_and_its_heads_until_the_opening(
    database: Database, visit: Visit, story: Story, name: str, reads: bool
) -> None:
    casting.sign(database, story.cast, story.process)
    visitor = browse(visit, story, name)
    bearer = {"Authorization": f"Bearer {story.tokens[name]}"}
    assert (TEAM_TOO_SMALL in visitor.get("/bids/1").text) is reads
    answer = visitor.client.get("/api/v1/bids/1", headers=bearer)
    assert answer.status_code == 200
    assert bool(answer.get_json()["checks"]) is reads


def test_whoever_reads_all_tasks_does_not_read_a_draft_by_its_task(
    database: Database, visit: Visit, story: Story
) -> None:
    with database.read() as session:
        head = session.get_one(User, story.cast.party_secretary)
        item = play.item_of(session, "bid.sign", head, story.process)
    office = browse(visit, story, "office")
    page = office.get(f"/work/{item}").text
    assert "这件事的内容现在还不能查看。" in page
    assert ("团队" in text_of(page), TEAM_TOO_SMALL in page, 'href="/bids/1"' in page) == (
        False,
        False,
        False,
    )
    assert TEAM_TOO_SMALL in browse(visit, story, "party_secretary").get(f"/work/{item}").text


def test_no_answer_that_is_kept_for_a_repeat_holds_a_draft(
    database: Database, visit: Visit, story: Story
) -> None:
    play.complete(
        database,
        "bid.sign",
        by=story.cast.party_secretary,
        process=story.process,
        agree=False,
        opinion="预算偏高",
    )
    with database.read() as session:
        leader = session.get_one(User, story.cast.leader)
        item = play.item_of(session, "bid.write", leader, story.process)
    bearer = {"Authorization": f"Bearer {story.tokens['leader']}"}
    client = visit().client
    assert casting.MARKER in client.get(f"/api/v1/work-items/{item}", headers=bearer).text
    for act in ("claim", "release"):
        key = {**bearer, "Idempotency-Key": uuid.uuid4().hex}
        answer = client.post(f"/api/v1/work-items/{item}/{act}", headers=key)
        assert (answer.status_code, casting.MARKER in answer.text) == (200, False)
    with database.read() as session:
        kept = [body.decode() for body in session.scalars(select(IdempotentRequest.body))]
    assert [casting.MARKER in body for body in kept] == [False, False]


def test_the_leader_of_a_live_bid_is_led_to_it_and_not_offered_another(
    database: Database, visit: Visit, story: Story
) -> None:
    leader = browse(visit, story, "leader")
    page = leader.get(f"/challenges/{story.challenge_id}").text
    assert ("我要揭榜" in page, "查看我的申报" in page) == (False, True)
    assert "我要揭榜" in browse(visit, story, "office").get(f"/challenges/{story.challenge_id}").text
    casting.sign(database, story.cast, story.process)
    assert leader.post("/bids/1/withdrawal").status_code == 302
    play.settle(database)
    assert "我要揭榜" in leader.get(f"/challenges/{story.challenge_id}").text


def test_nobody_is_offered_a_challenge_after_its_deadline(
    database: Database, visit: Visit, clock_at: Callable[..., None]
) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang")
        challenge_id = factories.challenge(session).id
        closes = factories.challenge(session).bid_to
    visitor = visit()
    visitor.sign_in("wang")
    assert "我要揭榜" in visitor.get(f"/challenges/{challenge_id}").text
    assert closes is not None
    with clock.held_at(closes):
        visitor.sign_in("wang")
        assert "我要揭榜" not in visitor.get(f"/challenges/{challenge_id}").text


def test_a_bid_names_what_waits_for_its_reader(visit: Visit, story: Story) -> None:
    page = browse(visit, story, "party_secretary").get("/bids/1").text
    assert "等您办理： 所在单位党政意见" in text_of(page)
    assert "等您办理" not in browse(visit, story, "leader").get("/bids/1").text


def test_after_the_opening_a_finding_is_told_once(database: Database, visit: Visit, story: Story) -> None:
    casting.sign(database, story.cast, story.process)
    casting.open_bids(database, story.cast)
    with clock.held_at(casting.CLOSING):
        page = browse(visit, story, "office").get("/bids/1").text
    assert page.count(TEAM_TOO_SMALL) == 1
