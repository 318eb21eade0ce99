"""/definitions/…/migration: what an administrator tries, starts, follows and undoes; and the same for programs."""

import re
from collections.abc import Callable, Iterator

import pytest

from tests import factories, play
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program, program
from workflows import watch, work
from workflows.db import Database
from workflows.engine import definitions
from workflows.engine.tables import Process

Visit = Callable[[], Visitor]
__all__ = ["program"]
PAGE = "/definitions/bid/migration"


@pytest.fixture
def bid(database: Database, clock_at: Callable[..., None]) -> Iterator[int]:
    """The process of a bid that 王建国 has begun, and after which another version was deployed."""
    play.forget_deployments()
    watch.install(database)
    with database.transaction() as session:
        wang = factories.user(session, login="wang", name="王建国")
        admin = factories.user(session, login="root", name="管运维", roles=["admin"])
        challenge = factories.challenge(session, title="降低冬季井口冻堵")
        begun = work.start(session, "bid", {"challenge_id": challenge.id}, actor=wang).process_id
        files = definitions.LIBRARY.current("bid").files
        renamed = files["bid_preparation.bpmn"].replace('name="组队"'.encode(), 'name="组建团队"'.encode())
        assert renamed != files["bid_preparation.bpmn"]
        watch.deploy(session, {"bid_preparation.bpmn": renamed}, actor=admin)
    yield begun
    play.forget_deployments()


@pytest.fixture
def admin(bid: int, visit: Visit) -> Visitor:
    visitor = visit()
    visitor.sign_in("root")
    return visitor


def digest_of(database: Database, process: int) -> str:
    with database.read() as session:
        return session.get_one(Process, process).digest


def test_a_migration_is_tried_started_followed_and_undone(
    admin: Visitor, bid: int, database: Database
) -> None:
    old = digest_of(database, bid)
    assert f'href="{PAGE}"' in admin.get("/definitions").text
    assert f'href="{PAGE}?ids={bid}"' in admin.get(f"/operations/processes/{bid}").text
    tried = text_of(admin.get(PAGE).text)
    assert "降低冬季井口冻堵" in tried
    assert "组队 → 组建团队" in tried
    assert "可以迁移" in tried
    assert "没有要迁移的流程" in admin.get(f"{PAGE}?q=没有").text
    assert admin.get(f"{PAGE}?mapping=a=nowhere").status_code == 422
    assert "可以迁移" in admin.get(f"{PAGE}/{bid}").text
    now, then = (admin.get(f"{PAGE}/{bid}/diagram{one}").get_json() for one in ("", "?then=1"))
    assert [one["now"] for one in now] == [one["now"] for one in then]
    assert "组建团队" in str(then)
    assert digest_of(database, bid) == old
    blank = admin.post(PAGE, {"ids": str(bid), "reason": " "})
    assert (blank.status_code, f'value="{bid}"' in blank.text) == (422, True)
    started = admin.post(PAGE, {"ids": str(bid), "reason": "改名"})
    assert "待迁移 1" in text_of(admin.get(started.location).text)
    play.settle(database)
    assert "已迁移 1" in text_of(admin.get(started.location).text)
    assert digest_of(database, bid) == definitions.LIBRARY.current("bid").digest
    assert "迁移到新版本 改名" in text_of(admin.get(f"/operations/processes/{bid}").text)
    undone = admin.post(f"{started.location}/undo", {"process_id": str(bid), "reason": "还是旧的好"})
    assert undone.location == started.location
    play.settle(database)
    assert digest_of(database, bid) == old
    assert "已撤回 1" in text_of(admin.get(started.location).text)
    assert admin.post(f"{started.location}/undo", {"reason": "再来"}).status_code == 409


def test_what_was_done_before_keeps_its_name_in_the_history(
    admin: Visitor, bid: int, database: Database, visit: Visit
) -> None:
    admin.post(PAGE, {"reason": "改名"})
    play.settle(database)
    wang = visit()
    wang.sign_in("wang")
    (task,) = set(re.findall(r'"(/work/\d+)"', wang.get("/work").text))
    assert "迁移到新版本" in text_of(wang.get(task).text)


def test_nobody_else_migrates(bid: int, database: Database, visit: Visit) -> None:
    with database.transaction() as session:
        factories.user(session, login="office", roles=["office"])
    visitor = visit()
    visitor.sign_in("office")
    for path in (PAGE, f"{PAGE}/{bid}", f"{PAGE}/{bid}/diagram", "/migrations/1"):
        assert visitor.get(path).status_code == 403
    assert visitor.post(PAGE, {"reason": "改名"}).status_code == 403
    assert visitor.post("/migrations/1/undo", {"reason": "改名"}).status_code == 403


def test_programs_can_do_the_same(bid: int, database: Database, program: Callable[[str], Program]) -> None:
    root = program("root")
    (older,) = root.get("/definitions/bid/versions").get_json()
    assert older == {"version": digest_of(database, bid)[:12], "running": 1}
    trial = root.get(f"/definitions/bid/migration-trial?ids={bid}").get_json()
    assert (trial["total"], trial["stuck"], trial["rows"][0]["maps"]) == (1, 0, True)
    assert root.get("/definitions/nothing/versions").status_code == 404
    begun = root.post("/definitions/bid/migrations", {"ids": [bid], "reason": "改名"})
    assert (begun.status_code, begun.get_json()["counts"]) == (201, {"planned": 1})
    play.settle(database)
    path = f"/migrations/{begun.get_json()['id']}"
    (row,) = root.get(path).get_json()["rows"]
    assert (row["status"], row["may_undo"]) == ("done", True)
    assert root.post(f"{path}/undo", {"reason": "不要"}).get_json()["counts"] == {"undoing": 1}
    play.settle(database)
    assert root.get(f"{path}?status=undone").get_json()["rows"][0]["process_id"] == bid
    assert root.get("/migrations/999").status_code == 404
