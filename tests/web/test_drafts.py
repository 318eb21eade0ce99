"""草稿: what somebody has typed is kept until it is sent, whatever becomes of page, session or task."""

import html
import re
from collections.abc import Callable

import pytest
from sqlalchemy import func, select, update

from tests import factories
from tests.domain import reviewing
from tests.web.browsing import Visitor, text_of
from tests.web.test_api import Program, program
from workflows import chores
from workflows.db import Database
from workflows.domain import publicities
from workflows.engine.tables import CANCELLED, WorkItem
from workflows.models import Draft, User

Visit = Callable[[], Visitor]
__all__ = ["program"]
JSON = {"Accept": "application/json"}
TYPED = {
    "members.0.user_id": "王建",  # half a name
    "members.0.role": "leader",
    "members.0.workload_pct": "三成",
    "opinion": "先写到这里 <b>",
}
WHOLE = {**TYPED, "members.0.user_id": "王建国 · 第一采气队 · wang", "members.0.workload_pct": "30"}


@pytest.fixture
def wang(visit: Visit, database: Database) -> Visitor:
    with database.transaction() as session:
        home = factories.unit(session, name="第一采气队")
        factories.user(session, login="wang", name="王建国", of=home, roles=["office"])
        factories.user(session, login="li", name="李四", of=home)
        factories.challenge(session, title="降低冻堵次数")
    visitor = visit()
    visitor.sign_in("wang")
    return visitor


@pytest.fixture
def task(wang: Visitor) -> str:
    return wang.post("/challenges/1/bids").location


def form_of(page: str, name: str) -> dict[str, str]:
    """The hidden fields of the form with that id."""
    form = page.partition(f'id="{name}"')[2].partition("</form>")[0]
    found = re.findall(r'type="hidden" name="(_place|_key)" value="([^"]+)"', form)
    return {field: html.unescape(value) for field, value in found}


def ticket(page: str, name: str = "task") -> dict[str, str]:
    return {"_place": form_of(page, name)["_place"]}


def end_sessions(database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(User).values(session_version=User.session_version + 1))


def kept(database: Database) -> int:
    with database.read() as session:
        return session.scalar(select(func.count()).select_from(Draft)) or 0


def test_what_is_typed_is_kept_as_it_is_and_shown_again(wang: Visitor, task: str, database: Database) -> None:
    saved = wang.post("/drafts", {**TYPED, **ticket(wang.get(task).text)}, headers=JSON)
    assert (saved.status_code, re.fullmatch(r"已保存 \d\d:\d\d", saved.get_json()["text"]) is None) == (
        200,
        False,
    )
    page = wang.get(task).text
    assert 'value="王建" name="members.0.user_id"' in page
    assert 'value="三成"' in page
    assert "先写到这里 &lt;b&gt;</textarea>" in page
    assert "保存的草稿" in text_of(page)
    with database.read() as session:
        draft = session.scalars(select(Draft)).one()
    assert (draft.place, draft.item_id) == (task, int(task.rpartition("/")[2]))
    assert "先写".encode() not in draft.sealed


def test_the_button_works_without_a_script_and_keeps_the_files(wang: Visitor, task: str) -> None:
    sent = {**TYPED, **ticket(wang.get(task).text)}
    with open(__file__, "rb") as file:
        saved = wang.post("/drafts", {**sent, "attachments": (file, "说明.txt")})
    assert (saved.status_code, saved.location) == (302, task)
    page = wang.get(task).text
    assert "草稿已保存" in page
    assert re.search(r'name="attachments" value="\d+" checked', page)
    assert "说明.txt" in page


def test_the_box_of_drafts_lists_them_and_puts_them_away(
    wang: Visitor, task: str, database: Database
) -> None:
    assert "没有草稿" in wang.get("/work?box=drafts").text
    wang.post("/drafts", {**TYPED, **ticket(wang.get(task).text)}, headers=JSON)
    start = next(one for one in re.findall(r'href="(/start/[^"]+)"', wang.get("/").text))
    wang.post("/drafts", {"opinion": "x", **ticket(wang.get(start).text, "start")}, headers=JSON)
    box = wang.get("/work?box=drafts").text
    assert "草稿 2" in text_of(box)
    assert (f'href="{task}"' in box, f'href="{start}"' in box) == (True, True)
    for place in re.findall(r'name="_place" value="([^"]+)"', box):
        gone = wang.post("/drafts/discarded", {"_place": html.unescape(place), "back": "box"})
        assert gone.location == "/work?box=drafts"
    assert kept(database) == 0


