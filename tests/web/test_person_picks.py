"""Fields for people: a plant of thousands, whom a text means, and what is suggested while one types."""

import re
from collections.abc import Callable

import pytest
from sqlalchemy import event, insert, select

from tests import factories
from tests.web.browsing import Visitor, text_of
from webapp import person_picks
from workflows.db import Database
from workflows.models import Delegation, User

Visit = Callable[[], Visitor]
LISTED = re.compile(r'<option value="([^"]+ · [^"]+ · [^"]+)">')
NOBODY = "没有找到此人，或有几人同名。请填写登录名，或从列表中选择。"


@pytest.fixture
def wang(database: Database, visit: Visit, clock_at: Callable[..., None]) -> Visitor:
    with database.transaction() as session:
        home = factories.unit(session, name="采气一队", code="CQ1")
        factories.user(session, login="wang", name="王建国", of=home)
        factories.user(session, login="zhao", name="赵敏", of=home)
    visitor = visit()
    visitor.sign_in("wang")
    return visitor


@pytest.fixture
def many(wang: Visitor, database: Database) -> Visitor:
    """As ``wang``, with 2,000 people more in another unit; two of them are called 员工0007."""
    with database.transaction() as session:
        other = factories.unit(session, name="安全环保科", code="AH")
        like = session.scalars(select(User).where(User.login == "zhao")).one()
        shared = {"unit_id": other.id, "password_hash": like.password_hash, "is_active": True}
        rows = [{"login": f"e{n:04}", "name": f"员工{n:04}", **shared} for n in range(1999)]
        session.execute(insert(User), [*rows, {"login": "again", "name": "员工0007", **shared}])
    return wang


def substitute(visitor: Visitor, typed: str) -> tuple[int, str]:
    """Name whoever is typed as a substitute; the status and the text of the answer."""
    sent = {"substitute_id": typed, "from_day": "2026-11-23", "to_day": "2026-11-24", "reason": "年休假"}
    answer = visitor.post("/substitutes", sent)
    return answer.status_code, text_of(answer.text)


def named(database: Database) -> list[str]:
    with database.read() as session:
        named = select(User.login).join(Delegation, Delegation.substitute_id == User.id)
        return list(session.scalars(named.order_by(Delegation.id)))


def test_a_small_plant_is_listed_whole(wang: Visitor) -> None:
    page = wang.get("/substitutes").text
    assert LISTED.findall(page) == ["王建国 · 采气一队 · wang", "赵敏 · 采气一队 · zhao"]
    assert 'data-island="people"' not in page


def test_of_a_large_plant_a_form_lists_some_with_ones_own_unit_first(many: Visitor) -> None:
    page = many.get("/substitutes").text
    listed = LISTED.findall(page)
    assert len(listed) == person_picks.MOST_LISTED
    assert listed[:3] == [
        "王建国 · 采气一队 · wang",
        "赵敏 · 采气一队 · zhao",
        "员工0000 · 安全环保科 · e0000",
    ]
    assert len(page.encode()) < 150_000
    assert '<datalist id="pick-person" data-island="people" data-src="/people/suggestions">' in page


@pytest.mark.parametrize(
    "typed", ["e1998", "员工1998", "员工1998 · 安全环保科 · e1998", "员工1998 · 旧单位 · e1998"]
)
def test_who_is_not_listed_is_named_by_hand(many: Visitor, database: Database, typed: str) -> None:
    assert substitute(many, typed)[0] == 302
    assert named(database) == ["e1998"]


@pytest.mark.parametrize("typed", ["员工0007", "员工1998 · 安全环保科 · e1997", "谁也不是"])
def test_whom_a_text_does_not_tell_is_asked_again(many: Visitor, database: Database, typed: str) -> None:
    status, said = substitute(many, typed)
    assert (status, NOBODY in said, named(database)) == (422, True, [])


def test_who_may_no_longer_sign_in_is_not_found(many: Visitor, database: Database) -> None:
    with database.transaction() as session:
        session.scalars(select(User).where(User.login == "e1998")).one().is_active = False
    assert substitute(many, "e1998")[0] == 422
    assert many.get("/people/suggestions?q=e1998").json == []


def test_at_most_twenty_are_suggested_by_login_or_name(many: Visitor) -> None:
    assert many.get("/people/suggestions?q=e1998").json == ["员工1998 · 安全环保科 · e1998"]
    assert many.get("/people/suggestions?q=赵").json == ["赵敏 · 采气一队 · zhao"]
    assert len(many.get("/people/suggestions?q=员工").json or []) == 20
    assert many.get("/people/suggestions?q=").json == many.get("/people/suggestions").json == []


def test_nobody_is_suggested_to_guests(visit: Visit, many: Visitor) -> None:
    answer = visit().get("/people/suggestions?q=zhao")
    assert (answer.status_code, "zhao" in answer.headers["Location"]) == (302, True)
    assert "赵敏" not in answer.text


@pytest.mark.parametrize("number", [1, 3])
def test_however_many_a_form_names_they_are_looked_up_twice(
    many: Visitor, database: Database, number: int
) -> None:
    typed = [f"e{1700 + n}" for n in range(number)]
    with database.read() as session:
        picks, asked = person_picks.PersonPicks(session, unit_id=1), []
        event.listen(session.connection(), "before_cursor_execute", lambda *told: asked.append(told[2]))
        picks.ahead(typed, ())
        ids = [picks[one] for one in typed]
        picks.ahead((), ids)
        assert [picks.text_of(one) for one in ids] == [f"员工{one[1:]} · 安全环保科 · {one}" for one in typed]
    assert len(asked) == 2
