"""公示 and the objections to it, on their pages."""

import datetime as dt
from collections.abc import Callable

import pytest

from tests import factories
from tests.web.browsing import Visitor, text_of
from workflows import clock
from workflows.db import Database
from workflows.domain import courses
from workflows.models import Challenge, ChallengeState, Objection, ObjectionState, Publicity

Visit = Callable[[], Visitor]


@pytest.fixture
def people(database: Database, visit: Visit) -> dict[str, Visitor]:
    """A notice of five working days; wang has filed an objection, li has not."""
    with database.transaction() as session:
        wang, _ = factories.user(session, login="wang", name="王"), factories.user(session, login="li")
        listed: Challenge = factories.challenge(session, state=ChallengeState.IN_PUBLICITY)
        shown = Publicity(
            subject="challenge:1", challenge=listed, title="定帅公示", parties=[], hash="cd" * 32
        )
        shown.snapshot = {
            "bids": [{"rank": 1, "leader": "张", "unit": "一队", "mean": "90.00", "proposed": True}]
        }
        shown.workdays, shown.opened_at = 5, clock.now()
        shown.ends_at = clock.end_of(clock.today() + dt.timedelta(days=7))
        filed = Objection(publicity=shown, is_named=True, filer_id=wang.id, reason="业绩不实")
        filed.state, filed.filed_at = ObjectionState.FILED, clock.now()
        session.add_all([shown, filed])
    found = {}
    for login in ("wang", "li"):
        found[login] = visit()
        found[login].sign_in(login)
    return found


def test_the_notice_tells_what_is_shown_how_long_and_how_to_object(people: dict[str, Visitor]) -> None:
    page = people["li"].get("/publicities/1").text
    text = text_of(page)
    for told in ("剩 5 个工作日", "最后一天 2026年11月30日", "1 张 一队 90.00 拟定帅", "提出异议"):
        assert told in text, told
    assert "/publicities/1/poster" in page
    assert "业绩不实" not in page
    assert "/objections/1" not in page


def test_the_filer_follows_their_objection(people: dict[str, Visitor], database: Database) -> None:
    assert 'href="/objections/1"' in people["wang"].get("/publicities/1").text
    text = text_of(people["wang"].get("/objections/1").text)
    assert "业绩不实" in text
    assert "当前 受理" in text
    assert people["li"].get("/objections/1").status_code == 404
    with database.transaction() as session:
        filed = session.get_one(Objection, 1)
        filed.state, filed.reply, filed.replied_at = ObjectionState.REPLIED, "经查不实。", clock.now()
    text = text_of(people["wang"].get("/objections/1").text)
    assert "书面答复 经查不实。" in text


def test_an_objection_is_filed_in_a_few_steps(people: dict[str, Visitor]) -> None:
    page = people["li"].get("/act/object?publicity_id=1").text
    for title in ("署名", "异议理由", "证据", "检查并预览"):
        assert title in page


def test_nothing_is_offered_after_the_days_are_over(people: dict[str, Visitor], database: Database) -> None:
    with clock.held_at(clock.now() + dt.timedelta(days=9)):
        people["li"].sign_in("li")
        text = text_of(people["li"].get("/publicities/1").text)
    assert "实名异议必须受理；匿名异议须写明证据。" not in text
    assert "剩 " not in text


@pytest.mark.parametrize("state", list(ObjectionState))
def test_every_state_of_an_objection_has_its_place(state: ObjectionState) -> None:
    stops = courses.of_objection(Objection(state=state, filed_at=clock.now(), review_reason="不服"))
    assert stops[0] == courses.Stop("提出", clock.today(), is_done=True)
    assert len(stops) == (2 if state == ObjectionState.REFUSED else 6)