def test_a_draft_goes_when_its_task_is_done_or_handed_over(
    wang: Visitor, task: str, database: Database
) -> None:
    page = wang.get(task).text
    wang.post("/drafts", {**TYPED, **ticket(page)}, headers=JSON)
    done = wang.post(task, {**WHOLE, **ticket(page)})
    assert (done.status_code, kept(database)) == (302, 0)
    late = wang.post("/drafts", {**TYPED, **ticket(page)}, headers=JSON)
    assert (late.status_code, kept(database)) == (409, 0)
    following = done.location
    wang.post("/drafts", {"opinion": "待续", **ticket(wang.get(following).text)}, headers=JSON)
    handed = wang.post(
        f"{following}/share/delegation", {"user_id": "李四 · 第一采气队 · li", "reason": "请看"}
    )
    assert (handed.status_code, kept(database)) == (302, 0)


def test_drafts_of_what_has_ended_are_shown_no_more_and_tidied_up(
    wang: Visitor, task: str, database: Database
) -> None:
    wang.post("/drafts", {**TYPED, **ticket(wang.get(task).text)}, headers=JSON)
    assert chores.forget_old_drafts(database) == 0
    with database.transaction() as session:
        session.execute(update(WorkItem).values(status=CANCELLED))
    assert "草稿 0" in text_of(wang.get("/work?box=drafts").text)
    assert (chores.forget_old_drafts(database), kept(database)) == (1, 0)


def test_what_a_sent_form_saves_too_late_is_refused(wang: Visitor, database: Database) -> None:
    start = next(one for one in re.findall(r'href="(/act/post_challenge[^"]*)"', wang.get("/").text))
    page = wang.get(start).text
    hidden = form_of(page, "start")
    wang.post("/drafts", {"title": "冻堵", **ticket(page, "start")}, headers=JSON)
    refused = wang.post(start, {"title": "冻堵", **hidden})
    assert (refused.status_code, kept(database)) == (422, 1)
    assert 'value="冻堵"' in wang.get(start).text


def test_a_refused_form_and_an_added_row_are_kept(wang: Visitor, task: str) -> None:
    sent = {**TYPED, **ticket(wang.get(task).text)}
    assert wang.post(task, sent).status_code == 422
    assert 'value="三成"' in wang.get(task).text
    wang.post(f"{task}/rows", {**sent, "members.0.workload_pct": "四成", "_rows": "add:members"})
    page = wang.get(task).text
    assert ('value="四成"' in page, 'name="members.1.user_id"' in page) == (True, True)


def test_a_form_sent_after_the_session_has_ended_loses_nothing(
    wang: Visitor, task: str, database: Database
) -> None:
    sent = {**TYPED, **ticket(wang.get(task).text)}
    end_sessions(database)
    asked = wang.post(task, sent)
    assert asked.status_code == 401
    assert "登录已过期" in text_of(asked.text)
    hidden = carried_in(asked.text)
    wrong = wang.post("/sign-in", {"login": "wang", "password": "wrong", **hidden})
    assert carried_in(wrong.text) == hidden
    entered = wang.post("/sign-in", {"login": "wang", "password": factories.PASSWORD, **hidden})
    assert entered.location == task
    page = wang.get(task).text
    assert "已恢复" in text_of(page)
    assert ('value="王建"' in page, 'value="三成"' in page) == (True, True)


def carried_in(page: str) -> dict[str, str]:
    found = re.findall(r'name="(_place|_carried|next)" value="([^"]*)"', page)
    return {name: html.unescape(value) for name, value in found}


def test_what_one_has_typed_is_not_brought_to_another(
    wang: Visitor, task: str, visit: Visit, database: Database
) -> None:
    sent = {**TYPED, **ticket(wang.get(task).text)}
    end_sessions(database)
    hidden = carried_in(wang.post(task, sent).text)
    entered = wang.post("/sign-in", {"login": "li", "password": factories.PASSWORD, **hidden})
    assert (entered.status_code, kept(database)) == (302, 0)
    li = visit()
    li.sign_in("li")
    assert li.post("/drafts", sent, headers=JSON).status_code == 404
    assert kept(database) == 0


