"""Lists load what they show: as many queries for three rows as for one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import event

from tests import factories
from tests.web.browsing import Visitor
from workflows.db import Database
from workflows.models import BidState, Challenge, TeamMember, User

Visit = Callable[[], Visitor]


@contextmanager
def counted(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def queries(visitor: Visitor, database: Database, path: str) -> int:
    """Of the second of two visits: what a server keeps for some seconds is known by then."""
    assert visitor.get(path).status_code == 200
    with counted(database) as statements:
        assert visitor.get(path).status_code == 200
    return len([one for one in statements if one.startswith("SELECT")])


def add_work(visitor: Visitor, database: Database) -> None:
    """One more of everything: a challenge, wang's bid with its task and a sealed one of somebody else, a notice."""
    with database.transaction() as session:
        wang = session.get_one(User, 1)
        challenge = factories.challenge(session)
        first = factories.challenge(session) if challenge.id == 1 else challenge
        leader = factories.user(session)
        sealed = factories.bid(session, on=first, leader=leader, state=BidState.SEALED)
        sealed.members.append(
            TeamMember(seq=2, user_id=factories.user(session).id, role="core", workload_pct=10)
        )
        factories.bid(session, on=challenge, leader=wang, state=BidState.SEALED)
        factories.notice(session, to=wang)
        taken = factories.challenge(session).id
    visitor.post(f"/challenges/{taken}/bids")
    visitor.post("/account/tokens", {"name": "x", "days": "3"})


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/work",
        "/work?box=started",
        "/challenges",
        "/notices",
        "/account",
        "/api/v1/work-items",
        "/api/v1/challenges",
    ],
)
def test_three_rows_take_as_many_queries_as_one(visit: Visit, database: Database, path: str) -> None:
    with database.transaction() as session:
        assert factories.user(session, login="wang", roles=["office"]).id == 1
    visitor = visit()
    visitor.sign_in("wang")
    add_work(visitor, database)
    first = queries(visitor, database, path)
    add_work(visitor, database)
    add_work(visitor, database)
    assert queries(visitor, database, path) == first


def test_the_bids_of_a_challenge_take_as_many_queries_for_three_as_for_one(
    visit: Visit, database: Database
) -> None:
    with database.transaction() as session:
        factories.user(session, login="wang", roles=["office"])
        assert factories.challenge(session).id == 1
        factories.bid(
            session, on=session.get_one(Challenge, 1), leader=factories.user(session), state=BidState.SEALED
        )
    visitor = visit()
    visitor.sign_in("wang")
    first = queries(visitor, database, "/challenges/1")
    with database.transaction() as session:
        for _ in range(2):
            leader = factories.user(session)
            factories.bid(session, on=session.get_one(Challenge, 1), leader=leader, state=BidState.SEALED)
    assert queries(visitor, database, "/challenges/1") == first


def test_a_team_of_three_takes_as_many_queries_as_of_one(visit: Visit, database: Database) -> None:
    with database.transaction() as session:
        wang = factories.user(session, login="wang")
        assert factories.bid(session, on=factories.challenge(session), leader=wang).id == 1
    visitor = visit()
    visitor.sign_in("wang")
    first = queries(visitor, database, "/bids/1")
    with database.transaction() as session:
        for seq in (2, 3):
            user_id = factories.user(session).id
            session.add(TeamMember(bid_id=1, seq=seq, user_id=user_id, role="core", workload_pct=10))
    assert queries(visitor, database, "/bids/1") == first
