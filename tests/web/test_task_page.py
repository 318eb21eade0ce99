"""The page of a task: who has answered in a round, what now once it is done, phrases, keys."""

import datetime as dt
import html
import re
from collections.abc import Callable

from sqlalchemy import select

from tests.processes import cast as casting
from tests.web.browsing import Enter, text_of
from workflows import clock
from workflows.db import Database
from workflows.engine.tables import OPEN, WorkItem
from workflows.models import Phrase, User

AGREED = {"decision": "agreed", "opinion": "措施齐全"}


def name_of(database: Database, user_id: int) -> str:
    with database.read() as session:
        return session.get_one(User, user_id).name


def asked(database: Database, role: str) -> str:
    """The path of the open task of a role."""
    with database.read() as session:
        mine = select(WorkItem.id).where(WorkItem.audience == f"role:{role}", WorkItem.status == OPEN)
        return f"/work/{session.scalars(mine).one()}"


def test_a_round_tells_who_has_answered_and_who_has_not(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    casting.submit(database, cast)
    assert "0/4 已办 · 4 未答复" in text_of(enter(cast.office).get(asked(database, "hr")).text)
    enter(cast.hse).post(asked(database, "hse"), AGREED)
    page = text_of(enter(cast.hr).get(asked(database, "hr")).text)
    assert "1/4 已同意 · 3 未答复" in page
    assert f"{name_of(database, cast.hse)} 安全环保 ✓ 同意" in page
    assert "生产运行 ● 待办" in page


def test_a_task_that_another_has_done_says_so_and_gives_back_what_was_typed(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    casting.submit(database, cast)
    path, hse = asked(database, "hse"), enter(cast.hse)
    ticket = re.search(r'name="_place" value="([^"]+)"', hse.get(path).text)
    assert ticket is not None
    assert hse.post(path, AGREED).status_code == 302
    late = hse.post(path, {**AGREED, "opinion": "写了很久的意见", "_place": html.unescape(ticket[1])})
    page = text_of(late.text)
    assert late.status_code == 409
    assert f"本任务已由{name_of(database, cast.hse)}于" in page
    assert re.search(r"现在由 .*人力资源 \(会签\).* 办理。", page)
    assert ">写了很久的意见</textarea>" in late.text
    assert ">同意</textarea>" in late.text
    shown = text_of(enter(cast.office).get(path).text)
    assert f"已由 {name_of(database, cast.hse)} 于 " in shown
    assert "您无需再办" in shown


def test_the_time_line_tells_how_long_an_answer_took(
    database: Database, cast: casting.Cast, enter: Enter, clock_at: Callable[..., None]
) -> None:
    casting.submit(database, cast)
    path = asked(database, "hse")
    clock_at(clock.now() + dt.timedelta(hours=30))
    enter(cast.hse).post(path, AGREED)
    assert re.search("用时 30 小时", text_of(enter(cast.office).get(path).text))


def test_phrases_are_ones_own_and_offered_with_the_task(
    database: Database, cast: casting.Cast, enter: Enter
) -> None:
    casting.submit(database, cast)
    hse = enter(cast.hse)
    assert hse.post("/phrases", {"text": "  "}).status_code == 422
    assert hse.post("/phrases", {"text": "长" * 201}).status_code == 422
    for _ in range(2):
        assert hse.post("/phrases", {"text": "  措施  齐全。 "}).status_code == 302
    page = hse.get(asked(database, "hse")).text
    assert re.findall(r"data-phrase>([^<]+)<", page)[:2] == ["措施 齐全。", "同意。"]
    other = enter(cast.hr)
    assert "措施 齐全。" not in other.get(asked(database, "hr")).text
    with database.read() as session:
        (phrase,) = session.scalars(select(Phrase)).all()
    other.post(f"/phrases/{phrase.id}/removal")
    assert "措施 齐全。" in hse.get("/phrases").text
    hse.post(f"/phrases/{phrase.id}/removal")
    assert "还没有添加" in hse.get("/phrases").text
    for n in range(20):
        hse.post("/phrases", {"text": f"第{n}条"})
    full = hse.post("/phrases", {"text": "再来一条"})
    assert (full.status_code, "最多保存 20 条常用语" in full.text) == (409, True)


def test_keys_can_be_switched_off(cast: casting.Cast, enter: Enter) -> None:
    hse = enter(cast.hse)
    assert 'data-island="keys"' in hse.get("/work").text
    hse.post("/preferences", {"keys": "off", "next": "/account"})
    page = hse.get("/account").text
    assert 'data-island="keys"' not in page
    assert re.search(r'value="off" aria-pressed="true"', page)
    hse.post("/preferences", {"keys": "on", "next": "/account"})
    assert 'data-island="keys"' in hse.get("/work").text