def test_a_form_of_an_older_session_becomes_a_draft(wang: Visitor, task: str, visit: Visit) -> None:
    sent = {**TYPED, **ticket(wang.get(task).text), "csrf_token": wang.token()}
    wang.post("/sign-out")
    wang.sign_in("wang")
    again = wang.post(task, sent)
    assert (again.status_code, again.location) == (302, task)
    page = wang.get(task).text
    assert "页面已过期，您填写的内容已保留" in page
    assert 'value="三成"' in page


def test_a_ticket_of_ones_own_making_saves_nothing(wang: Visitor, task: str, database: Database) -> None:
    sent = {**TYPED, "_place": f"[1, {task!r}, true].xyz"}
    assert wang.post("/drafts", sent).status_code == 404
    end_sessions(database)
    assert wang.post(task, sent).location.startswith("/sign-in")
    assert kept(database) == 0


def test_of_an_objection_no_draft_is_kept_yet_it_comes_back_after_sign_in(
    visit: Visit, database: Database, clock_at: Callable[..., None]
) -> None:
    with database.transaction() as session:
        panel = reviewing.panel(session)
        factories.user(session, login="filer")
        publicity = publicities.open_for(session, f"challenge:{panel.challenge_id}", workdays=5).id
    filer = visit()
    filer.sign_in("filer")
    path = f"/act/object?publicity_id={publicity}"
    page = filer.get(path).text
    assert "存草稿" not in page
    sent = {"publicity_id": str(publicity), "reason": "指标不实", **ticket(page, "start")}
    assert filer.post("/drafts", sent, headers=JSON).status_code == 404
    end_sessions(database)
    hidden = carried_in(filer.post("/act/object", sent).text)
    again = filer.post("/sign-in", {"login": "filer", "password": factories.PASSWORD, **hidden})
    assert again.status_code == 200
    assert "指标不实</textarea>" in again.text
    assert kept(database) == 0


def test_the_reason_of_a_hand_over_comes_back_after_sign_in(
    wang: Visitor, task: str, database: Database
) -> None:
    path = f"{task}/share/delegation"
    sent = {"reason": "我出差三周，请先看", **ticket(wang.get(path).text, "start")}
    end_sessions(database)
    hidden = carried_in(wang.post(path, sent).text)
    again = wang.post("/sign-in", {"login": "wang", "password": factories.PASSWORD, **hidden})
    assert again.status_code == 200
    assert "我出差三周，请先看</textarea>" in again.text
    assert kept(database) == 0


def test_what_another_has_typed_in_this_browser_is_given_back_but_not_sent(wang: Visitor, task: str) -> None:
    sent = {"opinion": "写了很久很久很久的意见", **ticket(wang.get(task).text), "csrf_token": wang.token()}
    wang.post("/sign-out")
    wang.sign_in("li")
    refused = wang.post(task, sent)
    assert refused.status_code == 400
    assert "写了很久很久很久的意见</textarea>" in refused.text


def test_too_much_is_refused_in_words(wang: Visitor, task: str) -> None:
    sent = {"opinion": "长" * 400_000, **ticket(wang.get(task).text)}
    refused = wang.post("/drafts", sent, headers=JSON)
    assert refused.status_code == 422
    assert refused.get_json()["detail"] == "内容过长，无法存为草稿，请精简后再存。"


def test_a_program_reads_and_discards_its_own_drafts(
    wang: Visitor, task: str, database: Database, program: Callable[[str], Program]
) -> None:
    wang.post("/drafts", {**TYPED, **ticket(wang.get(task).text)}, headers=JSON)
    mine, other = program("wang"), program("li")
    listed = mine.get("/drafts").get_json()
    assert ([one["place"] for one in listed["rows"]], listed["total"]) == ([task], 1)
    assert mine.get("/drafts?page=2").get_json() == {"rows": [], "total": 1}
    read = mine.get(f"/drafts/content?place={task}").get_json()
    assert {"name": "opinion", "text": "先写到这里 <b>"} in read["typed"]
    assert other.get("/drafts").get_json() == {"rows": [], "total": 0}
    assert other.get(f"/drafts/content?place={task}").status_code == 404
    assert other.post("/drafts/discarding", {"place": task}).status_code == 204
    assert kept(database) == 1
    assert mine.post("/drafts/discarding", {"place": task}).status_code == 204
    assert kept(database) == 0
